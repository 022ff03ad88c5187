"""Timeliness: classes, legal limit, and what cannot be observed yet."""

from births_made import BORN, birth

from hub.domain.days import day_of
from hub.reference import load_limits
from hub.statistics.spans import month
from hub.statistics.timeliness import CLASSES, cohort, delay_class, in_cohort, quantile, standing
from tests.test_repository import ROOT

LATER = day_of("2026-01-01")

LIMITS = load_limits(ROOT / "schemas/limits/china.toml")


def after(days: int, number: int = 0):
    return birth(number, registered_on=BORN + days)


def waiting(number: int = 0):
    return birth(number, police=False, registered_on=None, outcome="only-health")


def test_delays_fall_into_classes():
    days = (-1, 0, 30, 31, 60, 61, 90, 91, 365, 366)
    assert [delay_class(d) for d in days] == [CLASSES[i] for i in (0, 0, 0, 1, 1, 2, 2, 3, 3, 4)]


def test_late_and_delayed_are_two_things():
    limit = day_of("2024-04-10") - BORN
    said = [
        standing(line, LIMITS) for line in (after(limit), after(limit + 1), after(365), after(366), waiting())
    ]
    assert said == ["on-time", "late", "late", "delayed", "not-registered"]


def test_a_cohort_is_followed_until_the_day_and_no_further():
    lines = [after(10, 0), after(20, 1), after(45, 2), waiting(3)]
    found = cohort(month("2024-03"), lines, day_of("2024-05-15"), LIMITS)
    assert (found.name, found.births, found.not_registered) == ("2024-03", 4, 1)
    assert found.within[30].hits == 2
    assert (found.within[60], found.within[365]) == (None, None)
    assert found.standing == {"on-time": 2, "late": 1, "delayed": 0, "not-registered": 1}
    assert sum(found.delays.values()) + found.not_registered == found.births
    later = cohort(month("2024-03"), lines, LATER, LIMITS)
    assert later.within[365].hits == 3


def test_who_still_waits_makes_the_delay_longer():
    assert quantile([(10, True), (20, True), (30, True), (40, True)], 0.5) == 20
    assert quantile([(10, True), (20, True), (30, False), (40, False)], 0.9) is None
    assert quantile([(5, False), (10, True), (20, True)], 0.5) == 10
    assert quantile([], 0.5) is None


def test_an_entry_that_is_none_of_birth_says_nothing_of_a_delay():
    assert not in_cohort(birth(registered_on=None))
    assert not in_cohort(birth(outcome="expected-elsewhere"))
    assert in_cohort(waiting())
