"""Three brokers that keep three copies, as a county in earnest runs them: leaders move in the middle of writing (F25)."""

import random
import signal
import time

import pytest
from kafka import KafkaAdminClient, TopicPartition

from hub.domain.events import TOPICS
from tests.brokers import start_cluster
from tests.conftest import kafka_settings
from tests.databases import new_database, running_postgres
from tests.faults.load import under_load, wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(290)]
MOVES = 4
PREFERRED = 0
"""The election that makes the first of the copies the leader."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    started = start_cluster(tmp_path_factory.mktemp("cluster"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def postgres():
    with running_postgres() as server:
        yield server


@pytest.fixture
def load(cluster, postgres, tmp_path):
    settings = kafka_settings(
        tmp_path / "hub", cluster, projection=new_database(postgres), accept_single_copy=False, wait_seconds=9
    )
    with under_load(settings, tmp_path) as made:
        yield made


def leaders(admin, places: list[TopicPartition]) -> dict[TopicPartition, int]:
    found = admin.describe_topics(sorted({place.topic for place in places}))
    return {
        TopicPartition(topic["name"], part["partition_index"]): part["leader_id"]
        for topic in found
        for part in topic["partitions"]
    }


def move(admin, places: list[TopicPartition], chance: random.Random) -> None:
    """Another broker leads each partition from now on."""
    before = leaders(admin, places)
    order = {}
    for place in places:
        others = [node for node in (1, 2, 3) if node != before[place]]
        chance.shuffle(others)
        order[place] = [*others, before[place]]
    admin.alter_partition_reassignments(order)
    admin.elect_leaders(PREFERRED, sorted({place.topic for place in places}), raise_errors=False)
    wait_for(lambda: all(leaders(admin, places)[p] == order[p][0] for p in places), "leaders to move")


def test_f25_leaders_move_in_the_middle_of_batches(load, cluster):
    chance = random.Random(25)
    prefix = load.settings.log.url.rpartition("/")[2]
    admin = KafkaAdminClient(bootstrap_servers=cluster.address.split(","))
    places = [TopicPartition(f"{prefix}.{topic}", n) for topic in TOPICS for n in range(4)]
    for _ in range(MOVES):
        load.writer.more(chance.randrange(3, 10))
        went_on = load.progress()
        move(admin, places, chance)
        wait_for(went_on, "workers to go on")
    admin.close()
    load.writer.more(5)
    load.check()


def test_f25_a_leader_is_killed_and_another_takes_over_with_all_that_was_acknowledged(load, cluster):
    chance = random.Random(26)
    # Not the first, which alone holds the quorum here.
    for victim in chance.sample(cluster.brokers[1:], 2):
        load.writer.more(chance.randrange(3, 10))
        victim.kill()
        went_on = load.progress()
        load.writer.more(5)
        wait_for(went_on, "workers to go on")
        victim.start()
        time.sleep(chance.random())
    load.writer.more(5)
    load.check(frozenset({0, -signal.SIGTERM}))
