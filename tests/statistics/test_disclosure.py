"""What published counts give away: attacks by linear programs and by trying every county there could be."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import SettingsError
from hub.statistics.disclosure import CELLS_MAX, Release
from hub.statistics.disclosure.attack import bounds
from hub.statistics.disclosure.rounding import rounded
from hub.statistics.disclosure.suppression import withheld

THRESHOLD = 5


def tables(lines):
    """Town by sex with all totals, towns by year, sexes by month, the year to date: released together."""
    counts = {}
    for number, (town, sex, month) in enumerate(lines):
        for key in (("town", town, sex), ("town", town), ("sex", sex), ("county",), ("month", month),
                    ("month", month, sex), ("to date", month), ("town year", town, month // 6)):  # fmt: skip
            counts.setdefault(key, []).append(number)
    for month in range(12):
        counts["to date", month] = [n for n, (_, _, m) in enumerate(lines) if m <= month]
        counts.setdefault(("month", month), [])
    return dict(sorted(counts.items(), key=str))


lines = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("mf"), st.integers(0, 11)), max_size=60)


@given(lines)
@settings(max_examples=40, deadline=None)
def test_an_attack_that_differences_all_released_tables_recovers_no_withheld_count(county):
    release = Release(tables(county))
    hidden = withheld(release, THRESHOLD).withheld
    small = {release.keys[i] for i in release.small(THRESHOLD)}
    assert small <= hidden
    found = bounds(release, hidden)
    values = dict(zip(release.keys, release.values, strict=True))
    for key in hidden:
        low, high = found[key]
        assert low <= values[key] <= high
        assert high - low >= (THRESHOLD if key in small else 1), key


def test_without_secondary_ones_the_same_attack_recovers_small_counts():
    county = [("A", "m", 0)] * 3 + [("A", "f", 0)] * 20 + [("B", "m", 1)] * 20 + [("B", "f", 1)] * 20
    release = Release(tables(county))
    primary = {release.keys[i] for i in release.small(THRESHOLD)}
    found = bounds(release, primary)
    assert primary
    assert all(found[key].low == found[key].high == 3 for key in primary)
    assert primary < withheld(release, THRESHOLD).withheld


def test_every_county_that_publishes_the_same_is_still_possible():
    """By trying all counties of a small table in whole numbers."""
    true = {("A", "m"): 2, ("A", "f"): 7, ("B", "m"): 6, ("B", "f"): 8}
    counts, number = {}, itertools.count()
    for cell, size in true.items():
        for line in itertools.islice(number, size):
            for key in (cell, (cell[0], "_T"), ("_T", cell[1]), ("_T", "_T")):
                counts.setdefault(key, []).append(line)
    release = Release(counts)
    hidden = withheld(release, THRESHOLD).withheld
    assert ("A", "m") in hidden and ("_T", "_T") not in hidden
    shown = {key: len(members) for key, members in counts.items() if key not in hidden}
    possible = Counter()
    for sizes in itertools.product(range(1, 24), repeat=4):
        county = dict(zip(true, sizes, strict=True))
        total = {key: sum(n for cell, n in county.items() if all(a in (b, "_T") for a, b in zip(key, cell, strict=True)))
                 for key in shown}  # fmt: skip
        if total == shown:
            possible[county["A", "m"]] += 1
    assert len(possible) > THRESHOLD
    assert min(possible) <= 2 < 2 + THRESHOLD <= max(possible)


def test_a_stock_a_flow_and_the_next_stock_are_tied():
    start, came = list(range(100)), list(range(100, 103))
    counts = {"start": start, "in": came, "out": [], "end": [*start, *came]}
    release = Release(counts)
    assert bounds(release, {"in"}) == {"in": (3, 3)}
    hidden = withheld(release, THRESHOLD).withheld
    assert "in" in hidden and hidden & {"start", "end"}
    assert bounds(release, hidden)["in"].high >= 8


def test_a_line_counted_twice_counts_twice_and_one_of_many_people_many_times():
    release = Release({"in": [1, 1], "people": [2]}, {2: 40})
    assert dict(zip(release.keys, release.values, strict=True)) == {"in": 2, "people": 40}


def test_names_of_lines_change_nothing():
    county = [("A", "m", 0)] * 3 + [("A", "f", 2)] * 9 + [("B", "m", 5)] * 6 + [("C", "f", 7)]
    assert withheld(Release(tables(county))) == withheld(Release(tables(county[::-1])))


def test_counts_that_are_wanted_are_withheld_last():
    counts = {
        "all": list(range(30)),
        "a": [0, 1],
        "b": list(range(2, 30)),
        "c": list(range(2, 16)),
        "d": list(range(16, 30)),
    }
    release = Release(counts)
    hidden = withheld(release, wanted=lambda key: 100.0 if key == "b" else 1.0).withheld
    assert "b" not in hidden and hidden >= {"a", "all"}


def test_nothing_is_withheld_where_nothing_is_small_and_a_release_has_a_bound():
    assert withheld(Release({"all": range(50)})).withheld == frozenset()
    assert withheld(Release({})).withheld == frozenset()
    assert bounds(Release({}), frozenset()) == {}
    with pytest.raises(SettingsError, match="fewer months"):
        Release(dict.fromkeys(range(CELLS_MAX + 1), ()))


@given(lines, st.sampled_from([3, 5]))
@settings(max_examples=25, deadline=None)
def test_rounded_counts_add_up_and_are_multiples_of_the_base(county, base):
    counts = tables(county)
    found = rounded(Release(counts), base)
    assert all(value % base == 0 for value in found.values())
    assert found.get(("county",), 0) == found.get(("sex", "m"), 0) + found.get(("sex", "f"), 0)
    assert found.get(("county",), 0) == sum(
        value for key, value in found.items() if key[:1] == ("month",) and len(key) == 2
    )
    misses = [abs(found[key] - len(members)) for key, members in counts.items()]
    assert sum(miss >= base for miss in misses) <= len(misses) // 10


def test_rounding_is_to_three_or_five():
    assert rounded(Release({"none": ()}), 3) == {"none": 0}
    with pytest.raises(ValueError, match="3 or 5"):
        rounded(Release({}), 4)
