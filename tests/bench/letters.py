"""What verifying each letter once saves: one round of reading by all feeds, against an opener that forgets.

Run it: `python tests/bench/letters.py [LETTERS]`.
"""

import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.connect.odcs import load_contracts
from hub.domain.days import day_of
from hub.domain.notices import KINDS, RESIDENCE, Notice, feed_of
from hub.neighbours import Letter, write
from hub.neighbours.inbox import Inbox, Sender, answered, seen
from hub.neighbours.opener import Head, Opener
from hub.signing import Signer

HERE, THERE = "990101", "990202"
NOTICES = 500
FIELDS = {
    "name": "王芳",
    "sex": "female",
    "birth_date": "1990-01-02",
    "number": "990202199001020017",
    "place": "990202101201",
}
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(b"a" * 32))


class Forgetful(Opener):
    """Verifies at every reading, as was done before."""

    __slots__ = ()

    def head(self, content: bytes) -> Head:
        self._known.clear()
        return super().head(content)


def round_of(folder: Path, opener: Opener) -> float:
    """Seconds in which all feeds read the letters and the answer to them is worked out."""
    feeds = load_contracts(Path(__file__).parents[2] / "schemas" / "contracts")
    sender = Sender(THERE, folder, opener, {kind: set() for kind in KINDS})
    started = time.perf_counter()
    for kind in KINDS:
        inbox = Inbox(feeds[feed_of(kind)], HERE, (sender,))
        list(inbox.strays())
        for drop in list(inbox.drops()):
            inbox.fingerprint(drop)
            list(inbox.read(drop)[1])
    seen(sender, HERE)
    answered(sender, HERE)
    return time.perf_counter() - started


def main(letters: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, day = Path(name), day_of("2024-03-01")
        for number in range(1, letters + 1):
            notices = [Notice(RESIDENCE, f"{number}-{n}", FIELDS) for n in range(NOTICES)]
            letter = Letter(THERE, HERE, number, day, 0, notices)
            (folder / letter.name).write_bytes(write(letter, SIGNER))
        before = min(round_of(folder, Forgetful(THERE, HERE, SIGNER.verifier)) for _ in range(3))
        once = min(round_of(folder, Opener(THERE, HERE, SIGNER.verifier)) for _ in range(3))
    print(
        f"{letters} letters of {NOTICES}: verified at each reading {before:.2f} s, once {once:.2f} s, {before / once:.1f}x"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 100)
