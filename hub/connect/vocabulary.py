"""What the headings of offices usually mean: Chinese, pinyin initials, the standard's codes, English.

A proposal is looked up here first; what is not listed is judged by its values, or
left to the clerk. Headings are compared folded: no case, blanks, punctuation or
remarks in brackets.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from hub.matching.normalise import folded


class Meaning(NamedTuple):
    """What a heading means: the field, how it is read, what it is to identity, how it is protected."""

    name: str
    kind: str
    attribute: str
    classification: str


REMARK = re.compile(r"[(（\[【].*?[)）\]】]|[*＊:：]")
LINES = """
number          | identity_number | number          | sensitive | 公民身份号码 公民身份证号码 身份证号 身份证号码 身份证 身份号码 居民身份证号码 证件号码 证件号 sfz sfzh sfzhm gmsfhm gmsfzhm aac002 idcard idcardno idcardnumber idnumber identitynumber identityno citizenid nationalid ssn socialsecuritynumber shenfenzheng shenfenzhenghao
name            | name            | name            | personal  | 姓名 名字 人员姓名 本人姓名 从业人员姓名 经营者姓名 新生儿姓名 xm aac003 name fullname personname xingming
given_name      | name            | given_name      | personal  | 名 givenname firstname forename first given
middle_name     | name            | middle_name     | personal  | middlename middle
family_name     | name            | family_name     | personal  | 姓 姓氏 familyname lastname surname last family
former_name     | name            | former_name     | personal  | 曾用名 原名 cym formername maidenname previousname
sex             | code            | sex             | personal  | 性别 性別 xb aac004 sex gender xingbie
birth_date      | date            | birth_date      | personal  | 出生日期 出生年月日 生日 出生时间 csrq aac006 dob dateofbirth birthdate birthday born bornon chushengriqi
birth_month     | month           |                 | personal  | 出生年月 birthmonth
phone           | phone           | phone           | personal  | 联系电话 电话 手机 手机号 手机号码 电话号码 联系方式 lxdh sjh phone mobile tel telephone phonenumber mobilenumber mobileno cellphone
email           | text            | email           | personal  | 邮箱 电子邮箱 电子邮件 email emailaddress mail
address         | text            | address         | personal  | 住址 现住址 地址 家庭住址 家庭地址 居住地址 现住地址 居住地 现住地 户籍地址 zz xzz dz address street streetaddress homeaddress residence
postcode        | text            | postcode        | personal  | 邮编 邮政编码 yb zip zipcode postcode postalcode
city            | text            | city            | personal  | 城市 市 city town suburb
region          | text            | region          | personal  | 省 省份 province state region county
place           | place_code      | place           | internal  | 地址代码 行政区划代码 区划代码 统计用区划代码 居住地代码 现住地代码 现住地区划 xzqhdm qhdm placecode divisioncode areacode
hukou_place     | place_code      |                 | internal  | 户籍地代码 户籍地区划 hjddm
birth_place     | place_code      |                 | internal  | 出生地代码 birthplacecode
certificate_no  | certificate_no  | certificate_no  | sensitive | 出生医学证明编号 出生医学证明号 出生证编号 出生证号 birthcertificateno birthcertificatenumber certificateno
mother_name     | name            | mother_name     | personal  | 母亲姓名 母姓名 mothername nameofmother mothersname
mother_number   | identity_number | mother_number   | sensitive | 母亲身份号码 母亲身份证号 母亲身份证号码 母亲证件号码 motherid motheridnumber mothernumber
father_name     | name            | father_name     | personal  | 父亲姓名 父姓名 fathername nameoffather fathersname
father_number   | identity_number | father_number   | sensitive | 父亲身份号码 父亲身份证号 父亲身份证号码 父亲证件号码 fatherid fatheridnumber fathernumber
employer_name   | text            | employer        | internal  | 单位 工作单位 单位名称 用人单位 企业名称 商户名称 aab004 employer employername company companyname workplace workunit
employer_code   | credit_code     |                 | internal  | 统一社会信用代码 社会信用代码 信用代码 单位信用代码 统一代码 单位统一代码 单位统一社会信用代码 aab001 creditcode uscc
arrival_date    | date            |                 | internal  | 到达日期 来本地日期 来本地时间 迁入日期 入住日期 dateofarrival arrivaldate arrivedon movedin movedinon
left_on         | date            |                 | internal  | 离开日期 迁出日期 搬离日期 leftdate lefton movedout movedouton departuredate
registered_on   | date            |                 | internal  | 登记日期 登记时间 办理日期 djrq registered registeredon registrationdate dateofregistration
expires_on      | date            |                 | internal  | 有效期至 有效期 到期日期 validuntil expires expireson expirydate
started_on      | date            |                 | internal  | 入职日期 参保日期 就业日期 开始日期 起始日期 started startedon startdate hiredon hiredate
ended_on        | date            |                 | internal  | 离职日期 停保日期 结束日期 终止日期 ended endedon enddate
issued_on       | date            |                 | internal  | 签发日期 发证日期 issued issuedon issuedate dateofissue
operation       | operation       |                 | internal  | 操作 操作类型 变更类型 operation op action changetype
record_no       | text            |                 | internal  | 编号 登记编号 人员编号 档案号 档案编号 记录号 流水号 业务编号 会员号 学号 工号 编码 bh xh djbh recordno recordnumber recordid id no code key memberno membernumber memberid personid uid number
"""
OPERATIONS: Mapping[str, str] = {
    **dict.fromkeys(("新增", "增加", "登记", "变更", "修改", "更新", "i", "u", "c", "a", "insert", "update", "create",
                     "new", "change", "changed", "add", "publish", "upsert", "1", "2"), "publish"),
    **dict.fromkeys(("删除", "撤销", "注销", "作废", "d", "delete", "deleted", "remove", "withdraw", "void", "3"),
                    "withdraw"),
}  # fmt: skip
SEX_CODES: Mapping[str, str] = {
    **dict.fromkeys(("男", "男性", "m", "male", "man", "boy", "1"), "male"),
    **dict.fromkeys(("女", "女性", "f", "female", "woman", "girl", "2"), "female"),
}  # fmt: skip
# Whom a row is about, in front of what it says of them; a head of household or a guardian is somebody else.
WHOSE = (
    "员工", "职工", "人员", "本人", "居民", "村民", "业主", "住户", "租户", "租客", "承租人", "学生", "幼儿", "儿童", "新生儿",
    "患者", "病人", "会员", "老人", "参保人", "被保险人", "申请人", "申报人", "登记人", "从业人员", "经营者", "流动人口", "employee", "staff",
    "student", "patient", "member", "resident", "tenant", "applicant", "child", "person",
)  # fmt: skip
# The place of a row in its sheet, which the next sorting changes: no record is known by it.
RUNNING = frozenset(
    ("序号", "行号", "顺序号", "xuhao", "serial", "serialno", "rowno", "rownumber", "row", "index")
)
# Headings that promise a word of a list.
CODED_ENDS = (
    "类型",
    "类别",
    "状态",
    "性质",
    "方式",
    "原因",
    "关系",
    "type",
    "status",
    "kind",
    "category",
    "relation",
)


def _meanings() -> dict[str, Meaning]:
    found: dict[str, Meaning] = {}
    for line in LINES.strip().splitlines():
        name, kind, attribute, classification, headings = (part.strip() for part in line.split("|"))
        for heading in headings.split():
            found.setdefault(heading, Meaning(name, kind, attribute, classification))
    return found


MEANINGS: Mapping[str, Meaning] = _meanings()


def plain(heading: str) -> str:
    """A heading as it is looked up."""
    return folded(REMARK.sub("", unicodedata.normalize("NFKC", heading))).replace("_", "")


def meaning_of(heading: str) -> Meaning | None:
    """What a heading usually means; None where nobody can tell from it alone.

    Where the heading itself is not listed, it is looked up without the word for whom the rows are about, and
    with `date` for `time`: 员工姓名 is 姓名, and 入职时间 is 入职日期.
    """
    said = plain(heading)
    whose = next((word for word in WHOSE if said.startswith(word)), "")
    tries = (said, said.removeprefix(whose))
    dated = (f"{each.removesuffix('时间')}日期" for each in tries if each.endswith("时间"))
    return next((found for each in (*tries, *dated) if (found := MEANINGS.get(each))), None)
