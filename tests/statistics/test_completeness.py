"""Completeness: strata, linkage, dependence, and what it assumes."""

import pytest
from births_made import OTHER_TOWN, birth, births

from hub.statistics.completeness import (
    ASSUMPTIONS,
    UNADJUSTED,
    Linkage,
    assumptions,
    completeness,
    estimate,
    in_scope,
)  # fmt: skip
from hub.statistics.totals import Lists


def test_completeness_of_each_list_and_of_both():
    found = completeness(births(800, 100, 50))
    assert (found.lists.n1, found.lists.n2) == (900, 850)
    assert found.list_1.value == pytest.approx(800 / 850)
    assert found.list_2.value == pytest.approx(800 / 900)
    assert found.list_1.value in found.list_1.interval
    assert found.estimates[0].completeness_union == pytest.approx(950 / 956.24, abs=1e-5)
    assert found.adjusted == ()


def test_unequal_capture_hides_births_unless_it_is_stratified():
    here, there = Lists(7372, 388, 228), Lists(840, 560, 360)
    pooled = estimate([Lists(*(a + b for a, b in zip(here, there, strict=True)))])
    stratified = estimate([here, there])
    assert stratified.total == pytest.approx(estimate([here]).total + estimate([there]).total)
    assert pooled.total < stratified.total * 0.99
    assert stratified.total == pytest.approx(10_000, rel=0.002)


def test_strata_are_towns_and_sexes():
    lines = [*births(50, 5, 5), *births(50, 5, 5, start=100, residence=OTHER_TOWN + "201"),
             *births(50, 5, 5, start=200, sex="male")]  # fmt: skip
    assert completeness(lines).strata == 3


def test_missed_links_are_made_up_for_and_false_ones_taken_away():
    lists = Linkage(recall=0.95, precision=1.0).corrected(Lists(760, 140, 90))
    assert lists == pytest.approx((800, 100, 50))
    assert Linkage(recall=1.0, precision=0.9).corrected(Lists(100, 0, 0)) == (90, 10, 10)
    assert Linkage(recall=0.5, precision=1.0).corrected(Lists(80, 20, 5)).only_2 == 0
    found = completeness(births(760, 140, 90), Linkage(0.95, 1.0))
    assert found.estimates[0].total > 1_000 > found.adjusted[0].total == pytest.approx(956.24, abs=0.01)


def test_lists_that_depend_on_each_other_miss_more():
    first, second, fourth = (completeness(births(800, 100, 50)).estimates[i] for i in range(3))
    assert [e.odds_ratio for e in (first, second, fourth)] == [1, 2, 4]
    absent = first.total - 950
    assert second.total - 950 == pytest.approx(2 * absent)
    assert fourth.total - 950 == pytest.approx(4 * absent)


def test_only_births_that_both_lists_could_hold_are_in_scope():
    assert in_scope(birth())
    assert in_scope(birth(outcome="an outcome of tomorrow"))
    assert not in_scope(birth(outcome="expected-elsewhere"))
    assert not in_scope(birth(mother="other"))
    assert not in_scope(birth(health=False, police=False))


def test_what_is_assumed_is_said_in_both_languages():
    assert [*ASSUMPTIONS, UNADJUSTED] == assumptions(None)
    assert "0.9700" in assumptions(Linkage(0.97, 0.99))[-1][1]
    assert all(zh and en.isascii() for zh, en in assumptions(None))


def test_no_births_are_no_error():
    found = completeness([])
    assert found.list_1.value is None
    assert found.estimates[0].total == 0
