"""Schemas that may be read: whatever bytes come, reading them stays short and small.

A schema may come from outside, out of a registry or the log's own topic, and
the reader follows it blindly. So it is looked at once, when it is learnt:

- no type contains itself, and nothing lies deeper than `DEPTH_MAX` levels: a
  few kilobytes cannot nest until the interpreter dies;
- every value takes at least one byte (null stands in unions only, where its
  branch is written; records have fields), so a payload of one MiB holds at
  most about a million of them, whatever count it claims.
"""

from collections.abc import Mapping
from typing import Any

from hub.errors import SchemaMismatchError

DEPTH_MAX = 100
SCHEMA_BYTES_MAX = 1 << 20
PRIMITIVES = frozenset(["boolean", "int", "long", "float", "double", "bytes", "string"])
LOOSE = frozenset(["boolean", "enum"])
"""Types of which the reader takes more bytes than the writer writes: any odd byte is true."""


class Kinds:
    """What one schema is made of; SchemaMismatchError where it may not be read."""

    def __init__(self, parsed: Any) -> None:
        self.found: set[str] = set()
        self._heights: dict[str, int] = {}
        self._open: set[str] = set()
        self._height(parsed, 1)

    @property
    def is_loose(self) -> bool:
        """Whether bytes that no writer writes could be read with it."""
        return not self.found.isdisjoint(LOOSE)

    def _height(self, node: Any, level: int) -> int:
        """How many levels this adds below the one it stands on."""
        if level > DEPTH_MAX:
            raise SchemaMismatchError(f"the schema is deeper than {DEPTH_MAX} levels")
        match node:
            case list():
                branches = [branch for branch in node if not _is_null(branch)]
                return max((self._height(branch, level) for branch in branches), default=0)
            case Mapping():
                return self._complex(node, level)
            case str() if node in PRIMITIVES:
                self.found.add(node)
                return 1
            case str() if node in self._open:
                raise SchemaMismatchError("the schema contains itself")
            case str() if node in self._heights:
                if level + self._heights[node] > DEPTH_MAX:
                    raise SchemaMismatchError(f"the schema is deeper than {DEPTH_MAX} levels")
                return self._heights[node]
        raise SchemaMismatchError("the schema holds values that take no bytes, or types nobody knows")

    def _complex(self, node: Mapping[str, Any], level: int) -> int:
        match node.get("type"):
            case "record" | "error":
                return self._record(node, level)
            case "array":
                return 1 + self._height(node["items"], level + 1)
            case "map":
                return 1 + self._height(node["values"], level + 1)
            case "enum":
                self.found.add("enum")
            case "fixed" if node["size"] > 0:
                self.found.add("fixed")
            case inner:
                return self._height("null" if inner == "fixed" else inner, level)
        self._heights[node["name"]] = 1
        return 1

    def _record(self, node: Mapping[str, Any], level: int) -> int:
        name = node["name"]
        if not node["fields"]:
            raise SchemaMismatchError("the schema holds a record without fields")
        self._open.add(name)
        self._heights[name] = 1 + max(self._height(field["type"], level + 1) for field in node["fields"])
        self._open.remove(name)
        return self._heights[name]


def _is_null(node: Any) -> bool:
    return node == "null" or (isinstance(node, Mapping) and node.get("type") == "null")
