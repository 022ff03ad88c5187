"""The code lists of exported statistics, in Chinese and English: what stands in the columns, and nothing else."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from hub.domain.births import OUTCOMES
from hub.reports.charts import Words
from hub.reports.observations import STATUS_TEXT, frequency_of
from hub.reports.periodic.texts import FEEDS, TEXTS
from hub.reports.places import Places
from hub.statistics.lines import TOTAL, UNKNOWN
from hub.statistics.places import OUTSIDE
from hub.statistics.publication import Observation
from hub.statistics.tables import CONFIDENTIAL, FREE, Key
from hub.statistics.timeliness import CLASSES

NO_WORDS: Words = ("", "")
"""A site's own feed is called by its code, and a place that no table names too."""
INDICATORS: Mapping[str, Words] = {
    "BIRTHS": ("出生数（按母亲常住地）", "births, by the mother's residence"),
    "BIRTHS_OCCURRED": ("出生数（按发生地）", "births, by where they happened"),
    "LIST_1": ("户口登记", "household entries"), "LIST_2": ("出生医学证明", "birth certificates"),
    "LIST_3": ("儿童健康档案", "child records"), "BOTH": ("两者均有", "on both lists"),
    "ONLY_1": ("仅户口登记", "entry only"), "ONLY_2": ("仅出生医学证明", "certificate only"),
    "COMPLETENESS_1": ("有证明者中已登记户口", "of certificates, registered"),
    "COMPLETENESS_2": ("有户口登记者中有证明", "of entries, with a certificate"),
    "COMPLETENESS_UNION": ("任一名单覆盖率", "on either list, of all births estimated"),
    "TOTAL_BIRTHS": ("估计出生总数（双系统）", "births in all, estimated from two lists"),
    "TOTAL_BIRTHS_3": ("估计出生总数（三名单）", "births in all, estimated from three lists"),
    "COHORT": ("可跟踪登记的出生数", "births whose registration can be followed"),
    "DELAY": ("按自出生至登记天数的出生数", "births by days until registered"),
    "STANDING": ("按法定期限的出生数", "births by the legal limit"),
    "WITHIN": ("期限内已登记的出生数", "births registered within so many days"),
    "NOT_WITHIN": ("期限内未登记的出生数", "births not registered within so many days"),
    "REGISTERED_WITHIN": ("固定期限内登记率", "share registered within so many days"),
    "DELAY_DAYS": ("登记延迟天数", "days until registered"), "SEX_RATIO": ("出生性别比（男/百女）", "boys to 100 girls"),
    "OUTCOME": ("按登记结果的出生数", "births by outcome"),
    "PAIRS": ("两边均填写该字段的出生数", "births of which both lists state the field"),
    "PAIRS_AGREE": ("其中一致", "of these, alike"), "PAIRS_DIFFER": ("其中不一致", "of these, different"),
    "AGREEMENT": ("字段一致率", "share alike"),
    "STOCK_START": ("期初人数", "people at the start"), "STOCK_END": ("期末人数", "people at the end"),
    "IN": ("迁入", "in"), "OUT": ("迁出", "out"), "TURNOVER": ("周转率", "turnover"),
    "ORIGIN": ("流动人口按来源地", "migrants by origin"),
    "STAY_LENGTH": ("流动人口按居住时长", "migrants by length of stay"),
    "ROWS": ("接收行数", "rows received"), "ROWS_ACCEPTED": ("接受或无变化的行数", "rows accepted or unchanged"),
    "ROWS_QUARANTINED": ("隔离的行数", "rows set aside"), "SHARE_ACCEPTED": ("接受率", "share accepted"),
    "NEW_RECORDS": ("新记录数", "new records"), "RECORDS_ON_TIME": ("按时送达的新记录", "new records on time"),
    "RECORDS_LATE": ("未按时送达的新记录", "new records not on time"), "SHARE_ON_TIME": ("按时率", "share on time"),
}  # fmt: skip
SEXES: Mapping[str, Words] = {
    TOTAL: ("合计", "both together"), "M": ("男", "male"), "F": ("女", "female"), UNKNOWN: ("未说明", "not stated"),
}  # fmt: skip
FREQUENCIES: Mapping[str, Words] = {
    "A": ("年", "year"), "S": ("半年", "half year"), "M": ("月", "month"), "D": ("日", "day"), "_O": ("半月", "half month"),
}  # fmt: skip
UNITS: Mapping[str, Words] = {
    "COUNT": ("例、人、行", "number"), "PERCENT": ("百分比", "per cent"), "RATIO": ("比", "ratio"), "DAYS": ("天", "days"),
    "PERCENT_A_YEAR": ("每年百分比", "per cent a year"),
}  # fmt: skip
CONFIDENTIALITY: Mapping[str, Words] = {
    FREE: ("可公布", "free"), CONFIDENTIAL: ("保护隐私，不公布", "withheld to protect people"),
}  # fmt: skip
AREAS: Mapping[str, Words] = {OUTSIDE: ("县外", "outside the county"), UNKNOWN: ("未说明", "not stated")}
PARTS: Mapping[str, Words] = {
    TOTAL: ("合计", "total"), UNKNOWN: ("未说明", "not stated"), "MEDIAN": ("中位数", "median"),
    "P90": ("第 90 百分位数", "90th percentile"), "migrant": TEXTS["migrant"], "resident": TEXTS["resident"],
    "outside": ("县外", "outside the county"), "other-town": ("其他乡镇", "another town"),
    "other-status": ("另一类别", "the other status"), "ADJUSTED": ("已校正关联", "linkage corrected"),
    **OUTCOMES, **FEEDS, **{name: (f"{name} 天", f"{name} days") for name in CLASSES},
    **{code: TEXTS[code] for code in (
        "on-time", "late", "delayed", "not-registered", "<6m", "6-12m", "1-5y", ">=5y",
        "birth_date", "sex", "certificate_no", "mother_number", "mother_name",
    )},
}  # fmt: skip


MODEL: Words = (
    "三名单模型（数字为相关的名单）",
    "model of three lists; digits are lists that depend on each other",
)
WITHIN, ODDS = re.compile(r"(\d+)D"), re.compile(r"OR([\d.]+)(?:-(ADJUSTED))?")


class Code(NamedTuple):
    """One code of one column."""

    column: str
    code: str
    zh: str
    en: str


def codes_of(observations: Iterable[Observation], places: Places) -> list[Code]:
    """Every code that stands in the columns of these observations, by column and code."""
    return sorted({code for one in observations for code in _standing(one, places)})


def _standing(one: Observation, places: Places) -> Iterator[Code]:
    key = one.key
    area = places.name(key.area)
    for column, code, words in (
        ("FREQ", frequency_of(key.period), FREQUENCIES),
        ("SEX", key.sex, SEXES),
        ("INDICATOR", key.indicator, INDICATORS),
        ("UNIT_MEASURE", one.unit, UNITS),
        ("OBS_STATUS", one.obs_status, STATUSES),
        ("CONF_STATUS", one.conf_status, CONFIDENTIALITY),
    ):
        yield Code(column, code, *words[code])
    yield Code("REF_AREA", key.area, *AREAS.get(key.area, (area, area)))
    yield Code("BREAKDOWN", key.by, *_breakdown(key, places))


def _breakdown(key: Key, places: Places) -> Words:
    """What a breakdown is: a class, an assumption, two of them, a model, a feed or an origin."""
    code = key.by
    if code in PARTS:
        return PARTS[code]
    if key.indicator == "ORIGIN":
        return places.name(code), places.name(code)
    if key.indicator == "TOTAL_BIRTHS_3":
        return MODEL
    if days := WITHIN.fullmatch(code):
        return f"{days[1]} 天", f"{days[1]} days"
    if odds := ODDS.fullmatch(code):
        zh, en = PARTS[odds[2]] if odds[2] else NO_WORDS
        return f"优势比 {odds[1]} {zh}".strip(), f"odds ratio {odds[1]} {en}".strip()
    if "/" in code:
        here, there = (PARTS.get(part, NO_WORDS) for part in code.split("/", 1))
        return f"{here[0]}，{there[0]}", f"{here[1]}, {there[1]}"
    return NO_WORDS


def _status_words(text: str) -> Words:
    zh, _, en = text.partition(" ")
    return zh, en


STATUSES: Mapping[str, Words] = {code: _status_words(text) for code, text in STATUS_TEXT.items()}
