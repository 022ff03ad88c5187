"""Published observations as rows: numbers in one fixed form, so that the same figures are the same bytes."""

import re
from typing import Any

from hub.audit.aggregates import Basis
from hub.domain.days import add_month, day_of, iso
from hub.statistics.periods import HALF_MONTH_DAYS
from hub.statistics.publication import Observation

LARGEST = 10**12
HALF_YEAR, HALF_MONTH = re.compile(r"(\d{4})-H(\d)"), re.compile(r"(\d{4}-\d\d)-(\d)")
FREQUENCIES = (
    (r"\d{4}", "A"), (r"\d{4}-H\d", "S"), (r"\d{4}-\d\d", "M"), (r"\d{4}-\d\d-\d\d", "D"), (r"\d{4}-\d\d-\d", "_O"),
)  # fmt: skip
STATUS_TEXT = {
    "A": "正常 normal", "E": "估计 estimated", "P": "暂定，仍会变动 provisional", "L": "尚不可观察或例数太少 not observable yet, or too few",
    "Q": "未公布 withheld",
}  # fmt: skip


def frequency_of(period: str) -> str:
    """A, S, M or D, as SDMX writes it; it has no code for half a month but that of others."""
    return next(code for form, code in FREQUENCIES if re.fullmatch(form, period))


def sdmx_period(period: str) -> str:
    """A period as SDMX writes it: half years as 2026-S1, half months by their first day and how long they last."""
    if half := HALF_YEAR.fullmatch(period):
        return f"{half[1]}-S{half[2]}"
    if half := HALF_MONTH.fullmatch(period):
        first = day_of(f"{half[1]}-01")
        middle, end = first + HALF_MONTH_DAYS, add_month(first)
        begin, after = (first, middle) if half[2] == "1" else (middle, end)
        return f"{iso(begin)}/P{after - begin}D"
    return period


def number_of(value: float | None, decimals: int) -> str:
    """A number with a fixed count of decimals; empty where there is none, or no end to it."""
    if value is None or abs(value) > LARGEST:
        return ""
    text = f"{value:.{decimals}f}"
    return "0" if text == "-0" else text


def text_of(observation: Observation) -> tuple[str, str, str]:
    """Value and interval."""
    values = observation.value, observation.low, observation.high
    value, low, high = (number_of(one, observation.decimals) for one in values)
    return value, low, high


def row_of(observation: Observation) -> dict[str, Any]:
    """One observation with every dimension and attribute; numbers as they are printed."""
    key = observation.key
    value, low, high = (_number(text) for text in text_of(observation))
    return {
        "FREQ": frequency_of(key.period), "REF_AREA": key.area, "TIME_PERIOD": key.period, "SEX": key.sex,
        "INDICATOR": key.indicator, "BREAKDOWN": key.by, "OBS_VALUE": value, "LOWER": low, "UPPER": high,
        "UNIT_MEASURE": observation.unit, "OBS_STATUS": observation.obs_status,
        "CONF_STATUS": observation.conf_status,
    }  # fmt: skip


def _number(text: str) -> float | int | None:
    if not text:
        return None
    return float(text) if "." in text else int(text)


def basis_of(basis: Basis) -> dict[str, Any]:
    """What figures rest on, by name."""
    return basis._asdict()
