"""Feeds by configuration alone: a contract, a source, and what the settings say beyond the contract."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from hub.connect import Connector, inbox
from hub.connect.changes import Changes
from hub.connect.contracts import Feed
from hub.connect.drops import File, Folder, Reader
from hub.connect.odcs import check_source, load_contract
from hub.connect.pages import Pages
from hub.connect.sources import delimited, excel, jsonl, sql
from hub.connect.sources.debezium import OPERATION
from hub.connect.sources.http import Client
from hub.connect.tables import Table
from hub.domain.days import Day, day_of
from hub.errors import SettingsError
from hub.settings import FeedSettings, LogSettings

SFTP = "sftp://"
WEB = ("http://", "https://")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
READERS: Mapping[str, tuple[Reader, tuple[str, ...]]] = {
    "delimited": (delimited.read, (".csv", ".tsv", ".txt")),
    "excel": (excel.read, (".xlsx", ".xlsm")),
    "jsonl": (jsonl.read, (".jsonl", ".ndjson")),
    "sql": (sql.read, (".sqlite", ".sqlite3", ".db")),
}
ADDRESSES = ("path", "url", "url_file", "topic", "secrets_file")
TOPIC = re.compile(r"[A-Za-z0-9._-]{1,200}")
BROKERS = re.compile(r"[^\s/:,]+:[0-9]{1,5}(,[^\s/:,]+:[0-9]{1,5})*")
BROKERS_WAIT_SECONDS = 30


def feed_of(name: str, said: FeedSettings, folder: Path) -> Feed:
    """The feed of a section `[feeds."name"]`: what it says goes before what the contract says."""
    feed = load_contract(folder / said.contract, said.mapping)
    if feed.name != name:
        raise SettingsError(f"feeds.{name}: its contract is that of {feed.name}")
    named = {key: getattr(said, key) for key in ("format", "encoding", "delimiter", "table")}
    source = {key: value or getattr(feed, key) for key, value in named.items()}
    if said.topic:
        source["format"] = "debezium"
    elif said.url.startswith(WEB):
        source["format"] = "jsonl"
    elif (said.url or said.url_file) and not said.url.startswith(SFTP):
        source["format"] = "sql"
    check_source(source, f"feeds.{name}")
    feed = replace(feed, **source)
    return replace(feed, operation=feed.operation or OPERATION) if said.topic else feed


def connector_of(feed: Feed, said: FeedSettings, folder: Path, data: Path) -> Connector:
    """The connector over the file, folder of dated files, or database that the section names."""
    if sum(bool(getattr(said, name)) for name in ADDRESSES) != 1:
        raise SettingsError(f"feeds.{feed.name}: name one of {', '.join(ADDRESSES[:-1])} and {ADDRESSES[-1]}")
    if said.topic:
        return _topic(feed, said, folder)
    if said.secrets_file:
        return inbox.connector(feed, data)
    if feed.format == "debezium":
        raise SettingsError(f"feeds.{feed.name}: format debezium is that of a topic: name topic and brokers")
    day = _day(feed, said.day)
    if said.url.startswith(WEB):
        return Pages(feed, said.url, _client(feed, said, folder), day, data / "http" / f"{feed.name}.json")
    if said.url.startswith(SFTP):
        return _remote(feed, said, folder)
    if not said.path:
        engine = sql.engine_of(_url(feed, said, folder))
        if said.cursor and feed.snapshot is not None:
            raise SettingsError(
                f"feeds.{feed.name}.cursor: reads what changed, but the contract says that each drop is a full snapshot"
            )
        return Changes(feed, engine, day, said.cursor) if said.cursor else Table(feed, engine, day)
    reader, suffixes = READERS[feed.format]
    path = folder / said.path
    if path.is_dir():
        return Folder(feed, path, suffixes, reader, said.marker)
    if not path.exists():
        raise SettingsError(f"feeds.{feed.name}.path: there is no {path}")
    return File(feed, path, day, reader)


def _day(feed: Feed, text: str) -> Day:
    try:
        return day_of(text)
    except ValueError:
        raise SettingsError(f"feeds.{feed.name}.day: write it as in 2024-01-31") from None


def _remote(feed: Feed, said: FeedSettings, folder: Path) -> Connector:
    # The one import inside a function: the client is an extra that other feeds do without.
    try:
        from hub.connect.sftp import Remote, Server
    except ImportError:
        raise SettingsError(
            f"feeds.{feed.name}.url: SFTP needs the extra: pip install 'county-hub[sftp]'"
        ) from None
    address = urlsplit(said.url)
    if address.password or not (address.hostname and address.username):
        raise SettingsError(f"feeds.{feed.name}.url: write it as sftp://user@host/folder, with a key_file")
    for name in ("key_file", "known_hosts"):
        named = getattr(said, name)
        if not named or not (folder / named).is_file():
            raise SettingsError(f"feeds.{feed.name}.{name}: name a file that is there")
    server = Server(
        address.hostname, address.port or 22, address.username, address.path or ".",
        str(folder / said.key_file), str(folder / said.known_hosts),
    )  # fmt: skip
    reader, suffixes = READERS[feed.format]
    return Remote(feed, server, suffixes, reader, said.marker)


def _topic(feed: Feed, said: FeedSettings, folder: Path) -> Connector:
    # As with SFTP, the client is an extra.
    try:
        from hub.connect.topics import ChangeEvents
        from hub.log.kafka.foreign import ForeignTopic
        from hub.log.kafka.site import Site, security_of
    except ImportError:
        raise SettingsError(
            f"feeds.{feed.name}.topic: topics need the extra: pip install 'county-hub[kafka]'"
        ) from None
    where = f"feeds.{feed.name}"
    if not TOPIC.fullmatch(said.topic):
        raise SettingsError(f"{where}.topic: a topic's name is of letters, digits, dots, _ and -")
    if not BROKERS.fullmatch(said.brokers):
        raise SettingsError(f"{where}.brokers: write them as host:port,host:port")
    if not 0 <= said.withdrawals_max <= 100:
        raise SettingsError(f"{where}.withdrawals_max: a number of hundredths, 0 to 100")
    if said.user:
        _secret(feed, "password_file", folder / said.password_file)
    login = LogSettings(ca_file=said.ca_file, user=said.user, password_file=said.password_file)
    site = Site(
        servers=tuple(said.brokers.split(",")), prefix=feed.name, wait_seconds=BROKERS_WAIT_SECONDS,
        security=security_of(login, folder),
    )  # fmt: skip
    return ChangeEvents(feed, ForeignTopic(site, said.topic), said.withdrawals_max)


def _client(feed: Feed, said: FeedSettings, folder: Path) -> Client:
    address, headers = urlsplit(said.url), {}
    if address.username or address.password:
        raise SettingsError(f"feeds.{feed.name}.url: keep what proves who you are in a token_file")
    if said.token_file:
        if address.scheme != "https" and address.hostname not in LOOPBACK:
            raise SettingsError(f"feeds.{feed.name}.url: a token travels by https:// alone")
        headers["Authorization"] = f"Bearer {_secret(feed, 'token_file', folder / said.token_file)}"
    return Client(said.url, headers)


def _secret(feed: Feed, name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"feeds.{feed.name}.{name}: {path.name} cannot be read") from None


def _url(feed: Feed, said: FeedSettings, folder: Path) -> str:
    if said.url:
        if sql.has_password(said.url):
            raise SettingsError(f"feeds.{feed.name}.url: keep an address with a password in a url_file")
        return said.url
    return _secret(feed, "url_file", folder / said.url_file)
