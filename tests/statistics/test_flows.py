"""Stock and flow: the identity in every cell, whatever the registers say."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.days import day_of
from hub.statistics import flows
from hub.statistics.flows import OUTSIDE, STATUS, TOWN
from hub.statistics.lines import Stay, StayLine
from hub.statistics.tables import Key
from hub.statistics.tables.stays import stay_tables

COUNTY, A, B = "990101", "990101101201", "990101102202"


def stay(place, arrived, left=None, status="migrant", origin="990202101201"):
    return Stay(place, arrived, left, status, origin)


stays = st.builds(
    stay, st.sampled_from([A, B, "990101103203"]), st.integers(0, 400),
    st.none() | st.integers(0, 500), st.sampled_from(["migrant", "resident"]),
)  # fmt: skip
lives = st.lists(stays, max_size=5).map(tuple)
counties = st.lists(lives, max_size=12).map(lambda all_: [StayLine(n, s) for n, s in enumerate(all_)])
periods = st.lists(st.integers(0, 500), min_size=2, max_size=6, unique=True).map(sorted)


@given(counties, periods)
def test_stock_is_the_last_stock_and_what_came_and_went(lines, days):
    spans = list(itertools.pairwise(days))
    for cell in (flows.by_town, flows.by_county(COUNTY)):
        found = flows.balances(lines, spans, cell)
        assert all(balance.holds for cells in found for balance in cells.values())
        for before, after in itertools.pairwise(found):
            for key in before.keys() | after.keys():
                ended = before[key].stock_2 if key in before else []
                assert sorted(ended) == sorted(after[key].stock_1 if key in after else [])


@given(counties, periods)
def test_nobody_is_counted_twice(lines, days):
    (cells,) = flows.balances(lines, [(days[0], days[-1])], flows.by_town)
    there = [number for balance in cells.values() for number in balance.stock_2]
    assert len(there) == len(set(there))
    assert sorted(there) == [x.number for x in lines if flows.stay_on(x, days[-1]) is not None]


@given(st.lists(lives, max_size=15))
def test_people_who_are_alike_are_one_line_and_give_the_same_figures(people):
    first, last = day_of("1970-06-30"), day_of("1971-06-30")
    apart = [StayLine(number, spells) for number, spells in enumerate(people)]
    together = flows.alike(people, first, last)
    assert sum(line.people for line in together) == len(people)
    one, other = (stay_tables(lines, COUNTY, first, last) for lines in (apart, together))
    for left, right in zip(one, other, strict=True):
        assert {key: left.value(key) for key in left.counts} == {
            key: right.value(key) for key in right.counts
        }
        assert left.figures == right.figures


def test_a_move_a_change_of_status_and_a_departure():
    line = StayLine(0, (stay(A, 10, 50), stay(B, 50, 90), stay(B, 90, 120, "resident")))
    (cells,) = flows.balances([line], [(0, 200)], flows.by_town)
    a, b, resident = (
        cells["990101101", "migrant"],
        cells["990101102", "migrant"],
        cells["990101102", "resident"],
    )
    assert (a.came[OUTSIDE], a.left[TOWN], b.came[TOWN], b.left[STATUS]) == ([0], [0], [0], [0])
    assert (resident.came[STATUS], resident.left[OUTSIDE], resident.stock_2) == ([0], [0], [])
    (county,) = flows.balances([line], [(0, 200)], flows.by_county(COUNTY))
    assert county[COUNTY, "migrant"].came == {OUTSIDE: [0], TOWN: [], STATUS: []}


def test_who_is_in_two_places_counts_where_they_came_to_last():
    line = StayLine(0, (stay(A, 10), stay(B, 50)))
    assert flows.stay_on(line, 60).place == B
    assert flows.here_since(line, 60) == 10


def test_stays_origins_and_turnover():
    lines = [
        StayLine(0, (stay(A, 10, 50),)),
        StayLine(1, (stay(A, 20),)),
        StayLine(2, (stay(B, 30, origin="_U"),)),
    ]
    assert flows.origins(lines, 40, "migrant", 4) == {("9902", A[:9]): [0, 1], ("_U", B[:9]): [2]}
    assert [flows.stay_class(d) for d in (0, 182, 183, 365, 1825)] == ["<6m", "<6m", "6-12m", "1-5y", ">=5y"]
    assert flows.turnover(3, 1, 10, 12, 365).per_year == 4 / 11 * 365.25 / 365
    assert flows.turnover(0, 0, 0, 0, 365).per_year is None


def test_tables_of_stays_hold_towns_and_county():
    first, last = day_of("2023-12-31"), day_of("2024-12-31")
    lines = [StayLine(0, (stay(A, first + 40),)), StayLine(1, (stay(B, first - 9, first + 100),))]
    flow, origins, lengths = stay_tables(lines, COUNTY, first, last)
    assert flow.value(Key("IN", COUNTY, "2024", by="migrant/outside")) == 1
    assert flow.value(Key("IN", COUNTY, "2024-02", by="migrant/outside")) == 1
    assert flow.value(Key("STOCK_START", B[:9], "2024", by="migrant")) == 1
    assert flow.value(Key("STOCK_END", B[:9], "2024", by="migrant")) == 0
    assert origins.value(Key("ORIGIN", COUNTY, "2024-12-31", by="99")) == 1
    assert lengths.value(Key("STAY_LENGTH", COUNTY, "2024-12-31", by="6-12m")) == 1
