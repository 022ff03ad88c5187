"""Which encoding a text file is in: by what proves it, never by a guess that is not told.

A byte-order mark proves it. So does a whole file that is UTF-8, since other
encodings hardly ever are by chance. GB18030 proves nothing by decoding, as nearly
every pair of high bytes is a character of it: then nine characters in ten have to be common ones, and must
not be Hangul when read as EUC-KR.
"""

import codecs
from pathlib import Path
from typing import NamedTuple

from hub.connect.contracts import AUTO
from hub.connect.sources import open_bytes
from hub.errors import UnreadableSourceError

__all__ = ["AUTO", "Detected", "detect"]
SAMPLE_BYTES = 4 << 20
COMMON_MIN = 0.9
ZEROS_MIN = 0.3
HANGUL = ("\uac00", "\ud7a3")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip


class Detected(NamedTuple):
    """An encoding, and what shows it."""

    encoding: str
    why: str


def detect(path: Path) -> Detected:
    """The encoding of a text file; UnreadableSourceError if nothing proves any."""
    with open_bytes(path) as stream:
        sample = stream.read(SAMPLE_BYTES)
        whole = not stream.read(1)
    for mark, encoding in MARKS:
        if sample.startswith(mark):
            return Detected(encoding, "its byte-order mark")
    if (zeros := _zeros(sample)) is not None:
        return Detected(zeros, "zero bytes between its characters")
    if _text(sample, "utf-8", whole=whole) is not None:
        return Detected("utf-8", "all of it is UTF-8" if not sample.isascii() else "all of it is ASCII")
    text = _text(sample, "gb18030", whole=whole)
    wide = [c for c in text or "" if not c.isascii()]
    if wide and _korean(sample, whole=whole):
        raise UnreadableSourceError(
            f"{path.name}: its encoding cannot be told: it reads as Korean in EUC-KR as well as Chinese in GB18030; "
            "name it in the contract",
            problem="wrong-encoding",
        )
    if wide and sum(map(_common, wide)) >= COMMON_MIN * len(wide):
        return Detected("gb18030", "it is no UTF-8, and reads as common Chinese characters")
    raise UnreadableSourceError(
        f"{path.name}: its encoding cannot be told: it is neither UTF-8 nor Chinese in GB18030; name it in the contract",
        problem="wrong-encoding",
    )


def _text(sample: bytes, encoding: str, *, whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(sample, final=whole)
    except UnicodeDecodeError:
        return None


def _korean(sample: bytes, *, whole: bool) -> bool:
    """Hangul in EUC-KR has the bytes of common Chinese characters, which hardly ever all lie in its range."""
    wide = [c for c in _text(sample, "euc_kr", whole=whole) or "" if not c.isascii()]
    return bool(wide) and sum(HANGUL[0] <= c <= HANGUL[1] for c in wide) >= COMMON_MIN * len(wide)


def _zeros(sample: bytes) -> str | None:
    """UTF-16 without its mark shows in plain text by zeros on one side of each pair."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    needed = ZEROS_MIN * len(sample) / 2
    if len(sample) < 4 or max(even, odd) < needed or min(even, odd) > needed / 10:
        return None
    found = "utf-16-le" if odd > even else "utf-16-be"
    return found if _text(sample, found, whole=False) is not None else None


def _common(character: str) -> bool:
    try:
        return bool(character.encode("gb2312"))
    except UnicodeEncodeError:
        return False
