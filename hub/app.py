"""Composition: settings become a log, projections, rules and connectors; nothing else wires."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection

from connectors import CONNECTORS
from hub.audit.replay import closes, digests, refill
from hub.casework import Acting, Reading
from hub.connect import Connector
from hub.connect.configured import connector_of, feed_of
from hub.connect.contracts import Feed
from hub.connect.drops import folder_of
from hub.connect.ingest import Ingest
from hub.connect.issued import issued, receipt_of
from hub.connect.odcs import load_contracts
from hub.connect.quarantine import Quarantine
from hub.domain.days import Day
from hub.domain.disclosures import Reader
from hub.domain.events import ModelAdopted
from hub.domain.notices import DEPARTMENT
from hub.errors import SettingsError
from hub.intake import Intake
from hub.keys import Keys
from hub.letters import Letters
from hub.log import Checkpoint, Envelope, EventLog, Recorded, derive_id
from hub.log.by_url import make_codec, open_log
from hub.matching import Model, default_model
from hub.matching.document import packed, read_model
from hub.neighbours.inbox import Inbox
from hub.processing import Rules
from hub.processing.runner import Runner
from hub.processing.sharing.coordinator import Coordinator
from hub.processing.sharing.participant import Participant
from hub.projections.adoption import adopted_model
from hub.projections.databases import Database, database_of, locked, open_sqlite
from hub.queries import Queries
from hub.reference import load_calendar, load_divisions, load_limits
from hub.settings import Settings

SCHEMAS = Path(str(files("schemas")))
INTAKE = "intake.db"


class Hub:
    """One hub, as its settings describe it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.data = settings.data
        self.data.mkdir(parents=True, exist_ok=True)
        said, folder = settings.hub, settings.folder
        feeds = _feeds_of(settings)
        divisions = folder / said.divisions if said.divisions else SCHEMAS / "divisions" / "simulated.csv"
        self.divisions = load_divisions(divisions)
        self.feeds = {name: replace(feed, divisions=self.divisions) for name, feed in feeds.items()}
        self.calendar = load_calendar(*_with_own("calendars/china.toml", folder, said.calendar))
        limits = load_limits(*_with_own("limits/china.toml", folder, said.limits))
        self.rules = Rules(self.feeds, default_model(), said.county, limits, self.calendar, self.divisions)
        events = [path.read_text("utf-8") for path in sorted((SCHEMAS / "events").glob("*.avsc"))]
        derived = [json.dumps(self.feeds[name].avro(), ensure_ascii=False) for name in settings.feeds]
        self.codec = make_codec(settings.log, events + derived)
        self.log: EventLog = open_log(settings.log, self.data, folder, self.codec)
        self.keys = Keys(settings)
        self.intake = Intake(self.data / INTAKE, self.feeds, self.calendar, said.quarantine_days_max)
        self.letters = Letters(settings, self.feeds, self.log, self.intake, self.keys)

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

    def casework(self, db: Connection, reader: Reader) -> tuple[Reading, Acting]:
        """What a reader may see of cases on a projection, and ask for."""
        queries = Queries(db, self.log, reader, self.settings.hub.county, self.rules.model)
        reading = Reading(db, queries, reader)
        return reading, Acting(reading, self.log, self.rules)

    @contextmanager
    def ingest(self) -> Iterator[Ingest]:
        """Ingestion with what it remembers."""
        engine = open_sqlite(self.data / INTAKE)
        with locked(self.data / "intake.lock", "intake"), engine.connect() as db:
            yield Ingest(self.log, db, self.keys.pseudonyms(), feeds=self.feeds, calendar=self.calendar)
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
        version, digest = read_model(content).version, hashlib.sha256(content).hexdigest()
        return ModelAdopted(version, digest, packed(content), reason, self.settings.reader.actor)

    def model(self, db: Connection) -> Model:
        """The model in force on this projection."""
        return adopted_model(db) or self.rules.model

    @contextmanager
    def quarantine(self, actor: str) -> Iterator[tuple[Quarantine, Connection]]:
        """The quarantine for one who changes it, and the tables to choose rows from."""
        with self.ingest() as work:
            yield Quarantine(work, self.feeds, actor), work.memory.db
            work.flush()

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

    @contextmanager
    def past(self, day: Day, progress: Callable[[int], None]) -> Iterator[tuple[Connection, Checkpoint]]:
        """A projection of what stood at the close of a day, and what part of the log it rests on."""
        with self.pasts((day,), progress) as found:
            yield next(found)

    @contextmanager
    def pasts(
        self,
        days: Sequence[Day],
        progress: Callable[[int], None],
        observe: Callable[[Sequence[Recorded]], None] = lambda _: None,
    ) -> Iterator[Iterator[tuple[Connection, Checkpoint]]]:
        """What stood at the close of each of some days, in order, in one replay; each until the next is asked for.

        The projection lies beside the other data, for as long as it is looked at; `observe` as `replay.closes` has it.
        """
        with TemporaryDirectory(prefix="past-", dir=self.data) as folder:
            engine = open_sqlite(Path(folder) / "past.db")
            with engine.connect() as db:
                yield (
                    (db, position) for position in closes(self.log, db, self.rules, days, progress, observe)
                )
            engine.dispose()

    def named(self, *names: str) -> dict[str, Feed]:
        """The feeds of these names (all by name, if none is named); SettingsError where there is none of a name."""
        if unknown := sorted(set(names) - self.feeds.keys()):
            raise SettingsError(f"unknown feed {unknown[0]}; known: {', '.join(sorted(self.feeds))}")
        return {name: self.feeds[name] for name in names or sorted(self.feeds)}

    def connectors(
        self, source: Path | None, names: Sequence[str], *, drafts: bool = False
    ) -> list[Connector]:
        """The connectors of these feeds, in this order (of all by name, if none is named).

        A feed whose contract is not in force is left out, unless `drafts` are asked for.
        """
        self.named(*names)
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
            elif self.feeds[name].department == DEPARTMENT:
                found.append(Inbox(self.feeds[name], self.settings.hub.county, self.letters.senders()))
            elif source is not None:
                found.append(CONNECTORS[name](self.feeds[name], source))
            elif names:
                raise SettingsError(f"{name}: name the folder of its drops with --source")
        if not found:
            raise SettingsError("nothing to read: give --source DIR, or name feeds of your own in hub.toml")
        return found

    def issued(self, batch_id: str) -> tuple[dict[str, Any], bytes] | None:
        """One receipt by its id or the beginning of it, and its signed file; None if that names none or several."""
        found = self.intake.receipt(batch_id)
        if found is None:
            return None
        signer, site = self.keys.signer(), self.settings.hub
        name = site.name or f"county-hub {site.county}"
        receipt = receipt_of(*found, name, site.county, signer.verifier.key_id)
        return receipt, issued(receipt, signer)

    def close(self) -> None:
        """Give back files."""
        self.log.close()


def _feeds_of(settings: Settings) -> dict[str, Feed]:
    """The feeds that come with the hub, those of neighbours only where there are any, and the site's own."""
    shipped = load_contracts(SCHEMAS / "contracts")
    found = {n: feed for n, feed in shipped.items() if settings.neighbours or feed.department != DEPARTMENT}
    return found | {name: feed_of(name, said, settings.folder) for name, said in settings.feeds.items()}


def _with_own(shipped: str, folder: Path, own: str) -> list[Path]:
    """A file that comes with the hub, and behind it the site's own where it has one."""
    return [SCHEMAS / shipped, *([folder / own] if own else [])]


def draft_of(feed: Feed) -> str:
    """Why a feed is not read."""
    return f"its contract is {feed.status}: look through it, then write `status: active` into it"
