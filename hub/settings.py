"""Settings: one file `hub.toml`, overridden by environment, read once and never changed.

`HUB__LOG__URL` overrides `[log] url`. Secrets come from files or the
environment only. With no file at all, everything works in `./hub-data/`.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from hub.errors import SettingsError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """The site."""

    data: str = "hub-data"
    """Folder of the embedded log and projections."""
    county: str = "990101"
    """Division code of the county; everything outside it is elsewhere."""
    calendar: str = ""
    """A file of notices about holidays, of the form of schemas/calendars/china.toml: added to those it holds."""
    limits: str = ""
    """A file of legal limits, of the form of schemas/limits/china.toml: they go before those it holds."""
    quarantine_days_max: int = 10
    """A row that waits in quarantine for more days than this is overdue; `hub status` says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Where events are kept."""

    url: str = ""
    """Empty: SQLite files under the data folder. kafka://host:port[,host:port][/prefix]: these brokers."""
    partitions: int = 1
    """Parallel parts of each topic; fixed when the log is created."""
    replication: int = 3
    """Copies of each event on the brokers; at least 3."""
    accept_single_copy: bool = False
    """A site of one broker: what its one disk loses is lost. Events are flushed before they are acknowledged."""
    wait_seconds: int = 30
    """How long a call waits for brokers before it says: try later."""
    ca_file: str = ""
    """Authority that signed the brokers' certificates; with it, connections are encrypted."""
    user: str = ""
    """Name at the brokers (SCRAM-SHA-512)."""
    password_file: str = ""
    """Where that user's password lies."""
    wire: str = "single-object"
    """How payloads name their schema: `single-object` (by fingerprint) or `confluent` (by a registry's number)."""
    registry: str = ""
    """Schema registry (Confluent's interface), http://host:port[/path]; needed to write `confluent`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionSettings:
    """Where tables are kept."""

    url: str = ""
    """Empty: an SQLite file under the data folder. postgresql://user@host/name: a schema there."""
    schema: str = "hub"
    """That schema's name: several hubs may share a database."""
    password_file: str = ""
    """Where that user's password lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """What a worker shows of itself."""

    metrics_port: int = 0
    """Where /metrics, /livez and /readyz answer; 0: nowhere."""
    metrics_host: str = "127.0.0.1"
    """The address it listens on; loopback unless told otherwise."""
    traces: bool = False
    """A span for each step, sent where OpenTelemetry's environment variables say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsSettings:
    """Where secrets lie; never the secrets themselves."""

    pseudonym_key_file: str = ""
    """Key of record pseudonyms. Empty: made once in the data folder, readable by its owner only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSettings:
    """Who asks on this command line, and what for; every look at a person is recorded with it."""

    department: str = "health"
    role: str = "analyst"
    jurisdiction: str = "990101"
    purpose: str = "record-reconciliation"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """A feed by configuration alone: a contract and where its records lie."""

    contract: str
    path: str = ""
    """A file, or a folder of files named YYYY-MM-DD, one a day."""
    url: str = ""
    """Instead of a path: a database as SQLAlchemy writes its address, or the https:// address of an interface."""
    url_file: str = ""
    """Instead of a url that holds a password: the file that holds the url."""
    key_file: str = ""
    """Of an SFTP folder (`sftp://user@host/folder`): the private key to enter with."""
    known_hosts: str = ""
    """Of an SFTP folder: the file with the key by which its server is known."""
    token_file: str = ""
    """Of an interface: the file that holds the token it asks for."""
    table: str = ""
    """Of a database: the table or view. Empty, like the next three: as the contract says."""
    format: str = ""
    encoding: str = ""
    """`auto`: as each file shows; the receipt says what was found."""
    delimiter: str = ""
    marker: str = ""
    """Of a folder: a file is complete once one of its name and this ending lies beside it: `.done`, `.sha256`."""
    cursor: str = ""
    """Of a table: the column that grows with every change, a day, a time or a number; what did not change is not read."""
    day: str = "2024-01-01"
    """The day the rows of a single file or table count as published."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Heading in the file to field of the contract, where they differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one hub."""

    hub: HubSettings = field(default_factory=HubSettings)
    log: LogSettings = field(default_factory=LogSettings)
    projection: ProjectionSettings = field(default_factory=ProjectionSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)
    secrets: SecretsSettings = field(default_factory=SecretsSettings)
    reader: ReaderSettings = field(default_factory=ReaderSettings)
    feeds: Mapping[str, FeedSettings] = field(default_factory=dict)
    folder: Path = Path()
    """Relative paths in the file are relative to this folder."""

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / self.hub.data


SECTIONS: Mapping[str, type[Any]] = {
    "hub": HubSettings,
    "log": LogSettings,
    "projection": ProjectionSettings,
    "worker": WorkerSettings,
    "secrets": SecretsSettings,
    "reader": ReaderSettings,
}


def section(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """One settings section, refusing what it does not know."""
    known = {item.name: item.type for item in fields(cls)}  # type: ignore[arg-type]
    if unknown := sorted(table.keys() - known.keys()):
        raise SettingsError(f"{where}: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    if missing := [f.name for f in fields(cls) if _is_needed(f) and f.name not in table]:  # type: ignore[arg-type]
        raise SettingsError(f"{where}: {missing[0]} is missing")
    for name, value in table.items():
        wanted = {"int": int, "str": str, "bool": bool}.get(
            str(getattr(known[name], "__name__", known[name]))
        )
        if wanted is not None and type(value) is not wanted:
            raise SettingsError(f"{where}.{name}: expected {wanted.__name__}")
    return cls(**table)


def _is_needed(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _feeds(tables: Mapping[str, Any], above: str = "") -> dict[str, FeedSettings]:
    """Feeds by name; TOML reads the dots of a name without quotes as tables within tables."""
    found: dict[str, FeedSettings] = {}
    for part, table in tables.items():
        name = f"{above}{part}"
        if not isinstance(table, dict):
            raise SettingsError(f'feeds.{name}: write a section [feeds."{name}"]')
        if table and all(isinstance(value, dict) for value in table.values()) and "mapping" not in table:
            found |= _feeds(table, f"{name}.")
        else:
            found[name] = section(FeedSettings, table, f"feeds.{name}")
            for heading, field_name in found[name].mapping.items():
                if not isinstance(field_name, str):
                    raise SettingsError(f"feeds.{name}.mapping: {heading} is no heading = field")
    return found


def as_toml(cls: type[Any], name: str, value: str) -> object:
    """A value from the environment as the file would hold it; what does not fit is refused later."""
    kind = next((str(getattr(f.type, "__name__", f.type)) for f in fields(cls) if f.name == name), "str")
    if kind == "int" and value.isdigit():
        return int(value)
    return {"true": True, "false": False}.get(value, value) if kind == "bool" else value


def load(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `path` (or ./hub.toml where it exists) and the environment."""
    chosen = path or Path("hub.toml")
    document: dict[str, Any] = {}
    if chosen.exists():
        try:
            document = tomllib.loads(chosen.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{chosen.name}: {error}") from None
    elif path is not None:
        raise SettingsError(f"{path}: no such file")
    feeds = document.pop("feeds", {})
    if unknown := sorted(document.keys() - SECTIONS.keys()):
        raise SettingsError(
            f"{chosen.name}: unknown [{unknown[0]}]; known: {', '.join(sorted(SECTIONS))}, feeds"
        )
    for name, value in environ.items():
        parts = name.lower().split("__")
        if len(parts) == 3 and parts[0] == "hub" and parts[1] in SECTIONS:
            document.setdefault(parts[1], {})[parts[2]] = as_toml(SECTIONS[parts[1]], parts[2], value)
    made = {name: section(cls, document.get(name, {}), name) for name, cls in SECTIONS.items()}
    return Settings(
        **made,
        feeds=_feeds(feeds),
        folder=chosen.parent if chosen.exists() else Path(),
    )
