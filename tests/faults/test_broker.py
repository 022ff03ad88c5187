"""The broker stops, restarts and is killed under load: nothing acknowledged is lost, nothing handled twice."""

import random
import threading
import time

import pytest

from hub.app import Hub
from hub.domain.events import RECORDS, DayClosed, RecordWithdrawn
from hub.errors import LogUnavailableError
from hub.log import Envelope, derive_id
from hub.log.subscription import Subscription
from tests.brokers import end_broker, start_broker
from tests.conftest import kafka_settings

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

KEYS = 7
BATCH = 50
PATIENCE_SECONDS = 90


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A broker of our own: one full of the other tests' topics takes long to come back."""
    started = start_broker(tmp_path_factory.mktemp("kafka"))
    yield started
    end_broker(started)


def envelope(number: int) -> Envelope:
    key = f"k{number % KEYS}"
    return Envelope(RecordWithdrawn(key, "health.child_record", number, 1), derive_id(number), key, "/test")


def until_done(action):
    """Try again while the log says so, within bounds; the number of refusals and the answer."""
    deadline, refused = time.monotonic() + PATIENCE_SECONDS, 0
    while True:
        try:
            return refused, action()
        except LogUnavailableError:
            refused += 1
            assert time.monotonic() < deadline, "the log did not come back"


class Load(threading.Thread):
    """A writer that appends numbered events, repeating each batch until it is acknowledged."""

    def __init__(self, settings) -> None:
        super().__init__()
        self._settings = settings
        self.acknowledged, self.refused = 0, 0
        self.enough = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            hub = Hub(self._settings)
            while not self.enough.is_set():
                start = self.acknowledged
                batch = [envelope(n) for n in range(start, start + BATCH)]
                self.refused += until_done(lambda batch=batch: hub.log.append(batch))[0]
                self.acknowledged = start + BATCH
            hub.close()
        except BaseException as failure:
            self.failure = failure

    def wait_for(self, batches: int) -> None:
        """Until so many more batches are acknowledged."""
        wanted, deadline = self.acknowledged + batches * BATCH, time.monotonic() + PATIENCE_SECONDS
        while self.acknowledged < wanted and self.failure is None:
            assert time.monotonic() < deadline, "the writer came to nothing"
            time.sleep(0.005)


class Follower(threading.Thread):
    """A reader that keeps reading through all of it."""

    def __init__(self, settings) -> None:
        super().__init__()
        self._settings = settings
        self.read: list = []
        self.enough = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            hub = Hub(self._settings)
            stream = until_done(lambda: Subscription(hub.log, (RECORDS,), {}))[1]
            while True:
                last = self.enough.is_set()
                events = until_done(lambda: stream.take(1_000))[1].events
                self.read += events
                if last and not events:
                    break
                self.enough.wait(0.02)
            hub.close()
        except BaseException as failure:
            self.failure = failure


def check(log, load: Load, follower: Follower) -> None:
    """Every acknowledged event once, in the order of its key; the same for whoever reads."""
    assert load.failure is None and follower.failure is None
    fresh = Subscription(log, (RECORDS,), {}).take(10**9).events
    numbers = [r.envelope.event.version for r in fresh]
    assert sorted(numbers) == list(range(load.acknowledged))
    for key in range(KEYS):
        mine = [n for n in numbers if n % KEYS == key]
        assert mine == sorted(mine)
    assert {r.position: r.envelope for r in follower.read} == {r.position: r.envelope for r in fresh}
    assert len(follower.read) == len(fresh)


def under_load(broker, settings, disturb) -> Load:
    hub = Hub(settings)
    load, follower = Load(settings), Follower(settings)
    for thread in (load, follower):
        thread.start()
    try:
        disturb(load)
    finally:
        load.enough.set()
        load.join(PATIENCE_SECONDS)
        follower.enough.set()
        follower.join(PATIENCE_SECONDS)
    check(hub.log, load, follower)
    hub.close()
    return load


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_nothing_acknowledged_is_lost_or_handled_twice_when_the_broker_restarts_under_load(
    broker, tmp_path, how
):
    chance = random.Random(f"broker {how}")

    def disturb(load):
        for _ in range(3):
            load.wait_for(chance.randrange(5, 40))
            getattr(broker, how)()
            time.sleep(chance.random())
            broker.start()
        load.wait_for(5)

    load = under_load(broker, kafka_settings(tmp_path, broker, wait_seconds=3), disturb)
    assert load.acknowledged >= 20 * BATCH


def test_a_broker_that_stays_away_is_try_later_until_it_is_back(broker, tmp_path):
    hub = Hub(kafka_settings(tmp_path, broker, wait_seconds=3))
    hub.log.append([envelope(0)])
    place = next(iter(hub.log.head()))
    broker.kill()
    started = time.monotonic()
    for action in (
        lambda: hub.log.append([envelope(1)]),
        lambda: hub.log.read(place, 0, 1),
        hub.log.head,
    ):
        with pytest.raises(LogUnavailableError):
            action()
    assert time.monotonic() - started < 30
    broker.start()
    until_done(lambda: hub.log.append([envelope(1), envelope(2)]))
    assert [r.envelope for r in Subscription(hub.log, (RECORDS,), {}).take(9).events] == [
        envelope(n) for n in sorted(range(3), key=lambda n: (hub_partition(hub, n), n))
    ]
    hub.close()


def hub_partition(hub, number: int) -> int:
    """Where an event lies, for the order in which partitions are drained."""
    found = [
        p.number
        for p in hub.log.partitions(RECORDS)
        if envelope(number).id in {r.envelope.id for r in hub.log.read(p, -1, 100)}
    ]
    assert len(found) == 1
    return found[0]


def test_a_barrier_cut_off_in_the_middle_is_handed_over_once_when_it_is_repeated(broker, tmp_path):
    hub = Hub(kafka_settings(tmp_path, broker))
    closed = Envelope(DayClosed(7), "day-7", "7", "/test")
    batch = [envelope(0), closed]
    hub.log.append(batch)
    # As a writer leaves it that was cut off: the barrier stands in one partition only.
    late = Envelope(DayClosed(8), "day-8", "8", "/test")
    hub.log._partitions[RECORDS], whole = hub.log._partitions[RECORDS][:1], hub.log._partitions[RECORDS]
    hub.log.append([late])
    hub.log._partitions[RECORDS] = whole
    stream = Subscription(hub.log, (RECORDS,), {})
    assert [r.envelope.id for r in stream.take(100).events] == [envelope(0).id, "day-7"]
    hub.log.append([late, envelope(1)])
    assert [r.envelope.id for r in stream.take(100).events] == ["day-8", envelope(1).id]
    hub.close()
