"""HTTP: records of an interface, page by page, asked for again only where something changed.

A page is a JSON list of objects, an object with one such list, or JSON Lines; the next
one is named by a `Link` header or by `next`. An answer of `429` or `503` is waited for as
long as it asks, within bounds. Pages are never kept as they came: only cells under
headings of the contract are, in a file without a name that is gone with the process.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import IO, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import msgspec
import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Retry, Timeout

from hub.connect.contracts import Feed
from hub.connect.rows import HeadingReport, Row, check_headings, wanted
from hub.errors import SourceUnavailableError, UnreadableSourceError

CONNECT_SECONDS, READ_SECONDS = 10, 60
RETRIES = 4
BACKOFF_SECONDS, BACKOFF_SECONDS_MAX = 0.5, 30
PAGE_BYTES_MAX = 64 << 20
PAGES_MAX = 100_000
SPOOL_BYTES_MAX = 8 << 30
NAMES_MAX = 1_000
OK, NOT_MODIFIED = 200, 304
WAIT_FOR = (429, 500, 502, 503, 504)
NEXT = ("next", "next_page", "nextPage", "next_url")
VALIDATORS = {"ETag": "If-None-Match", "Last-Modified": "If-Modified-Since"}


class Seen(msgspec.Struct):
    """What is remembered of one page: how to ask whether it changed, and which follows."""

    conditions: dict[str, str]
    next: str


class State(msgspec.Struct):
    """What is remembered of the last complete fetch; it says nothing about anybody."""

    digest: str
    pages: dict[str, Seen]


class Page(NamedTuple):
    """One answer."""

    status: int
    body: bytes
    seen: Seen


class Fetched(NamedTuple):
    """All pages: what their records say, cut to the contract, and how to ask again."""

    report: HeadingReport
    spool: IO[bytes]
    state: State

    def rows(self) -> Iterator[Row]:
        """The rows, from the first, as often as they are asked for."""
        self.spool.seek(0)
        for line in self.spool:
            yield Row(*msgspec.json.decode(line))


class Client:
    """Asks one interface."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url, self._headers = url, {"Accept": "application/json, application/x-ndjson", **headers}
        retry = Retry(
            total=RETRIES, backoff_factor=BACKOFF_SECONDS, backoff_max=BACKOFF_SECONDS_MAX, status_forcelist=WAIT_FOR,
            retry_after_max=BACKOFF_SECONDS_MAX, raise_on_status=False, redirect=0, raise_on_redirect=False,
        )  # fmt: skip
        self._pool = urllib3.PoolManager(
            retries=retry, timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        )

    def unchanged(self, state: State) -> bool:
        """Whether every page is what it was; an interface that cannot tell says no."""
        url = self._url
        for _ in range(len(state.pages)):
            seen = state.pages.get(url)
            if seen is None or not seen.conditions or self._page(url, seen.conditions).status != NOT_MODIFIED:
                return False
            if not seen.next:
                return True
            url = seen.next
        return False

    def fetch(self, feed: Feed) -> Fetched:
        """All pages in their order."""
        spool = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as its rows are read)
        try:
            return self._fetch(feed, spool)
        except BaseException:
            spool.close()
            raise

    def _fetch(self, feed: Feed, spool: IO[bytes]) -> Fetched:
        digest = hashlib.blake2b(digest_size=12)
        names: dict[str, None] = {}
        state, number, url = State("", {}), 0, self._url
        while url:
            if url in state.pages or len(state.pages) == PAGES_MAX:
                raise UnreadableSourceError(f"{feed.name}: its pages never end")
            page = self._page(url, {})
            state.pages[url] = page.seen
            for record in _records(page.body, feed):
                number += 1
                line = msgspec.json.encode(tuple(_row(number, record, feed, names))) + b"\n"
                digest.update(line)
                spool.write(line)
            if spool.tell() > SPOOL_BYTES_MAX:
                raise UnreadableSourceError(
                    f"{feed.name}: more than is allowed at once", problem="unzips-too-large"
                )
            url = page.seen.next
        state.digest = digest.hexdigest()
        absent = [heading for heading in wanted(feed) if heading not in names]
        return Fetched(check_headings(feed, [*names, *absent]), spool, state)

    def _page(self, url: str, conditions: Mapping[str, str]) -> Page:
        host = urlsplit(self._url).hostname
        try:
            with self._pool.request(
                "GET", url, headers={**self._headers, **conditions}, preload_content=False, redirect=False
            ) as answer:
                body = answer.read(PAGE_BYTES_MAX + 1)
        except HTTPError as error:
            # Not chained: it quotes the address, which may hold what only the two of them know.
            raise SourceUnavailableError(f"{host} does not answer ({type(error).__name__})") from None
        if answer.status in WAIT_FOR:
            raise SourceUnavailableError(f"{host} answers {answer.status}")
        if answer.status not in (OK, NOT_MODIFIED):
            raise UnreadableSourceError(f"{host} answers {answer.status} instead of records")
        if len(body) > PAGE_BYTES_MAX:
            raise UnreadableSourceError(f"{host}: a page of more than is allowed", problem="unzips-too-large")
        found = {
            ours: answer.headers[theirs] for theirs, ours in VALIDATORS.items() if theirs in answer.headers
        }
        return Page(answer.status, body, Seen(found, self._next(url, answer.headers.get("Link", ""), body)))

    def _next(self, url: str, link: str, body: bytes) -> str:
        """The address of the next page, which must be the same interface's: a token goes nowhere else."""
        named = next((part for part in link.split(",") if 'rel="next"' in part.replace("'", '"')), "")
        found = named[named.find("<") + 1 : named.find(">")] if named else _named_in(body)
        if not found:
            return ""
        joined = urljoin(url, found)
        if urlsplit(joined)[:2] != urlsplit(self._url)[:2]:
            raise UnreadableSourceError(f"{urlsplit(self._url).hostname}: its next page lies on another host")
        return joined


def _named_in(body: bytes) -> str:
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = msgspec.json.decode(body)
        if isinstance(said, dict):
            return next((said[name] for name in NEXT if isinstance(said.get(name), str)), "")
    return ""


def _records(body: bytes, feed: Feed) -> Iterator[Any]:
    """The records of a page; what is none of them is one bad record."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield from _lines(body)
        return
    if isinstance(said, list):
        yield from said
        return
    lists = [value for value in said.values() if isinstance(value, list)] if isinstance(said, dict) else []
    if len(lists) > 1:
        raise UnreadableSourceError(f"{feed.name}: a page holds several lists: none of them can be chosen")
    yield from lists[0] if lists else [said]


def _lines(body: bytes) -> Iterator[Any]:
    for line in body.splitlines():
        if line.strip():
            try:
                yield msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                yield None


def _row(number: int, record: Any, feed: Feed, names: dict[str, None]) -> Row:
    if not isinstance(record, dict):
        return Row(number, {}, "bad-json")
    names.update(dict.fromkeys(record))
    if len(names) > NAMES_MAX:
        raise UnreadableSourceError(f"{feed.name}: more than {NAMES_MAX:,} different names")
    kept = {heading: record[heading] for heading in wanted(feed) if heading in record}
    nested = next((heading for heading, cell in kept.items() if isinstance(cell, dict | list)), "")
    return Row(number, {} if nested else kept, "bad-json" if nested else "", nested)
