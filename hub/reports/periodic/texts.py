"""What a periodic report calls things, in Chinese and English; a code that is not here is an error, never shown."""

from collections.abc import Mapping

from hub.domain.births import OUTCOMES as BIRTH_OUTCOMES
from hub.domain.discrepancies import CATALOGUE
from hub.reports.charts import Words, said
from hub.reports.places import NAMELESS, Places

TEXTS: Mapping[str, Words] = {
    # kinds of periods and releases
    "half-month": ("半月报", "Half-month report"), "month": ("月报", "Monthly report"),
    "half-year": ("半年报", "Half-year report"), "year": ("年报", "Annual report"),
    "first": ("初报", "first release"), "second": ("修订报", "second release"),
    "final": ("终报", "final release"), "current": ("当前状态（非正式发布）", "as things stand (no release)"),
    # the page
    "title": ("县级部门数据共享统计报告", "County report on shared records"),
    "county": ("县（区划名称与代码）", "county (name and division code)"), "period": ("统计期", "period"),
    "release": ("发布", "release"), "as_of": ("数据截至（当日结账）", "as of the close of"),
    "log": ("日志位置（分区：末条序号）", "log position (partition: last offset)"),
    "model": ("身份关联模型", "linkage model"), "catalogue": ("规则目录摘要", "digest of catalogue, limits and divisions"),
    "projection": ("视图版本", "version of the views"), "threshold": ("小数保护阈值", "threshold of small counts"),
    "rounding": ("取整基数（0 为不取整）", "rounded to (0: not)"), "again": ("重新生成", "made again by"),
    "unfinished": ("统计期尚未结束，数字截至上述日期", "the period is not over: figures reach to the day above"),
    "legend": ("“…”为保护隐私不予公布；“尚不可观察”为截至日尚不能得知；括号内为 95% 区间；（暂）为仍会增长的暂定数",
               "“…” is withheld to protect people; “not observable yet” cannot be known by that day; in "
               "brackets 95 % intervals; (p) is provisional and will still grow"),
    "gaps": ("“–”为无法相比；图中空缺为未公布、尚不可观察或没有；纵轴未必从零起",
             "“–” is where nothing can be compared; a gap in a chart is withheld, not observable yet or nobody; "
             "axes of lines need not begin at zero"),
    "withheld": ("…", "…"), "not-observable": ("尚不可观察", "not observable yet"), "none": ("–", "–"),
    "too-few": ("例数太少", "too few births"), "too-few-or-early": ("例数太少或尚不可观察", "too few births, or too early"),
    "withheld-rows": ("全部不予公布（…）", "withheld altogether (…)"),
    "and": ("、", ", "), "comma": ("，", ", "),
    "provisional": ("（暂）", " (p)"), "to": ("至", " to "), "total": ("合计", "total"),
    "outside": ("县外", "outside the county"), "unknown": ("未说明", "not stated"), "colon": ("：", ": "),
    "records-only": ("不一致是记录之间的不一致，跟进对象是记录，不评价任何人",
                     "a discrepancy is about records; its follow-up concerns records and judges nobody"),
    # sections and tables
    "key-figures": ("主要指标", "Key figures"), "figure": ("指标", "figure"), "value": ("本期", "this period"),
    "year-before": ("上年同期", "same period a year before"), "difference": ("差", "difference"),
    "births-section": ("出生", "Births"), "births-by-town": ("按乡镇", "By town"), "town": ("乡镇", "town"),
    "by-residence": ("按母亲常住地", "by mother's residence"), "boys": ("男", "boys"), "girls": ("女", "girls"),
    "by-occurrence": ("按发生地", "by occurrence"), "outcomes": ("登记结果", "By outcome"), "outcome": ("结果", "outcome"),
    "completeness-section": ("出生登记完整率", "Completeness of birth registration"),
    "timeliness-section": ("出生登记及时性", "Timeliness of birth registration"),
    "delays": ("自出生至登记的天数", "Days from birth to registration"), "delay": ("天数", "days"),
    "standings": ("按法定期限", "By the legal limit"), "standing-of-limit": ("是否按期", "in time or not"),
    "within": ("固定期限内登记率", "Registered within so many days"), "days": ("天", " days"),
    "migrants-section": ("流动人口", "Migrants"), "balance": ("存量与流量", "Stock and flow"),
    "balance-by-town": ("流动人口存量与流量（按乡镇）", "Stock and flow of migrants by town"),
    "status": ("类别", "status"), "stock-start": ("期初", "start"), "stock-end": ("期末", "end"),
    "in-outside": ("县外迁入", "+ in from outside"), "in-other-status": ("由另一类别转入", "+ from the other status"),
    "in-other-town": ("乡镇间迁入", "+ in from other towns"), "out-outside": ("迁往县外", "− out to outside"),
    "out-other-status": ("转为另一类别", "− to the other status"), "out-other-town": ("迁往其他乡镇", "− out to other towns"),
    "migrant": ("流动人口", "migrants"), "resident": ("户籍人口", "residents"),
    "stay-lengths": ("居住时长", "Length of stay"), "length": ("时长", "length"),
    "<6m": ("不足 6 个月", "under 6 months"), "6-12m": ("6–12 个月", "6 to 12 months"), "1-5y": ("1–5 年", "1 to 5 years"),
    ">=5y": ("5 年及以上", "5 years and more"), "people": ("人数", "people"),
    "discrepancies-section": ("不一致与跟进", "Discrepancies and their follow-up"),
    "by-kind": ("不一致：类型与责任部门", "Discrepancies by kind and owner"), "kind": ("类型", "kind"),
    "owner": ("责任部门", "owner"), "raised": ("本期提出", "raised"), "cleared": ("本期消除", "cleared"),
    "standing": ("截至日仍存在", "standing on the day"), "by-town": ("不一致：按乡镇", "Discrepancies by town"),
    "cases-by-department": ("核查事项：按部门", "Cases by department"), "opened": ("本期提出", "raised"),
    "open": ("截至日未结", "open on the day"), "overdue": ("其中逾期", "of these overdue"),
    "reopened-note": ("“本期提出”按新开核查事项计；很快再现的不一致沿用原事项，不再计；消除后又出现的只计入“仍存在”；"
                      "已归档事项按归档日计入办结",
                      "raised is counted by cases; one that comes back soon goes on with its case and is not raised "
                      "again, and counts as standing, no longer as cleared; archived cases count as settled on the "
                      "day they were archived"),
    "moves": ("县际户口迁移", "Moves between counties' registers"), "move": ("迁移", "move"),
    "moved-out": ("迁往", "to"), "moved-in": ("迁自", "from"), "MOVED": ("注销迁出", "entries ended"),
    "ARRIVED": ("已在迁入地登记", "registered there"), "BETWEEN": ("两县之间", "between the two"),
    "LATE": ("其中逾期", "of them past the limit"),
    "agreement": ("出生证明与户口登记的字段一致率 %", "Agreement of certificate and entry by field, %"), "field": ("字段", "field"),
    "birth_date": ("出生日期", "date of birth"), "sex": ("性别", "sex"), "certificate_no": ("出生证明编号", "certificate number"),
    "mother_number": ("母亲身份号码", "mother's number"), "mother_name": ("母亲姓名", "mother's name"),
    "deliveries-section": ("部门数据交付", "Deliveries by departments"), "feed": ("数据源", "feed"),
    "batches": ("批次", "batches"), "received": ("接收行数", "rows received"), "accepted": ("接受", "accepted"),
    "unchanged": ("无变化", "unchanged"), "quarantined": ("隔离", "quarantined"),
    "deliveries-note": ("接收 = 接受 + 无变化 + 隔离", "received = accepted + unchanged + quarantined"),
    "revisions-section": ("修订", "Revisions"), "values-by-release": ("各次发布的数值", "Values by release"),
    "why": ("自{release}以来出生数的变化及原因", "What changed the births since the {release}"), "reason": ("原因", "reason"),
    "count": ("例数", "births"), "earlier-count": ("上次公布", "as published then"), "later-count": ("本次", "now"),
    "some-of": ("有", "some"), "some": ("有（例数不公布）", "some (not said how many)"),
    "revision-note": ("各原因按两次截至日的状态逐一比对得出：上次 + 新增 − 减少 = 本次；凡有例数过少者，各项只说明有无",
                      "reasons follow from comparing what was known on both days, birth by birth: earlier + added − "
                      "taken out = now; where any of them is small, only whether there were some is said"),
    "came-later": ("新增：记录在此后送达", "added: records came later"),
    "dated-into": ("新增：出生日期更正后属于本期", "added: birth date corrected into the period"),
    "counted-now": ("新增：此前不计，现计入", "added: not counted before"),
    "told-apart": ("新增：原先合并的记录分开", "added: records that were taken together are told apart"),
    "withdrawn": ("减少：记录撤销", "taken out: records withdrawn"),
    "dated-out": ("减少：出生日期更正后不属于本期", "taken out: birth date corrected out of the period"),
    "merged": ("减少：与另一出生合并，或记录不再表示出生", "taken out: merged into another, or no birth's record any more"),
    "no-longer-counted": ("减少：应在外地登记", "taken out: to be registered elsewhere"),
    "changed-outcome": ("更正：登记结果", "changed: outcome"), "changed-sex": ("更正：性别", "changed: sex"),
    "changed-residence": ("更正：常住地", "changed: residence"),
    "changed-registered_on": ("更正：登记日期", "changed: day of registration"),
    "why-stays": ("自{release}以来流动人口的变化及原因", "What changed the migrants since the {release}"),
    "stays-note": ("流动人口按人逐一比对（以有相同记录为同一人），每列均为：上次 + 新增 − 减少 = 本次；表中凡有例数过少或数值不予公布者，"
                   "全表只说明有无",
                   "migrants are compared person by person, whoever shares a record being one: in each column earlier + "
                   "added − taken out = now; where any count of the table is small or any figure withheld, all say only "
                   "whether there were some"),
    "added-by": ("新增：{why}", "added: {why}"), "taken-by": ("减少：{why}", "taken out: {why}"),
    "dated": ("日期更正", "days corrected"), "of-status": ("户籍与流动类别变更", "status changed (resident or migrant)"),
    "placed": ("居住地在县内或县外的认定有变", "found to live elsewhere, or here"),
    "left-late": ("离开迟报", "leave told later"), "lapsed": ("登记过期或失去音讯", "registration lapsed, or heard of no more"),
    "leave-taken-back": ("离开登记撤回或改期", "leave taken back, or dated otherwise"),
    "heard-again": ("迟续登记或又有音讯", "renewed late, or heard of again"),
    "one-person": ("与另一人合并", "merged with another person"),
    "changed-town": ("更正：乡镇", "changed: town"), "changed-day": ("更正：来去日期", "changed: day of coming or going"),
    "since": ("自{release}以来的不一致", "Discrepancies since the {release}"),
    "standing-then": ("当时存在", "standing then"), "raised-since": ("此后出现", "+ come up since"),
    "cleared-since": ("此后消除", "− cleared since"), "standing-now": ("本次存在", "standing now"),
    # figures
    "BIRTHS": ("出生数（按常住地）", "births (by residence)"), "TOTAL_BIRTHS": ("估计出生总数", "estimated births in all"),
    "LIST_1": ("户口登记", "household entries"), "LIST_2": ("出生医学证明", "birth certificates"),
    "BOTH": ("两者均有", "on both lists"), "ONLY_1": ("仅户口登记", "entry only"), "ONLY_2": ("仅出生医学证明", "certificate only"),
    "COMPLETENESS_1": ("有证明者中已登记户口 %", "of certificates, registered, %"),
    "COMPLETENESS_2": ("有户口登记者中有证明 %", "of entries, with a certificate, %"),
    "COMPLETENESS_UNION": ("任一名单覆盖率 %", "on either list, %"),
    "OR1": ("（假定独立）", " (lists independent)"), "OR2": ("（优势比 2）", " (odds ratio 2)"),
    "OR4": ("（优势比 4）", " (odds ratio 4)"), "ADJUSTED": ("，已校正关联", ", linkage corrected"),
    "REGISTERED_WITHIN": ("{days} 天内登记 %", "registered within {days} days, %"),
    "MEDIAN": ("登记延迟中位数（天）", "median days to registration"), "SEX_RATIO": ("出生性别比（男/百女）", "boys to 100 girls"),
    "STOCK_END": ("流动人口期末数", "migrants at the end"), "IN": ("流动人口迁入", "migrants in"),
    "OUT": ("流动人口迁出", "migrants out"), "TURNOVER": ("流动人口周转率（%/年）", "turnover of migrants, % a year"),
    "on-time": ("按期", "on time"), "late": ("逾期", "late"), "delayed": ("超过一年", "over a year late"),
    "not-registered": ("尚未登记", "not registered yet"),
    # departments, and what cases came to
    "public_security": ("公安", "public security"), "health": ("卫健", "health"), "commerce": ("市场监管", "commerce"),
    "human_resources": ("人社", "human resources"), "corrected": ("已更正", "corrected"),
    "case-lapsed": ("期限已过", "limit passed"),
    "confirmed-right": ("确认无误", "confirmed right"), "registered": ("已登记", "registered"), "moved": ("已迁移", "moved"),
    "not-found": ("查无此记录", "not found"), "not-a-discrepancy": ("不属不一致", "not a discrepancy"),
}  # fmt: skip


FEEDS: Mapping[str, Words] = {
    "public_security.household_entry": ("公安：户口登记", "public security: household entries"),
    "public_security.residence_registration": ("公安：居住登记", "public security: residence registrations"),
    "health.birth_certificate": ("卫健：出生医学证明", "health: birth certificates"),
    "health.child_record": ("卫健：儿童健康档案", "health: child records"),
    "human_resources.employment": ("人社：就业参保", "human resources: employment and insurance"),
    "commerce.business_registration": ("市场监管：经营主体登记", "commerce: business registrations"),
}  # fmt: skip
"""The feeds that come with the hub; those of a site's own are called by their codes."""


class Language:
    """The words of a report in one language."""

    def __init__(self, code: str, places: Places = NAMELESS) -> None:
        self.code, self.places = code, places

    def __getitem__(self, code: str) -> str:
        return said(TEXTS[code], self.code)

    def outcome(self, code: str) -> str:
        """What a birth came to."""
        return said(BIRTH_OUTCOMES[code], self.code)

    def kind(self, code: str) -> str:
        """A kind of discrepancy."""
        return said((CATALOGUE[code].zh, CATALOGUE[code].en), self.code)

    def feed(self, code: str) -> str:
        """A feed; one of a site's own by its code."""
        return said(FEEDS[code], self.code) if code in FEEDS else code

    def place(self, code: str) -> str:
        """A county or town by name and code, or where else."""
        return {"_X": self["outside"], "_U": self["unknown"]}.get(code) or self.places.label(code)
