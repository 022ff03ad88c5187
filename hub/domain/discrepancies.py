"""The catalogue of discrepancies: what each kind means, who owns it, how it ends.

A discrepancy is about records. Its follow-up goes to the department that owns
the record, or to a registrar who offers a service; it says nothing of a person.
"""

from collections.abc import Mapping
from typing import NamedTuple

PUBLIC_SECURITY, HEALTH = "public_security", "health"
SEVERITIES = ("low", "medium", "high")


class Kind(NamedTuple):
    """One kind of discrepancy; `owner` holds unless a finding names another department."""

    code: str
    zh: str
    en: str
    owner: str
    severity: str
    deadline_working_days: int
    closes_zh: str
    closes_en: str
    fields: tuple[str, ...] = ()
    """Fields that make evidence: where one of its records says something else, so does the evidence."""
    precision: float = 0.9
    """The share of settled cases that should have been right to raise."""

    @property
    def closes(self) -> str:
        """What ends it, in both languages."""
        return f"{self.closes_zh} · {self.closes_en}"


KINDS = (
    Kind("birth-unregistered", "出生满一个月未登记户口",
         "a birth certificate of a local mother, and no household entry a month after the birth",
         PUBLIC_SECURITY, "high", 10,
         "收到该儿童的户口登记", "a household entry of the child arrives"),
    Kind("birth-without-certificate", "出生户口登记无出生医学证明记录",
         "a household entry of a birth here, and no birth certificate 30 days later",
         HEALTH, "medium", 10,
         "收到出生医学证明记录，或户口登记更正、注销",
         "a certificate arrives, or the entry is corrected or cancelled"),
    Kind("birth-date-differs", "出生日期不一致", "linked records state different birth dates",
         PUBLIC_SECURITY, "medium", 10, "各记录出生日期一致", "the records state one birth date",
         ("birth_date",)),
    Kind("number-invalid", "公民身份号码格式或校验位错误",
         "an identity number of the person or a parent is malformed or fails its check digit",
         PUBLIC_SECURITY, "medium", 10, "该记录号码通过校验", "the record states a valid number",
         ("number", "mother_number", "father_number")),
    Kind("number-shared", "一号多人", "records of two people state one valid identity number",
         PUBLIC_SECURITY, "high", 5,
         "仅一人的记录使用该号码", "one person's records alone state the number",
         ("number", "mother_number", "father_number")),
    Kind("number-conflict", "一人多号", "one person's records state two valid identity numbers",
         PUBLIC_SECURITY, "high", 5, "该人记录号码唯一", "the person's records state one number",
         ("number", "mother_number", "father_number")),
    Kind("certificate-duplicate", "一名儿童有两份有效出生医学证明",
         "two birth certificates in force for one child",
         HEALTH, "medium", 10,
         "其中一份作废、被替换或撤销", "one of them is voided, replaced or withdrawn",
         ("certificate_no",)),
    Kind("certificate-void-used", "户口登记引用已作废的出生医学证明",
         "a household entry cites a void birth certificate",
         PUBLIC_SECURITY, "medium", 10,
         "户口登记改引有效证明", "the entry cites a certificate in force",
         ("certificate_no",)),
    Kind("residence-two-places", "两个乡镇同时有有效居住登记",
         "open residence registrations in two towns",
         PUBLIC_SECURITY, "medium", 10, "其中一处登记终止", "one of the registrations ends",
         ("place",)),
    Kind("residence-expired", "居住登记到期未续未注销（未申报离开）",
         "a residence registration expired, neither renewed nor ended: left without notice",
         PUBLIC_SECURITY, "low", 15,
         "登记延期、注销，或另有新登记",
         "it is renewed or ended, or a newer registration arrives"),
    Kind("employment-without-residence", "在本地就业或经营而无居住登记（提供登记服务）",
         "works or trades here, no residence registered: offer registration and services",
         PUBLIC_SECURITY, "low", 15,
         "收到居住或户口登记，或就业、经营终止", "a registration arrives, or the work ends"),
    Kind("name-differs", "姓名不一致",
         "records under one identity or certificate number state different names",
         PUBLIC_SECURITY, "low", 15,
         "各记录姓名一致，或登记曾用名", "the records state one name, or one is a former name",
         ("name", "former_name")),
    Kind("identity-unclear", "疑似同一人，须人工核对",
         "records of two people too alike to ignore and too different to link: compare both side by side",
         PUBLIC_SECURITY, "low", 15,
         "人工判定是否同一人，或由后续记录合并、消除",
         "somebody says whether they are one person, or later records join them or take one away",
         ("name", "number", "birth_date"), 0.3),
)  # fmt: skip

CATALOGUE: Mapping[str, Kind] = {kind.code: kind for kind in KINDS}
