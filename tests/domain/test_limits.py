"""Limits by place and date, the files that hold them, and the clock that knows when an answer would change."""

from pathlib import Path

import pytest
from domain_records import LIMITS

from hub.domain.days import day_of
from hub.domain.limits import CODES, Clock, Limit, Limits
from hub.errors import SettingsError
from hub.reference import load_limits
from tests.test_repository import ROOT

SHIPPED = ROOT / "schemas/limits/china.toml"
OLD, NEW = Limit("x", "", 100, 0, 10, "old rule"), Limit("x", "", 200, 0, 20, "new rule")
TOWN, COUNTY = Limit("x", "990101102", 150, 0, 40, "town"), Limit("x", "9901", 150, 0, 30, "county")


@pytest.mark.parametrize(("day", "expected"), [(50, OLD), (199, OLD), (200, NEW), (900, NEW)])
def test_the_rule_of_the_day_counts(day, expected):
    assert Limits([NEW, OLD]).on("x", day) == expected


@pytest.mark.parametrize(("place", "day", "expected"), [
    ("990101102201", 300, TOWN), ("990101101201", 300, COUNTY), ("880101101201", 300, NEW),
    ("990101102201", 149, OLD), ("", 300, NEW), ("990101102201", 50, OLD),
])  # fmt: skip
def test_the_narrowest_place_counts_from_its_day_on(place, day, expected):
    assert Limits([TOWN, COUNTY, NEW, OLD]).on("x", day, place) == expected


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
    assert LIMITS.deadline(code, day_of(start)) == LIMITS.deadline(code, day_of(start)) == day_of(last)


def test_every_limit_names_its_source_in_both_languages():
    assert {limit.code for limit in LIMITS.table} == set(CODES)
    for limit in LIMITS.table:
        assert limit.months or limit.days
        assert not limit.source.isascii() and " of " in limit.source


def test_what_holds_is_told_by_the_digest_alone():
    assert Limits([OLD, NEW]).digest == Limits([NEW, OLD]).digest == Limits([OLD, OLD, NEW]).digest
    assert len({Limits(some).digest for some in ([OLD], [NEW], [OLD, NEW], [OLD._replace(days=11)])}) == 4


OURS = """[[limit]]
code = "birth-registration"
place = "990101"
since = 2024-02-01
days = 60
source = "the county"
"""


def test_a_county_s_own_limit_goes_before(tmp_path: Path):
    path = tmp_path / "ours.toml"
    path.write_text(OURS)
    limits = load_limits(SHIPPED, path)
    born = day_of("2024-03-01")
    assert limits.deadline("birth-registration", born, "990101101201") == born + 60
    assert limits.deadline("birth-registration", born, "990202101201") == day_of("2024-04-01")
    assert limits.deadline("birth-registration", day_of("2024-01-31"), "990101101201") == day_of("2024-02-29")
    path.write_text(OURS.replace("2024-02-01", "1958-01-09").replace('"990101"', '""'))
    assert load_limits(SHIPPED, path).on("birth-registration", born).source == "the county"


@pytest.mark.parametrize(("old", "new", "said"), [
    ("2024-02-01", '"2024-02-01"', "since: write days"),
    ("birth-registration", "birth", "code is one of arrival-registration,"),
    ('"990101"', "990101", "place is the beginning of a division code"),
    ('"990101"', '"here"', "place is the beginning of a division code"),
    ("the county", " ", "source says where"),
    ("days = 60", "days = -1", "whole numbers up to 1200"),
    ("days = 60", "weeks = 8", "weeks is missing or unknown"),
    ("[[limit]]", "[[limits]]", "a list of [[limit]]"),
    ("[[limit]]", "[[limit", "cannot be read as TOML"),
])  # fmt: skip
def test_what_cannot_be_followed_in_a_table_is_named(tmp_path: Path, old: str, new: str, said: str):
    path = tmp_path / "ours.toml"
    path.write_text(OURS.replace(old, new))
    with pytest.raises(SettingsError) as refused:
        load_limits(SHIPPED, path)
    assert said in str(refused.value) and "ours.toml" in str(refused.value)


def test_a_table_without_one_of_the_limits_is_refused(tmp_path: Path):
    path = tmp_path / "ours.toml"
    path.write_text(OURS)
    with pytest.raises(SettingsError, match="none for arrival-registration that holds everywhere"):
        load_limits(path)


def test_a_clock_remembers_the_first_day_on_which_an_answer_changes():
    clock = Clock(10, LIMITS)
    answers = clock.reached(10), clock.reached(15), clock.reached(20), clock.reached(12)
    assert (answers, clock.due) == ((True, False, False, False), 12)


def test_the_last_day_is_still_in_time():
    assert (Clock(10, LIMITS).passed(10), Clock(11, LIMITS).passed(10)) == (False, True)


def test_what_has_no_end_is_never_over():
    clock = Clock(10, LIMITS)
    assert (clock.over(None), clock.over(10), clock.over(11)) == (False, True, False)
