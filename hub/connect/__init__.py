"""Connectors: how a department's files and tables become records of a feed.

A connector is a page: what it reads, how it resumes, what a row means. The
loop, the limits, the receipts and the cursors belong to `ingest`.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol, cast

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row
from hub.domain.days import Day


class Drop(NamedTuple):
    """One delivery: a file or table that is complete, and the day it was published."""

    name: str
    day: Day
    changes: bool = False
    """Whether it is kept up to date under its name; a dated drop is corrected by a later one."""


class Stray(NamedTuple):
    """What lies among the drops and is none, and why."""

    name: str
    why: str
    code: str = "stray-file"


class Connector(Protocol):
    """What ingestion asks of a source system."""

    @property
    def feed(self) -> Feed:
        """The feed it publishes."""

    def drops(self) -> Iterator[Drop]:
        """Every drop that lies there, read before or not: ingestion knows which are new."""

    def strays(self) -> Iterator[Stray]:
        """What lies there and is not read: it is told to the department, not to the log."""

    def fingerprint(self, drop: Drop) -> str:
        """Tells whether a drop still holds what it held when it was read or refused."""

    def read(self, drop: Drop) -> tuple[HeadingReport, Iterator[Row]]:
        """The headings' report and the rows, each time in the same order.

        UnreadableSourceError if it cannot be read at all, SourceUnavailableError if not now.
        """


class Stream(Connector, Protocol):
    """A connector over what never ends, such as a topic: it cuts its drops where ingestion had come to."""

    def resume(self, begun: Mapping[str, bool], held: int) -> None:
        """Be told, before `drops`, which drops were begun and whether they are done, and how many records stand."""


def stream_of(connector: Connector) -> Stream | None:
    """The connector as a stream, if it is one."""
    return cast(Stream, connector) if hasattr(connector, "resume") else None
