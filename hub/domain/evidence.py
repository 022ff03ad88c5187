"""Evidence of a discrepancy in Chinese, from the English words that stand in the log.

The log keeps what was found in one language, and a digest of it tells one
evidence from another; so its words never change, and this page follows them.
"""

import re
from collections.abc import Mapping

DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
PLACE = f"([a-z_]+) (abolished|not-yet|unknown) on ({DAY})(?: [(]use ([0-9]+)[)])?"
"""A place code that was not valid on its day, and the one to use."""
SAID_OF_PLACES = f"[a-z_]+ (?:abolished|not-yet|unknown) on {DAY}(?: [(]use [0-9]+[)])?"
"""The same, as one part of a sentence."""
NOT_VALID = {"abolished": "已废止", "not-yet": "尚未启用", "unknown": "不存在"}
SENTENCES: Mapping[str, str] = {
    f"born ({DAY}), to be entered by ({DAY}), no household entry yet": r"\1出生，应于\2前登记户口，尚未登记",
    f"born ({DAY}), no household entry by ({DAY})": r"\1出生，至\2未登记户口",
    f"entered ({DAY}), no birth certificate by ({DAY})": r"\1登记户口，至\2未收到出生医学证明",
    f"a delivery of ([0-9]+) children, records of ([0-9]+) by ({DAY})": r"一次分娩\1名儿童，至\3仅有\2名的记录",
    f"child record of ({DAY}), neither certificate nor household entry by ({DAY})":
        r"\1建立儿童健康档案，至\2既无出生医学证明也无户口登记",
    f"entered ({DAY}) with a number, none in the child record by ({DAY})": r"\1登记户口并有号码，至\2儿童健康档案仍无号码",
    "([0-9]+) certificates are in force for one child": r"一名儿童有\1份有效出生医学证明",
    "([0-9]+) certificates of one child, all of them void": r"该儿童的\1份出生医学证明均已作废",
    "the household entry cites a birth certificate that is void": "户口登记引用已作废的出生医学证明",
    "a birth certificate was replaced and is still in force": "出生医学证明已换发，原证明仍有效",
    f"issued ({DAY}) for one that is not on file by ({DAY})": r"\1换发，所替换的证明至\2仍不在案",
    "cites a certificate number that is none of the child's ([0-9]+)": r"所引证明编号不属于该儿童的\1份证明",
    "records of ([0-9]+) children state one certificate number": r"\1名儿童的记录使用同一证明编号",
    "malformed or failing its check digit in ([a-z_.0-9-]+): (.+)": r"\1中号码格式或校验位错误：\2",
    "([0-9]+) different valid identity numbers are stated for one person": r"同一人有\1个不同的有效公民身份号码",
    "records of ([0-9]+) people state one identity number": r"\1人的记录使用同一公民身份号码",
    "the birth date within the number is not that beside it in (.+)": r"\1中号码所含出生日期与所载不符",
    "the sex within the number is not that beside it in (.+)": r"\1中号码所含性别与所载不符",
    "birth dates differ: (.+)": r"出生日期不一致：\1",
    "sex differs: (.+)": r"性别不一致：\1",
    "valid numbers of the mother differ, in records of (.+)": r"母亲的有效号码不一致，涉及\1的记录",
    "valid numbers of the father differ, in records of (.+)": r"父亲的有效号码不一致，涉及\1的记录",
    f"([a-z_]+) ({DAY}) lies before ([a-z_]+) ({DAY}) in (.+)": r"\5中\1（\2）早于\3（\4）",
    "names differ under one identity or certificate number, in records of (.+)": r"同一号码下姓名不一致，涉及\1的记录",
    "([0-9]+) household entries of one person stand at once": r"同一人同时有\1处有效户口登记",
    f"died ({DAY}) by the household register, not ended in (.+) by ({DAY})": r"户口于\1因死亡注销，至\3在\2中仍未终止",
    "residence is registered in towns (.+) at once": r"同时在乡镇\1有有效居住登记",
    "([0-9]+) registrations are in force in town ([0-9]+) at once": r"在乡镇\2同时有\1份有效居住登记",
    f"expired ({DAY}), neither renewed nor ended by ({DAY})": r"\1到期，至\2未续签也未注销",
    f"valid until ({DAY}), to be renewed or ended by ({DAY})": r"有效期至\1，应于\2前续签或注销",
    "a household entry here, and a registration as from another county, are in force at once":
        "本县户口登记与外来居住登记同时有效",
    f"registered here, insured until ({DAY}) and not since, no end of work was told":
        r"有居住登记，参保至\1后中断，无人申报就业终止",
    f"the household entry was cancelled on ({DAY}), work here goes on after ({DAY})":
        r"户口于\1注销，\2后仍在本县就业或经营",
    f"the job ended ({DAY}), the last month insured is ([0-9-]+)": r"就业于\1终止，最后参保月份为\2",
    f"works here since ({DAY}), no residence registered in the county": r"自\1在本县就业或经营，县内无居住登记",
    f"((?:{SAID_OF_PLACES}(?:, )?)+) in ([a-z_.0-9-]+)": r"\2中的地点代码当日无效：\1",
    f"moved here out of a neighbour's register on ({DAY}), registered nowhere here by ({DAY})":
        r"\1自邻县户口迁往本县，至\2县内无登记",
    f"entered in county ([0-9]+) on ({DAY}), the entry here stands after ({DAY})":
        r"\2已在\1县登记户口，\3后本县登记仍有效",
    "two people too alike to ignore and too different to link: pair (.+)": r"疑似同一人，须人工核对：\1",
}  # fmt: skip
"""What findings say, and the same in Chinese."""
_PATTERNS = [(re.compile(pattern), words) for pattern, words in SENTENCES.items()]


def in_chinese(evidence: str) -> str | None:
    """The evidence in Chinese; None for words of an older or newer hub."""
    found = ((pattern.fullmatch(evidence), words) for pattern, words in _PATTERNS)
    said = next((match.expand(words).replace(" and ", "、") for match, words in found if match), None)
    return said and re.sub(PLACE, _place, said)


def _place(match: re.Match[str]) -> str:
    field, status, day, instead = match.groups()
    return f"{field}（{day}）{NOT_VALID[status]}" + (f"，应为{instead}" if instead else "")


def in_both(evidence: str) -> str:
    """The evidence in both languages."""
    chinese = in_chinese(evidence)
    return f"{chinese} · {evidence}" if chinese else evidence
