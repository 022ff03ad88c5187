"""Legal and practical limits, each dated and with its source: data, never constants in rules."""

from typing import NamedTuple

from hub.domain.days import Day, add_month, day_of


class Limit(NamedTuple):
    """How long something may take, from a day on which the rule came into force."""

    code: str
    since: Day
    months: int
    days: int
    source: str


LIMITS = (
    Limit("birth-registration", day_of("1958-01-09"), 1, 0,
          "household registration rules: a birth is reported within one month"),
    Limit("certificate-arrival", day_of("1958-01-09"), 0, 30,
          "practice: a facility's certificate reaches the health bureau within 30 days"),
    Limit("residence-renewal", day_of("1958-01-09"), 0, 30,
          "practice: 30 days to renew or cancel an expired registration"),
    Limit("residence-report", day_of("1958-01-09"), 0, 30,
          "practice: 30 days to register residence after work begins"),
)  # fmt: skip


def deadline(code: str, start: Day) -> Day:
    """The last day on which what began on `start` is in time."""
    rule = max((x for x in LIMITS if x.code == code and x.since <= max(start, x.since)), key=lambda x: x.since)
    return add_month(start, rule.months) + rule.days if rule.months else start + rule.days
