"""Serial numbers that were passed over: certificates are numbered one after the other and issued from blocks.

A number that never came although those around it did is one that was spoilt, lost, or issued and not told of.
Which of these it was is the department's to answer; the number names nobody.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from hub.domain.days import Day
from hub.domain.watching import MISSING, Found, Watched
from hub.domain.watching import thresholds as t

SERIAL = re.compile(r"([A-Z])([0-9]{9})")
"""A medical birth certificate's number: one letter and nine digits."""
BLOCK = 50


class Block(NamedTuple):
    """Fifty numbers one after the other: which came (one bit each), and when the last of them did."""

    first: str
    """The first number of the block, whether it came or not."""
    came: int
    last_on: Day


def place_of(key: str) -> tuple[str, int] | None:
    """The first number of a key's block and the key's place in it; None for a key that is no serial number."""
    found = SERIAL.fullmatch(key)
    if found is None:
        return None
    block, place = divmod(int(found[2]), BLOCK)
    return f"{found[1]}{block * BLOCK:09d}", place


def missing(block: Block) -> list[int]:
    """The places that were passed over: between the first and the last that came."""
    low, high = (block.came & -block.came).bit_length() - 1, block.came.bit_length()
    return [place for place in range(low, high) if not block.came >> place & 1]


def passed_over(seen: Watched) -> Iterator[Found]:
    """Blocks that are in use in order, with numbers that have not come long after those around them."""
    for block in seen.blocks:
        gaps = missing(block)
        used = block.came.bit_count()
        if (
            gaps
            and used >= t.SERIALS_MIN.value
            and used >= t.SERIALS_SHARE.value * (used + len(gaps))
            and seen.today - block.last_on > t.SERIALS_DAYS.value
        ):
            names = ", ".join(f"{block.first[0]}{int(block.first[1:]) + place:09d}" for place in gaps)
            yield Found(MISSING, block.first, {"missing": len(gaps), "used": used}, names)
