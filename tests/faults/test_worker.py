"""Workers on a real broker and a real database: takeover, kill -9, graceful stop (F07, F08, F13)."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from hub.app import Hub
from hub.audit import replay
from hub.domain.events import DECISIONS
from hub.log.subscription import Subscription
from hub.projections.databases import open_sqlite
from hub.projections.position import load_checkpoint
from tests.conftest import KEY, settings_of

pytestmark = pytest.mark.kafka
KILLS, SEED = 8, 13
DRAINED_SECONDS_MAX = 60


class Site:
    """A folder with a hub.toml, and the processes started in it."""

    def __init__(self, folder: Path, settings) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "key").write_bytes(KEY)
        (folder / "hub.toml").write_text(
            f'[log]\nurl = "{settings.log.url}"\npartitions = 4\naccept_single_copy = true\n'
            f'[projection]\nurl = "{settings.projection.url}"\n'
            '[secrets]\npseudonym_key_file = "key"\n'
        )
        self.workers: list[subprocess.Popen] = []

    def start(self, *arguments: str) -> subprocess.Popen:
        code = "from hub.cli import main; main()"
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-c", code, *arguments], cwd=self.folder,
                stdout=subprocess.DEVNULL, stderr=said,
            )  # fmt: skip

    def said(self, word: str) -> bool:
        """Whether any of the processes has logged this."""
        return word in (self.folder / "said").read_text()

    def work(self) -> None:
        self.workers.append(self.start("--verbose", "worker"))

    def stop(self) -> list[int]:
        for worker in self.workers:
            worker.send_signal(signal.SIGTERM)
        return [worker.wait(30) for worker in self.workers]


@pytest.fixture
def site(request, tmp_path):
    settings = settings_of("kafka-postgres", tmp_path / "hub", request)
    made = Site(tmp_path / "site", settings)
    made.hub = Hub(settings)
    yield made
    made.hub.close()
    for worker in made.workers:
        if worker.poll() is None:
            worker.kill()
            worker.wait()


def drained(hub) -> bool:
    """Whether everything in the log was decided on, within the limit."""
    deadline = time.monotonic() + DRAINED_SECONDS_MAX
    while time.monotonic() < deadline:
        head = {str(p): offset for p, offset in hub.log.head().items() if p.topic == "records"}
        with hub.projection() as db:
            done = {str(p): offset for p, offset in load_checkpoint(db).items()}
        if head and all(done.get(p, -1) >= offset for p, offset in head.items()):
            return True
        time.sleep(0.2)
    return False


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
def test_workers_killed_at_random_moments_leave_the_same_hub(site, county, worked):
    chance = random.Random(SEED)
    site.work()
    site.work()
    ingesting = site.start("ingest", "--source", str(county))
    for _ in range(KILLS):
        time.sleep(1 + 2 * chance.random())
        victim = site.workers.pop(chance.randrange(len(site.workers)))
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        site.work()
    assert ingesting.wait(120) in (0, 1)
    assert drained(site.hub)
    site.stop()
    with site.hub.projection() as db, worked.projection() as other:
        assert replay.digests(db) == replay.digests(other)
    with open_sqlite(":memory:").connect() as scratch:
        found = replay.verify(site.hub.log, scratch, site.hub.rules, lambda _: None)
    assert (found.differences, found.examples) == (0, [])


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
def test_two_workers_decide_a_county_together_and_come_to_the_same_hub(site, county, worked):
    for _ in range(2):
        site.work()
    ingesting = site.start("ingest", "--source", str(county))
    assert ingesting.wait(120) in (0, 1)
    assert drained(site.hub)
    assert site.stop() == [0, 0]
    assert site.said("company_gathered")
    assert not site.said("company_broke_up")
    shared = {
        r.envelope.id.count("/") for r in Subscription(site.hub.log, (DECISIONS,), {}).take(10**6).events
    }
    assert shared == {1, 2}, "an id names the part of the step that a worker decided"
    with site.hub.projection() as db, worked.projection() as other:
        assert replay.digests(db) == replay.digests(other)


def test_f13_a_worker_stops_gracefully_and_listens_nowhere(site):
    site.work()
    deadline = time.monotonic() + 60
    while not site.said("worker_status") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert site.said("worker_status")
    process = psutil.Process(site.workers[0].pid)
    assert [c for c in process.net_connections("inet") if c.status == psutil.CONN_LISTEN] == []
    assert site.stop() == [0]
