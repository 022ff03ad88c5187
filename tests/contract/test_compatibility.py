"""Which changes of a schema are allowed: each row of the table that Avro's resolution rules give."""

import io
import json
from decimal import Decimal

import pytest
from click.testing import CliRunner
from fastavro import parse_schema, schemaless_reader, schemaless_writer
from hypothesis import given
from hypothesis import strategies as st

from hub.cli import cli
from hub.domain.events import (
    CaseActionRefused,
    CaseActionRequested,
    CaseMoved,
    DiscrepancyDetected,
)  # fmt: skip
from hub.log.codec import Codec
from hub.log.compatibility import incompatible, lint, unreadable
from tests.registries import SmallRegistry
from tests.test_repository import ROOT


def record(*fields, name="R", **more):
    return {"type": "record", "name": name, "namespace": "a.v1", "doc": "d", "fields": list(fields)} | more


def field(name, kind="int", **more):
    return {"name": name, "type": kind} | more


def enum(*symbols, name="E", **more):
    return {"type": "enum", "name": name, "symbols": list(symbols)} | more


def fixed(size, name="F", **more):
    return {"type": "fixed", "name": name, "size": size} | more


def decimal(precision, scale):
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


A = field("a")
TABLE = {
    "nothing changed": (record(A), record(A), True, True),
    "add field with default": (record(A), record(A, field("b", default=0)), True, True),
    "add field without default": (record(A), record(A, field("b")), False, True),
    "remove field that had default": (record(A, field("b", default=0)), record(A), True, True),
    "remove field without default": (record(A, field("b")), record(A), True, False),
    "rename field with alias": (record(A), record(field("b", aliases=["a"])), True, False),
    "rename field without alias": (record(A), record(field("b")), False, False),
    "type to a union containing it": (record(A), record(field("a", ["null", "int"])), True, False),
    "union to one of its types": (record(field("a", ["null", "int"])), record(A), False, True),
    "add branch to union": (record(field("a", ["null", "int"])), record(field("a", ["null", "int", "string"])), True, False),
    "remove branch of union": (record(field("a", ["null", "int", "string"])), record(field("a", ["null", "int"])), False, True),
    "reorder branches of union": (record(field("a", ["null", "int"])), record(field("a", ["int", "null"])), True, True),
    "add symbol to enum": (record(field("a", enum("X"))), record(field("a", enum("X", "Y"))), True, False),
    "add symbol to enum, old has default": (record(field("a", enum("X", default="X"))), record(field("a", enum("X", "Y"))), True, True),
    "remove symbol of enum": (record(field("a", enum("X", "Y"))), record(field("a", enum("X"))), False, True),
    "remove symbol of enum, new has default": (record(field("a", enum("X", "Y"))), record(field("a", enum("X", default="X"))), True, True),
    "int to long": (record(A), record(field("a", "long")), True, False),
    "int to float": (record(A), record(field("a", "float")), True, False),
    "int to double": (record(A), record(field("a", "double")), True, False),
    "long to float": (record(field("a", "long")), record(field("a", "float")), True, False),
    "long to double": (record(field("a", "long")), record(field("a", "double")), True, False),
    "float to double": (record(field("a", "float")), record(field("a", "double")), True, False),
    "long to int": (record(field("a", "long")), record(A), False, True),
    "string to bytes": (record(field("a", "string")), record(field("a", "bytes")), True, True),
    "bytes to string": (record(field("a", "bytes")), record(field("a", "string")), True, True),
    "int to string": (record(A), record(field("a", "string")), False, False),
    "int to boolean": (record(A), record(field("a", "boolean")), False, False),
    "fixed size changed": (record(field("a", fixed(4))), record(field("a", fixed(5))), False, False),
    "fixed renamed": (record(field("a", fixed(4))), record(field("a", fixed(4, "G"))), False, False),
    "enum renamed": (record(field("a", enum("X"))), record(field("a", enum("X", name="G"))), False, False),
    "record renamed": (record(A), record(A, name="S"), False, False),
    "record renamed with alias": (record(A), record(A, name="S", aliases=["R"]), True, False),
    "only the namespace changed": (record(A), record(A, namespace="a.v2"), True, True),
    "decimal scale changed": (record(field("a", decimal(9, 2))), record(field("a", decimal(9, 3))), False, False),
    "decimal precision changed": (record(field("a", decimal(9, 2))), record(field("a", decimal(8, 2))), False, False),
    "decimal scale left out is zero": (record(field("a", decimal(9, 0))), record(field("a", {"type": "bytes", "logicalType": "decimal", "precision": 9})), True, True),
    "bytes became a decimal": (record(field("a", "bytes")), record(field("a", decimal(9, 2))), False, False),
    "items of an array promoted": (record(field("a", {"type": "array", "items": "int"})), record(field("a", {"type": "array", "items": "long"})), True, False),
    "values of a map promoted": (record(field("a", {"type": "map", "values": "int"})), record(field("a", {"type": "map", "values": "long"})), True, False),
    "array to map": (record(field("a", {"type": "array", "items": "int"})), record(field("a", {"type": "map", "values": "int"})), False, False),
    "nested field without default": (record(field("a", record(A, name="I"))), record(field("a", record(A, field("b"), name="I"))), False, True),
    "a type used again by its name": (record(field("a", enum("X")), field("b", "E")), record(field("a", enum("X")), field("b", "a.v1.E")), True, True),
    "the default went": (record(A, field("b", default=0)), record(A, field("b")), True, True),
}  # fmt: skip


@pytest.mark.parametrize("row", TABLE)
def test_each_change_is_judged_in_both_directions(row):
    old, new, backward, forward = TABLE[row]
    assert (unreadable(new, old) == [], unreadable(old, new) == []) == (backward, forward)


@pytest.mark.parametrize("row", TABLE)
def test_what_is_called_readable_is_read_by_the_decoder(row):
    old, new, _, _ = TABLE[row]
    for writer, reader in ((old, new), (new, old)):
        if unreadable(reader, writer) == []:
            read = schemaless_reader(written(writer), parse_schema(writer), parse_schema(reader))
            assert read.keys() == {each["name"] for each in reader["fields"]}


def written(schema):
    sample = {
        "int": 1, "long": 1, "float": 1.0, "double": 1.0, "string": "x", "bytes": b"x", "boolean": True, "null": None,
    }  # fmt: skip

    def value(kind):
        if isinstance(kind, list):
            return value(kind[-1])
        if isinstance(kind, str):
            return sample.get(kind, "X")
        match kind["type"]:
            case "record":
                return {f["name"]: value(f["type"]) for f in kind["fields"]}
            case "enum":
                return kind["symbols"][-1]
            case "fixed":
                return b"x" * kind["size"]
            case "array":
                return [value(kind["items"])]
            case "map":
                return {"k": value(kind["values"])}
        if kind.get("logicalType") == "decimal":
            return Decimal(1)
        return sample[kind["type"]]

    stream = io.BytesIO()
    schemaless_writer(stream, parse_schema(schema), value(schema))
    stream.seek(0)
    return stream


def test_the_default_dropped_in_two_steps_is_found_only_against_all_versions():
    first, second, third = record(A), record(A, field("b", default=0)), record(A, field("b"))
    assert incompatible([("v2", second), ("v3", third)], full=False) == []
    assert incompatible([("v1", first), ("v2", second), ("v3", third)], full=False) == [
        "v3 cannot read v1: b: it was not written and has no default"
    ]


def test_full_asks_old_readers_too():
    versions = [("v1", record(A)), ("v2", record(field("a", "long")))]
    assert incompatible(versions, full=False) == []
    assert incompatible(versions, full=True) == ["v1 cannot read v2: a: long was written and int is read"]


def test_a_schema_that_contains_itself_is_compared_within_bounds():
    tree = record(field("next", ["null", "R"], default=None))
    assert unreadable(tree, tree) == []


KINDS = st.recursive(
    st.sampled_from(["null", "int", "long", "string", "bytes", "boolean", "double"]),
    lambda inner: st.one_of(
        st.builds(lambda i: {"type": "array", "items": i}, inner),
        st.builds(lambda v: {"type": "map", "values": v}, inner),
    ),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from("abcd"), KINDS, max_size=4))
def test_every_schema_reads_itself(fields):
    schema = record(*(field(name, kind) for name, kind in fields.items()))
    assert unreadable(schema, schema) == []


deep = "int"
for _ in range(8):
    deep = {"type": "array", "items": deep}
LINTED = {
    "a good one": (record(A), []),
    "no namespace": ({k: v for k, v in record(A).items() if k != "namespace"}, ["it has no namespace"]),
    "no doc": ({k: v for k, v in record(A).items() if k != "doc"}, ["it has no doc"]),
    "recursion": (record(field("next", ["null", "R"])), ["R contains itself"]),
    "enum without default": (record(field("e", enum("X"))), ["the enumeration E has no default"]),
    "enum with default": (record(field("e", enum("X", default="X"))), []),
    "too deep": (record(field("a", deep)), ["it is deeper than 8 levels"]),
    "deep enough": (record(field("a", deep["items"]["items"])), []),
    "local timestamp": (
        record(field("t", {"type": "long", "logicalType": "local-timestamp-millis"})),
        ["it holds a local timestamp: a moment without its place"],
    ),
    "a department's field that says nothing": (
        record(field("fields", record(field("x", ["null", "int"], default=None), name="I")), feed="health.x"),
        ["fields.x has no doc", "fields.x has no classification"],
    ),
}


@pytest.mark.parametrize("row", LINTED)
def test_what_the_hub_asks_of_a_schema(row):
    schema, expected = LINTED[row]
    assert lint(schema) == expected


def run(*arguments, config=None):
    chosen = ["--config", str(config)] if config else []
    return CliRunner().invoke(cli, [*chosen, "schemas", "check", "--json", *arguments])


def test_the_released_schemas_pass():
    done = run()
    report = json.loads(done.stdout)
    assert (done.exit_code, report["ok"], report["findings"]) == (0, True, [])
    assert report["versions"] == len(list((ROOT / "schemas/events").glob("*.avsc")))


def test_a_change_that_breaks_is_a_finding_with_its_place(tmp_path):
    for number, schema in ((1, record(A)), (2, record(A, field("b"))), (10, record(field("a", "string")))):
        (tmp_path / f"R.v{number}.avsc").write_text(json.dumps(schema))
    done = run("--folder", str(tmp_path))
    assert done.exit_code == 1
    assert [f["finding"] for f in json.loads(done.stdout)["findings"]] == [
        "v2 cannot read v1: b: it was not written and has no default",
        "v10 cannot read v1: a: int was written and string is read",
        "v10 cannot read v2: a: int was written and string is read",
    ]
    (tmp_path / "notes.avsc").write_text("{}")
    assert run("--folder", str(tmp_path)).exit_code != 0


def test_a_registry_is_asked_as_well_where_one_is_set(tmp_path):
    small = SmallRegistry()
    (tmp_path / "hub.toml").write_text(f'[log]\nregistry = "{small.url}"\n')
    assert run(config=tmp_path / "hub.toml").exit_code == 0
    small.refuse = "no"
    done = run(config=tmp_path / "hub.toml")
    small.stop()
    assert done.exit_code == 1
    assert {f["finding"] for f in json.loads(done.stdout)["findings"]} == {"registry: no"}


@pytest.mark.parametrize(
    "event",
    [
        CaseActionRequested("c", "settle", 3, "clerk", "moved", "n"),
        CaseActionRefused("c", "settle", "clerk", "not-in-this-state"),
        CaseMoved("c", 4, "settled", "moved", "clerk", 19_000, None),
        DiscrepancyDetected("d", "p", "number-shared", "x", ["r"], "health", "990101", 19_000, "e"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_was_written_of_cases_by_the_first_version_is_read(event):
    folder = ROOT / "schemas/events"
    texts = [path.read_text("utf-8") for path in sorted(folder.glob(f"{type(event).__name__}.v*.avsc"))]
    assert len(texts) == 2
    first, both = Codec(texts[:1]), Codec(texts)
    assert both.decode(first.encode(event)) == event == both.decode(both.encode(event))
    assert both.encode(event) != first.encode(event)
