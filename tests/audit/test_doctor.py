"""The doctor on real stores: each bad setting is found, with its cause, its proof and what to do."""

import json
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from hub.app import Hub
from hub.audit.doctor import examine
from hub.cli import cli
from hub.log.sqlite_checks import file_system
from hub.settings import ProjectionSettings
from tests.conftest import kafka_settings, settings_for
from tests.databases import new_database


def made(settings):
    hub = Hub(settings)
    with hub.projection():
        pass
    hub.close()
    return settings


def failed(settings) -> dict:
    return {check.code: check for check in examine(settings) if not check.ok}


def test_a_hub_of_its_own_making_is_well_and_nothing_is_made_by_asking(tmp_path):
    settings = settings_for(tmp_path)
    assert examine(settings) == []
    assert not settings.data.exists()
    checks = examine(made(settings), deep=True)
    assert [check for check in checks if not check.ok] == []
    assert {check.store for check in checks} == {"sqlite"}
    assert sqlite3.sqlite_version in next(c.proof for c in checks if c.code == "sqlite-one-writer")
    assert all(check.title and check.title_zh and check.proof for check in checks)


def test_another_journal_mode_is_found(tmp_path):
    settings = made(settings_for(tmp_path))
    with sqlite3.connect(settings.data / "log" / "records.db") as db:
        db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    assert "records.db: journal_mode=delete" in failed(settings)["sqlite-journal"].proof


def test_a_file_of_another_program_and_a_damaged_one_are_found(tmp_path):
    settings = made(settings_for(tmp_path))
    with sqlite3.connect(settings.data / "log" / "records.db") as db:
        db.execute("PRAGMA application_id=7")
    db.close()
    with (settings.data / "projection.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    found = failed(settings)
    assert "application_id=0x7" in found["sqlite-own-file"].proof
    assert found["sqlite-intact"].proof.startswith("projection.db: quick_check=")


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no memory file system here")
def test_a_data_folder_in_memory_is_found():
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        found = failed(made(settings_for(Path(folder))))
    assert found["sqlite-file-system"].proof.endswith("tmpfs mounted at /dev/shm")


def test_the_file_system_of_a_folder_is_that_of_the_nearest_mount(tmp_path):
    mounts = f"a / ext4 rw 0 0\nb {tmp_path} nfs4 rw 0 0\nc {tmp_path}x tmpfs rw 0 0\n"
    assert file_system(tmp_path / "data", mounts) == (str(tmp_path), "nfs4")


def test_the_command_tells_people_and_machines(tmp_path):
    run = CliRunner().invoke
    (tmp_path / "hub.toml").write_text("")
    arguments = ["--config", str(tmp_path / "hub.toml"), "doctor"]
    assert run(cli, arguments).exit_code == 0
    settings = made(replace(settings_for(tmp_path), folder=tmp_path))
    (tmp_path / "hub.toml").write_text(f'[hub]\ndata = "{settings.hub.data}"\n')
    shown = run(cli, arguments)
    assert shown.exit_code == 0
    assert "✓" in shown.output and "✗" not in shown.output and "文件完好" in shown.output
    with sqlite3.connect(settings.data / "log" / "records.db") as db:
        db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    assert run(cli, arguments).exit_code == 1
    assert "next: while nothing runs" in run(cli, arguments).output.replace("\n", " ")
    told = run(cli, [*arguments, "--json"])
    assert told.exit_code == 1
    answer = json.loads(told.output)
    assert not answer["ok"]
    assert [c["code"] for c in answer["checks"] if not c["ok"]] == ["sqlite-journal"]


@pytest.mark.kafka
def test_topics_that_forget_are_found_though_a_hub_refuses_to_start_on_them(broker, tmp_path):
    settings = kafka_settings(tmp_path, broker)
    before = examine(settings)
    assert [c.code for c in before if c.store == "kafka"] == ["kafka-brokers", "kafka-auto", "kafka-unclean"]
    Hub(settings).close()
    assert failed(settings) == {}
    prefix = settings.log.url.rpartition("/")[2]
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.alter_configs([
        ConfigResource("TOPIC", f"{prefix}.records", {"retention.ms": "60000", "cleanup.policy": "compact"})
    ])  # fmt: skip
    admin.close()
    found = failed(settings)
    assert f"{prefix}.records: retention.ms is 60000" in found["kafka-retention"].proof
    assert found["kafka-retention"].next_step == "set retention.ms=-1"
    assert found.keys() == {"kafka-retention", "kafka-cleanup"}


@pytest.mark.kafka
def test_one_broker_is_found_where_three_are_promised(broker, tmp_path):
    settings = kafka_settings(tmp_path, broker)
    Hub(settings).close()
    strict = replace(settings, log=replace(settings.log, accept_single_copy=False))
    assert {"kafka-brokers", "kafka-copies"} == failed(strict).keys()


def test_stores_that_do_not_answer_are_for_later(tmp_path):
    url = "postgresql://hub@127.0.0.1:9/hub"
    settings = replace(settings_for(tmp_path), projection=ProjectionSettings(url=url))
    found = examine(settings)
    assert [(c.code, c.later) for c in found] == [("postgres-answers", True)]
    (tmp_path / "hub.toml").write_text(f'[hub]\ndata = "d"\n[projection]\nurl = "{url}"\n')
    assert CliRunner().invoke(cli, ["--config", str(tmp_path / "hub.toml"), "doctor"]).exit_code == 3


def test_a_database_that_loosens_commits_and_a_role_with_all_powers_are_found(postgres, tmp_path):
    url = new_database(postgres)
    settings = replace(settings_for(tmp_path), projection=ProjectionSettings(url=url))
    assert failed(settings) == {}
    name = url.rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    found = failed(settings)
    assert found.keys() == {"postgres-commit"}
    assert "on for the hub, off by default" in found["postgres-commit"].proof


def test_a_superuser_and_a_server_that_does_not_sync_are_found(postgres, tmp_path):
    url = new_database(postgres).replace("//hub@", "//postgres@")
    settings = replace(settings_for(tmp_path), projection=ProjectionSettings(url=url))
    assert failed(settings).keys() == {"postgres-role"}
    admin = postgres.url.replace("//hub@", "//postgres@")
    with psycopg.connect(admin, autocommit=True) as db:
        db.execute("ALTER SYSTEM SET full_page_writes = off")
        db.execute("SELECT pg_reload_conf(), pg_sleep(0.5)")
        try:
            assert failed(settings).keys() == {"postgres-role", "postgres-full-page-writes"}
        finally:
            db.execute("ALTER SYSTEM RESET full_page_writes")
            db.execute("SELECT pg_reload_conf()")
