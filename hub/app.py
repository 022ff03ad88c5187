"""Composition: settings become a log, projections, rules and connectors; nothing else wires."""

import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from sqlalchemy import Connection

from connectors import CONNECTORS
from hub.audit.replay import as_of, digests, refill
from hub.casework import Acting, Reading
from hub.connect import Connector
from hub.connect.configured import connector_of, feed_of
from hub.connect.contracts import Feed, load_contracts
from hub.connect.drops import folder_of
from hub.connect.ingest import Ingest
from hub.connect.issued import issued, receipt_of
from hub.connect.quarantine import Quarantine
from hub.domain.agreements import Agreement, objections
from hub.domain.days import Day, from_date, iso, to_date
from hub.domain.disclosures import Reader
from hub.domain.events import AgreementSigned, ModelAdopted
from hub.domain.notices import DEPARTMENT, KINDS
from hub.domain.notices import feed_of as feed_told_by
from hub.domain.watching import Delivery
from hub.errors import SettingsError
from hub.log import Checkpoint, Envelope, EventLog, Recorded, derive_id
from hub.log.by_url import make_codec, open_log
from hub.matching import Model, default_model
from hub.matching.document import packed, read_model
from hub.neighbours import Letter
from hub.neighbours.inbox import Inbox, Sender, answered, seen
from hub.neighbours.outbox import Posted, post, standing
from hub.processing import Rules
from hub.processing.runner import Runner
from hub.processing.sharing.coordinator import Coordinator
from hub.processing.sharing.participant import Participant
from hub.projections import contracts, intake, quarantine, receipts, vanished, watched
from hub.projections.adoption import adopted_model
from hub.projections.agreements import load as load_agreements
from hub.projections.contracts import AcceptedRow
from hub.projections.databases import Database, database_of, locked, open_sqlite
from hub.projections.position import load_progress
from hub.projections.quarantine import Chosen, QuarantinedRow
from hub.projections.receipts import ReceiptRow
from hub.queries import Queries
from hub.reference import load_calendar, load_divisions, load_limits
from hub.settings import Settings
from hub.signing import Signer, make_signer, read_signer, read_verifier

RECEIPTS_MAX = 50_000
DEADLINES_REACH_DAYS = 30
"""How far ahead deadlines in working days are set, more or less."""


class FeedSeen(NamedTuple):
    """What is remembered of one feed."""

    today: Day
    deliveries: Sequence[Delivery]
    discrepancies: Sequence[watched.FeedDiscrepancyRow]
    waiting: Sequence[Day]
    """The days of the rows that wait in quarantine."""


class Hub:
    """One hub, as its settings describe it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.data = settings.data
        self.data.mkdir(parents=True, exist_ok=True)
        schemas = Path(str(files("schemas")))
        self.feeds: dict[str, Feed] = load_contracts(schemas / "contracts")
        if not settings.neighbours:
            self.feeds = {name: feed for name, feed in self.feeds.items() if feed.department != DEPARTMENT}
        for name, feed in settings.feeds.items():
            self.feeds[name] = feed_of(name, feed, settings.folder)
        divisions = settings.hub.divisions
        self.divisions = load_divisions(
            settings.folder / divisions if divisions else schemas / "divisions" / "simulated.csv"
        )
        self.feeds = {name: replace(feed, divisions=self.divisions) for name, feed in self.feeds.items()}
        calendars = [schemas / "calendars" / "china.toml"]
        if settings.hub.calendar:
            calendars.append(settings.folder / settings.hub.calendar)
        self.calendar = load_calendar(*calendars)
        limits = [schemas / "limits" / "china.toml"]
        if settings.hub.limits:
            limits.append(settings.folder / settings.hub.limits)
        self.rules = Rules(
            self.feeds,
            default_model(),
            settings.hub.county,
            load_limits(*limits),
            self.calendar,
            self.divisions,
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

    def casework(self, db: Connection, reader: Reader) -> tuple[Reading, Acting]:
        """What a reader may see of cases on a projection, and ask for."""
        queries = Queries(db, self.log, reader, self.settings.hub.county, self.rules.model)
        reading = Reading(db, queries, reader)
        return reading, Acting(reading, self.log, self.calendar)

    @contextmanager
    def ingest(self) -> Iterator[Ingest]:
        """Ingestion with what it remembers."""
        engine = open_sqlite(self.data / "intake.db")
        with locked(self.data / "intake.lock", "intake"), engine.connect() as db:
            yield Ingest(self.log, db, self.pseudonym_key(), feeds=self.feeds, calendar=self.calendar)
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

    def vanished(self) -> list[vanished.Standing]:
        """Proposals about records that full snapshots list no more, without disturbing ingestion."""
        with self._intake() as db:
            return vanished.standing(db) if vanished.exists(db) else []

    def vanished_records(self, feed: str, limit: int) -> list[tuple[str, int, Day]]:
        """Pseudonym, version and day of the records that a feed's proposal is about."""
        with self._intake() as db:
            return [(row[0], row[1], row[2]) for row in vanished.undecided(db, feed, limit)]

    def watched(self, feed: str) -> FeedSeen:
        """What a feed delivered and what is odd about it, without disturbing ingestion."""
        with self._intake() as db:
            if not watched.exists(db):
                return FeedSeen(intake.last_closed(db), (), (), ())
            waiting = [item.published_on for item in quarantine.waiting(db, Chosen(feed=feed))]
            return FeedSeen(
                intake.last_closed(db), watched.delivered(db, feed), watched.every(db, feed), waiting
            )  # fmt: skip

    def feed_discrepancies(self) -> dict[str, dict[str, int]]:
        """Per feed how many discrepancies of its own stand, by kind."""
        with self._intake() as db:
            rows = watched.every(db) if watched.exists(db) else []
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            if row.status == watched.STANDING:
                kinds = found.setdefault(row.feed, {})
                kinds[row.kind] = kinds.get(row.kind, 0) + 1
        return found

    def agreements(self) -> list[Agreement]:
        """Every agreement as it stands, without disturbing ingestion."""
        with self._intake() as db:
            return load_agreements(db)

    def agreements_of(self, feed: str) -> list[Agreement]:
        """The agreements about a feed."""
        return [agreement for agreement in self.agreements() if agreement.feed == feed]

    def contracts_of(self, feed: str) -> list[AcceptedRow]:
        """The contracts of a feed that were accepted, the one in force last."""
        with self._intake() as db:
            return [row for row in contracts.load(db) if row.feed == feed]

    def sign(self, said: Agreement) -> Agreement:
        """Put an agreement on record as the next version of its name, whatever version it says."""
        with self.ingest() as work:
            before = work.memory.agreements.get(said.agreement_id)
            made = said._replace(version=before.version + 1 if before else 1)
            feed = self.feeds[made.feed]
            if why := list(objections(made, [field.name for field in feed.fields], before)):
                raise SettingsError(f"agreement {made.agreement_id}: {'; '.join(why)}")
            who = f"{self.settings.reader.department}/{self.settings.reader.role}"
            event = AgreementSigned(
                made.feed, made.agreement_id, made.version, made.provider, made.receiver, made.purpose,
                made.legal_basis, made.share_class, list(made.fields), list(made.jurisdictions),
                made.valid_from, made.valid_until, who,
            )  # fmt: skip
            event_id = derive_id("AgreementSigned", made.agreement_id, made.version)
            work.memory.add(Envelope(
                event, event_id, made.feed, f"/feeds/{made.feed}", made.agreement_id, actor=who, agreement=made.cited,
            ))  # fmt: skip
            work.flush()
        return made

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

    @contextmanager
    def past(
        self,
        day: Day,
        progress: Callable[[int], None],
        watch: Callable[[Sequence[Recorded]], None] = lambda _: None,
    ) -> Iterator[tuple[Connection, Checkpoint]]:
        """A projection of what stood at the close of a day, and what part of the log it rests on.

        It lies beside the other data, for as long as it is looked at; `watch` as `replay.as_of` has it.
        """
        with TemporaryDirectory(prefix="past-", dir=self.data) as folder:
            engine = open_sqlite(Path(folder) / "past.db")
            with engine.connect() as db:
                yield db, as_of(self.log, db, self.rules, day, progress, watch)
            engine.dispose()

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
            elif self.feeds[name].department == DEPARTMENT:
                found.append(Inbox(self.feeds[name], self.settings.hub.county, self.senders()))
            elif source is not None:
                found.append(CONNECTORS[name](self.feeds[name], source))
            elif names:
                raise SettingsError(f"{name}: name the folder of its drops with --source")
        if not found:
            raise SettingsError("nothing to read: give --source DIR, or name feeds of your own in hub.toml")
        return found

    def receipts(self, feed: str, first: Day | None, last: Day | None) -> list[ReceiptRow]:
        """The receipts of some days, of all feeds or of one, without disturbing ingestion."""
        with self._intake() as db:
            if not receipts.exists(db):
                return []
            found = receipts.between(db, feed, first, last, RECEIPTS_MAX + 1)
        if len(found) > RECEIPTS_MAX:
            raise SettingsError(f"more than {RECEIPTS_MAX:,} receipts: narrow the days with --from and --to")
        return found

    def receipt(self, batch_id: str) -> tuple[dict[str, Any], bytes] | None:
        """One receipt by its id or the beginning of it, and its signed file; None if that names none or several."""
        with self._intake() as db:
            row = receipts.named(db, batch_id) if receipts.exists(db) else None
            if row is None:
                return None
            signer, site = self.signer(), self.settings.hub
            name = site.name or f"county-hub {site.county}"
            receipt = receipt_of(row, receipts.rows_of(db, row), name, site.county, signer.verifier.key_id)
        return receipt, issued(receipt, signer)

    def signer(self) -> Signer:
        """The key that signs receipts and letters: from its file, or made once and kept for its owner only."""
        named = self.settings.secrets.signing_key_file
        path = self.settings.folder / named if named else self.data / "signing.key"
        if named and not path.exists():
            raise SettingsError(f"secrets.signing_key_file: {named} does not exist")
        return read_signer(path) if path.exists() else make_signer(path)

    def senders(self) -> tuple[Sender, ...]:
        """The neighbours whose letters are read."""
        with self._intake() as db:
            read = {kind: intake.finished(db, feed_told_by(kind)) for kind in KINDS}
        return tuple(
            Sender(
                code,
                self.settings.folder / said.inbox,
                read_verifier(self.settings.folder / said.key_file),
                read,
            )
            for code, said in sorted(self.settings.neighbours.items())
        )

    def write_letters(self) -> list[Posted]:
        """Tell every neighbour what has changed since its last letter."""
        settings, today = self.settings, from_date(date.today())
        county, who = settings.hub.county, f"{settings.reader.department}/{settings.reader.role}"
        agreements, signer, posted = self.agreements(), self.signer(), []
        with locked(self.data / "letters.lock", "letters"), self.projection() as db:
            day = load_progress(db, "today", -1)
            for sender in self.senders():
                now = standing(db, self.feeds, agreements, sender.county, today)
                blank = Letter(county, sender.county, 0, day, seen(sender, county), ())
                outbox = settings.folder / settings.neighbours[sender.county].outbox
                posted.append(post(self.log, now, blank, outbox, answered(sender, county), signer, who))
        return posted

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
