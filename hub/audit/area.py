"""Whose records concern an area: people who live, were born or are entered there, and those its cases are about.

A town follows up what is its own. Somebody of whom no register names a place
is looked at from the county alone.
"""

from sqlalchemy import Connection, Select, select, union

from hub.projections import births, cases, discrepancies, households, residents

PLACES = (residents.c.place, births.c.place, households.c.place, discrepancies.c.jurisdiction, cases.c.place)


def people_in(area: str) -> Select[tuple[str]]:
    """The people whose records concern an area, the beginning of a division code."""
    named = [
        select(column.table.c.person.label("person")).where(column.startswith(area, autoescape=True))
        for column in PLACES
    ]
    # Whoever is offered a case looks at it before taking it over.
    offered = select(cases.c.person).where(cases.c.offered.contains(f"/{area}", autoescape=True))
    found = union(*named, offered).subquery()
    return select(found.c.person)


def concerns(db: Connection, area: str, person: str) -> bool:
    """Whether a person's records concern an area."""
    mine = people_in(area).subquery()
    return db.execute(select(mine.c.person).where(mine.c.person == person).limit(1)).first() is not None
