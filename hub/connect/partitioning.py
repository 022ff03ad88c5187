"""Which partition a record goes to: that of its birth date, so that records of one person meet.

The date is hidden behind a keyed pseudonym, and a record stays where its first
version went, whatever later ones say: only so are its versions read in order.
Where dates of one person differ her records lie apart; whoever decides on
several partitions at once finds them (`hub.processing.sharing`).
"""

import hmac
from collections.abc import Mapping

from hub.log import partition_of
from hub.matching.normalise import day
from hub.matching.numbers import canonical_number

BIRTH = slice(6, 14)
"""Where an identity number of 18 places has the birth date."""


def home_of(key: bytes, record_id: str, attributes: Mapping[str, str], partitions: int) -> int:
    """The partition for the first version of a record, by what it says of its person."""
    born = day(attributes.get("birth_date", "")) or canonical_number(attributes.get("number", ""))[BIRTH]
    hidden = hmac.digest(key, f"born\x1f{born}".encode(), "sha256")[:12].hex()
    return partition_of(hidden if born else record_id, partitions)
