"""Three lists: closed forms, the rule of choice, and a dependence that two lists cannot see."""

import numpy as np
import pytest
from births_made import birth

from hub.statistics.three_lists import CELLS, MODELS, _fit, counts_of, three_lists
from hub.statistics.totals import Lists, chapman


def drawn(n, chances, seed, tie=0.0):
    """Cells of births of which list 2 holds more of those that list 1 holds."""
    random = np.random.default_rng(seed)
    one = random.random(n) < chances[0]
    two = random.random(n) < chances[1] - tie * ~one
    three = random.random(n) < chances[2]
    return tuple(float(np.sum((one == a) & (two == b) & (three == c))) for a, b, c in CELLS)


def test_fits_are_the_closed_forms_where_there_are_any():
    n111, n110, n101, n011, n100, n010, n001 = counts = (310.0, 120.0, 45.0, 28.0, 22.0, 17.0, 9.0)
    joint = _fit(counts, ((0, 1),)).missed.estimate
    assert joint == pytest.approx(n001 * (n110 + n100 + n010) / (n111 + n101 + n011), rel=0.01)
    given_1 = _fit(counts, ((0, 1), (0, 2))).missed.estimate
    assert given_1 == pytest.approx(n010 * n001 / n011, rel=1e-6)
    every = _fit(counts, ((0, 1), (0, 2), (1, 2))).missed.estimate
    assert every == pytest.approx(n111 * n100 * n010 * n001 / (n110 * n101 * n011), rel=1e-6)
    assert len(MODELS) == 8


def test_a_dependence_that_two_lists_cannot_see_is_found():
    counts = drawn(20_000, (0.9, 0.91, 0.8), seed=4, tie=0.4)
    found = three_lists([counts])
    n111, n110, n101, n011, n100, n010, _ = counts
    two = chapman(Lists(n111 + n110, n101 + n100, n011 + n010))
    assert "12" in found.model
    assert abs(found.total - 20_000) < abs(two - 20_000)
    assert 20_000 in found.interval


def test_independent_lists_need_no_dependence_and_strata_add_up():
    strata = [drawn(3_000, (0.9, 0.8, 0.7), seed) for seed in range(4)]
    found = three_lists(strata)
    assert found.model == "1,2,3"
    assert found.union == sum(map(sum, strata))
    assert 12_000 in found.interval


def test_births_are_counted_into_cells():
    lines = [
        birth(0, third=True),
        birth(1),
        birth(2, health=False, third=True),
        birth(3, health=False, police=False, third=True),
    ]
    assert counts_of(lines) == (1, 1, 1, 0, 0, 0, 1)
    assert three_lists([counts_of(lines)]).interval.low >= 4
    assert three_lists([]).total == 0
