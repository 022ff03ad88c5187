"""Contracts as files: Open Data Contract Standard documents, read and linted.

What the hub needs beyond the standard stands in custom properties. A field of
a forbidden kind is an error, whoever asks for it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from hub.connect.contracts import AUTO, AVRO_TYPES, CODED, EVIDENCE, FEED_NAME, FORMATS, Feed, Field
from hub.connect.dates import parser_of
from hub.connect.fields import KINDS
from hub.connect.relations import relations_of, wrong
from hub.domain.divisions import NOWHERE
from hub.domain.facts import COUNTS, DATES, TEXTS
from hub.domain.forbidden import refuse, refuse_value
from hub.domain.vanished import Limits
from hub.errors import SettingsError
from hub.matching.profile import ATTRIBUTES

REQUIRED_KEYS = ("apiVersion", "kind", "id", "version", "status", "schema")
STATUSES = ("proposed", "draft", "active", "deprecated", "retired")
SEVERITIES = ("quarantine", "warn")
LATER = ("replace", "hold")
OPERATIONS = frozenset(("publish", "withdraw"))
RHYTHMS = ("d", "workingDays")
VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Of these, several fields may each state a part: house number and street, first and middle name.
JOINED = frozenset(("name", "given_name", "middle_name", "family_name", "address"))
# What a field is taken for when its contract says no more than the standard asks.
KIND_OF_TYPE: Mapping[str, str] = {"date": "date", "timestamp": "date", "integer": "integer"}


def custom(node: Mapping[str, Any]) -> dict[str, Any]:
    """The custom properties of a contract node, as a mapping."""
    return {item["property"]: item["value"] for item in node.get("customProperties", [])}


def load_contract(path: Path, mapping: Mapping[str, str] | None = None) -> Feed:
    """A feed from its contract; SettingsError says what is wrong with the contract."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(f"contract {path.name} cannot be read as YAML{where}") from error
    if not isinstance(document, dict):
        raise SettingsError(f"contract {path.name} is not a mapping")
    if missing := [key for key in REQUIRED_KEYS if key not in document]:
        raise SettingsError(f"contract {path.name}: missing {', '.join(missing)}")
    if unfit := next((text for text in _unfit(document)), None):
        raise SettingsError(f"contract {path.name}: {unfit}")
    try:
        return _feed(document, path.name, {name: heading for heading, name in (mapping or {}).items()})
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"contract {path.name}: not of the shape of the standard, near {error}"
        ) from error


def _unfit(document: Mapping[str, Any]) -> Iterator[str]:
    """What the head of a contract says that the hub cannot follow."""
    if not str(document["apiVersion"]).startswith("v3."):
        yield "apiVersion is not v3 of the Open Data Contract Standard"
    if document["kind"] != "DataContract":
        yield "kind is not DataContract"
    if not VERSION.fullmatch(str(document["version"])):
        yield "version is not of the form 1.0.0"
    if not isinstance(document["schema"], list) or len(document["schema"]) != 1:
        yield "schema is not a list of exactly one object"
    if document["status"] not in STATUSES:
        yield f"status is one of {', '.join(STATUSES)}"
    if not FEED_NAME.fullmatch(str(document["id"])):
        yield "id is not of the form department.what, in small letters, digits and _"
    if concept := refuse(str(document["id"])):
        yield f"it is about {concept}, which the hub refuses to hold"


def _feed(document: Mapping[str, Any], where: str, headings: Mapping[str, str]) -> Feed:
    extras = custom(document)
    table = document["schema"][0]
    _check_forbidden(table["properties"], where, headings)
    every = [_field(node, where, headings) for node in table["properties"]]
    if stray := sorted(headings.keys() - {f.name for f in every}):
        raise SettingsError(f"contract {where}: the mapping names {stray[0]}, which is no field of it")
    for what, values in (("name", [f.name for f in every]), ("heading", [f.heading for f in every])):
        if twice := next((value for value in values if values.count(value) > 1), None):
            raise SettingsError(f"contract {where}: the {what} {twice} stands twice")
    stated = [f.attribute for f in every if f.attribute and f.attribute not in JOINED]
    if twice := next((attribute for attribute in stated if stated.count(attribute) > 1), None):
        raise SettingsError(f"contract {where}: two fields state the attribute {twice}")
    keys = [node["name"] for node in table["properties"] if node.get("primaryKey")]
    if len(keys) != 1:
        raise SettingsError(f"contract {where}: exactly one property is the primaryKey")
    if (evidence := str(extras.get("evidence", "person"))) not in EVIDENCE:
        raise SettingsError(f"contract {where}: evidence is one of {', '.join(EVIDENCE)}, not {evidence}")
    if (later := str(extras.get("later", "replace"))) not in LATER:
        raise SettingsError(f"contract {where}: later is one of {', '.join(LATER)}, not {later}")
    relations = relations_of(table)
    for relation in relations:
        if said := next(wrong(relation, {f.name: f.kind for f in every}, SEVERITIES), None):
            raise SettingsError(f"contract {where}: a quality rule has {said}")
    rhythm, working_days = _rhythm(document, where)
    operation = next((f for f in every if f.kind == "operation"), None)
    fields = tuple(f for f in every if f.kind != "operation")
    return Feed(
        name=str(document["id"]), department=str(extras.get("department", "other")),
        kind=evidence, version=str(document["version"]), key=keys[0],
        fields=fields, operation=operation, status=str(document["status"]), relations=relations, divisions=NOWHERE,
        rhythm=rhythm, working_days=working_days, snapshot=_snapshot(extras.get("snapshot"), where),
        holds=later == "hold", **_source(extras.get("source", {}), where),
        _attributes=tuple((f.name, f.attribute, f.kind == "date") for f in fields if f.attribute),
    )  # fmt: skip


def _rhythm(document: Mapping[str, Any], where: str) -> tuple[int, bool]:
    """How often the feed is delivered: the service level `frequency`, in days or working days."""
    for node in document.get("slaProperties", ()):
        if node.get("property") == "frequency":
            value, unit = node.get("value"), str(node.get("unit", "d"))
            if type(value) is not int or value < 1 or unit not in RHYTHMS:
                raise SettingsError(
                    f"contract {where}: frequency is a whole number with the unit {' or '.join(RHYTHMS)}"
                )
            return value, unit == "workingDays"
    return 0, False


def _snapshot(said: Any, where: str) -> Limits | None:
    """What the contract says of its drops as full snapshots: `true`, or limits of its own."""
    if said in (None, False):
        return None
    limits = {} if said is True else said
    if not isinstance(limits, dict) or not limits.keys() <= set(Limits._fields):
        raise SettingsError(
            f"contract {where}: snapshot is true, or a mapping of some of {', '.join(Limits._fields)}"
        )
    made = Limits(**limits)
    if wrong := made.wrong():
        raise SettingsError(f"contract {where}: snapshot has {wrong}")
    return made


def _source(said: Mapping[str, Any], where: str) -> dict[str, str]:
    """How the feed is delivered: format, encoding, delimiter, table."""
    known = {"format": "delimited", "encoding": "utf-8", "delimiter": ",", "table": ""}
    if unknown := sorted(said.keys() - known.keys()):
        raise SettingsError(
            f"contract {where}: source has the unknown {unknown[0]}; known: {', '.join(known)}"
        )
    found = {name: str(said.get(name, default)) for name, default in known.items()}
    check_source(found, f"contract {where}: source")
    return found


def check_source(source: Mapping[str, str], where: str) -> None:
    """Refuse a way of delivery that nobody can read."""
    if source["format"] not in FORMATS:
        raise SettingsError(f"{where}: format is one of {', '.join(FORMATS)}, not {source['format']}")
    if len(source["delimiter"]) != 1 or source["delimiter"] in '\r\n"':
        raise SettingsError(f'{where}: delimiter is one character, such as ";" or "\\t"')
    if source["format"] == "sql" and not source["table"]:
        raise SettingsError(f"{where}: format sql needs the table or view to read")
    try:
        " ".encode("utf-8" if source["encoding"] == AUTO else source["encoding"])
    except LookupError:
        raise SettingsError(f"{where}: nobody knows the encoding {source['encoding']}") from None


def _check_forbidden(
    properties: Iterable[Mapping[str, Any]], where: str, headings: Mapping[str, str]
) -> None:
    """Name every forbidden field at once: whoever mends a contract mends it once."""
    found: dict[str, str] = {}
    for node in properties:
        extras = custom(node)
        codes = extras.get("codes", {})
        texts = [str(node["name"]), _heading(node, headings), str(extras.get("attribute", ""))]
        texts += [str(each) for pair in codes.items() for each in pair] if isinstance(codes, dict) else []
        if concept := next(filter(None, map(refuse, texts)), None):
            found[texts[0]] = concept
        elif any(map(refuse_value, texts)):
            found[texts[0]] = "words of what is not held"
    if found:
        said = ", ".join(f"{name} ({concept})" for name, concept in found.items())
        raise SettingsError(f"contract {where} asks for what the hub refuses to hold: {said}; leave it out")


def _heading(node: Mapping[str, Any], headings: Mapping[str, str]) -> str:
    return str(headings.get(node["name"], node.get("physicalName", node["name"])))


def _field(node: Mapping[str, Any], where: str, headings: Mapping[str, str]) -> Field:
    extras = custom(node)
    name = str(node["name"])
    kind = extras.get("kind", KIND_OF_TYPE.get(node.get("logicalType", "string"), "text"))
    made = Field(
        name, _heading(node, headings), kind, bool(node.get("required")), str(extras.get("attribute", "")),
        {str(k): str(v) for k, v in extras.get("codes", {}).items()},
        extras.get("severity", "quarantine"), str(node.get("classification", "")),
        str(node.get("description", "")), str(node.get("logicalTypeOptions", {}).get("format", "")),
        str(extras.get("unit", "")), extras.get("absent") == "unmissed",
    )  # fmt: skip
    if wrong := next(_wrong(made), None):
        raise SettingsError(f"contract {where}: {name} has {wrong}")
    return made


def _wrong(field: Field) -> Iterator[str]:
    """What a field says that the hub cannot follow."""
    if not NAME.fullmatch(field.name):
        yield "a name beyond letters, digits and _: give it a plain one, and its heading as physicalName"
    if field.kind not in KINDS and field.kind not in CODED:
        yield f"the unknown kind {field.kind}; known: {', '.join(sorted({*KINDS, *CODED}))}"
    said = AVRO_TYPES.get(field.kind, "string")
    standard = "date" if field.name in DATES else "integer" if field.name in COUNTS else "text"
    read_as = {"date": field.kind, "integer": field.kind, "text": "text" if said == "string" else said}
    if field.name in TEXTS | DATES | COUNTS and read_as[standard] != standard:
        yield f"the kind {field.kind}, but rules read {field.name} as {standard}: change its kind or its name"
    if not field.classification:
        yield "no classification, such as public, internal, personal or sensitive"
    if field.severity not in SEVERITIES:
        yield f"the unknown severity {field.severity}; known: {', '.join(SEVERITIES)}"
    if field.kind in CODED and not field.codes:
        yield "no codes"
    if field.kind == "operation" and not OPERATIONS.issuperset(field.codes.values()):
        yield "codes beyond publish, withdraw"
    if field.attribute and field.attribute not in ATTRIBUTES:
        yield f"the unknown attribute {field.attribute}; known: {', '.join(ATTRIBUTES)}"
    if field.kind == "date" and field.date_format:
        try:
            parser_of(field.date_format)
        except ValueError as error:
            yield f"the date format {field.date_format}: {error}"


def load_contracts(folder: Path) -> dict[str, Feed]:
    """Every contract of a folder, by feed name."""
    feeds: Iterable[Feed] = (load_contract(path) for path in sorted(folder.glob("*.yaml")))
    return {feed.name: feed for feed in feeds}
