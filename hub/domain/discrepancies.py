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
    evidence_zh: str
    evidence_en: str
    precision_min: float = 0.97
    """Of what this kind finds, so much is to be found right by those who follow up."""
    fields: tuple[str, ...] = ()
    """Fields that make evidence: where one of its records says something else, so does the evidence."""

    @property
    def closes(self) -> str:
        """What ends it, in both languages."""
        return f"{self.closes_zh} · {self.closes_en}"

    @property
    def evidence(self) -> str:
        """What its evidence shows, in both languages."""
        return f"{self.evidence_zh} · {self.evidence_en}"


KINDS = (
    # births
    Kind("birth-registration-due", "出生户口登记期限将满（提供登记服务）",
         "a birth certificate of a local mother, no household entry yet, the limit for it near: offer to register",
         PUBLIC_SECURITY, "low", 5,
         "收到该儿童的户口登记，或期限已过", "a household entry of the child arrives, or the limit passes",
         "出生日期、登记期限", "day of birth and last day in time"),
    Kind("birth-unregistered", "出生满一个月未登记户口",
         "a birth certificate of a local mother, and no household entry a month after the birth",
         PUBLIC_SECURITY, "high", 10,
         "收到该儿童的户口登记", "a household entry of the child arrives",
         "出生日期、登记期限", "day of birth and last day in time"),
    Kind("birth-without-certificate", "出生户口登记无出生医学证明记录",
         "a household entry of a birth here, and no birth certificate 30 days later",
         HEALTH, "medium", 10,
         "收到出生医学证明记录，或户口登记更正、注销",
         "a certificate arrives, or the entry is corrected or cancelled",
         "登记日期、证明应到日期", "day of the entry and the day by which a certificate was due"),
    Kind("plurality-incomplete", "多胞胎记录不全",
         "a certificate tells of more children of one delivery than records are about 30 days later",
         HEALTH, "medium", 10,
         "收到其余儿童的记录，或更正胎数", "records of the other children arrive, or the plurality is corrected",
         "证明所载胎数、已有记录的儿童数", "children told of and children on record",
         fields=("plurality",)),
    Kind("child-without-birth", "儿童健康档案无出生及户口记录（提供登记服务）",
         "a child record of a child who lives here, neither certificate nor household entry 60 days later: offer "
         "to register",
         PUBLIC_SECURITY, "low", 15,
         "收到出生医学证明或户口登记，或档案迁出", "a certificate or an entry arrives, or the child record moves away",
         "建档日期、应见于名册的日期", "day the record was opened and the day by which a list was to know the child"),
    Kind("child-without-number", "户口登记后儿童健康档案未补录公民身份号码",
         "a child record without an identity number 90 days after the household entry that gave one",
         HEALTH, "low", 15,
         "档案补录号码", "the child record states a number",
         "登记日期、应补录日期", "day of the entry and the day by which the number was to be noted"),
    # certificates
    Kind("certificate-duplicate", "一名儿童有两份有效出生医学证明",
         "two birth certificates in force for one child",
         HEALTH, "medium", 10,
         "其中一份作废、被替换或撤销", "one of them is voided, replaced or withdrawn",
         "有效证明份数", "how many are in force",
         fields=("certificate_no",)),
    Kind("certificate-void-alone", "出生医学证明已作废而未换发",
         "all birth certificates of a child are void, and none was issued in their place",
         HEALTH, "medium", 10,
         "换发新证明，或作废更正", "another one is issued, or the voiding is corrected",
         "作废证明份数", "how many are void",
         fields=("status",)),
    Kind("certificate-void-used", "户口登记引用已作废的出生医学证明",
         "a household entry cites a void birth certificate of the child",
         PUBLIC_SECURITY, "medium", 10,
         "户口登记改引有效证明", "the entry cites a certificate in force",
         "两条记录", "the two records",
         fields=("certificate_no",)),
    Kind("certificate-not-voided", "出生医学证明已换发而原证明未作废",
         "a birth certificate was replaced by another and never declared void",
         HEALTH, "medium", 10,
         "原证明作废，或换发更正", "the former one is declared void, or the replacement is corrected",
         "两份证明", "the two certificates",
         fields=("status",)),
    Kind("certificate-replaces-unknown", "换发的出生医学证明所替换的证明不存在",
         "a birth certificate replaces one that is not on file 30 days after the issue",
         HEALTH, "low", 15,
         "收到原证明，或更正原证明编号", "the former one arrives, or its number is corrected",
         "签发日期、原证明应到日期", "day of issue and the day by which the former one was due",
         fields=("replaces",)),
    Kind("certificate-number-differs", "所引出生医学证明编号不是该儿童的证明",
         "a household entry or child record cites a certificate number that is none of the child's",
         PUBLIC_SECURITY, "medium", 10,
         "改引该儿童的证明编号", "the record cites a certificate of the child",
         "该儿童的证明份数", "how many certificates the child has",
         fields=("certificate_no",)),
    Kind("certificate-number-reused", "一个出生医学证明编号用于两名儿童",
         "records of two children state one birth certificate number",
         HEALTH, "high", 5,
         "仅一名儿童的记录使用该编号", "one child's records alone state the number",
         "使用该编号的儿童数", "how many children's records state it"),
    # numbers
    Kind("number-invalid", "公民身份号码格式或校验位错误",
         "an identity number of the person or a parent is malformed or fails its check digit",
         PUBLIC_SECURITY, "medium", 10, "该记录号码通过校验", "the record states a valid number",
         "数据源、字段名", "the feed and the fields",
         fields=("number", "mother_number", "father_number")),
    Kind("number-contradicts-birth-date", "公民身份号码与出生日期不符",
         "a valid identity number holds another birth date than the record states beside it",
         PUBLIC_SECURITY, "medium", 10, "号码与出生日期一致", "number and birth date agree",
         "数据源", "the feed",
         fields=("number", "birth_date")),
    Kind("number-contradicts-sex", "公民身份号码与性别不符",
         "a valid identity number holds another sex than the record states beside it",
         PUBLIC_SECURITY, "medium", 10, "号码与性别一致", "number and sex agree",
         "数据源", "the feed",
         fields=("number", "sex")),
    Kind("number-shared", "一号多人", "records of two people state one valid identity number",
         PUBLIC_SECURITY, "high", 5,
         "仅一人的记录使用该号码", "one person's records alone state the number",
         "使用该号码的人数", "how many people's records state it"),
    Kind("number-conflict", "一人多号", "one person's records state two valid identity numbers",
         PUBLIC_SECURITY, "high", 5, "该人记录号码唯一", "the person's records state one number",
         "不同号码数", "how many numbers",
         fields=("number", "mother_number", "father_number")),
    # statements
    Kind("birth-date-differs", "出生日期不一致", "linked records state different birth dates",
         PUBLIC_SECURITY, "medium", 10, "各记录出生日期一致", "the records state one birth date",
         "各部门所载出生日期", "the birth dates by department",
         fields=("birth_date",)),
    Kind("sex-differs", "性别不一致", "linked records state different sexes",
         PUBLIC_SECURITY, "medium", 10, "各记录性别一致", "the records state one sex",
         "各部门所载性别", "the sexes by department",
         fields=("sex",)),
    Kind("parent-number-differs", "父（母）身份号码不一致",
         "a child's records state different valid identity numbers of one parent",
         PUBLIC_SECURITY, "medium", 10, "各记录号码一致", "the records state one number of the parent",
         "父或母、所涉部门", "which parent, and the departments",
         fields=("mother_number", "father_number")),
    Kind("dates-out-of-order", "日期先后矛盾",
         "days of one record that cannot follow each other, as an entry before the birth",
         PUBLIC_SECURITY, "medium", 10, "该记录日期先后相符", "the days of the record follow each other",
         "相互矛盾的两个日期", "the two days",
         fields=("birth_date", "entry_date", "cancel_date", "arrival_date", "registered_on", "expires_on", "left_on", "started_on", "ended_on", "issued_on")),
    Kind("place-not-valid", "区划代码在该日期无效（尚未启用、已撤销或不存在）",
         "a record states a division code that was not valid on its day: not yet in force, abolished before, or unknown",
         PUBLIC_SECURITY, "low", 15,
         "该记录改用当日有效的代码，或终止、撤销；持续有效的记录所载代码已启用",
         "the record states a code valid on its day, ends or is withdrawn, or goes on until its code is in force",
         "字段名、代码状态、日期、应改用的代码", "the field, the state of its code (not-yet, abolished, unknown), the day and the code to use",
         fields=("place", "moved_from", "birth_place", "hukou_place", "work_place", "mother_hukou_place", "birth_date", "entry_date", "address_since", "arrival_date", "registered_on", "started_on", "established_on")),
    Kind("name-differs", "姓名不一致",
         "records under one identity or certificate number state different names",
         PUBLIC_SECURITY, "low", 15,
         "各记录姓名一致，或登记曾用名", "the records state one name, or one is a former name",
         "所涉部门", "the departments",
         fields=("name", "former_name")),
    # registers
    Kind("entered-twice", "一人有两处有效户口登记",
         "two household entries of one person stand at once",
         PUBLIC_SECURITY, "high", 10,
         "其中一处注销或撤销", "one of the entries is cancelled or withdrawn",
         "有效登记数", "how many entries stand",
         fields=("place", "cancel_date")),
    Kind("moved-away-uncancelled", "邻县已登记迁入而本县户口未注销",
         "a neighbouring county entered somebody who moved there from here, and the entry here stands 30 days later",
         PUBLIC_SECURITY, "low", 15,
         "本县户口注销，或邻县撤回告知", "the entry here is cancelled, or the neighbour takes back what it told",
         "邻县登记日期、应注销日期", "day of the entry there and the day by which the one here was to end",
         fields=("cancel_date",)),
    Kind("died-but-active", "户口因死亡注销而其他登记未终止",
         "the household register ended with a death, and work or residence is still registered 60 days later",
         PUBLIC_SECURITY, "medium", 15,
         "该登记终止，或死亡注销更正", "the record ends, or the cancellation is corrected",
         "死亡注销日期、应终止日期", "day of the cancellation and the day by which the record was to end",
         fields=("cancel_date", "cancel_reason")),
    # residence
    Kind("residence-two-places", "两个乡镇同时有有效居住登记",
         "open residence registrations in two towns",
         PUBLIC_SECURITY, "medium", 10, "其中一处登记终止", "one of the registrations ends",
         "所涉乡镇", "the towns",
         fields=("place",)),
    Kind("residence-expired", "居住登记到期未续未注销（未申报离开）",
         "a residence registration expired, neither renewed nor ended: left without notice",
         PUBLIC_SECURITY, "low", 15,
         "登记延期、注销，或另有新登记",
         "it is renewed or ended, or a newer registration arrives",
         "到期日期、应续签日期", "day of expiry and the day by which it was to be renewed"),
    Kind("residence-renewal-due", "居住登记即将到期或待续期（提醒）",
         "a residence registration runs out within a week or just did: a reminder, before it counts as expired",
         PUBLIC_SECURITY, "low", 25,
         "登记延期或注销，或另有新登记", "it is renewed or ended, or a newer registration arrives",
         "有效期、应续签日期", "until when it is valid and the day by which it is to be renewed"),
    Kind("residence-registered-twice", "同一乡镇有两份有效居住登记",
         "two residence registrations in force in one town",
         PUBLIC_SECURITY, "low", 15,
         "其中一份登记终止或撤销", "one of the registrations ends or is taken back",
         "所涉乡镇、登记数", "the town, and how many are in force"),
    Kind("residence-gone-quiet", "有居住登记而参保中断、无人申报离开",
         "registered as living here, insured months stopped eight months ago, and no end of work was told",
         PUBLIC_SECURITY, "low", 15,
         "收到新的参保月份、续期、离开或就业终止", "newer months, a renewal, a leave or an end of work arrives",
         "最后参保日期", "until when months were insured"),
    Kind("arrival-unregistered", "邻县告知迁来而无迁入或居住登记（提供登记服务）",
         "a neighbouring county ended an entry that moved here, and no register here holds the person 30 days later: "
         "offer registration and services",
         PUBLIC_SECURITY, "low", 15,
         "收到迁入或居住登记，或邻县撤回告知", "a registration here arrives, or the neighbour takes back what it told",
         "迁出注销日期、应登记日期", "day of the cancellation there and the day by which a registration was due",
         fields=("cancel_date",)),
    Kind("household-and-residence-both", "已在本县落户而外来居住登记未注销",
         "a registration as from another county is in force a month after the person was entered in this one's register",
         PUBLIC_SECURITY, "low", 15,
         "居住登记或户口登记终止", "the registration or the entry ends",
         "两类登记同时有效", "that both are in force"),
    Kind("cancelled-but-working", "户口迁出注销而就业、经营未终止",
         "a household entry was cancelled by moving out, and work here that began before goes on two months later",
         HUMAN_RESOURCES, "low", 15,
         "就业、经营终止，或重新登记居住", "the work ends, or a residence is registered again",
         "注销日期、应终止日期", "day of the cancellation and the day by which the work was to end"),
    Kind("insured-after-job-ended", "就业终止后仍有参保月份",
         "months insured after the month in which the job ended",
         HUMAN_RESOURCES, "low", 15,
         "终止日期与参保月份一致", "end of the job and months insured agree",
         "终止日期、最后参保月份", "end of the job and the last month insured"),
    Kind("employment-without-residence", "在本地就业或经营而无居住登记（提供登记服务）",
         "works or trades here, no residence registered: offer registration and services",
         PUBLIC_SECURITY, "low", 15,
         "收到居住或户口登记，或就业、经营终止", "a registration arrives, or the work ends",
         "工作起始日期", "since when"),
    # identity
    Kind("identity-unclear", "疑似同一人，须人工核对",
         "records of two people too alike to ignore and too different to link: compare both side by side",
         PUBLIC_SECURITY, "low", 15,
         "人工判定是否同一人，或由后续记录合并、消除",
         "somebody says whether they are one person, or later records join them or take one away",
         "两组记录及匹配权重", "the two sides and their match weight",
         precision_min=0.3, fields=("name", "number", "birth_date")),
)  # fmt: skip

CATALOGUE: Mapping[str, Kind] = {kind.code: kind for kind in KINDS}
