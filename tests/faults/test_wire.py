"""The wire to the broker loses answers (F23), spoils sequences (F24), is slow and breaks off (F31), under load."""

import json

import pytest

from tests.brokers import end_broker, start_broker
from tests.conftest import kafka_settings
from tests.databases import new_database, running_postgres
from tests.faults.load import Load, under_load, wait_for
from tests.faults.test_worker import Site
from tests.proxy import PRODUCE, Cut, Now, Wire, asks, out_of_sequence

REFUSED_SEQUENCE = (45).to_bytes(2, "big") + (-1).to_bytes(8, "big", signed=True)
"""What the broker answers for a partition: OUT_OF_ORDER_SEQUENCE_NUMBER, and no offset."""
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(280)]


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A broker of our own: one full of the other tests' topics is slower to ask."""
    started = start_broker(tmp_path_factory.mktemp("kafka"))
    yield started
    end_broker(started)


@pytest.fixture(scope="module")
def postgres():
    with running_postgres() as server:
        yield server


@pytest.fixture
def wire(broker):
    laid = Wire(int(broker.address.rpartition(":")[2]))
    yield laid
    laid.close()


@pytest.fixture
def load(wire, postgres, tmp_path):
    settings = kafka_settings(tmp_path / "hub", wire, projection=new_database(postgres), wait_seconds=6)
    with under_load(settings, tmp_path) as made:
        yield made


def heal(load: Load, wire: Wire) -> None:
    """A good wire again, and everybody goes on."""
    wire.calm()
    went_on = load.progress()
    load.writer.more(5)
    wait_for(went_on, "workers to go on")
    load.check()


def test_f23_nothing_is_doubled_where_the_answer_to_what_was_written_is_lost(load, wire):
    now = Now(23, chance=0.1)

    def lose(asked: int, frame: bytes) -> bytes:
        if asked == PRODUCE and now():
            raise Cut
        return frame

    wire.on_answer = lose
    wait_for(lambda: now.times >= 8, "answers to be lost")
    heal(load, wire)


def test_f24_a_sequence_error_heals_without_a_restart(load, wire):
    now = Now(24, chance=0.1)
    workers, refused = list(load.site.workers), []

    def spoil(frame: bytes) -> bytes:
        return out_of_sequence(frame) if asks(frame) == PRODUCE and now() else frame

    def look(asked: int, frame: bytes) -> bytes:
        if asked == PRODUCE and REFUSED_SEQUENCE in frame:
            refused.append(asked)
        return frame

    wire.on_request, wire.on_answer = spoil, look
    wait_for(lambda: len(refused) >= 5, "the broker to find sequences spoiled")
    heal(load, wire)
    assert load.ended == [] and load.site.workers == workers, "nobody was started again"


def test_f31_a_slow_wire_that_breaks_off_now_and_then_only_delays(load, wire):
    reset = Now(31, chance=0.01)

    def slow(frame: bytes) -> bytes:
        reset.wait(seconds=0.25, spread=0.15)
        if reset():
            raise Cut
        return frame

    wire.on_request, wire.on_answer = slow, lambda asked, frame: slow(frame)
    load.writer.more(8)
    went_on = load.progress()
    wait_for(went_on, "a step over the slow wire")
    wait_for(lambda: reset.times >= 2, "the wire to break off")
    wait_for(lambda: behind(load.site) > 0, "workers to say how far behind they are")
    heal(load, wire)


def behind(site: Site) -> int:
    """The most events that any worker has said so far to wait for it."""
    lines = [json.loads(line) for line in (site.folder / "said").read_text().splitlines() if line[:1] == "{"]
    return max((line["behind"] for line in lines if line["event"] == "worker_status"), default=0)
