"""A new page under `connectors/`, as files: the page, where it is registered, its contract, its event, its test.

What it writes works as it stands, with a few columns that most registers have; whoever begins so
changes one thing at a time and sees each time whether the promises still hold.
"""

import json
import re
from pathlib import Path
from string import Template
from typing import NamedTuple

from hub.connect.odcs import load_contract
from hub.domain.forbidden import refuse
from hub.errors import SettingsError

NAME = re.compile(r"(?P<department>[a-z][a-z0-9_]*)\.(?P<what>[a-z][a-z0-9_]*)")
REGISTER = "connectors/__init__.py"


class Kind(NamedTuple):
    """How drops of one kind are read, and how a test writes one."""

    delivered: str
    suffix: str
    source: str
    write: str


KINDS = {
    "delimited": Kind("CSV files", ".csv", "{format: delimited, encoding: utf-8}", "as_csv"),
    "excel": Kind("Excel workbooks", ".xlsx", "{format: excel}", "as_workbook"),
    "jsonl": Kind("JSON Lines", ".jsonl", "{format: jsonl}", "as_lines"),
    "sql": Kind("SQLite files", ".sqlite", "{format: sql, table: $what}", "as_database"),
    "http": Kind("an HTTP interface", "", "{format: jsonl}", ""),
}
PAGE = Template('''"""$title, as $delivered.

Say here what the system delivers, how often, and what is peculiar about it.
"""

from pathlib import Path

from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import Folder, folder_of
from hub.connect.sources import $reader


def connector(feed: Feed, root: Path) -> Connector:
    """The drops under `<root>/$department/$what/`, named YYYY-MM-DD…"""
    return Folder(feed, folder_of(feed, root), ("$suffix",), $reader.read)
''')
PAGE_HTTP = Template('''"""$title, as $delivered.

Say here what the system answers, and what is peculiar about it.
"""

from pathlib import Path

from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import folder_of
from hub.connect.pages import Pages
from hub.connect.sources.http import Client
from hub.domain.days import day_of

DAY = day_of("2024-01-01")
"""The day its records count as published."""


def connector(feed: Feed, root: Path) -> Connector:
    """The pages at the address that stands in `<root>/$department/$what/address`."""
    folder = folder_of(feed, root)
    url = (folder / "address").read_text(encoding="utf-8").strip()
    return Pages(feed, url, Client(url, {}), DAY, folder / "seen.json")
''')
CONTRACT = Template("""# A skeleton: name the columns your system has, and nothing it should not tell. Nothing is read
# before somebody has looked through it and written `status: active`.
apiVersion: v3.1.0
kind: DataContract
id: $name
version: 1.0.0
status: draft
description:
  purpose: Civil registration, vital statistics and services.
  limitations: Holds no reproductive-control data; scores nobody.
schema:
- name: $what
  properties:
  - {name: record_no, required: true, primaryKey: true, classification: internal}
  - {name: operation, classification: internal,
     customProperties: [{property: kind, value: operation}, {property: codes, value: {publish: publish, withdraw: withdraw}}]}
  - {name: name, required: true, classification: personal,
     customProperties: [{property: kind, value: name}, {property: attribute, value: name}]}
  - {name: birth_date, logicalType: date, classification: personal,
     customProperties: [{property: attribute, value: birth_date}]}
  - {name: number, classification: sensitive,
     customProperties: [{property: kind, value: identity_number}, {property: severity, value: warn}, {property: attribute, value: number}]}
customProperties:
- {property: department, value: $department}
- {property: evidence, value: person}
- {property: source, value: $source}
""")
TEST = Template('''"""$title: what every connector promises, and its own contract on its own sample."""

import pytest

from connectors.$module import connector
from tests.contract.conformance import Conformance
from tests.contract.pages import $helper, sample_read

SAMPLE = (("r1", "publish", "王伟", "1990-01-02", ""), ("r2", "publish", "李娜", "1991-03-04", ""))
HEADINGS = ("record_no", "operation", "name", "birth_date", "number")


class TestPage(Conformance):
    @pytest.fixture
    def source(self, tmp_path):
        with $helper($arguments) as made:
            yield made


def test_its_contract_reads_its_sample(tmp_path):
    with $helper($arguments) as made:
        assert sample_read(made, "$name", HEADINGS, SAMPLE) == (len(SAMPLE), 0)
''')


def scaffolded(folder: Path, name: str, kind: str) -> list[Path]:
    """Write all of it into a checkout; SettingsError, and nothing written, where that cannot be."""
    found = NAME.fullmatch(name)
    if found is None or refuse(name):
        raise SettingsError(
            f"{name} cannot be a feed's name: department.what, in small letters, digits and _"
        )
    register = folder / REGISTER
    if not register.is_file():
        raise SettingsError(f"there is no {REGISTER} here: run it in a checkout, or name one with --folder")
    module, said = name.replace(".", "_"), KINDS[kind]
    words = {
        "name": name, **found.groupdict(), "module": module, "reader": kind, "suffix": said.suffix,
        "title": name.replace("_", " ").replace(".", ": ").capitalize(), "delivered": said.delivered,
        "helper": "InterfacePage" if kind == "http" else "FolderPage",
        "arguments": "tmp_path, connector" + (f', "{said.suffix}"' if said.suffix else ""),
    }  # fmt: skip
    words["source"] = Template(said.source).substitute(words)
    contract, event = folder / f"schemas/contracts/{name}.yaml", folder / f"schemas/events/{name}.v1.avsc"
    made = {
        folder / f"connectors/{module}.py": (PAGE_HTTP if kind == "http" else PAGE).substitute(words),
        contract: CONTRACT.substitute(words),
        folder / f"tests/contract/test_{module}.py": TEST.substitute(words),
    }
    if there := next((path for path in (*made, event) if path.exists()), None):
        raise SettingsError(f"{there.relative_to(folder)} is there already")
    registered = _registered(register.read_text(encoding="utf-8"), name, module)
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    avro = json.dumps(load_contract(contract).avro(), ensure_ascii=False, indent=1)
    event.parent.mkdir(parents=True, exist_ok=True)
    event.write_text(avro + "\n", encoding="utf-8")
    register.write_text(registered, encoding="utf-8")
    return [*made, event, register]


def _registered(text: str, name: str, module: str) -> str:
    """The register with one more page, in order."""
    text = _into(text, "from connectors import (\n", ")", f"    {module},\n")
    return _into(text, "= {\n", "}", f'    "{name}": {module}.connector,\n')


def _into(text: str, start: str, end: str, line: str) -> str:
    head, opened, rest = text.partition(start)
    listed, closed, tail = rest.partition(f"\n{end}")
    if not (opened and closed):
        raise SettingsError(f"{REGISTER} is not as it was: register the page there by hand")
    return (
        head + opened + "".join(sorted([*f"{listed}\n".splitlines(keepends=True), line])) + closed[1:] + tail
    )
