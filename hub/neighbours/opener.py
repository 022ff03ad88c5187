"""Opens the letters of one neighbour, and verifies each of them once, however many feeds read it.

A letter is known by the digest of its bytes: one that was exchanged for another between two feeds
is another letter, and is verified too.
"""

from collections.abc import Sequence
from typing import NamedTuple

from hub.domain.days import Day
from hub.domain.notices import ANSWER, KINDS, Notice
from hub.errors import UnreadableSourceError
from hub.neighbours import Letter, digest, notices_of, read
from hub.signing import Verifier

REMEMBERED_MAX = 20_000
"""Letters that were verified and are remembered; at more, all are forgotten and verified anew."""


class Head(NamedTuple):
    """What a verified letter says besides its notices."""

    name: str
    number: int
    day: Day
    seen: int
    kinds: frozenset[str]
    """The feeds that read it: that of answers reads each, so that none is read by nobody."""
    tells: bool
    """Whether it holds any notice: one without asks for no answer."""


class Opener:
    """Letters from a sender to a receiver, by their division codes."""

    __slots__ = ("_known", "_receiver", "_sender", "_verifier")

    def __init__(self, sender: str, receiver: str, verifier: Verifier) -> None:
        self._sender, self._receiver, self._verifier = sender, receiver, verifier
        self._known: dict[str, Head] = {}

    def head(self, content: bytes) -> Head:
        """The head of a letter; UnreadableSourceError for one that is not from this sender to this receiver."""
        key = digest(content)
        found = self._known.get(key)
        if found is None:
            found = _head(read(content, self._sender, self._receiver, self._verifier))
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            self._known[key] = found
        return found

    def notices(self, content: bytes) -> Sequence[Notice]:
        """The notices of a letter; refuses what `head` refuses."""
        self.head(content)
        return notices_of(content)


def _head(letter: Letter) -> Head:
    kinds = frozenset((ANSWER, *(notice.kind for notice in letter.notices)))
    if not kinds <= set(KINDS):
        # Nothing is skipped in silence: it waits until this hub knows the kind.
        raise UnreadableSourceError(
            "it tells of a kind of notice that this hub does not know", problem="bad-letter"
        )
    return Head(letter.name, letter.number, letter.day, letter.seen, kinds, bool(letter.notices))
