"""Releases one after the other: whoever keeps them all learns no more than from any one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.days import day_of, iso
from hub.statistics import releases
from hub.statistics.disclosure import Release
from hub.statistics.disclosure.attack import bounds
from hub.statistics.disclosure.suppression import Given, withheld
from hub.statistics.publication import Family, Safety, publish
from hub.statistics.releases import Released
from hub.statistics.tables import COUNT, WITHHELD_STATUS, Key, Table

THRESHOLD = 5
SPANS = {
    **{f"m{month}": range(month, month + 1) for month in range(6)},
    **{f"q{quarter}": range(3 * quarter, 3 * quarter + 3) for quarter in range(2)},
    "year": range(6),
}
lines = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("mf"), st.integers(0, 5)), max_size=70)


def counts_of(county, span):
    """Town by sex of a span, with all totals."""
    counts = {
        (span, town, sex): [] for town in "AB_" for sex in "mf_"
    }  # fmt: skip
    for number, (town, sex, month) in enumerate(county):
        if month in SPANS[span]:
            for key in ((span, t, s) for t in (town, "_") for s in (sex, "_")):
                counts[key].append(number)
    return counts


def give(county, order):
    """Release after release, each protected with what came before."""
    shown, hidden, exposed, counts = set(), set(), set(), {}
    for span in order:
        mine = counts_of(county, span)
        counts |= mine
        told = {key: {len(counts[key])} for key in shown}
        pattern = withheld(Release(counts), THRESHOLD, given=Given(told, frozenset(hidden)))
        shown |= mine.keys() - pattern.withheld
        hidden |= mine.keys() & pattern.withheld
        exposed |= pattern.exposed
    return Release(counts), hidden, exposed


def recovered(release, hidden):
    return {key for key, (low, high) in bounds(release, hidden).items() if high - low < 1}


@given(lines, st.permutations(list(SPANS)))
@settings(max_examples=30, deadline=None)
def test_whoever_compares_all_releases_recovers_nothing_that_is_not_said_to_be_exposed(county, order):
    release, hidden, exposed = give(county, order)
    assert {release.keys[i] for i in release.small(THRESHOLD)} <= hidden
    assert recovered(release, hidden) <= exposed


def test_releases_that_do_not_know_of_each_other_give_small_counts_away():
    county = [("A", "m", m) for m in range(6) for _ in range(7)] + [("B", "m", 0)] * 6 + [("A", "f", 3)] * 9
    county += [("A", "m", 5)] * 4 + [("B", "f", 5)] * 3
    shown, hidden, counts = set(), set(), {}
    for span in SPANS:
        mine = counts_of(county, span)
        counts |= mine
        pattern = withheld(Release(mine), THRESHOLD)
        shown |= mine.keys() - pattern.withheld
        hidden |= mine.keys() & pattern.withheld
    assert recovered(Release(counts), hidden)
    release, hidden, exposed = give(county, SPANS)
    assert not recovered(release, hidden)
    assert not exposed


def test_a_small_count_that_others_gave_away_before_is_said_to_be_exposed():
    counts = {"all": range(20), "most": range(17)}
    pattern = withheld(Release(counts | {"rest": range(17, 20)}), given=Given({"all": {20}, "most": {17}}))
    assert pattern.withheld == pattern.exposed == {"rest"}


def test_a_count_that_was_told_and_has_changed_may_be_withheld_to_protect_a_new_one():
    counts = {"all": range(24), "most": range(20), "rest": range(20, 24)}
    stale = withheld(Release(counts), given=Given({"all": {20}, "most": {20}}))
    assert stale.withheld == {"all", "rest"}
    assert not stale.exposed


def table(numbers):
    counts = {Key("BIRTHS", area, "2024-06"): n for area, n in numbers.items()}
    return Table("births", "出生数", "births", counts, [])


def of(numbers, history, name):
    return publish([Family([table(numbers)])], Safety(), name=name, history=history)


def status(found):
    return {x.key.area: x.obs_status for t in found.tables for x in t.observations}


def test_what_was_withheld_once_stays_withheld_though_it_grows():
    first = of({"c": range(23), "a": range(3), "b": range(3, 23)}, {}, "first")
    assert set(status(first).values()) > {WITHHELD_STATUS}
    hidden = {area for area, one in status(first).items() if one == WITHHELD_STATUS}
    second = of({"c": range(30), "a": range(10), "b": range(10, 30)}, {"first": first.released}, "second")
    assert {area for area, one in status(second).items() if one == WITHHELD_STATUS} == hidden
    alone = of({"c": range(30), "a": range(10), "b": range(10, 30)}, {}, "second")
    assert WITHHELD_STATUS not in status(alone).values()


def test_a_release_that_is_made_again_gives_the_same_whatever_came_after():
    numbers = {"c": range(23), "a": range(3), "b": range(3, 23)}
    first = of(numbers, {}, "first")
    later = Released(
        "later", {}, frozenset(key for t in first.tables for key in [x.key for x in t.observations])
    )
    again = of(numbers, {"first": first.released, "later": later}, "first")
    assert again == first


def test_what_is_rounded_or_shown_whole_is_no_release_to_compare_with():
    numbers = {"c": range(23), "a": range(3), "b": range(3, 23)}
    history = {"first": of(numbers, {}, "first").released}
    for safety in (Safety(threshold=1), Safety(base=5)):
        found = publish([Family([table(numbers)])], safety, name="x", history=history)
        assert WITHHELD_STATUS not in status(found).values()
        assert all(x.unit == COUNT for t in found.tables for x in t.observations)


def test_keys_are_written_and_read_and_tell_their_spans_and_days():
    keys = [Key("ORIGIN", "990101101", "2024-06-30", by="51"), Key("BIRTHS", "990101", "2024-H1", "M"),
            Key("BIRTHS", "990101", "2024-06-2"), Key("BIRTHS", "990101", "2025")]  # fmt: skip
    assert [releases.read(releases.written(key)) for key in keys] == keys
    first, last = day_of("2024-01-01"), day_of("2024-12-31")
    assert [span.name for span in releases.spans_of(keys, first, last)] == ["2024-06-2", "2024-H1"]
    assert [iso(day) for day in releases.days_of(keys, first, last)] == ["2024-06-30"]
    assert releases.spans_of([Key("X", "a", "2024-13")], first, last) == []
    with pytest.raises(ValueError, match="unpack"):
        releases.read("half a key")
