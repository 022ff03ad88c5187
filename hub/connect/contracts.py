"""Data contracts: what a feed's fields mean, read from ODCS files and enforced at the door.

A contract is an Open Data Contract Standard document; what the hub needs
beyond it stands in custom properties. Loading a contract lints it: a field of
a forbidden kind is an error, whoever asks for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hub.connect.fields import KINDS
from hub.connect.forbidden import refuse
from hub.domain.days import iso
from hub.errors import SettingsError

KIND_CODE = "code"
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
                found[attribute] = iso(value) if is_day else str(value)
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
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"contract {path.name} cannot be read") from error
    if not isinstance(document, dict):
        raise SettingsError(f"contract {path.name} is not a mapping")
    if missing := [key for key in REQUIRED_KEYS if key not in document]:
        raise SettingsError(f"contract {path.name}: missing {', '.join(missing)}")
    return _feed(document, path.name, {name: heading for heading, name in (mapping or {}).items()})


def _feed(document: Mapping[str, Any], where: str, headings: Mapping[str, str]) -> Feed:
    extras = custom(document)
    table = document["schema"][0]
    every = [_field(node, where, headings) for node in table["properties"]]
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
        encoding=source.get("encoding", "utf-8"),
        _attributes=tuple((f.name, f.attribute, f.kind == "date") for f in fields if f.attribute),
    )  # fmt: skip


def _field(node: Mapping[str, Any], where: str, headings: Mapping[str, str]) -> Field:
    extras = custom(node)
    name = node["name"]
    kind = extras.get("kind", "text")
    if kind not in KINDS and kind not in (KIND_CODE, "operation"):
        raise SettingsError(f"contract {where}: {name} has the unknown kind {kind}")
    heading = headings.get(name, node.get("physicalName", name))
    for text in (name, heading, str(extras.get("attribute", ""))):
        if concept := refuse(text):
            raise SettingsError(f"contract {where}: {name} asks for {concept}, which the hub refuses to hold")
    if "classification" not in node:
        raise SettingsError(f"contract {where}: {name} has no classification")
    return Field(
        name, heading, kind, bool(node.get("required")), extras.get("attribute", ""),
        {str(k): str(v) for k, v in extras.get("codes", {}).items()},
        extras.get("severity", "quarantine"), node["classification"], node.get("description", ""),
    )  # fmt: skip


def load_contracts(folder: Path) -> dict[str, Feed]:
    """Every contract of a folder, by feed name."""
    feeds: Iterable[Feed] = (load_contract(path) for path in sorted(folder.glob("*.yaml")))
    return {feed.name: feed for feed in feeds}
