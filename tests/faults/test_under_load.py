"""Real workers on a broker and a database that fail under load: what happened is held against K1 to K11."""

import os
import random
import signal
import time

import psutil
import psycopg
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from hub.app import Hub
from hub.audit import replay
from hub.domain.events import RECORDS
from hub.errors import IntegrityError, SettingsError
from hub.log.subscription import Subscription
from hub.projections.databases import open_sqlite
from tests.brokers import end_broker, start_broker
from tests.conftest import kafka_settings, settings_for
from tests.databases import new_database, running_postgres
from tests.faults.history import k3_applied_twice, k4_offset_agreement, k5_key_order, k8_digest
from tests.faults.load import FIRST_DAY, closed, published, seen, under_load, wait_for, whole
from tests.faults.test_worker import Site

KILLS = int(os.environ.get("HUB_TEST_KILLS", "5"))
"""How often workers are killed or told to go; a night's run sets 50."""
pytestmark = [pytest.mark.kafka, pytest.mark.timeout(280 + 10 * KILLS)]


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A broker of our own, since it is stopped."""
    started = start_broker(tmp_path_factory.mktemp("kafka"))
    yield started
    end_broker(started)


@pytest.fixture(scope="module")
def postgres():
    """A server of our own, since it is stopped."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def settings(broker, postgres, tmp_path):
    return kafka_settings(tmp_path / "hub", broker, projection=new_database(postgres), wait_seconds=5)


@pytest.fixture
def load(settings, tmp_path):
    with under_load(settings, tmp_path) as made:
        yield made


def test_f07_a_worker_that_wakes_up_after_another_took_over_changes_nothing(load):
    for _ in range(2):
        zombie = load.owner()
        zombie.suspend()
        # A suspended process keeps its session, until somebody ends that: an operator, a proxy, a timeout.
        load.cut_sessions()
        went_on = load.progress()
        wait_for(went_on, "another worker to take over")
        assert load.owner().pid != zombie.pid
        zombie.resume()
        load.writer.more(10)
    load.check()


def test_f07_a_worker_that_is_suspended_while_it_takes_part_is_thrown_out(load):
    wait_for(lambda: load.site.said("company_gathered"), "workers to decide together")
    owner = load.owner().pid
    (zombie,) = [psutil.Process(w.pid) for w in load.site.workers if w.pid != owner]
    zombie.suspend()
    load.writer.more(10)
    wait_for(lambda: load.site.said("company_broke_up"), "the owner to go on alone")
    went_on = load.progress()
    wait_for(went_on, "the owner to go on alone")
    zombie.resume()
    load.writer.more(10)
    load.check()


def test_f26_the_broker_stops_and_comes_back(load, broker):
    chance = random.Random(26)
    for end in (broker.stop, broker.kill):
        load.writer.more(chance.randrange(5, 15))
        end()
        time.sleep(chance.random())
        broker.start()
        load.writer.more(5)
    went_on = load.progress()
    wait_for(went_on, "workers to go on")
    load.check()


def test_f27_workers_are_killed_and_come_and_go_under_load(load):
    chance = random.Random(27)
    for _ in range(KILLS):
        time.sleep(chance.random())
        went_on = load.progress()
        victim = load.site.workers.pop(chance.randrange(len(load.site.workers)))
        victim.send_signal(chance.choice((signal.SIGKILL, signal.SIGTERM)))
        assert victim.wait(40) in (0, -signal.SIGTERM, -signal.SIGKILL)
        load.site.work()
        wait_for(went_on, "workers to go on")
    # One that was only just started may be told to stop before it listens to signals.
    load.check(frozenset({0, -signal.SIGTERM}))


def test_f32_database_sessions_are_cut_under_load(load):
    chance = random.Random(32)
    for _ in range(6):
        # Often enough a step is under way; the wait between two tries grows where nothing succeeds.
        went_on = load.progress()
        time.sleep(0.3 * chance.random())
        wait_for(load.cut_sessions, "sessions to cut")
        wait_for(went_on, "workers to go on")
    load.check()


def test_f33_the_database_stops_at_once_and_comes_back(load, postgres):
    chance = random.Random(33)
    for _ in range(2):
        load.writer.more(chance.randrange(5, 15))
        postgres.stop(signal.SIGQUIT)
        time.sleep(chance.random())
        postgres.start()
        went_on = load.progress()
        load.writer.more(1)
        wait_for(went_on, "workers to go on")
    load.check()


def as_superuser(load):
    """Somebody else in the same database, who may do more than the hub."""
    url = load.settings.projection.url.replace("//hub@", "//postgres@")
    return psycopg.connect(url, autocommit=True)


def left_alone(load) -> None:
    """One worker is left: what a step holds, one session holds."""
    owner = load.owner().pid
    for worker in [w for w in load.site.workers if w.pid != owner]:
        load.site.workers.remove(worker)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0


def test_f36_a_deadlock_costs_a_retry_and_leaves_nothing_half_done(load):
    """Somebody holds what a step takes last and asks for what it took first; the step is chosen to give way."""
    waiting = """SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    left_alone(load)
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    with as_superuser(load) as other, as_superuser(load) as watch:
        # The hub's session looks for deadlocks long before this one would.
        other.execute("SET deadlock_timeout = '1min'")
        for _ in range(3):
            went_on = load.progress()
            with other.transaction():
                other.execute("SELECT 1 FROM hub.progress WHERE name = 'step' FOR UPDATE")
                wait_for(lambda: watch.execute(waiting).fetchone()[0], "a step to wait for us")
                other.execute("UPDATE hub.records SET version = version")
            wait_for(went_on, "workers to go on")
        wait_for(lambda: watch.execute(deadlocks).fetchone()[0] >= 3, "deadlocks to be counted")
    assert load.site.said("worker_waits") and load.ended == []
    load.check()


def test_f36_a_serialization_failure_costs_a_retry_and_leaves_nothing_half_done(load):
    left_alone(load)
    with as_superuser(load) as other:
        name = other.execute("SELECT current_database()").fetchone()[0]
        other.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    wait_for(load.cut_sessions, "sessions that know of it")
    went_on = load.progress()
    wait_for(went_on, "workers to go on")
    before = waits(load.site)
    with as_superuser(load) as other:
        other.execute("SET default_transaction_isolation = 'read committed'")

        def disturbed() -> bool:
            # A step that began before this and ends after it cannot be put in order with it.
            other.execute("UPDATE hub.progress SET value = value WHERE name = 'step'")
            return waits(load.site) >= before + 3

        wait_for(disturbed, "steps to fail")
    went_on = load.progress()
    wait_for(went_on, "workers to go on")
    assert load.ended == []
    load.check()


def waits(site: Site) -> int:
    """How often workers said that they will try again."""
    return (site.folder / "said").read_text().count("worker_waits")


def digests(hub) -> dict[str, str]:
    with hub.projection() as db:
        return replay.digests(db)


def run(hub) -> None:
    with hub.runner() as runner:
        runner.run()


def verified(hub) -> bool:
    with open_sqlite(":memory:").connect() as scratch:
        return replay.verify(hub.log, scratch, hub.rules, lambda _: None).differences == 0


def stream() -> list:
    """Three days of events, every one of them about people the day before knew."""
    events = [published(n) for n in range(600)]
    return [e for day in range(3) for e in (*events[day * 200 : day * 200 + 200], closed(FIRST_DAY + day))]


def test_f14_each_event_delivered_five_times_has_one_effect(settings, tmp_path):
    chance = random.Random(14)
    once, five = Hub(settings_for(tmp_path / "once")), Hub(settings)
    events = stream()
    once.log.append(events)
    run(once)
    # As a writer repeats them that never hears of success: the whole batch, then the next one.
    start = 0
    while start < len(events):
        batch = events[start : start + chance.randrange(1, 120)]
        for _ in range(5):
            five.log.append(batch)
        start += len(batch)
        if chance.random() < 0.3:
            run(five)
    run(five)
    read = [seen(r) for r in Subscription(five.log, (RECORDS,), {}).take(10**6).events]
    assert k3_applied_twice(s.id for s in read) == [] and len(read) == len(events)
    assert len(whole(five.log, RECORDS)) >= 5 * len(events)
    assert k8_digest(digests(five), digests(once)) == []
    assert verified(five)
    once.close()
    five.close()


def test_f21_no_group_and_no_offset_on_the_broker_means_anything_to_the_hub(settings, broker):
    hub = Hub(settings)
    hub.log.append(stream())
    run(hub)
    before, decided = digests(hub), hub.log.head()
    topic, group = f"{settings.log.url.rpartition('/')[2]}.{RECORDS}", settings.log.url.rpartition("/")[2]
    places = [TopicPartition(topic, n) for n in range(4)]
    consumer = KafkaConsumer(bootstrap_servers=broker.address, group_id=group, enable_auto_commit=False)
    consumer.assign(places)
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    # As if all were read, then nothing; then the group is gone, with whatever it remembered.
    for offset in (10**6, 0):
        consumer.commit({place: OffsetAndMetadata(offset, "", -1) for place in places})
        run(hub)
        assert (digests(hub), hub.log.head()) == (before, decided)
    consumer.close(autocommit=False)
    assert group in {found["group_id"] for found in admin.list_groups()}
    admin.delete_groups([group])
    assert group not in {found["group_id"] for found in admin.list_groups()}
    admin.close()
    run(hub)
    assert (digests(hub), hub.log.head()) == (before, decided)
    hub.log.append([published(600)])
    run(hub)
    assert hub.log.head() != decided and verified(hub)
    hub.close()


def test_f22_a_log_that_is_shorter_than_the_position_stops_runner_and_worker(settings, broker, tmp_path):
    site = Site(tmp_path / "site", settings)
    hub = Hub(settings)
    hub.log.append(stream())
    run(hub)
    before = digests(hub)
    hub.close()
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    topic = f"{settings.log.url.rpartition('/')[2]}.{RECORDS}"
    assert topic in admin.list_topics()
    admin.delete_topics([topic])
    admin.close()
    wait_for(lambda: remade(settings), "the topic to be made anew")
    hub = Hub(settings)
    hub.log.append([published(0)])
    for _ in range(2):
        with pytest.raises(IntegrityError, match="it was cut, made anew, or is another cluster's"):
            run(hub)
    assert site.start("run").wait(120) == IntegrityError.exit_code
    assert site.start("worker").wait(120) != 0
    assert digests(hub) == before
    hub.close()


def remade(settings) -> bool:
    """Whether a hub starts, and so makes what is missing: a topic's deletion takes its time."""
    try:
        hub = Hub(settings)
    except Exception:
        return False
    ready = not any(p.topic == RECORDS for p in hub.log.head())
    hub.close()
    return ready


def test_f28_another_partition_count_is_refused_and_no_key_moves(settings, broker):
    hub = Hub(settings)
    events = stream()
    hub.log.append(events[:300])
    run(hub)
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_partitions({f"{settings.log.url.rpartition('/')[2]}.{RECORDS}": 6})
    admin.close()
    with pytest.raises(SettingsError, match=r"set log\.partitions = 6"):
        Hub(settings)
    # Who was running goes on as before: keys stay where they were.
    hub.log.append(events[300:])
    run(hub)
    read = [seen(recorded) for recorded in whole(hub.log, RECORDS)]
    calls = [{"call": 1, "what": "invoke", "client": "w", "ids": [e.id for e in events]}]
    assert k5_key_order(calls, read) == []
    assert k4_offset_agreement([read, [seen(r) for r in whole(hub.log, RECORDS)]]) == []
    homes = {}
    for event in read:
        assert homes.setdefault(event.key, event.partition) == event.partition or event.key.isdigit()
    assert verified(hub)
    hub.close()
