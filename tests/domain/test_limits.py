"""Limits by date, and the clock that knows when an answer would change."""

import pytest

from hub.domain.days import day_of
from hub.domain.limits import LIMITS, Clock, Limit, deadline, limit_on

OLD = Limit("x", 100, 0, 10, "old rule")
NEW = Limit("x", 200, 0, 20, "new rule")


@pytest.mark.parametrize(("day", "expected"), [(50, OLD), (199, OLD), (200, NEW), (900, NEW)])
def test_the_rule_of_the_day_counts(day, expected):
    assert limit_on("x", day, (NEW, OLD)) == expected


@pytest.mark.parametrize(
    ("code", "start", "last"),
    [
        ("birth-registration", "2024-03-01", "2024-04-01"),
        ("birth-registration", "2024-01-31", "2024-02-29"),
        ("certificate-arrival", "2024-03-01", "2024-03-31"),
        ("residence-renewal", "2024-03-01", "2024-03-31"),
        ("residence-report", "2024-03-01", "2024-03-31"),
    ],
)
def test_deadlines(code, start, last):
    assert deadline(code, day_of(start)) == day_of(last)


def test_every_limit_names_its_source():
    assert all(limit.source and (limit.months or limit.days) for limit in LIMITS)


def test_a_clock_remembers_the_first_day_on_which_an_answer_changes():
    clock = Clock(10)
    answers = clock.reached(10), clock.reached(15), clock.reached(20), clock.reached(12)
    assert (answers, clock.due) == ((True, False, False, False), 12)


def test_a_last_day_is_still_in_time():
    assert (Clock(10).passed(10), Clock(11).passed(10)) == (False, True)


def test_what_has_no_end_is_never_over():
    assert (Clock(10).over(None), Clock(10).over(10), Clock(10).over(11)) == (False, True, False)
