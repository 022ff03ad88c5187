"""What people write down may be read by many and is kept for ever: so it names records, and no person.

Nobody can tell every name from a word. Numbers of people and of their phones
can be told, and so can what the hub refuses to hold.
"""

import re
import unicodedata

from hub.domain.forbidden import refuse

NUMBERS = {
    "an identity number": re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|[0-9]{15})(?![0-9A-Za-z])"),
    "a telephone number": re.compile(r"(?<![0-9A-Za-z])(?:\+?86)?1[3-9][0-9]{9}(?![0-9A-Za-z])"),
}
SPACED = re.compile(r"(?<=[0-9])[ -]+(?=[0-9Xx])")


def why_refused(text: str) -> str | None:
    """Why a text is not kept, as the end of a sentence that begins with what it is; None where it may be."""
    if concept := refuse(text):
        return f"speaks of {concept}, which the hub refuses to hold: say it without"
    plain = unicodedata.normalize("NFKC", text)
    for name, pattern in NUMBERS.items():
        if pattern.search(plain) or pattern.search(SPACED.sub("", plain)):
            return f"holds what looks like {name}: name the record by feed and key instead"
    return None
