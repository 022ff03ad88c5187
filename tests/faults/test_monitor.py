"""What a worker shows of itself: metrics, and health while its database goes away and comes back."""

import json
import re
import signal
import socket
import time
import urllib.error
import urllib.request

import msgspec
import pytest
from kafka import KafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from hub.app import Hub
from hub.errors import SettingsError
from hub.processing.metrics import TROUBLES, Metrics
from hub.processing.monitor import readiness, served
from hub.processing.worker import IDLE, STANDBY, Status, Turn, Worker
from tests.conftest import kafka_settings, settings_for
from tests.databases import new_database, running_postgres
from tests.faults.test_worker import Site

SECONDS_MAX = 60


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def becomes(port: int, path: str, code: int) -> str:
    deadline = time.monotonic() + SECONDS_MAX
    while (found := get(port, path))[0] != code:
        assert time.monotonic() < deadline, f"{path} stays at {found}"
        time.sleep(0.1)
    return found[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_worker_of_any_log_counts_what_it_did(tmp_path, county):
    hub = Hub(settings_for(tmp_path))
    with hub.ingest() as work:
        work.run(hub.connectors(county, ()), lambda _: None, close_days=True)
    metrics = Metrics(lambda: worker.status)
    worker = Worker(hub.runner, hub.participant, [metrics.observe])
    with served("127.0.0.1", 0, lambda: worker.status, metrics.registry) as port:
        assert get(port, "/livez") == (200, "ok\n")
        code, said = get(port, "/readyz")
        assert (code, json.loads(said)["checks"]["turn"]) == (503, "starting")
        while worker.turn() != IDLE or worker.status.behind:
            pass
        code, said = get(port, "/readyz")
        assert (code, json.loads(said)["ready"], json.loads(said)["state"]) == (200, True, "idle")
        assert get(port, "/people")[0] == 404
        text = get(port, "/metrics")[1]
    worker.release()
    hub.close()
    read = {s.name: s.value for f in text_string_to_metric_families(text) for s in f.samples if not s.labels}
    done = worker.status
    assert done.events > 0 and done.decisions > 0
    assert read["hub_worker_events_total"] == done.events
    assert read["hub_worker_decisions_total"] == done.decisions
    assert read["hub_worker_steps_total"] == read["hub_worker_step_duration_seconds_count"] == done.steps
    assert read["hub_worker_behind_events"] == 0


def test_names_and_labels_keep_the_conventions():
    metrics = Metrics(lambda: Status(STANDBY, 0, 0, 0, 0, 0, 0.0))
    for code in ("log-unavailable", "something-new", "another"):
        metrics.observe(Turn(0, 1, None, 0, code))
    families = list(metrics.registry.collect())
    labels = {name for f in families for s in f.samples for name in s.labels}
    assert labels <= {"code", "state", "version", "le"}
    for family in families:
        assert re.fullmatch(r"hub_[a-z_]+", family.name) and family.documentation
        assert not re.search(r"milli|micro|minutes|hours|kilo|mega|_(ms|us|kb|mb|min)\b", family.name)
        assert not re.search(r"(_total|_count|_sum|_bucket)$", family.name)
    waits = next(f for f in families if f.name == "hub_worker_waits").samples
    assert {s.labels["code"]: s.value for s in waits if s.name.endswith("_total")} == {
        **dict.fromkeys(TROUBLES, 0), "log-unavailable": 1, "other": 2,
    }  # fmt: skip


def test_readiness_names_the_check_that_failed():
    well = Status(STANDBY, 0, 0, 0, 0, 0, 0.0, turns=1)
    assert set(readiness(well).values()) == {"ok"}
    for code, check in (("projection-unavailable", "database"), ("log-unavailable", "broker"), ("x", "turn")):
        assert [k for k, v in readiness(well._replace(trouble=code)).items() if v != "ok"] == [check]


def test_a_port_that_is_taken_is_a_matter_of_settings():
    metrics = Metrics(lambda: Status(STANDBY, 0, 0, 0, 0, 0, 0.0))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(SettingsError, match=rf"metrics_port: 127\.0\.0\.1:{port}"),
            served("127.0.0.1", port, metrics._status, metrics.registry),
        ):
            pass


@pytest.mark.kafka
def test_a_worker_outlives_its_database_and_says_so(broker, tmp_path):
    with running_postgres() as server:
        settings = kafka_settings(tmp_path / "hub", broker, projection=server.url)
        site, port = Site(tmp_path / "site", settings), free_port()
        worker = site.start("worker", "--metrics-port", str(port))
        try:
            becomes(port, "/readyz", 200)
            server.stop(how=signal.SIGQUIT)
            checks = json.loads(becomes(port, "/readyz", 503))["checks"]
            assert checks == {"turn": "ok", "database": "projection-unavailable", "broker": "ok"}
            began = time.monotonic()
            assert get(port, "/livez")[0] == 200 and get(port, "/readyz")[0] == 503
            assert time.monotonic() - began < 0.2
            server.start()
            becomes(port, "/readyz", 200)
            assert 'hub_worker_waits_total{code="projection-unavailable"} 0.0' not in get(port, "/metrics")[1]
            worker.terminate()
            assert worker.wait(30) == 0
        finally:
            if worker.poll() is None:
                worker.kill()
                worker.wait()


@pytest.mark.kafka
def test_workers_pause_and_go_on_when_told_and_leave_nothing_lying_about(broker, postgres, tmp_path):
    settings = kafka_settings(tmp_path / "hub", broker, projection=new_database(postgres))
    site, port = Site(tmp_path / "site", settings), free_port()
    before = {path.name for path in site.folder.iterdir()}
    worker = site.start("--verbose", "worker", "--metrics-port", str(port))
    try:
        becomes(port, "/readyz", 200)
        topic = settings.log.url.rpartition("/")[2] + ".control"
        producer = KafkaProducer(bootstrap_servers=broker.address, max_block_ms=10_000)
        for command, state in (("pause", "paused"), ("resume", "idle")):
            deadline = time.monotonic() + SECONDS_MAX
            while f'hub_worker_state{{state="{state}"}} 1.0' not in get(port, "/metrics")[1]:
                assert time.monotonic() < deadline, f"not {state}"
                # Told again and again: a worker that has just started may not listen yet.
                producer.send(topic, msgspec.json.encode({"command": command})).get(10)
                time.sleep(1)
        producer.close()
        worker.terminate()
        assert worker.wait(30) == 0
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait()
    left = {path.name for path in site.folder.iterdir()} - before
    assert left == {"said", "hub-data"}
    assert '"behind": 0' in (site.folder / "said").read_text()
