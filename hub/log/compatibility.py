"""Whether every version of a schema reads what every other version wrote: decided from the texts alone.

A decoder that happens to succeed proves nothing (a union fails only when a
value needs the missing branch), so the rules of Avro's schema resolution are
applied to the schemas themselves, each new version against *all* before it: a
replay from the start meets them all. Feeds must also be readable by older
hubs (full); the hub's own events by newer ones (backward).

`lint` is about a single schema: what the hub asks beyond what Avro allows.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from hub.domain.forbidden import refuse

DEPTH_MAX = 8
PRIMITIVES = frozenset(["null", "boolean", "int", "long", "float", "double", "bytes", "string"])
PROMOTIONS: Mapping[str, frozenset[str]] = {
    "int": frozenset(("long", "float", "double")),
    "long": frozenset(("float", "double")),
    "float": frozenset(("double",)),
    "string": frozenset(("bytes",)),
    "bytes": frozenset(("string",)),
}
"""Written type to the types that may read it."""
NAMED = frozenset(("record", "error", "enum", "fixed"))
Names = Mapping[str, Any]
Seen = frozenset[tuple[str, str]]


class Side(NamedTuple):
    """A type of one schema, with that schema's named types."""

    node: Any
    names: Names

    def at(self, node: Any) -> "Side":
        """Another type of the same schema."""
        if isinstance(node, str) and node not in PRIMITIVES:
            node = self.names.get(node, node)
        return Side(node, self.names)

    @property
    def kind(self) -> str:
        """`union`, a primitive, or a complex type's name."""
        if isinstance(self.node, list):
            return "union"
        return str(self.node["type"] if isinstance(self.node, dict) else self.node)

    @property
    def short(self) -> str:
        """The unqualified name, which is what resolution compares."""
        return str(self.node["name"]).rpartition(".")[2]


def parsed(document: Any) -> Side:
    """A schema ready to compare: every name full, nothing shortened."""
    names: dict[str, Any] = {}
    return Side(qualified(document, "", names), names)


def qualified(node: Any, space: str, names: dict[str, Any]) -> Any:
    """The same type with full names; its named types are added to `names`."""
    if isinstance(node, list):
        return [qualified(branch, space, names) for branch in node]
    if isinstance(node, str):
        return node if node in PRIMITIVES or "." in node or not space else f"{space}.{node}"
    kind = node["type"]
    if isinstance(kind, dict | list):
        return qualified(kind, space, names)
    if kind in NAMED:
        full = node["name"]
        if "." not in full and (own := node.get("namespace", space)):
            full = f"{own}.{full}"
        made = names[full] = {**node, "name": full}
        inner = full.rpartition(".")[0]
        if "fields" in node:
            made["fields"] = [{**f, "type": qualified(f["type"], inner, names)} for f in node["fields"]]
        return made
    inside = {"array": "items", "map": "values"}.get(kind)
    return {**node, inside: qualified(node[inside], space, names)} if inside else node


def unreadable(reader: Any, writer: Any) -> list[str]:
    """Why one schema cannot read what another wrote; empty: it can."""
    return list(mismatches(parsed(reader), parsed(writer), "", frozenset()))


def mismatches(reader: Side, writer: Side, path: str, seen: Seen) -> Iterator[str]:
    """Each reason, with the place in the reader's schema."""
    reader, writer = reader.at(reader.node), writer.at(writer.node)
    here = path or "the record"
    if writer.kind == "union":
        for branch in writer.node:
            yield from mismatches(reader, writer.at(branch), path, seen)
    elif reader.kind == "union":
        branches = (mismatches(reader.at(branch), writer, path, seen) for branch in reader.node)
        if all(next(found, None) is not None for found in branches):
            yield f"{here}: no branch reads {named(writer)}"
    elif reader.kind != writer.kind:
        if reader.kind not in PROMOTIONS.get(writer.kind, ()):
            yield f"{here}: {named(writer)} was written and {named(reader)} is read"
    elif reader.kind in NAMED:
        yield from named_mismatches(reader, writer, path, seen)
    elif reader.kind in ("array", "map"):
        inside = "items" if reader.kind == "array" else "values"
        yield from mismatches(
            reader.at(reader.node[inside]), writer.at(writer.node[inside]), f"{path}[]", seen
        )
    else:
        yield from decimal_mismatches(reader.node, writer.node, here)


def named(side: Side) -> str:
    """A type as a finding names it."""
    return f"{side.kind} {side.short}" if side.kind in NAMED else side.kind


def named_mismatches(reader: Side, writer: Side, path: str, seen: Seen) -> Iterator[str]:
    """Records, enumerations and fixed: the name first, then what is inside."""
    here, pair = path or "the record", (reader.node["name"], writer.node["name"])
    aliases = {str(alias).rpartition(".")[2] for alias in reader.node.get("aliases", ())}
    if reader.short != writer.short and writer.short not in aliases:
        yield f"{here}: {named(writer)} was renamed to {reader.short} without an alias"
    elif reader.kind == "enum":
        missing = [symbol for symbol in writer.node["symbols"] if symbol not in reader.node["symbols"]]
        if missing and "default" not in reader.node:
            yield f"{here}: the symbol {missing[0]} was written, is not known and there is no default"
    elif reader.kind == "fixed":
        if reader.node["size"] != writer.node["size"]:
            yield f"{here}: the size changed from {writer.node['size']} to {reader.node['size']}"
        yield from decimal_mismatches(reader.node, writer.node, here)
    elif pair not in seen:
        yield from field_mismatches(reader, writer, path, seen | {pair})


def field_mismatches(reader: Side, writer: Side, path: str, seen: Seen) -> Iterator[str]:
    """Each field that is read: from the same name, else an alias, else its default."""
    written = {field["name"]: field for field in writer.node["fields"]}
    for field in reader.node["fields"]:
        where = f"{path}.{field['name']}".lstrip(".")
        names = (field["name"], *field.get("aliases", ()))
        source = next((written[name] for name in names if name in written), None)
        if source is not None:
            yield from mismatches(reader.at(field["type"]), writer.at(source["type"]), where, seen)
        elif "default" not in field:
            yield f"{where}: it was not written and has no default"


def decimal_mismatches(reader: Any, writer: Any, here: str) -> Iterator[str]:
    """A decimal's places are frozen: the same bytes would mean another number."""
    places = [
        (node.get("precision"), node.get("scale", 0))
        if isinstance(node, dict) and node.get("logicalType") == "decimal"
        else None
        for node in (reader, writer)
    ]
    if places[0] != places[1]:
        yield f"{here}: the precision or scale of a decimal changed"


def incompatible(versions: Sequence[tuple[str, Any]], full: bool) -> list[str]:
    """What is wrong between the versions of one subject, oldest first; `full`: old readers count too."""
    found: list[str] = []
    for (old_name, old), (new_name, new) in combinations(versions, 2):
        found += [f"{new_name} cannot read {old_name}: {why}" for why in unreadable(new, old)]
        if full:
            found += [f"{old_name} cannot read {new_name}: {why}" for why in unreadable(old, new)]
    return found


def lint(document: Any) -> list[str]:
    """What the hub asks of every schema beyond what Avro allows."""
    found: list[str] = []
    if not document.get("namespace") and "." not in document.get("name", ""):
        found.append("it has no namespace")
    if not document.get("doc"):
        found.append("it has no doc")
    if document.get("feed"):
        found += undescribed(document)
    for name in _names(document):
        if concept := refuse(name):
            found.append(f"{name} is {concept}, which the hub refuses to hold")
    schema = parsed(document)
    found += dict.fromkeys(structure(schema, 1, ()))
    return found


def _names(node: Any) -> Iterator[str]:
    """Every name of a field, an alias of one, or a word of an enumeration."""
    if isinstance(node, dict):
        for field in node.get("fields", ()):
            yield from (str(each) for each in (field.get("name", ""), *field.get("aliases", ())))
        yield from map(str, node.get("symbols", ()))
        for child in node.values():
            yield from _names(child)
    elif isinstance(node, list):
        for child in node:
            yield from _names(child)


def undescribed(document: Any) -> Iterator[str]:
    """A department's fields each say what they mean and how they are classified.

    The hub's own events hold pseudonyms at most, so there it is enough that the event says what it is.
    """
    for field in document["fields"]:
        inner = field["type"]
        if isinstance(inner, dict) and inner.get("type") == "record":
            for item in inner["fields"]:
                for said in ("doc", "classification"):
                    if not item.get(said):
                        yield f"{field['name']}.{item['name']} has no {said}"


def structure(side: Side, depth: int, above: tuple[str, ...]) -> Iterator[str]:
    """Recursion, depth, enumerations without a default, local time."""
    side = side.at(side.node)
    if depth > DEPTH_MAX:
        yield f"it is deeper than {DEPTH_MAX} levels"
        return
    if side.kind in ("record", "error"):
        if side.node["name"] in above:
            yield f"{side.short} contains itself"
            return
        above = (*above, side.node["name"])
    if side.kind == "enum" and "default" not in side.node:
        yield f"the enumeration {side.short} has no default"
    if isinstance(side.node, dict) and str(side.node.get("logicalType", "")).startswith("local-timestamp"):
        yield "it holds a local timestamp: a moment without its place"
    for node in inner_types(side):
        yield from structure(side.at(node), depth + (0 if side.kind == "union" else 1), above)


def inner_types(side: Side) -> list[Any]:
    """The types directly inside."""
    match side.kind:
        case "union":
            return list(side.node)
        case "record" | "error":
            return [field["type"] for field in side.node["fields"]]
        case "array":
            return [side.node["items"]]
        case "map":
            return [side.node["values"]]
    return []
