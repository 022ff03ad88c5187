"""The catalogue of discrepancies: what each kind means, who owns it, how it ends.

A discrepancy is about records. Its follow-up goes to the department that owns
the record, or to a registrar who offers a service; it says nothing of a person.
"""

from collections.abc import Mapping
from typing import NamedTuple

PUBLIC_SECURITY, HEALTH, HUMAN_RESOURCES = "public_security", "health", "human_resources"
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
         PUBLIC_SECURITY, "medium", 10, "各记录出生日期一致", "the records state one birth date"),
    Kind("number-invalid", "公民身份号码格式或校验位错误",
         "an identity number of the person or a parent is malformed or fails its check digit",
         PUBLIC_SECURITY, "medium", 10, "该记录号码通过校验", "the record states a valid number"),
    Kind("number-shared", "一号多人", "records of two people state one valid identity number",
         PUBLIC_SECURITY, "high", 5,
         "仅一人的记录使用该号码", "one person's records alone state the number"),
    Kind("number-conflict", "一人多号", "one person's records state two valid identity numbers",
         PUBLIC_SECURITY, "high", 5, "该人记录号码唯一", "the person's records state one number"),
    Kind("certificate-duplicate", "一名儿童有两份有效出生医学证明",
         "two birth certificates in force for one child",
         HEALTH, "medium", 10,
         "其中一份作废、被替换或撤销", "one of them is voided, replaced or withdrawn"),
    Kind("certificate-void-used", "户口登记引用已作废的出生医学证明",
         "a household entry cites a void birth certificate",
         PUBLIC_SECURITY, "medium", 10,
         "户口登记改引有效证明", "the entry cites a certificate in force"),
    Kind("residence-two-places", "两个乡镇同时有有效居住登记",
         "open residence registrations in two towns",
         PUBLIC_SECURITY, "medium", 10, "其中一处登记终止", "one of the registrations ends"),
    Kind("residence-expired", "居住登记到期未续未注销（未申报离开）",
         "a residence registration expired, neither renewed nor ended: left without notice",
         PUBLIC_SECURITY, "low", 15,
         "登记延期、注销，或另有新登记",
         "it is renewed or ended, or a newer registration arrives"),
    Kind("residence-registered-twice", "同一乡镇有两份有效居住登记",
         "two residence registrations in force in one town",
         PUBLIC_SECURITY, "low", 15, "其中一份登记终止或撤销", "one of the registrations ends or is taken back"),
    Kind("residence-renewal-due", "居住登记即将到期或待续期（提醒）",
         "a residence registration runs out within a week or just did: a reminder, before it counts as expired",
         PUBLIC_SECURITY, "low", 25, "登记延期或注销，或另有新登记",
         "it is renewed or ended, or a newer registration arrives"),
    Kind("residence-gone-quiet", "有居住登记而参保中断、无人申报离开",
         "registered as living here, insured months stopped eight months ago, and no end of work was told",
         PUBLIC_SECURITY, "low", 15, "收到新的参保月份、续期、离开或就业终止",
         "newer months, a renewal, a leave or an end of work arrives"),
    Kind("residence-dates-out-of-order", "居住、户口登记日期先后矛盾",
         "days of one registration or entry that cannot follow each other",
         PUBLIC_SECURITY, "low", 15, "该记录日期先后合理", "the days of the record follow each other"),
    Kind("household-two-places", "两个乡镇同时有有效户口登记",
         "household entries in force in two towns",
         PUBLIC_SECURITY, "medium", 10, "其中一处户口登记注销", "one of the entries is cancelled"),
    Kind("household-and-residence-both", "已在本县落户而外来居住登记未注销",
         "a household entry in this county and a registration as from another county are in force at once",
         PUBLIC_SECURITY, "low", 15, "居住登记或户口登记终止", "the registration or the entry ends"),
    Kind("cancelled-but-working", "户口已注销而就业、经营未终止",
         "a household entry was cancelled, and work here that began before goes on two months later",
         HUMAN_RESOURCES, "low", 15, "就业、经营终止，或重新登记居住",
         "the work ends, or a residence is registered again"),
    Kind("insured-after-job-ended", "就业终止后仍有参保月份",
         "months insured after the month in which the job ended",
         HUMAN_RESOURCES, "low", 15, "终止日期与参保月份一致", "end of the job and months insured agree"),
    Kind("employment-without-residence", "在本地就业或经营而无居住登记（提供登记服务）",
         "works or trades here, no residence registered: offer registration and services",
         PUBLIC_SECURITY, "low", 15,
         "收到居住或户口登记，或就业、经营终止", "a registration arrives, or the work ends"),
    Kind("name-differs", "姓名不一致",
         "records under one identity or certificate number state different names",
         PUBLIC_SECURITY, "low", 15,
         "各记录姓名一致，或登记曾用名", "the records state one name, or one is a former name"),
)  # fmt: skip

CATALOGUE: Mapping[str, Kind] = {kind.code: kind for kind in KINDS}
