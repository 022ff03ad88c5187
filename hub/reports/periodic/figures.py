"""Published values of a report as texts, and the main ones in order."""

from hub.reports.observations import number_of
from hub.reports.periodic import Known
from hub.reports.periodic.texts import Language
from hub.statistics.flows import MIGRANT, OUTSIDE
from hub.statistics.lines import TOTAL
from hub.statistics.publication import Observation
from hub.statistics.tables import NOT_OBSERVABLE, PROVISIONAL, WITHHELD_STATUS, Key

MAIN = (
    ("BIRTHS", TOTAL), ("COMPLETENESS_1", TOTAL), ("COMPLETENESS_UNION", "OR1"), ("TOTAL_BIRTHS", "OR1"),
    ("REGISTERED_WITHIN", "30D"), ("DELAY_DAYS", "MEDIAN"), ("SEX_RATIO", TOTAL), ("STOCK_END", MIGRANT),
    ("IN", f"{MIGRANT}/{OUTSIDE}"), ("OUT", f"{MIGRANT}/{OUTSIDE}"), ("TURNOVER", MIGRANT),
)  # fmt: skip
"""Indicator and breakdown of the key figures."""
MISSING = {"SEX_RATIO": "too-few", "DELAY_DAYS": "too-few-or-early"}
"""Why a figure is missing, where it is not for want of time alone."""


def name_of(key: Key, words: Language) -> str:
    """What a figure is called."""
    if key.indicator == "REGISTERED_WITHIN":
        return words[key.indicator].format(days=key.by.removesuffix("D"))
    if key.indicator == "DELAY_DAYS":
        return words[key.by]
    ratio, _, adjusted = key.by.partition("-")
    assumed = words[ratio] if ratio.startswith("OR") else ""
    return words[key.indicator] + assumed + (words[adjusted] if assumed and adjusted else "")


def text(one: Observation | None, words: Language) -> str:
    """A value with its interval, or why there is none."""
    if one is None:
        return words["none"]
    if one.obs_status == WITHHELD_STATUS:
        return words["withheld"]
    value = _shown(one.value, one.decimals)
    if one.obs_status == NOT_OBSERVABLE or not value:
        return words[MISSING.get(one.key.indicator, "not-observable")]
    low, high = _shown(one.low, one.decimals), _shown(one.high, one.decimals)
    interval = f" ({low}–{high})" if low and high else ""
    return value + interval + (words["provisional"] if one.obs_status == PROVISIONAL else "")


def _shown(value: float | None, decimals: int) -> str:
    """A number as people read it; what machines read comes from `observations`."""
    return f"{value:,.{decimals}f}" if value is not None and number_of(value, decimals) else ""


def difference(before: Observation | None, now: Observation | None, words: Language) -> str:
    """From one value to another, where both are published."""
    if before is None or now is None or before.value is None or now.value is None:
        return words["none"]
    change = round(now.value - before.value, now.decimals)
    return f"{change:+,.{now.decimals}f}".replace("-", "−") if change else "0"


def main_key(known: Known, period: str, figure: tuple[str, str]) -> Key:
    """The key of a key figure of a period."""
    return Key(figure[0], known.basis.county, period, by=figure[1])
