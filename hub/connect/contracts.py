"""Data contracts: what a feed's fields mean, read from ODCS files and enforced at the door.

A contract is an Open Data Contract Standard document; what the hub needs
beyond it stands in custom properties. Loading a contract lints it: a field of
a forbidden kind is an error, whoever asks for it.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hub.connect.fields import KINDS
from hub.connect.forbidden import refuse
from hub.domain.days import iso
from hub.errors import SettingsError
from hub.matching.profile import ATTRIBUTES

CODED = ("code", "operation")
SEVERITIES = ("quarantine", "warn")
OPERATIONS = frozenset(("publish", "withdraw"))
VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
AVRO_TYPES: Mapping[str, Any] = {"date": {"type": "int", "logicalType": "date"}, "integer": "long"}
REQUIRED_KEYS = ("apiVersion", "kind", "id", "version", "status", "schema")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its heading at the source, its kind, and the attribute it is to identity."""

    name: str
    heading: str
    kind: str
    required: bool
    attribute: str
    codes: Mapping[str, str]
    severity: str
    classification: str
    doc: str


@dataclass(frozen=True, slots=True)
class Feed:
    """One named flow of records of one kind under one contract."""

    name: str
    department: str
    kind: str
    version: str
    key: str
    fields: tuple[Field, ...]
    operation: Field | None
    format: str
    encoding: str
    _attributes: tuple[tuple[str, str, bool], ...] = field(default=(), repr=False)

    def attributes(self, values: Mapping[str, Any]) -> dict[str, str]:
        """What these field values say about who the record is about."""
        found: dict[str, str] = {}
        for name, attribute, is_day in self._attributes:
            value = values.get(name)
            if value is not None:
                said = iso(value) if is_day else str(value)
                # House number and street, say, may be fields of their own: together they are the address.
                found[attribute] = f"{found[attribute]} {said}" if attribute in found else said
        return found

    def avro(self) -> dict[str, Any]:
        """The Avro schema of a published version of this feed's records."""
        title = "".join(part.capitalize() for part in self.name.replace(".", "_").split("_"))
        inner = [
            {
                "name": f.name, "type": ["null", AVRO_TYPES.get(f.kind, "string")], "default": None,
                "doc": f.doc, "classification": f.classification,
            }
            for f in self.fields
        ]  # fmt: skip
        version = self.version.split(".")[0]
        return {
            "type": "record", "name": f"{title}Published", "namespace": f"county.hub.v{version}",
            "event": "RecordPublished", "feed": self.name,
            "doc": f"One version of a record of {self.name}.",
            "fields": [
                {"name": "record_id", "type": "string"},
                {"name": "version", "type": "long"},
                {"name": "published_on", "type": {"type": "int", "logicalType": "date"}},
                {"name": "source_key", "type": "string"},
                {"name": "fields", "type": {"type": "record", "name": title, "fields": inner}},
            ],
        }  # fmt: skip


def custom(node: Mapping[str, Any]) -> dict[str, Any]:
    """The custom properties of a contract node, as a mapping."""
    return {item["property"]: item["value"] for item in node.get("customProperties", [])}


def load_contract(path: Path, mapping: Mapping[str, str] | None = None) -> Feed:
    """A feed from its contract; SettingsError says what is wrong with the contract."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(f"contract {path.name} cannot be read") from error
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
    if concept := refuse(str(document["id"])):
        yield f"it is about {concept}, which the hub refuses to hold"


def _feed(document: Mapping[str, Any], where: str, headings: Mapping[str, str]) -> Feed:
    extras = custom(document)
    table = document["schema"][0]
    every = [_field(node, where, headings) for node in table["properties"]]
    if stray := sorted(headings.keys() - {f.name for f in every}):
        raise SettingsError(f"contract {where}: the mapping names {stray[0]}, which is no field of it")
    for what, values in (("name", [f.name for f in every]), ("heading", [f.heading for f in every])):
        if twice := next((value for value in values if values.count(value) > 1), None):
            raise SettingsError(f"contract {where}: the {what} {twice} stands twice")
    keys = [node["name"] for node in table["properties"] if node.get("primaryKey")]
    if len(keys) != 1:
        raise SettingsError(f"contract {where}: exactly one property is the primaryKey")
    operation = next((f for f in every if f.kind == "operation"), None)
    fields = tuple(f for f in every if f.kind != "operation")
    source = extras.get("source", {})
    return Feed(
        name=str(document["id"]), department=str(extras.get("department", "other")),
        kind=str(extras.get("evidence", "person")), version=str(document["version"]), key=keys[0],
        fields=fields, operation=operation, format=source.get("format", "delimited"),
        encoding=_encoding(source.get("encoding", "utf-8"), where),
        _attributes=tuple((f.name, f.attribute, f.kind == "date") for f in fields if f.attribute),
    )  # fmt: skip


def _encoding(name: str, where: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise SettingsError(f"contract {where}: nobody knows the encoding {name}") from None
    return name


def _field(node: Mapping[str, Any], where: str, headings: Mapping[str, str]) -> Field:
    extras = custom(node)
    name = node["name"]
    kind = extras.get("kind", "text")
    heading = headings.get(name, node.get("physicalName", name))
    attribute = str(extras.get("attribute", ""))
    for text in (name, heading, attribute):
        if concept := refuse(text):
            raise SettingsError(f"contract {where}: {name} asks for {concept}, which the hub refuses to hold")
    codes = {str(k): str(v) for k, v in extras.get("codes", {}).items()}
    severity = extras.get("severity", "quarantine")
    wrong = (
        (kind not in KINDS and kind not in CODED, f"the unknown kind {kind}"),
        ("classification" not in node, "no classification"),
        (severity not in SEVERITIES, f"the unknown severity {severity}"),
        (kind in CODED and not codes, "no codes"),
        (kind == "operation" and not OPERATIONS.issuperset(codes.values()), "codes beyond publish, withdraw"),
        (attribute and attribute not in ATTRIBUTES, f"the unknown attribute {attribute}"),
    )
    if found := next((said for is_wrong, said in wrong if is_wrong), None):
        raise SettingsError(f"contract {where}: {name} has {found}")
    return Field(
        name, heading, kind, bool(node.get("required")), attribute, codes, severity,
        node["classification"], node.get("description", ""),
    )  # fmt: skip


def load_contracts(folder: Path) -> dict[str, Feed]:
    """Every contract of a folder, by feed name."""
    feeds: Iterable[Feed] = (load_contract(path) for path in sorted(folder.glob("*.yaml")))
    return {feed.name: feed for feed in feeds}
