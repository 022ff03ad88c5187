"""Projections: every table the hub shows or reasons from, folded from the log.

`apply` is the only way into these tables, for live steps and for rebuilds
alike, so a refilled projection cannot differ from the live one. A change of
shape raises `VERSION`, and the tables are refilled: rebuilt, never migrated.
"""

from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)  # fmt: skip

from hub.domain.cases import Case
from hub.domain.discrepancy import Discrepancy
from hub.matching import Profile
from hub.projections.statements import Packed
from hub.projections.store import PairShelf, Shelf, SmallShelf

VERSION = 7
CROSSING = -1
"""The home of what concerns more than one partition."""
metadata = MetaData()


class RecordRow(NamedTuple):
    """The newest version of one record, and the profile it states; `first_on` is that of its first."""

    record_id: str
    feed: str
    source_key: str
    version: int
    first_on: int
    published_on: int
    live: bool
    profile: int
    fields: dict[str, Any]


class ProfileRow(NamedTuple):
    """One distinct set of identifying values; `records` holds the marks of those that state it now.

    A mark is the day a record was first seen, its feed and its id: the least
    mark of a person's records names the person. `home` is the partition of records
    that all of them come through; whoever decides on that one decides on the profile.
    """

    profile: int
    values: Profile
    component: int | None
    person: str | None
    records: list[str]
    home: int


class ComponentRow(NamedTuple):
    """Profiles that are connected by links; alone ones have no row."""

    component: int
    profiles: list[int]


class PersonRow(NamedTuple):
    """A person: the profiles that were linked, and their home."""

    person: str
    profiles: list[int]
    home: int


class AgendaRow(NamedTuple):
    """What is still to come for a person; most people have no row.

    `due` is the next day on which time alone changes something, `touched` says
    that records changed since the last closed day, `standing` maps the
    discrepancies that stand to their kinds.
    """

    person: str
    due: int | None
    touched: bool
    standing: dict[str, str]


class BirthRow(NamedTuple):
    """One birth as the lists together tell it."""

    person: str
    outcome: str
    born_on: int
    place: str | None
    sex: str | None
    registered_on: int | None
    delay_days: int | None
    certificate_record: str | None
    entry_record: str | None
    child_record: str | None
    mother_local: bool
    plurality: int | None
    in_facility: bool | None


class ResidentRow(NamedTuple):
    """Where a person lives, and all spells; place and status are those of the newest spell."""

    person: str
    place: str
    status: str
    arrived_on: int
    left_on: int | None
    spells: list[dict[str, Any]]


class HouseholdRow(NamedTuple):
    """One entry of a person in a household, as the newest spell it makes tells; rows of one household make it up.

    A row for each entry of each person: nobody else decides on it, whoever decides on the others of the household.
    """

    entry: str
    """The person and the record."""
    record: str
    household: str
    person: str
    relation: str | None
    place: str
    since: int
    until: int | None


class EntryRow(NamedTuple):
    """One thing on record of a case, in order: the event's name, and what it says beyond day and actor."""

    entry_id: str
    case_id: str
    number: int
    day: int
    event: str
    actor: str
    said: dict[str, Any]


class RequestRow(NamedTuple):
    """One question to the owner of a record, and what was answered; without an answer it is open or stale."""

    request_id: str
    case_id: str
    number: int
    record_id: str
    seen_version: int
    field: str
    question: str
    owner: str
    asked_by: str
    asked_on: int
    due_on: int
    answer: str | None
    record_version: int | None
    reason: str | None
    answered_on: int | None


class HeldRow(NamedTuple):
    """Two profiles that only people can tell apart."""

    pair: str
    left: int
    right: int
    weight: float


class FatBlockRow(NamedTuple):
    """A key that too many profiles share to compare them, as one home knows it: which parts make it, and how many
    they are."""

    place: str
    """The key and the home."""
    key: int
    parts: str
    profiles: int


class JudgedRow(NamedTuple):
    """What people said of a record or profile: of which others, and whether they are the same person."""

    name: str
    others: dict[str, bool]


class ModelRow(NamedTuple):
    """A linkage model that was adopted; the last one is in force."""

    number: int
    version: str
    digest: str
    content: bytes
    reason: str
    actor: str


class SetAsideRow(NamedTuple):
    """An event that no rule could decide on, by its place in the log.

    One that rules failed on later than it was read is known by record and version alone.
    """

    place: str
    event_id: str
    event_type: str
    error: str


class ActedRow(NamedTuple):
    """Up to where a partition of actions says something of people or cases; what was looked at is no such thing."""

    partition: str
    offset: int


class ReleasedRow(NamedTuple):
    """Figures that were given out: the counts they told by their keys, and the keys of those they withheld."""

    name: str
    as_of: int
    shown: dict[str, int]
    withheld: list[str]


def _profile_pack(profile: Profile) -> bytes:
    return profile.dump()


records = Table(
    "records", metadata,
    Column("record_id", String(32), primary_key=True), Column("feed", Text, nullable=False),
    Column("source_key", Text, nullable=False), Column("version", Integer, nullable=False),
    Column("first_on", Integer, nullable=False), Column("published_on", Integer, nullable=False),
    Column("live", Boolean, nullable=False), Column("profile", BigInteger, nullable=False),
    Column("fields", Packed(), nullable=False), sqlite_with_rowid=False,
)  # fmt: skip
profiles = Table(
    "profiles", metadata,
    Column("profile", BigInteger, primary_key=True, autoincrement=False),
    Column("values", Packed(_profile_pack, Profile.load), nullable=False),
    Column("component", BigInteger), Column("person", String(32)),
    Column("records", Packed(), nullable=False), Column("home", Integer, nullable=False),
)  # fmt: skip
components = Table(
    "components", metadata,
    Column("component", BigInteger, primary_key=True, autoincrement=False),
    Column("profiles", Packed(), nullable=False),
)  # fmt: skip
blocks = Table(
    "blocks", metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("profile", BigInteger, primary_key=True, autoincrement=False), sqlite_with_rowid=False,
)  # fmt: skip
people = Table(
    "people", metadata,
    Column("person", String(32), primary_key=True), Column("profiles", Packed(), nullable=False),
    Column("home", Integer, nullable=False), sqlite_with_rowid=False,
)  # fmt: skip
agenda = Table(
    "agenda", metadata,
    Column("person", String(32), primary_key=True), Column("due", Integer, index=True),
    Column("touched", Boolean, nullable=False), Column("standing", Packed(), nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
births = Table(
    "births", metadata,
    Column("person", String(32), primary_key=True), Column("outcome", Text, nullable=False),
    Column("born_on", Integer, nullable=False), Column("place", Text), Column("sex", Text),
    Column("registered_on", Integer), Column("delay_days", Integer),
    Column("certificate_record", String(32)), Column("entry_record", String(32)),
    Column("child_record", String(32)), Column("mother_local", Boolean, nullable=False),
    Column("plurality", Integer), Column("in_facility", Boolean),
)  # fmt: skip
residents = Table(
    "residents", metadata,
    Column("person", String(32), primary_key=True), Column("place", Text, nullable=False),
    Column("status", Text, nullable=False), Column("arrived_on", Integer, nullable=False),
    Column("left_on", Integer), Column("spells", Packed(), nullable=False),
)  # fmt: skip
households = Table(
    "households", metadata,
    Column("entry", String(72), primary_key=True), Column("record", String(32), nullable=False),
    Column("household", Text, nullable=False, index=True),
    Column("person", String(32), nullable=False), Column("relation", Text), Column("place", Text, nullable=False),
    Column("since", Integer, nullable=False), Column("until", Integer),
)  # fmt: skip
discrepancies = Table(
    "discrepancies", metadata,
    Column("discrepancy_id", String(32), primary_key=True), Column("person", String(32), nullable=False, index=True),
    Column("kind", Text, nullable=False), Column("subject", Text, nullable=False),
    Column("owner", Text, nullable=False), Column("jurisdiction", Text, nullable=False),
    Column("status", Text, nullable=False, index=True), Column("times", Integer, nullable=False),
    Column("detected_on", Integer, nullable=False), Column("cleared_on", Integer),
    Column("evidence", Text, nullable=False), Column("records", Packed(), nullable=False),
    Column("departments", Packed(), nullable=False), Column("digest", Text, nullable=False),
    Column("confirmed", Packed(), nullable=False), Column("returns", Packed(), nullable=False),
    Column("flapping", Boolean, nullable=False), Column("case_id", String(32), nullable=False),
)  # fmt: skip
cases = Table(
    "cases", metadata,
    Column("case_id", String(32), primary_key=True),
    Column("discrepancy_id", String(32), nullable=False, index=True),
    Column("person", String(32), nullable=False), Column("kind", Text, nullable=False),
    Column("owner", Text, nullable=False), Column("jurisdiction", Text, nullable=False),
    Column("state", Text, nullable=False, index=True), Column("version", Integer, nullable=False),
    Column("raised_on", Integer, nullable=False), Column("due_on", Integer, nullable=False),
    Column("moved_on", Integer, nullable=False), Column("outcome", Text), Column("note", Text),
    Column("department", Text, nullable=False), Column("place", Text, nullable=False),
    Column("level", Integer, nullable=False), Column("offered", Text, nullable=False),
    Column("requests", Integer, nullable=False), Column("asking", Packed(), nullable=False),
    Column("answer", Text), Column("settled_by", Text), Column("resume", Text, nullable=False),
    Column("entries", Integer, nullable=False),
)  # fmt: skip
case_entries = Table(
    "case_entries", metadata,
    Column("entry_id", String(48), primary_key=True),
    Column("case_id", String(32), nullable=False, index=True), Column("number", Integer, nullable=False),
    Column("day", Integer, nullable=False), Column("event", Text, nullable=False),
    Column("actor", Text, nullable=False), Column("said", Packed(), nullable=False),
)  # fmt: skip
case_requests = Table(
    "case_requests", metadata,
    Column("request_id", String(48), primary_key=True),
    Column("case_id", String(32), nullable=False, index=True), Column("number", Integer, nullable=False),
    Column("record_id", String(32), nullable=False), Column("seen_version", Integer, nullable=False),
    Column("field", Text, nullable=False), Column("question", Text, nullable=False),
    Column("owner", Text, nullable=False, index=True), Column("asked_by", Text, nullable=False),
    Column("asked_on", Integer, nullable=False), Column("due_on", Integer, nullable=False),
    Column("answer", Text), Column("record_version", Integer), Column("reason", Text),
    Column("answered_on", Integer),
)  # fmt: skip
held = Table(
    "held", metadata,
    Column("pair", String(64), primary_key=True), Column("left", BigInteger, nullable=False),
    Column("right", BigInteger, nullable=False), Column("weight", Double, nullable=False),
)  # fmt: skip
held_with = Table(
    "held_with", metadata,
    Column("profile", BigInteger, primary_key=True, autoincrement=False),
    Column("other", BigInteger, primary_key=True, autoincrement=False), sqlite_with_rowid=False,
)  # fmt: skip
"""The held pairs from both sides."""
fat_blocks = Table(
    "fat_blocks", metadata,
    Column("place", String(32), primary_key=True), Column("key", BigInteger, nullable=False),
    Column("parts", Text, nullable=False), Column("profiles", Integer, nullable=False),
)  # fmt: skip
judged = Table(
    "judged", metadata,
    Column("name", String(64), primary_key=True), Column("others", Packed(), nullable=False),
)  # fmt: skip
models = Table(
    "models", metadata,
    Column("number", Integer, primary_key=True, autoincrement=False), Column("version", Text, nullable=False),
    Column("digest", Text, nullable=False), Column("content", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False), Column("actor", Text, nullable=False),
)  # fmt: skip
set_aside = Table(
    "set_aside", metadata,
    Column("place", String(64), primary_key=True), Column("event_id", Text, nullable=False),
    Column("event_type", Text, nullable=False), Column("error", Text, nullable=False),
)  # fmt: skip
acted = Table(
    "acted", metadata,
    Column("partition", String(32), primary_key=True), Column("offset", BigInteger, nullable=False),
)  # fmt: skip
released = Table(
    "released", metadata,
    Column("name", String(64), primary_key=True), Column("as_of", Integer, nullable=False),
    Column("shown", Packed(), nullable=False), Column("withheld", Packed(), nullable=False),
)  # fmt: skip

DIGESTED = (
    records, profiles, people, births, residents, households, discrepancies, cases, case_entries, case_requests,
    judged, models, set_aside, released,
)  # fmt: skip
"""The projections whose content `hub digest` prints."""
UNDIGESTED = frozenset({"home"})
"""Who decides on a row says nothing about it."""


class Shelves:
    """All rows of a projection that rules read and change."""

    def __init__(self, db: Connection) -> None:
        self.records = Shelf(db, records, RecordRow._make)
        self.profiles = Shelf(db, profiles, ProfileRow._make)
        self.components = Shelf(db, components, ComponentRow._make)
        self.blocks = PairShelf(db, blocks)
        self.people = Shelf(db, people, PersonRow._make)
        self.agenda = Shelf(db, agenda, AgendaRow._make)
        self.births = Shelf(db, births, BirthRow._make)
        self.residents = Shelf(db, residents, ResidentRow._make)
        self.households = Shelf(db, households, HouseholdRow._make)
        self.discrepancies = Shelf(db, discrepancies, Discrepancy._make)
        self.cases = Shelf(db, cases, Case._make)
        self.case_entries = Shelf(db, case_entries, EntryRow._make)
        self.case_requests = Shelf(db, case_requests, RequestRow._make)
        self.held = Shelf(db, held, HeldRow._make)
        self.held_with = PairShelf(db, held_with)
        self.fat_blocks = SmallShelf(db, fat_blocks, FatBlockRow._make)
        self.judged = SmallShelf(db, judged, JudgedRow._make)
        self.models = Shelf(db, models, ModelRow._make)
        self.set_aside = Shelf(db, set_aside, SetAsideRow._make)
        self.acted = Shelf(db, acted, ActedRow._make)
        self.released = Shelf(db, released, ReleasedRow._make)

    def flush(self) -> None:
        """Write every change; the caller commits them together with the checkpoint."""
        for shelf in vars(self).values():
            shelf.flush()
