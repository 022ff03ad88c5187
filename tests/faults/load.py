"""A site under load: a writer, a follower and real workers, what happened to them, and the checks afterwards."""

import hashlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from hub.app import Hub
from hub.audit import replay
from hub.domain.events import DECISIONS, RECORDS, DayClosed, RecordPublished, StepCompleted
from hub.errors import LogUnavailableError
from hub.log import Envelope, derive_id
from hub.projections.databases import open_sqlite
from hub.projections.position import load_checkpoint
from tests.faults.history import (
    History,
    Seen,
    k1_lost_write,
    k2_phantom,
    k3_applied_twice,
    k4_offset_agreement,
    k5_key_order,
    k6_skipped_offset,
    k7_conservation,
    k8_digest,
    k11_liveness,
)
from tests.faults.test_worker import Site

FEED = "health.child_record"
PEOPLE, BATCH, BATCHES_A_DAY = 40, 10, 25
PAUSE_SECONDS = 0.02
PATIENCE_SECONDS = 120
DRAINED_SECONDS_MAX = 60
FIRST_DAY = 19_100


def published(number: int) -> Envelope:
    """The numbered event of a stream that gives every record of some people new versions."""
    who, version = number % PEOPLE, number // PEOPLE + 1
    record = f"r{who}"
    fields = {"name": f"林{chr(0x4E00 + who)}", "sex": "1", "birth_date": 18_000 + who}
    event = RecordPublished(record, FEED, version, FIRST_DAY, str(who), fields)
    return Envelope(event, derive_id("load", number), record, "/test", record)


def closed(day: int) -> Envelope:
    return Envelope(DayClosed(day), derive_id("day", day), str(day), "/test")


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Until it is so; a deadline far beyond what a slow machine needs."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for this in vain: {what}"
        time.sleep(0.05)


class Background(threading.Thread):
    """Works until it has been told that it is enough; remembers why it failed."""

    def __init__(self, settings) -> None:
        super().__init__(daemon=True)
        self._settings = settings
        self.enough = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            hub = Hub(self._settings)
            self.work(hub)
            hub.close()
        except BaseException as failure:
            self.failure = failure

    def work(self, hub: Hub) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        self.enough.set()
        self.join(PATIENCE_SECONDS)
        assert not self.is_alive(), "it did not come to an end"
        assert self.failure is None, repr(self.failure)


class Writer(Background):
    """Appends batches, each repeated until it is acknowledged, and closes days."""

    def __init__(self, settings, history: History) -> None:
        super().__init__(settings)
        self._history = history
        self.acknowledged = self.refused = 0

    def work(self, hub: Hub) -> None:
        while not self.enough.wait(PAUSE_SECONDS):
            number = self.acknowledged
            batch = [published(n) for n in range(number * BATCH, (number + 1) * BATCH)]
            if number % BATCHES_A_DAY == BATCHES_A_DAY - 1:
                batch.append(closed(FIRST_DAY + number // BATCHES_A_DAY))
            ids = [envelope.id for envelope in batch]
            while not self._history.call(
                "w", ids, lambda batch=batch: hub.log.append(batch), LogUnavailableError
            ):
                self.refused += 1
            self.acknowledged += 1

    def more(self, batches: int) -> None:
        """Until so many more batches are acknowledged."""
        wanted = self.acknowledged + batches
        wait_for(lambda: self.acknowledged >= wanted or self.failure, "the writer to go on")
        assert self.failure is None, repr(self.failure)


class Follower(Background):
    """Reads every partition through all of it, each from where it stood."""

    def __init__(self, settings) -> None:
        super().__init__(settings)
        self.read: list[Seen] = []

    def work(self, hub: Hub) -> None:
        at = dict.fromkeys(hub.log.partitions(RECORDS), -1)
        while True:
            last, moved = self.enough.wait(0.02), False
            for partition in at:
                try:
                    page = hub.log.read(partition, at[partition], 500)
                except LogUnavailableError:
                    moved = True
                    continue
                self.read += map(seen, page)
                at[partition] = page[-1].position.offset if page else at[partition]
                moved |= bool(page)
            if last and not moved:
                return


def seen(recorded) -> Seen:
    (partition, offset), envelope = recorded
    digest = hashlib.sha256(repr(envelope).encode()).hexdigest()
    return Seen(str(partition), offset, envelope.id, envelope.key, digest)


def whole(log, topic: str) -> list:
    """All that a topic holds, repeats too."""
    found = []
    for partition in log.partitions(topic):
        after = -1
        while page := log.read(partition, after, 2_000):
            found += page
            after = page[-1].position.offset
    return found


def accounts(log: list[Seen], completions: list[StepCompleted]) -> tuple[list[str], int]:
    """What the completed steps handled, by their own words: what had an effect, and how many were repeats.

    Inside one chain of steps a repeat is dropped by its id. A step that was completed twice over, with
    something else the second time, is a chain of its own: what it covers had an effect once more.
    """
    covered: dict[int, dict[str, int]] = {0: {}}
    effects: list[str] = []
    met: set[str] = set()
    repeats = 0
    for step in sorted(completions, key=lambda event: event.number):
        before, twice = covered[step.number - 1], step.number in covered
        covered[step.number] = step.covered
        ids = [
            e.id for e in log if before.get(e.partition, -1) < e.offset <= step.covered.get(e.partition, -1)
        ]
        fresh = list(dict.fromkeys(i for i in ids if twice or i not in met))
        repeats += len(ids) - len(fresh)
        effects += fresh
        met.update(ids)
    return effects, repeats


class Load:
    """Everything that runs on one site, from its start to the checks."""

    def __init__(self, site: Site, settings, folder: Path) -> None:
        self.site, self.settings = site, settings
        self.ended: list[int] = []
        """Exit codes of workers that ended by themselves and were started again."""
        self.history = History(folder / "history.jsonl")
        self.writer, self.follower = Writer(settings, self.history), Follower(settings)

    def __enter__(self) -> "Load":
        self.site.work()
        self.site.work()
        self.writer.start()
        self.follower.start()
        wait_for(self.progress(), "the first step")
        return self

    def __exit__(self, *_: object) -> None:
        for thread in (self.writer, self.follower):
            thread.enough.set()
            thread.join(PATIENCE_SECONDS)
        self.history.close()

    def step(self) -> int:
        """How far the workers have come; -1 while nobody can say."""
        try:
            with psycopg.connect(self.settings.projection.url, connect_timeout=5) as db:
                found = db.execute("SELECT value FROM hub.progress WHERE name = 'step'").fetchone()
        except psycopg.Error:
            return -1
        return found[0] if found else -1

    def progress(self) -> Callable[[], bool]:
        """Whether workers have come further since now; one that ended is started again, as a supervisor does."""
        before = self.step()

        def went_on() -> bool:
            self.revive()
            return self.step() > max(before, 0)

        return went_on

    def revive(self) -> None:
        for worker in [w for w in self.site.workers if w.poll() is not None]:
            self.ended.append(worker.returncode)
            self.site.workers.remove(worker)
            self.site.work()

    def owner(self) -> psutil.Process:
        """The worker whose session holds the projection."""
        query = """SELECT a.client_port FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database()"""
        found: list[psutil.Process] = []

        def look() -> bool:
            with psycopg.connect(self.settings.projection.url) as db:
                ports = {port for (port,) in db.execute(query)}
            for worker in self.site.workers:
                process = psutil.Process(worker.pid)
                if any(c.laddr.port in ports for c in process.net_connections("tcp")):
                    found.append(process)
            return bool(found)

        wait_for(look, "a worker that owns the projection")
        return found[0]

    def cut_sessions(self) -> int:
        """End every session of the projection's database but this one; how many there were."""
        query = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        with psycopg.connect(self.settings.projection.url, autocommit=True) as db:
            return db.execute(query).fetchone()[0]

    def drain(self) -> float:
        """Stop writing and wait until all is decided; how long that took."""
        self.writer.finish()
        started = time.monotonic()
        hub = self.site.hub

        def drained() -> bool:
            self.revive()
            head = {p: offset for p, offset in hub.log.head().items() if p.topic == RECORDS}
            try:
                with hub.projection() as db:
                    done = load_checkpoint(db)
            except Exception:
                return False
            return all(done.get(p, -1) >= offset for p, offset in head.items())

        wait_for(drained, "workers to drain the log")
        return time.monotonic() - started

    def check(self, graceful: frozenset[int] = frozenset({0})) -> None:
        """Drain, stop, and hold all that happened against K1 to K8 and K11."""
        seconds = self.drain()
        self.follower.finish()
        codes = self.site.stop()
        # One that was started again a moment ago may be told to stop before it listens.
        graceful |= {-signal.SIGTERM} if self.ended else set()
        assert set(codes) <= graceful, (
            codes,
            self.ended,
            (self.site.folder / "said").read_text()[-3000:],
        )
        hub, lines = self.site.hub, self.history.load()
        log = [seen(recorded) for recorded in whole(hub.log, RECORDS)]
        completions = {
            r.envelope.id: r.envelope.event
            for r in whole(hub.log, DECISIONS)
            if isinstance(r.envelope.event, StepCompleted)
        }
        effects, repeats = accounts(log, list(completions.values()))
        with hub.projection() as db, open_sqlite(":memory:").connect() as scratch:
            replay.refill(hub.log, scratch, hub.rules, lambda _: None)
            live, fold = replay.digests(db), replay.digests(scratch)
        with open_sqlite(":memory:").connect() as scratch:
            again = replay.verify(hub.log, scratch, hub.rules, lambda _: None)
        wrong = [
            *k1_lost_write(lines, log), *k2_phantom(lines, log), *k3_applied_twice(effects),
            *k4_offset_agreement([self.follower.read, log]), *k5_key_order(lines, log),
            *k6_skipped_offset(self.follower.read, log), *k6_skipped_offset(log, self.follower.read),
            *k7_conservation([s.id for s in log], len(effects), repeats, 0),
            *k8_digest(live, fold), *k11_liveness(seconds, DRAINED_SECONDS_MAX), *again.examples,
        ]  # fmt: skip
        assert wrong == []
        print(
            f"{len(log)} events, {len(completions)} steps, {self.writer.refused} refusals, {len(self.ended)} restarts, drained in {seconds:.1f} s"
        )


@contextmanager
def under_load(settings, folder: Path) -> Iterator[Load]:
    """A site at work; whatever a test left of its workers is ended."""
    site = Site(folder / "site", settings)
    site.hub = Hub(settings)
    with Load(site, settings, folder) as made:
        yield made
    for worker in site.workers:
        if worker.poll() is None:
            worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.wait()
    site.hub.close()
