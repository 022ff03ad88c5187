"""The stopwatch of ingestion: every kind of source is read whole, beside its parsing library alone."""

import json

import psycopg
from click.testing import CliRunner

from hub.cli import cli
from tests.databases import new_database

ROWS = 1_000


def measured(folder, *, settings=""):
    (folder / "hub.toml").write_text(settings)
    asked = ["--config", str(folder / "hub.toml"), "bench", "--ingest", "--records", str(ROWS), "--json"]
    said = CliRunner().invoke(cli, asked)
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout.splitlines()[-1])


def test_sources_are_measured_beside_their_libraries_and_a_server_is_left_as_it_was(tmp_path, postgres):
    url = new_database(postgres)
    found = measured(tmp_path, settings=f'[projection]\nurl = "{url}"\n')
    assert found["records"] == ROWS
    assert list(found["sources"]) == ["csv-utf-8", "csv-gb18030", "excel", "jsonl", "sqlite", "postgresql"]
    for source in found["sources"].values():
        assert 0 < source["of_library"] < 1
        assert 0 < source["rows_per_second"] < source["library_alone_rows_per_second"]
    with psycopg.connect(url) as db:
        assert db.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'bench%'").fetchall() == []
