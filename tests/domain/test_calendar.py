"""Working days: notices of holidays, as they were known on the day that asks."""

from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.calendar import WEEKDAYS, Calendar, Notice
from hub.domain.days import day_of, iso, to_date
from hub.errors import SettingsError
from hub.reference import load_calendar

SHIPPED = Path(str(files("schemas"))) / "calendars" / "china.toml"
CHINA = load_calendar(SHIPPED)
DAYS = st.integers(day_of("2022-01-01"), day_of("2028-12-31"))


def after(calendar: Calendar, day: str, count: int, known_on: str = "") -> str:
    return iso(calendar.working_days_after(day_of(day), count, day_of(known_on) if known_on else None))


@pytest.mark.parametrize(("day", "count", "due"), [
    ("2024-02-08", 2, "2024-02-18"),  # Thursday; Friday, then eight days of Spring Festival, then a worked Sunday
    ("2024-09-13", 3, "2024-09-19"),  # Saturday the 14th is worked, 15 to 17 are not
    ("2024-09-30", 1, "2024-10-08"),
    ("2025-09-27", 2, "2025-09-29"),  # a Saturday; the Sunday behind it is worked
    ("2026-02-13", 1, "2026-02-14"),  # a worked Saturday before the festival
    ("2026-02-14", 1, "2026-02-24"),
    ("2024-03-04", 5, "2024-03-11"),  # an ordinary week
])  # fmt: skip
def test_deadlines_pass_over_holidays_and_count_worked_weekends(day: str, count: int, due: str) -> None:
    assert after(CHINA, day, count) == due


def test_the_shipped_notices_make_up_on_weekends_and_give_whole_years() -> None:
    """Each made-up day is a Saturday or Sunday; a year has 246 to 252 working days, as the law's holidays leave."""
    for notice in CHINA.notices:
        assert {to_date(day).weekday() for day in notice.made_up} <= {5, 6}
        first, last = day_of(f"{notice.year}-01-01"), day_of(f"{notice.year}-12-31")
        worked = sum(CHINA.is_working_day(day, last) for day in range(first, last + 1))
        assert 246 <= worked <= 252, notice.year
    assert [notice.year for notice in CHINA.notices] == [2023, 2024, 2025, 2026]


def test_a_deadline_knows_only_notices_of_its_day() -> None:
    """On 2023-10-24 nobody knew that 2024-01-01 is free; a day later everybody did."""
    assert after(CHINA, "2023-10-24", 50) == after(WEEKDAYS, "2023-10-24", 50) == "2024-01-02"
    assert after(CHINA, "2023-10-25", 49) == "2024-01-03"
    assert after(CHINA, "2023-10-24", 50, known_on="2024-01-01") == "2024-01-03"


def test_a_later_notice_replaces_that_of_its_year_from_its_day_on() -> None:
    longer = Notice(2024, day_of("2024-02-16"), "the county", frozenset([day_of("2024-02-18")]), frozenset())
    both = Calendar.of([longer, *CHINA.notices])
    assert after(both, "2024-02-08", 2) == "2024-02-18"
    assert after(both, "2024-02-16", 1) == "2024-02-19"


@given(DAYS, st.integers(0, 40), st.lists(st.sampled_from(CHINA.notices)))
def test_what_is_announced_later_changes_no_deadline(day: int, count: int, some: list[Notice]) -> None:
    known = Calendar.of(notice for notice in some if notice.known_on <= day)
    assert Calendar.of(some).working_days_after(day, count) == known.working_days_after(day, count)


@given(DAYS, st.integers(1, 40), DAYS)
def test_the_days_counted_are_the_working_days(day: int, count: int, known_on: int) -> None:
    due = CHINA.working_days_after(day, count, known_on)
    assert CHINA.is_working_day(due, known_on)
    assert sum(CHINA.is_working_day(each, known_on) for each in range(day + 1, due + 1)) == count


@given(DAYS)
def test_without_notices_people_work_from_monday_to_friday(day: int) -> None:
    assert WEEKDAYS.is_working_day(day) == (to_date(day).weekday() < 5)
    assert not WEEKDAYS.covers(day)
    assert CHINA.covers(day) == (2023 <= to_date(day).year <= 2026)


NOTICE = """[[notice]]
year = 2027
known_on = 2026-11-20
source = "the county"
made_up = [2027-01-03]
holidays = {day = [2027-01-01, 2027-01-01]}
"""


def test_a_site_adds_notices(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(NOTICE)
    assert after(load_calendar(SHIPPED, path), "2026-12-31", 1) == "2027-01-03"
    assert after(CHINA, "2026-12-31", 1) == "2027-01-01"


@pytest.mark.parametrize(("old", "new", "said"), [
    ("2026-11-20", '"2026-11-20"', "known_on: write days"),
    ("[2027-01-01, 2027-01-01]", "[2027-01-01]", "day: first and last day"),
    ("[2027-01-01, 2027-01-01]", "[2027-01-02, 2027-01-01]", "ends before it begins"),
    ("[2027-01-03]", "[2027-01-01]", "a holiday too"),
    ("the county", " ", "source says who"),
    ("year = 2027", "yaer = 2027", "is missing or unknown"),
    ("year = 2027", 'year = "2027"', "year is a number"),
    ("[[notice]]", "[[notices]]", "a list of [[notice]]"),
    ("[[notice]]", "[[notice", "cannot be read as TOML"),
])  # fmt: skip
def test_what_cannot_be_followed_in_a_calendar_is_named(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(NOTICE.replace(old, new))
    with pytest.raises(SettingsError) as refused:
        load_calendar(path)
    assert said in str(refused.value) and "ours.toml" in str(refused.value)
