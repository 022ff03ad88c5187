"""Intervals: known values, what they hold, and how often they hold it."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.statistics import totals
from hub.statistics.completeness import estimate
from hub.statistics.intervals import clopper_pearson, ratio, wilson
from hub.statistics.totals import Lists

spec = importlib.util.spec_from_file_location(
    "coverage_bench", Path(__file__).parent.parent / "bench/coverage.py"
)
bench = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bench)
WORKED = Lists(800, 100, 50)
"""DOMAIN 3.12: n1 = 900, n2 = 850, m = 800."""
counts = st.integers(0, 400)


def test_the_worked_example():
    assert totals.chandrasekaran_deming(WORKED) == 956.25
    assert WORKED.union == 950
    assert totals.chandrasekaran_deming_variance(WORKED) == pytest.approx(7.47, abs=0.005)
    assert totals.chandrasekaran_deming_variance(WORKED) ** 0.5 == pytest.approx(2.73, abs=0.005)
    assert totals.petersen_variance(WORKED) == pytest.approx(900**2 * 850 * 50 / 800**3)
    assert totals.chapman(WORKED) == pytest.approx(956.24, abs=0.005)
    assert totals.chapman_variance(WORKED) == pytest.approx(901 * 851 * 100 * 50 / (801**2 * 802))
    found = estimate([WORKED])
    assert found.total == pytest.approx(totals.chapman(WORKED))
    assert found.completeness_1 == pytest.approx(900 / 956.24, abs=1e-5)


def test_nobody_linked_leaves_the_old_estimate_without_an_end_and_chapmans_with_one():
    assert totals.chandrasekaran_deming(Lists(0, 3, 4)) == float("inf")
    assert totals.chandrasekaran_deming_variance(Lists(0, 3, 4)) == float("inf")
    assert totals.petersen_variance(Lists(0, 3, 4)) == float("inf")
    assert totals.chapman(Lists(0, 3, 4)) == 19


def test_known_intervals_of_shares():
    assert wilson(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)
    assert clopper_pearson(9, 10) == pytest.approx((0.5550, 0.9975), abs=1e-4)
    assert clopper_pearson(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert ratio(105, 100)[0] < 1.05 < ratio(105, 100)[1]
    assert ratio(5, 0)[1] == float("inf")
    with pytest.raises(ValueError, match="no more cases"):
        wilson(3, 2)


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_share_lies_in_its_intervals_and_the_exact_one_is_longer(hits, others):
    n = hits + others
    score, exact = wilson(hits, n), clopper_pearson(hits, n) if n else wilson(0, 0)
    if n:
        assert hits / n in score
        assert hits / n in exact
    assert 0 <= score.low <= score.high <= 1


@given(counts, counts, counts, st.sampled_from([1.0, 2.0, 4.0]))
def test_a_total_lies_in_its_interval_which_begins_at_the_union(both, one, two, odds):
    lists = Lists(both, one, two)
    found = estimate([lists], odds)
    assert lists.union <= found.interval.low <= found.total <= found.interval.high
    assert 0 <= found.union_interval.low <= found.completeness_union <= found.union_interval.high <= 1


@given(st.integers(1, 400), counts, counts)
def test_the_other_intervals_hold_the_estimate(both, one, two):
    lists = Lists(both, one, two)
    low, high = totals.log_transformed(lists)
    assert lists.union <= low <= totals.chapman(lists) + 1e-9
    assert high >= totals.chapman(lists) - 1e-9
    low, high = totals.profile_likelihood(lists)
    assert lists.union <= low <= int(totals.chandrasekaran_deming(lists)) + 1
    assert high >= int(totals.chandrasekaran_deming(lists))


def test_without_a_link_a_total_may_be_of_any_size():
    assert totals.profile_likelihood(Lists(0, 50, 40)).high == totals.TOTAL_MAX
    assert totals.predictive(20_000, totals.missed([Lists(0, 10_000, 10_000)])).high > 10**7


@pytest.mark.parametrize(("first", "second"), [(0.9, 0.8), (0.85, 0.7), (0.97, 0.95)])
@pytest.mark.parametrize("n", [60, 300, 5_000])
def test_the_interval_of_reports_holds_the_truth_as_often_as_it_says(first, second, n):
    found, length = bench.coverage("default", n, first, second, runs=6_000)
    assert 0.93 <= found <= 0.97
    assert length < bench.coverage("log", n, first, second, runs=500)[1]


@pytest.mark.parametrize("n", [60, 300, 5_000])
def test_of_nearly_complete_lists_it_holds_the_truth_no_less_often(n):
    assert bench.coverage("default", n, 0.99, 0.98, runs=4_000)[0] >= 0.93


@pytest.mark.parametrize("strata", bench.STRATA.values(), ids=bench.STRATA)
def test_summed_over_strata_it_holds_the_truth_as_often_as_it_says(strata):
    assert 0.93 <= bench.coverage_of_strata(strata, runs=2_500) <= 0.97


@pytest.mark.parametrize("share", [0.8, 0.9, 0.95])
def test_the_interval_of_a_share_holds_the_truth_as_often_as_it_says(share):
    assert all(0.93 <= bench.coverage_of_share(n, share, runs=6_000) <= 0.975 for n in (60, 300, 5_000))
