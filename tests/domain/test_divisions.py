"""Divisions: codes valid at their date, and what became of them by renames, merges and splits."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.days import day_of
from hub.domain.divisions import (
    ABOLISHED,
    ALWAYS,
    NOT_LISTED,
    NOT_YET,
    NOWHERE,
    STATISTICAL,
    STILL,
    UNKNOWN,
    VALID,
    Division,
    Divisions,
    objections,
)
from hub.errors import SettingsError
from hub.reference import load_divisions
from hub.simulate import places
from hub.simulate.places import COUNTY, ELSEWHERE, TOWNS, VILLAGES

SHIPPED = Path(str(files("schemas"))) / "divisions" / "simulated.csv"
COUNTY_TABLE = load_divisions(SHIPPED)
NOW = day_of("2024-06-30")


def status(code: str, day: str) -> str:
    return COUNTY_TABLE.status(code, day_of(day))


@pytest.mark.parametrize(("code", "day", "said"), [
    ("990101101201", "1950-01-01", VALID),
    ("990101207201", "2019-06-30", VALID),      # abolished the day after: what happened before stays right
    ("990101207201", "2019-07-01", ABOLISHED),
    ("990101106209", "2019-06-30", NOT_YET),
    ("990101106209", "2019-07-01", VALID),
    ("990101101999", "2024-01-01", UNKNOWN),    # the town's villages are listed, and it is none of them
    ("990101999", "2024-01-01", UNKNOWN),
    ("990202101201", "2024-01-01", VALID),      # of another county the table lists no parts
    ("990909101201", "2024-01-01", NOT_LISTED),
    ("990101207", "2020-01-01", ABOLISHED),
])  # fmt: skip
def test_a_code_is_judged_on_its_day(code: str, day: str, said: str) -> None:
    assert status(code, day) == said


def test_the_simulated_county_and_the_table_tell_one_story() -> None:
    """Every code of the story on every day around a change, and what each became."""
    homes = [COUNTY + town + village for town in TOWNS for village in VILLAGES]
    codes = sorted({code for home in homes for code in places.ever(home)})
    days = sorted(
        {change.day + off for change in places.CHANGES for off in (-1, 0, 1)} | {day_of("1940-01-01")}
    )
    for day in days:
        for code in codes:
            assert (COUNTY_TABLE.status(code, day) == VALID) == places.valid_on(code, day), (code, day)
        for home in homes:
            now = {places.code_on(home, day, door) for door in range(2)}
            assert COUNTY_TABLE.became(home, day_of("1940-01-01"), day) == now
            for code in now:
                assert COUNTY_TABLE.name(code, day) == places.committee(code)
    for region in ELSEWHERE:
        assert COUNTY_TABLE.status(places.village(Random(1), region), NOW) == VALID


def test_a_code_stated_on_another_day_still_says_which_place_is_meant() -> None:
    before, after = day_of("2025-06-30"), day_of("2025-07-01")
    assert COUNTY_TABLE.meant("990101104203", after) == {"990101104209"}
    assert COUNTY_TABLE.meant("990101104209", before) == {"990101104203", "990101104204"}
    assert COUNTY_TABLE.meant("990101103209", before) == {"990101103205"}
    assert COUNTY_TABLE.meant("990101103001", before) == {"990101103205"}, "two steps back"
    assert COUNTY_TABLE.meant("990101103001", after) == {"990101103210"}
    assert COUNTY_TABLE.meant("990101104209", after) == {"990101104209"}
    assert COUNTY_TABLE.meant("990101101999", after) == frozenset()
    # Figures are carried on from the nearest day on which the code was valid.
    now = day_of("2026-12-31")
    assert COUNTY_TABLE.area("990101103210", before, 12, as_on=now).code == "990101103001"
    assert COUNTY_TABLE.area("990101102206", after, 12, as_on=now).code == "990101102001"


def test_a_digest_is_that_of_the_rows_whatever_their_order() -> None:
    rows = [row for found in COUNTY_TABLE.rows.values() for row in found]
    assert Divisions.of(reversed(rows)).digest == COUNTY_TABLE.digest
    assert Divisions.of(rows[:-1]).digest != COUNTY_TABLE.digest


def test_figures_are_cut_as_of_the_day_or_as_now() -> None:
    born = day_of("2018-05-05")
    assert COUNTY_TABLE.area("990101207201", born, 9).code == "990101207"
    assert COUNTY_TABLE.area("990101207201", born, 9, as_on=NOW).code == "990101106"
    assert COUNTY_TABLE.area("990101207202", born, 12, as_on=NOW).code == "990101106209"
    assert COUNTY_TABLE.area("990101207202", born, 6, as_on=NOW).code == "990101"
    assert COUNTY_TABLE.area("990909101201", born, 9, as_on=NOW).code == "990909101"


def test_after_a_split_the_village_is_ambiguous_and_the_town_is_not() -> None:
    farm, then = "990101101299", day_of("2010-01-01")
    area = COUNTY_TABLE.area(farm, then, 12, as_on=NOW)
    assert (area.code, area.candidates) == (None, ("990101101201", "990101101202"))
    assert COUNTY_TABLE.area(farm, then, 9, as_on=NOW).code == "990101101"
    assert COUNTY_TABLE.area(farm, then, 12).code == farm


def test_a_name_is_that_of_its_day() -> None:
    assert COUNTY_TABLE.name("990101104", day_of("2016-12-31")) == "双塔乡"
    assert COUNTY_TABLE.name("990101104", day_of("2017-01-01")) == "双塔镇"
    assert COUNTY_TABLE.name("990101999", NOW) == ""


def test_of_unlisted_villages_a_renamed_town_keeps_the_number_and_a_merged_one_does_not() -> None:
    table = Divisions.of([
        Division(STATISTICAL, "990101101", "甲", ALWAYS, 9, "renamed", ("990101111",)),
        Division(STATISTICAL, "990101102", "乙", ALWAYS, 9, "merged", ("990101111",)),
        Division(STATISTICAL, "990101103", "丙", ALWAYS, 9, "abolished", ()),
        Division(STATISTICAL, "990101111", "丁", 10, STILL, "", ()),
        Division("civil", "990101103", "another system", ALWAYS, STILL, "", ()),
    ])  # fmt: skip
    assert table.became("990101101201", 0, 20) == {"990101111201"}
    assert table.became("990101102201", 0, 20) == {"990101111"}
    assert table.area("990101102201", 0, 12, as_on=20).code is None
    assert table.area("990101102201", 0, 9, as_on=20).code == "990101111"
    assert table.became("990101103201", 0, 20) == frozenset()
    assert table.became("990101103201", 15, 20) == frozenset()


def test_without_a_table_nothing_is_judged() -> None:
    assert NOWHERE.status("990101101201", NOW) == NOT_LISTED
    assert NOWHERE.became("990101101201", NOW, NOW + 1) == {"990101101201"}


# --- histories of towns that rename, merge and split ---------------------------------------------

STEP = st.tuples(
    st.sampled_from(["renamed", "merged", "split", "abolished"]), st.integers(0, 5), st.integers(0, 5)
)


def history(steps: Sequence[tuple[str, int, int]]) -> tuple[Divisions, int]:
    """A table in which one town changes every ten days, and its last day."""
    fresh = iter(range(106, 1000))
    open_since = {f"990101{n}": ALWAYS for n in range(100, 106)}
    rows: list[Division] = []
    day = 0
    for change, which, other in steps:
        codes = sorted(open_since)
        code, into = codes[which % len(codes)], codes[other % len(codes)]
        if len(codes) == 1 and change in ("merged", "abolished"):
            continue
        day += 10
        if change == "merged" and into == code:
            change = "renamed"
        if change == "merged":
            successors = (into,)
        else:
            successors = tuple(
                f"990101{next(fresh)}" for _ in range({"renamed": 1, "split": 2}.get(change, 0))
            )
        rows.append(Division(STATISTICAL, code, "", open_since.pop(code), day - 1, change, successors))
        open_since |= dict.fromkeys(successors if change != "merged" else (), day)
    rows += [Division(STATISTICAL, code, "", since, STILL, "", ()) for code, since in open_since.items()]
    assert list(objections(rows)) == []
    return Divisions.of(rows), day


@given(st.lists(STEP, max_size=12), st.data())
def test_what_became_of_a_code_is_valid_then_and_can_be_asked_in_two_steps(steps, data) -> None:
    table, last = history(steps)
    first, second, third = sorted(data.draw(st.tuples(*[st.integers(-5, last + 5)] * 3)))
    code = data.draw(st.sampled_from(sorted(c for c in table.rows if table.status(c, first) == VALID)))
    found = table.became(code, first, third)
    assert all(table.status(each, third) == VALID for each in found)
    assert found == frozenset().union(
        *(table.became(each, second, third) for each in table.became(code, first, second))
    )
    assert table.became(code, first, first) == {code}
    area = table.area(code, first, 9, as_on=third)
    assert area.code == (next(iter(found)) if len(found) == 1 else None)


@given(st.lists(STEP, max_size=12), st.data())
def test_every_code_is_valid_on_the_days_of_its_rows_alone(steps, data) -> None:
    table, last = history(steps)
    day = data.draw(st.integers(-5, last + 5))
    for code, rows in table.rows.items():
        assert (table.status(code, day) == VALID) == any(
            row.valid_from <= day <= row.valid_to for row in rows
        )


# --- files ----------------------------------------------------------------------------------------

HEAD = "system,code,name,valid_from,valid_to,change,successors,source\n"
TOWN = "statistical,990101101,甲镇,,2019-12-31,renamed,990101102,ours\n"
NEXT = "statistical,990101102,乙镇,2020-01-01,,,,ours\n"


@pytest.mark.parametrize(("text", "said"), [
    (HEAD.replace("name", "nmae") + TOWN, "its columns are system"),
    (HEAD + TOWN, "line 2: the successor 990101102 is not listed as valid on 2020-01-01"),
    (HEAD + TOWN + NEXT.replace("2020-01-01", "2020-02-30"), "line 3: write days"),
    (HEAD + TOWN + NEXT.replace("2020-01-01", "2020-01-02"), "line 2: the successor"),
    (HEAD + NEXT.replace("990101102,乙镇,", "99010110,乙镇,") + TOWN, "a code has 6 or 9 or 12 digits"),
    (HEAD + TOWN.replace("renamed", "moved") + NEXT, "line 2: change is one of"),
    (HEAD + TOWN.replace("renamed", "") + NEXT, "line 2: a code that ended says how"),
    (HEAD + TOWN.replace("renamed", "split") + NEXT, "line 2: split has 2 to 64 successors"),
    (HEAD + TOWN.replace(",,2019", ",2020-01-01,2019") + NEXT, "line 2: it ends before it begins"),
    (HEAD + TOWN + NEXT + NEXT, "line 3: 990101102 is listed twice"),
    (HEAD + TOWN + NEXT + "statistical,990101102201,村,,,,,ours\n", "valid on days when the area above it is not"),
    (HEAD + TOWN + NEXT.replace("ours", ""), "line 3: it names the system of its codes, and its source"),
    (HEAD + TOWN + NEXT.replace(",,,,ours", ",ours"), "line 3: not one cell for each"),
    ("\udcff", "cannot be read as CSV in UTF-8"),
])  # fmt: skip
def test_what_cannot_be_followed_in_a_table_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "ours.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SettingsError) as refused:
        load_divisions(path)
    assert said in str(refused.value) and "ours.csv" in str(refused.value)
