"""Letters between the hubs of two counties: numbered, signed, each at most once.

A letter holds notices (`hub.domain.notices`), nothing an agreement does not name. Its number follows
that of the last letter to the same neighbour, so a lost one is missed and a second copy is passed
over. It is a file: whatever carries files carries letters.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from hub.domain.days import Day, day_of, iso
from hub.domain.notices import Notice
from hub.errors import UnreadableSourceError
from hub.signing import Signer, Verifier

NOTICES_MAX = 500
LETTER_BYTES_MAX = 1 << 20
FORM = "county-letter/1"


class Letter(NamedTuple):
    """What one county tells another: counties by their division codes."""

    sender: str
    receiver: str
    number: int
    day: Day
    seen: int
    """The number of the receiver's letters up to which all were read here."""
    notices: Sequence[Notice]

    @property
    def name(self) -> str:
        """The name of its file."""
        return name_of(self.sender, self.receiver, self.number)


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    """How a letter is written; what is signed is everything but the signature."""

    form: str
    sender: str
    receiver: str
    number: int
    day: str
    seen: int
    notices: list[tuple[str, str, dict[str, str | int] | None]]
    signature: str = ""


def write(letter: Letter, signer: Signer) -> bytes:
    """The bytes of a letter: the same letter is the same bytes."""
    said = [(n.kind, n.key, None if n.fields is None else dict(n.fields)) for n in letter.notices]
    written = _Written(
        FORM, letter.sender, letter.receiver, letter.number, iso(letter.day), letter.seen, said
    )
    written.signature = base64.b64encode(signer.sign(_signed(written))).decode()
    return msgspec.json.encode(written, order="deterministic") + b"\n"


def read(content: bytes, sender: str, receiver: str, verifier: Verifier) -> Letter:
    """A letter from its bytes; UnreadableSourceError for one that is not from this sender to this receiver."""
    if len(content) > LETTER_BYTES_MAX:
        raise UnreadableSourceError("the letter is larger than one may be", problem="file-too-large")
    try:
        written = msgspec.json.decode(content, type=_Written)
        day = day_of(written.day)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        raise UnreadableSourceError("it is no letter", problem="bad-letter") from None
    if written.form != FORM or len(written.notices) > NOTICES_MAX:
        raise UnreadableSourceError(f"it is no letter of the form {FORM}", problem="bad-letter")
    if not _signed_by(verifier, written):
        raise UnreadableSourceError(f"{sender} did not sign it", problem="wrong-signature")
    if (written.sender, written.receiver) != (sender, receiver):
        raise UnreadableSourceError(f"it is not from {sender} to {receiver}", problem="wrong-signature")
    return Letter(sender, receiver, written.number, day, written.seen, _notices(written))


def notices_of(content: bytes) -> list[Notice]:
    """The notices of a letter of our own, as the log kept it."""
    return _notices(msgspec.json.decode(content, type=_Written))


def name_of(sender: str, receiver: str, number: int) -> str:
    """The name of a letter's file."""
    return f"{sender}-{receiver}-{number:08d}.json"


def number_of(name: str) -> int:
    """The number in a letter's name."""
    return int(name.removesuffix(".json").rpartition("-")[2])


def digest(content: bytes) -> str:
    """What the log remembers a letter by."""
    return hashlib.sha256(content).hexdigest()


def _notices(written: _Written) -> list[Notice]:
    return [Notice(*each) for each in written.notices]


def _signed_by(verifier: Verifier, written: _Written) -> bool:
    try:
        signature = base64.b64decode(written.signature, validate=True)
    except ValueError:
        return False
    return verifier.fits(signature, _signed(written))


def _signed(written: _Written) -> bytes:
    unsigned: dict[str, Any] = msgspec.structs.asdict(written)
    del unsigned["signature"]
    return msgspec.json.encode(unsigned, order="sorted")
