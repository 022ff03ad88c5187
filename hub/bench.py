"""The main job with a stopwatch: on the embedded default, or on the brokers and the database that settings name."""

import dataclasses
import multiprocessing
import os
import resource
import secrets
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hub.app import Hub
from hub.audit.replay import digests
from hub.collector import tune_collector
from hub.demo import at, ingest_all, work_through
from hub.errors import SettingsError
from hub.log import Envelope, EventLog, Partition, Position, Recorded
from hub.processing.runner import Runner
from hub.processing.worker import WORKING, Worker
from hub.settings import Settings
from hub.simulate import simulate

try:
    from hub.log.kafka.scratch import read_bare, remove_topics
    from hub.log.kafka.site import site_of
    from hub.processing import faust_app
except ImportError:
    # Brokers and workers are an extra that the embedded bench does without.
    faust_app = None  # type: ignore[assignment]

SPAWN = multiprocessing.get_context("spawn")
DONE_AFTER_SECONDS = 1.5
"""A worker that had nothing to do for so long is done."""
ROWS_PER_PERSON = 3.05


def bench(records: int) -> dict[str, Any]:
    """Records per second through the whole path, on a county of about `records` rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = time.perf_counter()
        rows = county(folder / "county", records)
        simulating = time.perf_counter() - started
        seconds, deciding = work_through(folder / "hub-data", folder / "county")
        started = time.perf_counter()
        ingest_all(at(folder / "alone"), folder / "county")
        ingesting = time.perf_counter() - started
        hub = Hub(at(folder / "hub-data"))
        rebuilt = hub.rebuild(lambda _: None)
        hub.close()
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "records": rows,
        "records_per_second": round(rows / seconds),
        "peak_rss_mb": round(peak / 1024),
        "stages": {
            "simulate_seconds": round(simulating, 2),
            "ingest_alone_seconds": round(ingesting, 2),
            "deciding_processor_seconds": round(deciding, 2),
            "whole_path_seconds": round(seconds, 2),
        },
        "rebuild_events_per_second": rebuilt["events_per_second"],
        "rebuild_ok": rebuilt["ok"],
    }


def county(folder: Path, records: int) -> int:
    """Simulate a county of about so many rows; how many there are."""
    return simulate(folder, round(records / ROWS_PER_PERSON), 24, seed=1).rows


class Took(NamedTuple):
    """What a piece of work cost: seconds by the clock and of this process's processor time."""

    seconds: float
    processor: float
    reading: float = 0.0
    """Of the seconds, those inside the log's `read`."""
    appending: float = 0.0


class Stopwatch:
    """Begins when it is made."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def took(self) -> Took:
        """What it took until now."""
        return Took(time.perf_counter() - self._began[0], time.process_time() - self._began[1])


class TimedLog:
    """A log that says how long its callers waited in it."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self.reading = self.appending = 0.0
        self.partitions, self.head, self.close = log.partitions, log.head, log.close

    def append(self, envelopes: Sequence[Envelope]) -> list[Position]:
        """As the log's own."""
        began = time.perf_counter()
        try:
            return self._log.append(envelopes)
        finally:
            self.appending += time.perf_counter() - began

    def read(self, partition: Partition, after: int, limit: int) -> list[Recorded]:
        """As the log's own."""
        began = time.perf_counter()
        try:
            return self._log.read(partition, after, limit)
        finally:
            self.reading += time.perf_counter() - began


class TimedWorker(Worker):
    """A worker that begins when everyone is there, ends its process once it is done, and says what it took."""

    def __init__(self, hub: Hub, said: Any, start: Any) -> None:
        super().__init__(hub.coordinator, hub.participant)
        self._said, self._start = said, start
        self._watch = Stopwatch()
        self._took = self._watch.took()
        self._done = False
        self._idle_from = 0.0

    def turn(self) -> str:
        """One turn; the first that finds something to do begins the clock."""
        if self._start is not None:
            self._open()
            self._start.wait()
            self._start, self._idle_from = None, time.monotonic()
        if not self.status.events:
            self._watch = Stopwatch()
        state = super().turn()
        if state == WORKING:
            self._took, self._idle_from = self._watch.took(), time.monotonic()
        elif not self._done and time.monotonic() - self._idle_from > DONE_AFTER_SECONDS:
            self._done = True
            self._said.put(self._took)
            os.kill(os.getpid(), signal.SIGTERM)
        return state


def run_locally(settings: Settings, said: Any, start: Any) -> None:
    """The local runner over everything in the log; entry point of a process."""
    hub = Hub(settings)
    tune_collector()
    log = TimedLog(hub.log)
    with hub.database.owned(), hub.projection() as db:
        runner = Runner(log, db, hub.rules)
        start.wait()
        watch = Stopwatch()
        runner.run()
        took = watch.took()
    hub.close()
    said.put(took._replace(reading=log.reading, appending=log.appending))


def run_in_faust(settings: Settings, said: Any, start: Any) -> None:
    """A worker under Faust over everything in the log; entry point of a process."""
    hub = Hub(settings)
    faust_app.run(settings.log.url, TimedWorker(hub, said, start), lambda status: None)


def timed(entry: Any, *hubs: Settings) -> list[Took]:
    """Run one process per hub named, all at once; what each took."""
    said, start = SPAWN.Queue(), SPAWN.Barrier(len(hubs))
    children = [SPAWN.Process(target=entry, args=(settings, said, start)) for settings in hubs]
    for child in children:
        child.start()
    for child in children:
        child.join()
    if any(child.exitcode != 0 for child in children):
        raise RuntimeError("a measured process failed")
    return [said.get(timeout=10) for _ in children]


class Scratch:
    """Hubs of their own on the brokers and the database that settings name, removed afterwards."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        if not settings.log.url.startswith("kafka://"):
            raise SettingsError("log.url: bench --log kafka measures the brokers it names; name them")
        self._settings, self._folder = settings, folder
        self._made: list[Settings] = []
        key = folder / "pseudonym.key"
        key.write_bytes(secrets.token_bytes(32))
        self._secrets = dataclasses.replace(settings.secrets, pseudonym_key_file=str(key))

    def make(self) -> Settings:
        """One more hub, with nothing in it."""
        name = f"bench_{secrets.token_hex(6)}"
        base = self._settings
        brokers = base.log.url.removeprefix("kafka://").partition("/")[0]
        made = dataclasses.replace(
            base,
            hub=dataclasses.replace(base.hub, data=str(self._folder / name)),
            log=dataclasses.replace(base.log, url=f"kafka://{brokers}/{name}"),
            projection=dataclasses.replace(base.projection, schema=name),
            secrets=self._secrets,
        )
        self._made.append(made)
        return made

    def remove(self) -> None:
        """Leave nothing on the brokers or in the database."""
        for settings in self._made:
            hub = Hub(settings)
            hub.database.drop()
            hub.close()
            remove_topics(site_of(settings.log, settings.folder))


def bench_kafka(settings: Settings, records: int) -> dict[str, Any]:
    """The same county through these brokers: the bare client's loop, the local runner, and Faust's worker."""
    if faust_app is None:
        raise SettingsError("bench --log kafka needs the extra: pip install 'county-hub[kafka]'")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = county(folder / "county", records)
        scratch = Scratch(settings, folder)
        hubs = [scratch.make() for _ in range(5)]
        try:
            watch = Stopwatch()
            for made in hubs:
                ingest_all(made, folder / "county")
            ingesting = watch.took().seconds / len(hubs)
            first = Hub(hubs[0])
            watch = Stopwatch()
            events = read_bare(site_of(hubs[0].log, hubs[0].folder), first.codec.decode)
            bare = watch.took()
            (local,) = timed(run_locally, hubs[0])
            (faust,) = timed(run_in_faust, hubs[1])
            two = timed(run_in_faust, hubs[2], hubs[2])
            apart = timed(run_locally, *hubs[3:])
            same = len({str(_digests(made)) for made in hubs}) == 1
            first.close()
        finally:
            scratch.remove()
    return _answer(rows, events, ingesting, bare, local, faust, two, apart) | {"same_digests": same}


def _digests(settings: Settings) -> dict[str, str]:
    hub = Hub(settings)
    with hub.projection() as db:
        found = digests(db)
    hub.close()
    return found


def _answer(
    rows: int,
    events: int,
    ingesting: float,
    bare: Took,
    local: Took,
    faust: Took,
    two: Sequence[Took],
    apart: Sequence[Took],
) -> dict[str, Any]:
    def per_second(took: Took) -> dict[str, Any]:
        return {
            "events_per_second": round(events / took.seconds),
            "seconds": round(took.seconds, 2),
            "processor_seconds": round(took.processor, 2),
        }

    waited = local.seconds - local.processor
    return {
        "records": rows,
        "events": events,
        "ingest_seconds": round(ingesting, 2),
        "bare_loop": per_second(bare),
        "local_runner": per_second(local) | {
            "of_bare_loop": round(bare.seconds / local.seconds, 3),
            "stages": {
                "log_read_seconds": round(local.reading, 2),
                "log_append_seconds": round(local.appending, 2),
                "decide_and_database_seconds": round(local.seconds - local.reading - local.appending, 2),
                "waiting_for_servers_seconds": round(waited, 2),
            },
        },
        "faust_worker": per_second(faust) | {
            "of_local_runner": round(local.seconds / faust.seconds, 3),
            "processor_microseconds_per_event_added": round(
                (faust.processor - local.processor) / events * 1e6, 1
            ),
        },
        "two_workers": per_second(max(two)) | {
            "of_one": round(faust.seconds / max(two).seconds, 2),
            "processor_seconds_of_the_other": round(min(two).processor, 2),
        },
        "two_independent_hubs_at_once": {"speedup": round(2 * local.seconds / max(apart).seconds, 2)},
    }  # fmt: skip
