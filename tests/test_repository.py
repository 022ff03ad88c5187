"""The repository checks itself: types, imports, style, schemas, README."""

import ast
import dataclasses
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from hub.cli import COMMANDS, cli
from hub.connect.odcs import load_contracts
from hub.domain.events import EVENTS
from hub.log.codec import Codec, load_schema
from hub.observability import ALLOWED

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [["mypy"], ["lint-imports"], ["ruff", "check", "."], ["ruff", "format", "--check", "."]],
    ids=" ".join,
)
def test_checker_is_content(command):
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_that_is_logged_is_dropped_unseen():
    said = {
        word.arg
        for path in sorted((ROOT / "hub").rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name) and call.func.value.id == "log"
        and call.func.attr in ("debug", "info", "warning", "error")
        for word in call.keywords
    }  # fmt: skip
    assert "endpoint" in said and said <= ALLOWED, said - ALLOWED


def test_every_event_has_a_schema_with_its_fields():
    paths = sorted((ROOT / "schemas/events").glob("*.avsc"))
    # The newest version comes last.
    schemas = [load_schema(path.read_text("utf-8")) for path in paths]
    fields = {schema.event.__name__: list(schema.names) for schema in schemas if not schema.feed}
    expected = {
        name: [f.name for f in dataclasses.fields(cls)]
        for name, cls in EVENTS.items()
        if name != "RecordPublished"
    }
    assert fields == expected


def test_every_feed_has_a_released_schema_that_its_contract_derives():
    feeds = load_contracts(ROOT / "schemas/contracts")
    assert len(feeds) == 11
    for name, feed in feeds.items():
        newest = max(
            (ROOT / "schemas/events").glob(f"{name}.v*.avsc"), key=lambda p: int(p.stem.rpartition("v")[2])
        )
        released = newest.read_text("utf-8")
        assert json.loads(released) == feed.avro()
        assert Codec([released]).schemas


def test_released_schemas_never_change():
    released = json.loads((ROOT / "schemas/released.json").read_text("utf-8"))
    found = {
        path.name: load_schema(path.read_text("utf-8")).sha256.hex()
        for path in (ROOT / "schemas/events").glob("*.avsc")
    }
    assert released.items() <= found.items()
    assert released.keys() == found.keys(), "a new schema is released by adding it to schemas/released.json"


def test_pages_that_are_written_from_the_code_are_current():
    done = subprocess.run(
        [BIN / "cog", "--check", "connectors/REASONS.md", "connectors/DISCREPANCIES.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_is_short_and_its_quickstart_runs(tmp_path):
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 200
    block = re.search(r"```console\n(.*?)```", text, re.DOTALL).group(1)
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ hub ")]
    assert len(commands) >= 6
    hub = shutil.which("hub", path=str(BIN))
    for command in commands:
        arguments = command.split()[1:]
        done = subprocess.run([hub, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1), f"{command}: {done.stderr}"
        if done.returncode:
            assert arguments[0] == "ingest", f"{command}: {done.stdout}{done.stderr}"


def test_the_list_of_commands_says_what_each_says_of_itself():
    context = click.Context(cli)
    said = {name: cli.get_command(context, name).get_short_help_str(200) for name in COMMANDS}
    assert said == {name: lazy.help for name, lazy in COMMANDS.items()}
    assert list(COMMANDS) == sorted(COMMANDS)


def test_to_ask_which_commands_there_are_loads_none_of_them():
    code = (
        "import sys; from click.testing import CliRunner; from hub.cli import cli; "
        "assert 'ingest' in CliRunner().invoke(cli, ['--help']).output; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "numpy", "openpyxl", "fastavro", "pypinyin", "faust", "kafka", "hub.app"}
    assert not heavy & set(done.stdout.split())
