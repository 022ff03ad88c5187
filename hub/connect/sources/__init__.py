"""Generic sources: files and tables of one shape each, read row by row within bounds.

Only cells under headings that the contract names are kept: an unknown column
is reported and forgotten, a forbidden one never leaves its file. Whatever is
wrong with a file as a whole is an UnreadableSourceError, so the next drop goes on;
what only cannot be reached just now is a SourceUnavailableError, and nothing is
marked as read.
"""

import gzip
import hashlib
import zlib
from pathlib import Path
from typing import IO, cast

from hub.errors import SourceUnavailableError, UnreadableSourceError

CELL_CHARACTERS_MAX = 1 << 20
BROKEN_FILE = (OSError, EOFError, zlib.error)


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked if its name says that it is gzipped."""
    return cast(IO[bytes], gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def fingerprint(path: Path) -> str:
    """Tells whether a file still holds what it held; a disk that does not answer may later."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=12)).hexdigest()
    except PermissionError:
        return "unreadable"
    except OSError as error:
        raise SourceUnavailableError(f"{path.name} cannot be read now") from error


def refuse_empty(path: Path) -> None:
    """A department that has nothing to say sends no file: an empty one is a failed export."""
    if path.stat().st_size == 0:
        raise UnreadableSourceError(f"{path.name} is empty", problem="empty-file")
