"""Where people live by day, the classes of their months, and flows that balance in every cell."""

from collections import Counter
from itertools import pairwise

from domain_records import (
    BORN,
    COUNTY,
    ELSEWHERE,
    LIMITS,
    OTHER_TOWN,
    VILLAGE,
    employment,
    entry,
    on,
    registration,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.days import add_month, day_of
from hub.domain.divisions import ALWAYS, STILL, Division, Divisions
from hub.domain.population import (
    CLASSES,
    Cell,
    Flow,
    Month,
    Stay,
    cell_on,
    classes_of,
    cut_by,
    flows_of,
    stays_of,
)
from hub.domain.residence import Spell

TOWN, TOWN_2 = "990101101", "990101102"
LATER = BORN + 3_000


def lives(*facts, today=LATER):
    return on(today, *facts).spells


def codes(spells, first, count, today=LATER):
    months = [day_of(first)]
    for _ in range(count - 1):
        months.append(add_month(months[-1]))
    return [month.code for month in classes_of(spells, months, today, LIMITS).values()]


# --- stays ----------------------------------------------------------------------------------


def test_a_migrant_stays_from_arrival_to_leaving():
    spells = lives(registration(hukou_place=ELSEWHERE, left_on=BORN + 9))
    assert stays_of(spells, LATER) == (
        Stay(BORN, BORN + 9, VILLAGE, "migrant", "arrival", "left", ELSEWHERE),
    )


def test_whoever_registers_anew_has_left_the_former_place_for_good():
    here = registration(expires_on=LATER + 1)
    there = registration(
        "2", place=OTHER_TOWN, arrival_date=BORN + 50, registered_on=BORN + 50, left_on=BORN + 90
    )
    assert [(s.since, s.until, s.place, s.ended) for s in stays_of(lives(here, there), LATER)] == [
        (BORN, BORN + 50, VILLAGE, "moved"), (BORN + 50, BORN + 90, OTHER_TOWN, "left"),
    ]  # fmt: skip


def test_a_local_who_is_registered_in_another_town_lives_there_and_comes_back():
    home = entry(entry_kind="initial", entry_date=BORN - 900)
    away = registration(place=OTHER_TOWN, left_on=BORN + 90)
    assert [(s.since, s.place, s.status) for s in stays_of(lives(home, away), LATER)] == [
        (BORN - 900, VILLAGE, "resident"), (BORN, OTHER_TOWN, "resident"), (BORN + 90, VILLAGE, "resident"),
    ]  # fmt: skip


def test_a_migrant_who_is_entered_in_the_household_register_is_settled():
    stranger = registration(hukou_place=ELSEWHERE, expires_on=LATER + 1)
    spells = lives(stranger, entry(entry_kind="move_in", entry_date=BORN + 40))
    assert list(flows_of(stays_of(spells, LATER))) == [
        Flow(BORN, "arrival", None, Cell(TOWN, "migrant"), ELSEWHERE),
        Flow(BORN + 40, "settled", Cell(TOWN, "migrant"), Cell(TOWN, "resident"), None),
    ]


def test_what_went_quiet_is_counted_until_it_was_last_heard_of():
    known = registration(expires_on=BORN + 365), employment(last_month="202404")
    heard, noticed = day_of("2024-04-30"), day_of("2024-12-31")
    before, after = lives(*known, today=noticed - 1), lives(*known, today=noticed)
    assert [(s.until, s.status) for s in stays_of(before, noticed - 1)] == [(None, "migrant")]
    assert [(s.since, s.until, s.status) for s in stays_of(after, noticed)] == [
        (BORN, heard + 1, "migrant"), (heard + 1, None, "gone-quiet"),
    ]  # fmt: skip
    assert [flow.kind for flow in flows_of(stays_of(after, noticed))] == ["arrival", "quiet"]
    assert codes(after, "2024-02-01", 4, noticed) == ["none", "inflow", "migrant", "quiet"]
    # It ran out: what nobody renewed ends the quiet too.
    assert codes(lives(*known), "2025-01-01", 4) == ["quiet", "quiet", "none", "none"]


# --- months ---------------------------------------------------------------------------------


def test_half_a_year_makes_a_usual_resident():
    known = registration(arrival_date=day_of("2024-01-31"), registered_on=BORN, left_on=day_of("2024-09-02"))
    assert codes(lives(known), "2023-12-01", 11) == [
        "none", "inflow", *["migrant"] * 5, "usual", "usual", "outflow", "none",
    ]  # fmt: skip


def test_a_move_within_the_county_keeps_the_time_lived_here():
    here = registration(left_on=BORN + 100)
    there = registration(
        "2", place=OTHER_TOWN, arrival_date=BORN + 100, registered_on=BORN + 100, expires_on=LATER
    )
    assert codes(lives(here, there), "2024-04-01", 6) == [
        "migrant",
        "migrant",
        "moved",
        "migrant",
        "migrant",
        "usual",
    ]


def test_births_and_deaths_are_no_migration():
    short = entry(cancel_date=BORN + 70, cancel_reason="death")
    assert codes(lives(short), "2024-02-01", 5) == ["none", "born", "resident", "died", "none"]
    flows = list(flows_of(stays_of(lives(short), LATER)))
    assert [(flow.day, flow.kind) for flow in flows] == [(BORN, "birth"), (BORN + 70, "death")]


def test_figures_may_be_cut_by_other_areas():
    here = registration(left_on=BORN + 100)
    there = registration(
        "2", place=OTHER_TOWN, arrival_date=BORN + 100, registered_on=BORN + 100, expires_on=LATER
    )
    spells = lives(here, there)
    found = classes_of(spells, [day_of("2024-06-01")], LATER, LIMITS, lambda place, day: place[:6])
    assert found == {day_of("2024-06-01"): Month("migrant", COUNTY)}, "the two towns were merged"


DIVISIONS = Divisions.of([
    Division("statistical", TOWN, "柳河镇", ALWAYS, BORN + 60, "merged", (TOWN_2,)),
    Division("statistical", TOWN_2, "石桥镇", ALWAYS, STILL, "", ()),
    Division("statistical", "990101103", "白云镇", ALWAYS, BORN + 60, "split", ("990101104", "990101105")),
    Division("statistical", "990101104", "双塔镇", BORN + 61, STILL, "", ()),
    Division("statistical", "990101105", "龙泉镇", BORN + 61, STILL, "", ()),
    Division("statistical", "990101106", "东岭镇", ALWAYS, BORN + 60, "abolished", ()),
])  # fmt: skip


def test_a_merged_town_is_itself_on_its_days_and_its_successor_now():
    spells = lives(registration(hukou_place=ELSEWHERE, left_on=BORN + 200))
    stays = stays_of(spells, LATER)
    assert cell_on(stays, BORN + 90, cut_by(DIVISIONS, 9)) == Cell(TOWN, "migrant")
    assert cell_on(stays, BORN + 90, cut_by(DIVISIONS, 9, LATER)) == Cell(TOWN_2, "migrant")
    flows = [(f.kind, f.left, f.entered) for f in flows_of(stays, cut_by(DIVISIONS, 9, LATER))]
    assert flows == [
        ("arrival", None, Cell(TOWN_2, "migrant")), ("departure", Cell(TOWN_2, "migrant"), None),
    ]  # fmt: skip


def test_over_the_day_of_a_merge_a_stay_counts_in_the_town_of_its_day_and_the_balance_holds():
    """One came before the merge and stays, one comes to the successor on the day itself, one moves there."""
    people = [
        lives(registration(expires_on=LATER + 1)),
        lives(registration(place=OTHER_TOWN, arrival_date=BORN + 61, registered_on=BORN + 61, expires_on=LATER + 1)),
        lives(registration(left_on=BORN + 61), registration("2", place=OTHER_TOWN, arrival_date=BORN + 61,
                           registered_on=BORN + 61, expires_on=LATER + 1)),
    ]  # fmt: skip
    stays = [stays_of(spells, LATER) for spells in people]

    def stocks(day, cut):
        return Counter(cell.area for each in stays if (cell := cell_on(each, day, cut)))

    def moves(cut):
        flows = [flow for each in stays for flow in flows_of(each, cut) if flow.day == BORN + 61]
        return Counter(f.entered.area for f in flows if f.entered), Counter(
            f.left.area for f in flows if f.left
        )

    as_of_its_day, as_now = cut_by(DIVISIONS, 9), cut_by(DIVISIONS, 9, LATER)
    assert (stocks(BORN + 60, as_of_its_day), stocks(BORN + 61, as_of_its_day)) == (
        {TOWN: 2}, {TOWN: 1, TOWN_2: 2},
    )  # fmt: skip
    assert moves(as_of_its_day) == ({TOWN_2: 2}, {TOWN: 1})
    # As now, nobody moved: the two towns are one.
    assert (stocks(BORN + 60, as_now), stocks(BORN + 61, as_now)) == ({TOWN_2: 2}, {TOWN_2: 3})
    assert moves(as_now) == ({TOWN_2: 1}, {})


def test_a_code_written_into_the_register_when_it_came_into_force_counts_where_it_is_now():
    assert cut_by(DIVISIONS, 9, LATER)("990101104201", BORN) == "990101104"


def test_after_a_split_nobody_can_tell_and_what_is_gone_has_no_area():
    now = cut_by(DIVISIONS, 9, LATER)
    assert now("990101103201", BORN) == "990101104+990101105"
    assert (now("990101106201", BORN), cut_by(DIVISIONS, 9)("990101106201", BORN)) == ("unknown", "990101106")


# --- any spells -----------------------------------------------------------------------------

DAYS = st.integers(BORN - 60, BORN + 400)
PLACES = st.sampled_from([VILLAGE, VILLAGE[:-1] + "2", OTHER_TOWN, "990101103201"])


@st.composite
def spell_sets(draw):
    """Up to five spells, that overlap or not, as no register would keep them too."""
    spells = []
    for number in range(draw(st.integers(0, 5))):
        status = draw(st.sampled_from(["resident", "migrant"]))
        arrived, left, heard = draw(DAYS), draw(st.none() | DAYS), draw(st.none() | DAYS)
        silent = status == "migrant" and heard is not None and draw(st.booleans())
        spells.append(Spell(
            draw(PLACES), arrived, left, status, draw(st.sampled_from(["household", "registration", "expired"])),
            f"r{number}", draw(st.sampled_from(["birth", "initial", "arrival"])),
            draw(st.sampled_from([None, "death", "left", "moved_out"])), heard_on=heard,
            speaks_until=None if heard is None else heard + 240, quiet_from=heard + 241 if silent else None,
        ))  # fmt: skip
    return spells


def county(place, day):
    return place[:6]


@given(st.lists(spell_sets(), max_size=4), DAYS, DAYS, DAYS)
@settings(max_examples=200, deadline=None)
def test_stock_at_the_end_is_stock_at_the_start_and_in_less_out_in_every_cell(people, one, other, today):
    first, last = sorted((one, other))
    # Over the day of a merge and of a split, cut as on each stay's day, or as on one day for all.
    dated = (cut_by(DIVISIONS, 9, as_on) for as_on in (None, BORN + 60, BORN + 61, LATER))
    for cut in (lambda place, day: place[:9], county, *dated):
        stays = [stays_of(spells, today) for spells in people]
        before, after = (Counter(cell_on(each, day, cut) for each in stays) for day in (first, last))
        for each in stays:
            for flow in flows_of(each, cut):
                if first < flow.day <= last:
                    before[flow.left] -= 1
                    before[flow.entered] += 1
        for counts in (before, after):
            counts.pop(None, None)
        assert {cell: n for cell, n in before.items() if n} == {cell: n for cell, n in after.items() if n}


@given(spell_sets(), st.randoms(use_true_random=False), DAYS)
@settings(max_examples=200, deadline=None)
def test_nobody_lives_in_two_places_and_the_order_of_spells_does_not_matter(spells, random, today):
    stays = stays_of(spells, today)
    assert stays == stays_of(random.sample(spells, len(spells)), today)
    assert all(stay.until is None or stay.since < stay.until for stay in stays)
    assert all(a.until is not None and a.until <= b.since for a, b in pairwise(stays))
    for a, b in pairwise(stays):
        assert (a.until, a.place, a.status) != (b.since, b.place, b.status), (
            "neighbours that are alike are one"
        )


@given(spell_sets(), DAYS)
@settings(max_examples=200, deadline=None)
def test_a_month_without_a_class_has_nobody_at_its_end_and_flows_agree_with_classes(spells, today):
    stays = stays_of(spells, today)
    months = [day_of(f"2024-{month:02d}-01") for month in range(1, 13)]
    found = classes_of(spells, months, today, LIMITS)
    assert set(found) == set(months) and all(month.code in CLASSES for month in found.values())
    for first, month in found.items():
        last = add_month(first) - 1
        here, was = cell_on(stays, last), cell_on(stays, first - 1)
        assert (here is None) == (month.code in ("none", "outflow", "died", "quiet"))
        assert (was is None) >= (month.code in ("inflow", "born"))
        kinds = [flow.kind for flow in flows_of(stays) if first <= flow.day <= last]
        if month.code in ("inflow", "born"):
            assert {"arrival", "birth"} & set(kinds)
        if month.code in ("outflow", "died"):
            assert {"departure", "death", "quiet"} & set(kinds)
