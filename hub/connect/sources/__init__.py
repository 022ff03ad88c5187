"""Generic sources: files and tables of one shape each, read row by row within bounds.

Only cells under headings that the contract names are kept: an unknown column
is reported and forgotten, a forbidden one never leaves its file. Whatever is
wrong with a file as a whole is an UnreadableSourceError, so the next drop goes on.
"""

import gzip
import zlib
from pathlib import Path
from typing import IO, cast

CELL_CHARACTERS_MAX = 1 << 20
BROKEN_FILE = (OSError, EOFError, zlib.error)


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked if its name says that it is gzipped."""
    return cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
