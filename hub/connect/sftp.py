"""A folder on an SFTP server as drops: dated files, complete when their marker says so, fetched one at a time.

The server must be known by its key; a file is told apart by size and time of change, and is on
this machine only while it is read, in a folder of its owner's.
"""

import asyncio
import hashlib
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import asyncssh

from hub.connect import Drop, Stray
from hub.connect.contracts import Feed
from hub.connect.drops import CHECKSUM, DATED, HIDDEN, Reader, check_sum, day_of_name
from hub.connect.rows import HeadingReport, Row
from hub.errors import SettingsError, SourceUnavailableError, UnreadableSourceError

WAIT_SECONDS = 30
FETCH_SECONDS = 3_600
FILES_MAX = 100_000
BROKEN = (OSError, asyncssh.Error, TimeoutError)


class Server(NamedTuple):
    """Where a folder lies, and who may enter."""

    host: str
    port: int
    user: str
    folder: str
    key_file: str
    known_hosts: str


@dataclass(slots=True, eq=False)
class Remote:
    """A connector over a folder of dated files on an SFTP server."""

    feed: Feed
    server: Server
    suffixes: tuple[str, ...]
    reader: Reader
    marker: str = ""
    _files: dict[str, tuple[int, int]] = field(default_factory=dict)

    def drops(self) -> Iterator[Drop]:
        """All dated files of the format that are complete; one in whose place nobody answers is tried later."""
        self._files = self._run(self._listed)
        for name in sorted(self._files):
            day = day_of_name(name)
            if day is not None and self._fits(name) and self._is_complete(name):
                yield Drop(name, day)

    def strays(self) -> Iterator[Stray]:
        """Files without a day, of another format, or not complete yet."""
        self._files = self._run(self._listed)
        for name in sorted(self._files):
            if self.marker and name.endswith(self.marker):
                continue
            if not self._fits(name) or DATED.match(name) is None:
                yield Stray(
                    name[:128], f"not a file named YYYY-MM-DD… and ending in {' or '.join(self.suffixes)}"
                )
            elif not self._is_complete(name):
                yield Stray(
                    name[:128], f"there is no {name[:128]}{self.marker} beside it yet", "incomplete-drop"
                )

    def fingerprint(self, drop: Drop) -> str:
        """Of size and time of change, and of the marker's."""
        said = (self._files.get(drop.name), self._files.get(drop.name + self.marker) if self.marker else None)
        return hashlib.blake2b(repr(said).encode(), digest_size=12).hexdigest()

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """The rows of one file."""
        folder = tempfile.TemporaryDirectory(prefix="hub-sftp-")
        path = Path(folder.name) / drop.name
        names = [drop.name, drop.name + CHECKSUM] if self.marker == CHECKSUM else [drop.name]
        try:
            self._run(lambda sftp: self._fetched(sftp, names, path.parent), FETCH_SECONDS)
            if self.marker == CHECKSUM:
                check_sum(path, path.with_name(path.name + CHECKSUM))
            report, rows = self.reader(path, self.feed)
        except BaseException:
            folder.cleanup()
            raise
        return report, _while_read(rows, folder)

    def _fits(self, name: str) -> bool:
        return name.lower().removesuffix(".gz").endswith(self.suffixes)

    def _is_complete(self, name: str) -> bool:
        return not self.marker or name + self.marker in self._files

    async def _listed(self, sftp: Any) -> dict[str, tuple[int, int]]:
        found = {}
        async for entry in sftp.scandir(self.server.folder):
            if not entry.filename.startswith(HIDDEN) and entry.attrs.type == asyncssh.FILEXFER_TYPE_REGULAR:
                found[entry.filename] = (entry.attrs.size or 0, int(entry.attrs.mtime or 0))
            if len(found) > FILES_MAX:
                raise UnreadableSourceError(f"{self.feed.name}: more than {FILES_MAX:,} files in its folder")
        return found

    async def _fetched(self, sftp: Any, names: list[str], into: Path) -> None:
        for name in names:
            await sftp.get(f"{self.server.folder}/{name}", str(into / name))

    def _run(self, work: Callable[[Any], Coroutine[Any, Any, Any]], seconds: int = WAIT_SECONDS) -> Any:
        try:
            return asyncio.run(self._connected(work, seconds))
        except ValueError:
            raise SettingsError(
                f"feeds.{self.feed.name}: key_file or known_hosts holds no key that can be read"
            ) from None
        except BROKEN as error:
            # Not chained: it may quote paths and names of the server.
            raise SourceUnavailableError(
                f"{self.feed.name}: its SFTP server does not give it ({type(error).__name__})"
            ) from None

    async def _connected(self, work: Callable[[Any], Coroutine[Any, Any, Any]], seconds: int) -> Any:
        server = self.server
        async with asyncio.timeout(seconds), asyncssh.connect(
            server.host, server.port, username=server.user, client_keys=[server.key_file],
            known_hosts=server.known_hosts, connect_timeout=WAIT_SECONDS, config=None, agent_path=None,
        ) as connection, connection.start_sftp_client() as sftp:  # fmt: skip
            return await work(sftp)


def _while_read(rows: Iterator[Row], folder: "tempfile.TemporaryDirectory[str]") -> Iterator[Row]:
    with folder:
        yield from rows
