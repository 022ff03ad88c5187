"""A model as a file: written, named after what it holds, and read again with suspicion.

The version of a learnt model is taken from its content, so two models of one
name are one model, and learning again from the same records changes nothing.
"""

import hashlib
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from hub.errors import SettingsError
from hub.matching.comparisons import COMPARISONS
from hub.matching.model import Model

FORMAT = 1
"""Raised when a document means something else than before; what has none is of the first."""
DOCUMENT_BYTES_MAX = 16 << 20
PACKED_BYTES_MAX = 960 << 10
"""What an event has room for."""
VERSION_MAX = 64


class LevelWeight(NamedTuple):
    """What one level of one comparison weighs, and why: how often people and strangers agree so."""

    comparison: str
    level: str
    m: float | None
    u: float | None
    weight: float
    counted: bool
    """Equality of a rare value weighs more than this, of a common one less."""


def named(document: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The document under a version that follows from all it says."""
    plain = {name: value for name, value in document.items() if name != "version"} | {"format": FORMAT}
    digest = hashlib.sha256(msgspec.json.encode(plain, order="deterministic")).hexdigest()
    return {"version": f"{prefix}-{digest[:12]}", **plain}


def written(document: Mapping[str, Any]) -> bytes:
    """The document as a file holds it."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def read_model(content: bytes) -> Model:
    """The model in a file; SettingsError where there is none that works."""
    if len(content) > DOCUMENT_BYTES_MAX:
        raise SettingsError(f"a model has at most {DOCUMENT_BYTES_MAX >> 20} MiB")
    try:
        document = msgspec.json.decode(content, type=dict[str, Any])
        if document.get("format", FORMAT) != FORMAT:
            raise SettingsError(f"this hub reads models of format {FORMAT}")
        model = Model(document)
        level_weights(model)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SettingsError(f"not a model that the hub can read ({type(error).__name__})") from None
    if not 0 < len(model.version) <= VERSION_MAX:
        raise SettingsError(f"a model's version has 1 to {VERSION_MAX} characters")
    if not model.veto < model.review <= model.link:
        raise SettingsError("a model's bands must lie as veto < review <= link")
    return model


def packed(content: bytes) -> bytes:
    """A model's file as an event holds it; SettingsError where it is too large for one."""
    found = zlib.compress(content, 9)
    if len(found) > PACKED_BYTES_MAX:
        raise SettingsError(
            f"the model is larger than an event may be ({PACKED_BYTES_MAX >> 10} KiB, packed): "
            "learn it from fewer records"
        )
    return found


def unpacked(content: bytes) -> bytes:
    """A model's file from an event; never more than a model may have."""
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(content, DOCUMENT_BYTES_MAX)
    except zlib.error:
        raise SettingsError("the model cannot be unpacked") from None
    if not unpacking.eof:
        raise SettingsError("the model is cut off, or larger than one may be")
    return found


def level_weights(model: Model) -> list[LevelWeight]:
    """Every level of every comparison the model makes, in the order they are asked."""
    found = []
    for name, levels in model.document["levels"].items():
        c = COMPARISONS[name]
        weights = model.level_weights(name)
        for index, level in enumerate(c.levels):
            said = levels[level]
            learnt = isinstance(said, dict)
            counted = learnt and bool(c.counted) and index < c.counted_levels
            found.append(LevelWeight(
                name, level, said["m"] if learnt else None, said["u"] if learnt else None,
                weights[index], counted,
            ))  # fmt: skip
    return found
