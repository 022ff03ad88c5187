"""The inbox: what a department posts becomes a file in a folder, whole and on disk before anybody is told so.

From there it is a drop like any other. A batch is known by the sender's own key: under `keys` stands
which content came under it and what its file is called, written before the file gets its name. So a
process that dies at any moment has either promised nothing, or kept what it promised; whoever
posts the same again is answered the same, and gets the file finished that was not.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import IO
from uuid import uuid4

import msgspec

from hub.connect.contracts import Feed
from hub.connect.cut import CUTS
from hub.connect.drops import Folder
from hub.connect.rows import HeadingReport, Row, wanted
from hub.connect.sources import delimited, jsonl
from hub.errors import InboxFullError, InProgressError, KeyReusedError

PART = ".part-"
KEYS = ".keys"
WAITING_MAX = 1_000
FREE_BYTES_MIN = 1 << 30
ZONE = timezone(timedelta(hours=8))
"""A batch counts as published on the day it came, by China's one clock."""


class Kept(msgspec.Struct, frozen=True):
    """What is remembered of a batch: a digest of its content, and its file's name."""

    digest: str
    drop: str


class Upload:
    """Bytes on their way in, under a name that nobody reads until they are accepted."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{PART}{uuid4().hex}"
        self._file: IO[bytes] = self.path.open("xb")
        self._sum = hashlib.sha256()
        self.size = 0

    def add(self, piece: bytes) -> None:
        """The next piece."""
        self._file.write(piece)
        self._sum.update(piece)
        self.size += len(piece)

    def done(self) -> str:
        """All of it is on disk; its digest."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._sum.hexdigest()

    def discard(self) -> None:
        """Forget it, unless it was accepted."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class Inbox:
    """The folder of one feed, as the one process sees it that takes batches."""

    def __init__(self, feed: Feed, folder: Path, finished: Callable[[str], Collection[str]]) -> None:
        """`finished` says with which drops of a feed ingestion is done."""
        self.feed, self.folder, self._wanted = feed, folder, wanted(feed).keys()
        self._finished = finished
        self._keys = folder / KEYS
        self._claimed: set[str] = set()
        self._keys.mkdir(parents=True, exist_ok=True)
        for left in (*folder.glob(f"{PART}*"), *self._keys.glob(f"{PART}*")):
            left.unlink()

    def batch_of(self, key: str) -> str:
        """The name under which the hub knows a sender's key."""
        return hashlib.sha256(f"{self.feed.name}\x1f{key}".encode()).hexdigest()[:32]

    def upload(self) -> Upload:
        """A place for a body; InboxFullError where there is no room."""
        names = {path.name for path in self.folder.iterdir() if not path.name.startswith(".")}
        if len(names) >= WAITING_MAX and len(names.difference(self._finished(self.feed.name))) >= WAITING_MAX:
            raise InboxFullError(f"{WAITING_MAX:,} batches wait to be read", retry_after=600)
        if shutil.disk_usage(self.folder).free < FREE_BYTES_MIN:
            raise InboxFullError("there is no room on the disk", retry_after=3_600)
        return Upload(self.folder)

    @contextmanager
    def claim(self, batch: str) -> Iterator[bool]:
        """Whether this request is the only one about a batch, as long as it lasts."""
        mine = batch not in self._claimed
        self._claimed.add(batch)
        try:
            yield mine
        finally:
            if mine:
                self._claimed.discard(batch)

    def accept(self, upload: Upload, batch: str, suffix: str, now: datetime) -> Kept:
        """Make an upload a drop; what is returned may be promised."""
        digest = upload.done()
        kept = self.kept(batch)
        if kept is None:
            # In the order in which batches came, and never twice the same.
            name = f"{now.astimezone(ZONE):%Y-%m-%dT%H%M%S.%f}-{batch[:12]}{suffix}"
            kept = Kept(digest, name)
            self._remember(batch, kept)
        elif kept.digest != digest or not kept.drop.endswith(suffix):
            raise KeyReusedError("another content came under this key before")
        if not (self.folder / kept.drop).exists():
            self._place(upload, kept)
        return kept

    def kept(self, batch: str) -> Kept | None:
        """What is remembered of a batch."""
        try:
            return msgspec.json.decode((self._keys / batch).read_bytes(), type=Kept)
        except FileNotFoundError:
            return None

    def holds(self, kept: Kept) -> bool:
        """Whether a batch that is remembered was ever promised."""
        return (self.folder / kept.drop).exists()

    def _remember(self, batch: str, kept: Kept) -> None:
        written = Upload(self._keys)
        written.add(msgspec.json.encode(kept))
        written.done()
        written.path.rename(self._keys / batch)
        _sync(self._keys)

    def _place(self, upload: Upload, kept: Kept) -> None:
        drop = self.folder / kept.drop
        written = Upload(self.folder)
        try:
            CUTS[drop.suffix](upload.path, written, self._wanted, self.feed.delimiter)
            written.done()
            written.path.rename(drop)
        finally:
            written.discard()
        _sync(self.folder)

    def clear(self, before: datetime) -> int:
        """Take away what ingestion is done with and that came before a moment; how many batches those were."""
        cleared, finished = 0, set(self._finished(self.feed.name))
        for path in sorted(self._keys.iterdir()):
            kept = self.kept(path.name)
            if kept is None or kept.drop >= f"{before.astimezone(ZONE):%Y-%m-%dT%H%M%S}":
                continue
            if kept.drop in finished:
                (self.folder / kept.drop).unlink(missing_ok=True)
                path.unlink()
                cleared += 1
        return cleared


def _sync(folder: Path) -> None:
    """A name is on disk once its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def in_progress() -> InProgressError:
    """The same batch is being taken just now."""
    return InProgressError("the same batch is being taken just now", retry_after=5)


def folder_of(data: Path, feed: str) -> Path:
    """Where the batches of a feed lie."""
    return data / "inbox" / feed


def connector(feed: Feed, data: Path) -> Folder:
    """What a department posted, as drops."""
    return Folder(feed, folder_of(data, feed.name), tuple(CUTS), read)


def read(path: Path, feed: Feed) -> tuple[HeadingReport, Iterator[Row]]:
    """The rows of a batch, in the form in which it was posted."""
    if path.suffix == ".jsonl":
        return jsonl.read(path, feed)
    return delimited.read(path, replace(feed, encoding="utf-8"))
