"""Periods as they are written, and the releases of each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.days import day_of, iso
from hub.errors import NotFoundError, SettingsError
from hub.statistics.periods import CURRENT, FORMS, RELEASES, Release, due, earlier, period, releases


def bounds(kind, when):
    found = period(kind, when)
    return iso(found.first), iso(found.last)


def test_periods_cover_their_days():
    assert bounds("half-month", "2026-06-1") == ("2026-06-01", "2026-06-15")
    assert bounds("half-month", "2024-02-2") == ("2024-02-16", "2024-02-29")
    assert bounds("month", "2026-02") == ("2026-02-01", "2026-02-28")
    assert bounds("half-year", "2026-H1") == ("2026-01-01", "2026-06-30")
    assert bounds("half-year", "2026-H2") == ("2026-07-01", "2026-12-31")
    assert bounds("year", "2024") == ("2024-01-01", "2024-12-31")


@given(st.sampled_from(sorted(FORMS)), st.integers(1971, 2090), st.integers(1, 12), st.integers(1, 2))
def test_the_year_before_is_the_same_period_and_its_months_lie_between(kind, year, month, half):
    text = {"half-month": f"{year}-{month:02d}-{half}", "month": f"{year}-{month:02d}",
            "half-year": f"{year}-H{half}", "year": f"{year}"}[kind]  # fmt: skip
    found = period(kind, text)
    before = found.year_before()
    assert (before.kind, before.name[4:], int(before.name[:4])) == (kind, text[4:], year - 1)
    spans = found.spans()
    assert len({span.name for span in spans}) == len(spans)
    assert [span.name for span in spans if span.whole] == [before.name, found.name]
    assert all(before.first - 31 < span.first and span.last <= found.last for span in spans)
    assert 12 <= len(spans) <= 27


@pytest.mark.parametrize(
    ("kind", "when"),
    [("month", "2026-13"), ("month", "2026"), ("half-year", "2026-H3"), ("half-month", "2026-06"), ("year", "26"),
     ("month", "0000-01"), ("year", "2026\n"), ("half-month", "2026-06-3")],
)  # fmt: skip
def test_what_is_no_period_is_refused_with_an_example(kind, when):
    with pytest.raises(SettingsError, match="write it like 20"):
        period(kind, when)


def test_releases_come_in_order_and_the_last_one_due_is_made():
    june = period("month", "2026-06")
    made = releases(june)
    assert [(one.name, one.day - june.last) for one in made] == list(RELEASES.items())
    assert due(june, None, day_of("2026-06-20")) == Release(CURRENT, day_of("2026-06-20"))
    assert due(june, None, day_of("2026-07-14")) == Release(CURRENT, day_of("2026-07-14"))
    for one in made:
        assert due(june, None, one.day) == one == due(june, one.name, one.day + 1)
        assert earlier(june, one) == made[: made.index(one)]
    assert earlier(june, Release(CURRENT, made[0].day + 3)) == made[:1]


def test_a_release_that_is_not_due_says_when_it_can_be_made():
    june = period("month", "2026-06")
    with pytest.raises(NotFoundError, match="once 2026-09-28 is closed"):
        due(june, "second", day_of("2026-09-27"))
    with pytest.raises(NotFoundError, match="begins on 2026-06-01"):
        due(june, None, day_of("2026-05-31"))
