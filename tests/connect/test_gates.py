"""Every forbidden name and value is refused at each gate: contract, schema, connector, what people write."""

import json
from contextlib import closing

import pytest

from hub.app import Hub
from hub.connect.odcs import load_contract
from hub.connect.proposal import propose
from hub.connect.quarantine import refuse_text
from hub.connect.rows import check_headings
from hub.connect.sample import Sample
from hub.domain.events import RecordQuarantined
from hub.domain.forbidden import VALUES
from hub.errors import SettingsError
from hub.log.compatibility import lint
from hub.projections.quarantine import Chosen
from tests.conftest import settings_for
from tests.connect.samples import CONTRACT, GOOD, complaints, events, ingest, write
from tests.domain.forbidden_names import FORBIDDEN_NAMES, LOOKALIKE_NAMES


def test_gate_of_the_contract(tmp_path):
    path = tmp_path / "members.yaml"
    for name in FORBIDDEN_NAMES:
        path.write_text(CONTRACT.replace("physicalName: dob", f"physicalName: '{name}'"))
        with pytest.raises(SettingsError, match="refuses to hold"):
            load_contract(path)
    for name in LOOKALIKE_NAMES:
        path.write_text(CONTRACT.replace("physicalName: dob", f"physicalName: '{name}'"))
        assert load_contract(path).fields[-1].heading == name


def test_gate_of_the_contract_for_words_of_code_lists(tmp_path):
    path = tmp_path / "members.yaml"
    coded = (
        CONTRACT
        + "  - {name: kind, classification: x, customProperties: [{property: kind, value: code}, {property: codes, value: {a: '%s'}}]}\n"
    )
    for value in sorted(VALUES):
        path.write_text(coded % value)
        with pytest.raises(SettingsError, match="refuses to hold"):
            load_contract(path)


def test_gate_of_the_settings_mapping(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT)
    for name in FORBIDDEN_NAMES:
        with pytest.raises(SettingsError, match="refuses to hold"):
            load_contract(tmp_path / "members.yaml", {name: "born"})


def test_gate_of_the_schemas():
    for name in FORBIDDEN_NAMES:
        plain = name.encode("ascii", "ignore").decode()
        if plain.isidentifier() and plain == name:
            field = {"name": name, "type": ["null", "string"], "default": None}
            schema = {"type": "record", "name": "X", "namespace": "n", "doc": "d", "fields": [field]}
            assert any("refuses to hold" in found for found in lint(schema)), name
    enum = {"type": "enum", "name": "E", "symbols": ["IUD", "x"]}
    schema = {
        "type": "record",
        "name": "X",
        "namespace": "n",
        "doc": "d",
        "fields": [{"name": "a", "type": enum}],
    }
    assert any("refuses to hold" in found for found in lint(schema))


def test_gate_of_the_connector(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT)
    feed = load_contract(tmp_path / "members.yaml")
    for start in range(0, len(FORBIDDEN_NAMES), 100):
        page = FORBIDDEN_NAMES[start : start + 100]
        report = check_headings(feed, ["id", "given_name", "surname", "dob", *page])
        assert (report.ignored, list(report.refused)) == ((), page)
    report = check_headings(feed, ["id", "given_name", "surname", "dob", *LOOKALIKE_NAMES])
    assert (list(report.ignored), report.refused) == (LOOKALIKE_NAMES, ())


def test_gate_of_the_proposal():
    headings = ("编号", *FORBIDDEN_NAMES)
    rows = tuple((f"m{n}", *("x" for _ in FORBIDDEN_NAMES)) for n in range(9))
    made = propose(Sample("excel", "utf-8", ",", "", headings, rows), "town.x")
    assert {column.verdict for column in made.columns[1:]} == {"refused"}


def test_gate_of_what_people_write(tmp_path):
    for name in FORBIDDEN_NAMES:
        with pytest.raises(SettingsError, match="say it without"):
            refuse_text(f"see {name} of the paper", "the note")


def test_a_cell_that_says_it_is_set_aside_and_kept_nowhere(tmp_path):
    with closing(Hub(settings_for(tmp_path / "hub"))) as hub:
        values = sorted(VALUES)
        write(
            tmp_path / "in", [GOOD | {"登记编号": f"HR{n}", "住址": value} for n, value in enumerate(values)]
        )
        receipts = ingest(hub, tmp_path / "in")
        assert [code for _, _, code in complaints(receipts)] == ["forbidden-value"] * len(values)
        for kept in events(hub, RecordQuarantined):
            assert "住址" not in json.loads(kept.content)
        item = hub.intake.waiting(Chosen())[0]
        with hub.quarantine("clerk") as (work, _), pytest.raises(SettingsError, match="refuses to hold"):
            work.repair(item, {"住址": values[0]}, "value")
