"""Composition: settings become a log, projections, rules and connectors; nothing else wires."""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from connectors import CONNECTORS
from hub.audit.replay import digests, refill
from hub.connect import Connector
from hub.connect.configured import connector_of, feed_of
from hub.connect.contracts import Feed, load_contracts
from hub.connect.drops import folder_of
from hub.connect.ingest import Ingest
from hub.connect.quarantine import Quarantine
from hub.domain.agreements import Agreement
from hub.domain.days import Day, iso, to_date
from hub.domain.events import ModelAdopted
from hub.errors import SettingsError
from hub.log import Envelope, EventLog, derive_id
from hub.log.by_url import make_codec, open_log
from hub.matching import Model, default_model
from hub.matching.document import packed, read_model
from hub.processing import Rules
from hub.processing.runner import Runner
from hub.processing.sharing.coordinator import Coordinator
from hub.processing.sharing.participant import Participant
from hub.projections import intake, quarantine
from hub.projections.adoption import adopted_model
from hub.projections.agreements import load as load_agreements
from hub.projections.databases import Database, database_of, locked, open_sqlite
from hub.projections.quarantine import Chosen, QuarantinedRow
from hub.reference import load_calendar, load_limits
from hub.settings import Settings

DEADLINES_REACH_DAYS = 30
"""How far ahead deadlines in working days are set, more or less."""


class Hub:
    """One hub, as its settings describe it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.data = settings.data
        self.data.mkdir(parents=True, exist_ok=True)
        schemas = Path(str(files("schemas")))
        self.feeds: dict[str, Feed] = load_contracts(schemas / "contracts")
        for name, feed in settings.feeds.items():
            self.feeds[name] = feed_of(name, feed, settings.folder)
        calendars = [schemas / "calendars" / "china.toml"]
        if settings.hub.calendar:
            calendars.append(settings.folder / settings.hub.calendar)
        self.calendar = load_calendar(*calendars)
        limits = [schemas / "limits" / "china.toml"]
        if settings.hub.limits:
            limits.append(settings.folder / settings.hub.limits)
        self.rules = Rules(
            self.feeds, default_model(), settings.hub.county, load_limits(*limits), self.calendar
        )
        events = [path.read_text("utf-8") for path in sorted((schemas / "events").glob("*.avsc"))]
        derived = [
            json.dumps(feed.avro(), ensure_ascii=False)
            for name, feed in self.feeds.items()
            if name in settings.feeds
        ]
        self.codec = make_codec(settings.log, events + derived)
        self.log: EventLog = open_log(settings.log, self.data, settings.folder, self.codec)

    @property
    def database(self) -> Database:
        """The home of the projection."""
        return database_of(self.settings)

    def projection(self) -> AbstractContextManager[Connection]:
        """A connection to the projection, its tables made."""
        return self.database.connect()

    @contextmanager
    def runner(self) -> Iterator[Runner]:
        """The runner that owns the projection."""
        with self.database.owned(), self.projection() as db:
            yield Runner(self.log, db, self.rules)

    @contextmanager
    def coordinator(self) -> Iterator[Runner]:
        """The runner that owns the projection and shares steps out to other workers."""
        database = self.database
        with database.owned() as still, self.projection() as db, database.exchange(db) as exchange:
            yield Coordinator(self.log, db, self.rules, exchange, still)

    @contextmanager
    def participant(self) -> Iterator[Participant]:
        """A worker that takes part in what the owner of the projection shares out."""
        with self.projection() as db, self.database.exchange(db) as exchange:
            yield Participant(self.log, db, self.rules, exchange)

    @contextmanager
    def ingest(self) -> Iterator[Ingest]:
        """Ingestion with what it remembers."""
        engine = open_sqlite(self.data / "intake.db")
        with locked(self.data / "intake.lock", "intake"), engine.connect() as db:
            yield Ingest(self.log, db, self.pseudonym_key())
        engine.dispose()

    def adopt(self, content: bytes, reason: str) -> ModelAdopted:
        """Announce a model, from its file; it is in force for whatever is published from now on."""
        event = self.adoption(content, reason)
        with self.ingest() as work:
            # The same model may be adopted again later: what the log holds by now tells the two apart.
            adoption = derive_id("model-adopted", event.digest, sum(self.log.head().values()))
            source, version = "/hub/identity", event.version
            work.announce(Envelope(event, adoption, version, source, version, actor=event.actor))
        return event

    def adoption(self, content: bytes, reason: str) -> ModelAdopted:
        """The event that would put a model in force, from its file."""
        said = self.settings.reader
        actor = f"{said.department}/{said.role}"
        version, digest = read_model(content).version, hashlib.sha256(content).hexdigest()
        return ModelAdopted(version, digest, packed(content), reason, actor)

    def model(self, db: Connection) -> Model:
        """The model in force on this projection."""
        return adopted_model(db) or self.rules.model

    @contextmanager
    def quarantine(self, actor: str) -> Iterator[tuple[Quarantine, Connection]]:
        """The quarantine for one who changes it, and the tables to choose rows from."""
        with self.ingest() as work:
            yield Quarantine(work, self.feeds, actor), work.memory.db
            work.flush()

    def waiting(self, chosen: Chosen) -> list[QuarantinedRow]:
        """Rows that wait in quarantine, without disturbing ingestion."""
        with self._intake() as db:
            return list(quarantine.waiting(db, chosen)) if quarantine.exists(db) else []

    def quarantined(self, item_id: str) -> QuarantinedRow | None:
        """One row by its id or the beginning of it, settled or not, without disturbing ingestion."""
        with self._intake() as db:
            return quarantine.item_of(db, item_id) if quarantine.exists(db) else None

    def quarantine_balance(self) -> dict[str, dict[str, Any]]:
        """Per feed what waits, what was settled, and whether the oldest has waited too long."""
        with self._intake() as db:
            found = quarantine.balance(db) if quarantine.exists(db) else {}
            today = intake.last_closed(db)
        days_max = self.settings.hub.quarantine_days_max
        return {feed: _aged(counts, today, days_max) for feed, counts in found.items()}

    def agreements(self) -> list[Agreement]:
        """Every agreement as it stands, without disturbing ingestion."""
        with self._intake() as db:
            return load_agreements(db)

    def rhythm(self) -> dict[str, dict[str, Any]]:
        """Per feed with a rhythm: its last delivery, when the next is due, and whether it is late."""
        with self._intake() as db:
            last, today = intake.last_deliveries(db), intake.last_closed(db)
        found = {}
        for name, day in last.items():
            feed = self.feeds.get(name)
            # Nothing is decided on by this, so all that is announced by now counts.
            due = feed.due_after(day, self.calendar, max(day, today)) if feed else None
            if due is not None:
                found[name] = {"last": iso(day), "due": iso(due), "late": today > due}
        return found

    def holidays_missing(self) -> int | None:
        """The year that deadlines reach into by now while nobody has announced its holidays to the hub."""
        with self._intake() as db:
            reached = intake.last_closed(db) + DEADLINES_REACH_DAYS
        known = reached < DEADLINES_REACH_DAYS or self.calendar.covers(reached)
        return None if known else to_date(reached).year

    @contextmanager
    def _intake(self) -> Iterator[Connection]:
        engine = open_sqlite(self.data / "intake.db")
        with engine.connect() as db:
            intake.metadata.create_all(db)
            yield db
        engine.dispose()

    def balance(self) -> dict[str, dict[str, int]]:
        """What became of every row of every feed, without disturbing ingestion."""
        with self._intake() as db:
            return intake.balance(db)

    def rebuild(self, progress: Callable[[int], None]) -> dict[str, Any]:
        """Refill every table beside the live ones, compare, and swap if they are the same."""
        live = self.database
        with live.owned():
            beside = live.beside()
            with live.connect() as db:
                before = digests(db)
            started = time.perf_counter()
            with beside.connect() as db:
                events = refill(self.log, db, self.rules, progress)
                seconds = time.perf_counter() - started
                after = digests(db)
            if before == after:
                live.swap(beside)
        return {
            "ok": before == after, "digest_before": before, "digest_after": after, "events": events,
            "events_per_second": round(events / seconds) if seconds else 0,
        }  # fmt: skip

    def connectors(
        self, source: Path | None, names: Sequence[str], *, drafts: bool = False
    ) -> list[Connector]:
        """The connectors of these feeds, in this order (of all by name, if none is named).

        A feed whose contract is not in force is left out, unless `drafts` are asked for.
        """
        if unknown := sorted(set(names) - self.feeds.keys()):
            raise SettingsError(f"unknown feed {unknown[0]}; known: {', '.join(sorted(self.feeds))}")
        folders = [folder_of(self.feeds[name], source) for name in CONNECTORS] if source else []
        if source and not any(folder.is_dir() for folder in folders):
            raise SettingsError(f"{source} holds no drops: they lie in {folders[0]} and the like")
        found: list[Connector] = []
        for name in names or sorted(self.feeds):
            if not (drafts or self.feeds[name].in_force):
                if names:
                    raise SettingsError(f"{name}: {draft_of(self.feeds[name])}")
            elif name in self.settings.feeds:
                feed = self.settings.feeds[name]
                found.append(connector_of(self.feeds[name], feed, self.settings.folder, self.data))
            elif source is not None:
                found.append(CONNECTORS[name](self.feeds[name], source))
            elif names:
                raise SettingsError(f"{name}: name the folder of its drops with --source")
        if not found:
            raise SettingsError("nothing to read: give --source DIR, or name feeds of your own in hub.toml")
        return found

    def pseudonym_key(self) -> bytes:
        """The key of record pseudonyms: from its file, or made once and kept for its owner only."""
        named = self.settings.secrets.pseudonym_key_file
        path = self.settings.folder / named if named else self.data / "pseudonym.key"
        if not path.exists():
            if named:
                raise SettingsError(f"secrets.pseudonym_key_file: {named} does not exist")
            made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "wb") as stream:
                stream.write(secrets.token_bytes(32))
        key = path.read_bytes()
        if len(key) < 32:
            raise SettingsError("the pseudonym key has fewer than 32 bytes")
        return key

    def close(self) -> None:
        """Give back files."""
        self.log.close()


def draft_of(feed: Feed) -> str:
    """Why a feed is not read."""
    return f"its contract is {feed.status}: look through it, then write `status: active` into it"


def _aged(counts: dict[str, Any], today: Day, days_max: int) -> dict[str, Any]:
    """A feed's balance with the age of its oldest waiting row, in days that the hub has closed."""
    oldest = counts["oldest"]
    days = max(0, today - oldest) if oldest >= 0 and today >= 0 else 0
    return counts | {
        "oldest": iso(oldest) if oldest >= 0 else None,
        "oldest_days": days,
        "overdue": days > days_max,
    }
