"""The people of a worked county: flows balance in every cell of every month, and households hold who is entered."""

from collections import Counter

from sqlalchemy import select

from hub.domain.days import add_month, day_of
from hub.domain.population import cell_on, flows_of, stays_of, town
from hub.domain.residence import Spell
from hub.projections import households, profiles, records, residents
from hub.projections.position import load_progress

HOUSEHOLD = "public_security.household_entry"
COUNTY = "990101"


def county(place, day):
    return place[:6]


def test_stock_and_flows_of_a_county_balance_in_every_cell_and_month(worked):
    with worked.projection() as db:
        today = load_progress(db, "today", -1)
        lives = [
            stays_of([Spell(**spell) for spell in row.spells], today)
            for row in db.execute(select(residents.c.spells))
        ]
    counted = 0
    for cut in (town, county):
        flows = [flow for stays in lives for flow in flows_of(stays, cut)]
        first = day_of("2024-01-01")
        while first <= today:
            last = add_month(first) - 1
            stock = Counter(cell_on(stays, first - 1, cut) for stays in lives)
            for flow in flows:
                if first <= flow.day <= last:
                    stock[flow.left] -= 1
                    stock[flow.entered] += 1
                    counted += 1
            after = Counter(cell_on(stays, last, cut) for stays in lives)
            for counts in (stock, after):
                counts.pop(None, None)
            assert {cell: n for cell, n in stock.items() if n} == after
            first = add_month(first)
    assert counted > 20


def test_households_hold_each_entry_of_the_county_once_with_the_person_it_is_linked_to(worked):
    with worked.projection() as db:
        shown = {row.record: row for row in db.execute(select(households))}
        linked = select(records.c.record_id, records.c.fields, profiles.c.person).join(
            profiles, profiles.c.profile == records.c.profile
        )
        entries = {
            row.record_id: row
            for row in db.execute(linked.where(records.c.live, records.c.feed == HOUSEHOLD))
            if row.fields["place"].startswith(COUNTY)
        }
    assert shown.keys() == entries.keys() and len(shown) > 100
    for record, row in shown.items():
        said = entries[record]
        assert (row.person, row.household, row.relation, row.place, row.until) == (
            said.person, said.fields["household_no"], said.fields["relation"], said.fields["place"],
            said.fields.get("cancel_date"),
        )  # fmt: skip
    assert any(count > 1 for count in Counter(row.household for row in shown.values()).values())
