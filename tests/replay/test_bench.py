"""The stopwatch on real servers: it measures what it says, and leaves nothing behind."""

import json

import psycopg
import pytest
from click.testing import CliRunner
from kafka import KafkaAdminClient

from hub.cli import cli
from tests.databases import new_database

pytestmark = pytest.mark.kafka


def test_kafka_and_postgres_are_measured_beside_the_bare_client(tmp_path, broker, postgres):
    url = new_database(postgres)
    (tmp_path / "hub.toml").write_text(
        f'[log]\nurl = "kafka://{broker.address}/mine"\npartitions = 2\naccept_single_copy = true\n'
        f'[projection]\nurl = "{url}"\n'
    )
    said = CliRunner().invoke(
        cli,
        ["--config", str(tmp_path / "hub.toml"), "bench", "--log", "kafka", "--records", "1000", "--json"],
    )
    assert said.exit_code == 0, said.output
    found = json.loads(said.stdout.splitlines()[-1])
    assert found["same_digests"], "the runner, Faust's worker and two at once reach the same views"
    assert 0 < found["local_runner"]["of_bare_loop"] < 1
    stages = found["local_runner"]["stages"]
    parts = stages["log_read_seconds"] + stages["log_append_seconds"] + stages["decide_and_database_seconds"]
    assert parts == pytest.approx(found["local_runner"]["seconds"], abs=0.05)
    with psycopg.connect(url) as db:
        assert db.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'bench%'").fetchall() == []
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    left = [name for name in admin.list_topics() if name.startswith("bench_")]
    admin.close()
    assert left == []
