"""Settings: one file `hub.toml`, overridden by environment, read once and never changed.

`HUB__LOG__URL` overrides `[log] url`. Secrets come from files or the
environment only. With no file at all, everything works in `./hub-data/`.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from hub.errors import SettingsError

T = TypeVar("T")
COUNTY = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """The site."""

    data: str = "hub-data"
    """Folder of the embedded log and projections."""
    name: str = ""
    """What receipts call this hub; empty: `county-hub` and the county's code."""
    county: str = "990101"
    """Division code of the county; everything outside it is elsewhere."""
    calendar: str = ""
    """A file of notices about holidays, of the form of schemas/calendars/china.toml: added to those it holds."""
    limits: str = ""
    """A file of legal limits, of the form of schemas/limits/china.toml: they go before those it holds."""
    divisions: str = ""
    """The site's table of division codes, of the form of schemas/divisions/simulated.csv, which it replaces."""
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
class InboxSettings:
    """Where departments post batches (`hub inbox`)."""

    host: str = "127.0.0.1"
    """The address it answers at; beyond loopback only with a certificate, or behind a proxy that has one."""
    port: int = 8440
    certificate_file: str = ""
    """Its certificate, with those that vouch for it."""
    key_file: str = ""
    """That certificate's key."""
    behind_proxy: bool = False
    """Whether a proxy in front of it speaks TLS, so that it may answer in the clear beyond loopback."""
    batch_bytes_max: int = 67_108_864
    """The largest batch."""
    keep_days: int = 30
    """Batches that were read are taken away after so many days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsSettings:
    """Where secrets lie; never the secrets themselves."""

    pseudonym_key_file: str = ""
    """Key of record pseudonyms. Empty: made once in the data folder, readable by its owner only."""
    signing_key_file: str = ""
    """Key that signs receipts and letters (Ed25519, PEM). Empty: made once in the data folder, for its owner only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSettings:
    """Who asks on this command line, and what for; every look at a person is recorded with it."""

    department: str = "health"
    role: str = "analyst"
    jurisdiction: str = "990101"
    purpose: str = "record-reconciliation"

    @property
    def actor(self) -> str:
        """Who acts, as events name them."""
        return f"{self.department}/{self.role}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsSettings:
    """What statistics may show of small numbers, and how well records were linked."""

    threshold: int = 5
    """Counts from 1 to below this are withheld, with all that would give them away; 1: nothing is withheld."""
    rounding: int = 0
    """3 or 5: every count is rounded to its multiples instead, and none withheld."""
    linkage_recall: float = 0.0
    """Share of true pairs that were linked, as `hub identity evaluate` measures it; 0: not measured."""
    linkage_precision: float = 1.0
    """Share of linked pairs that are true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourSettings:
    """The hub of another county, with which letters are exchanged."""

    key_file: str
    """The public key by which its letters are known (PEM), as `hub receipts key` prints it over there."""
    inbox: str
    """The folder where its letters arrive."""
    outbox: str
    """The folder where letters to it are laid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Somebody who is told of cases as things happen (`hub cases notify`)."""

    url: str
    """https://host[:port]/path; http:// on this very machine only."""
    secret_file: str
    """One `whsec_` and base64 a line; while a secret is changed two, the new one first."""
    ca_file: str = ""
    """Authority that signed the receiver's certificate, if not one that everybody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The digest of open cases by e-mail (`hub cases digest`)."""

    folder: str = ""
    """Where each message is written as a file; empty: nowhere."""
    host: str = ""
    """The mail server; empty: nothing is sent."""
    port: int = 587
    user: str = ""
    password_file: str = ""
    """Where that user's password lies."""
    ca_file: str = ""
    """Authority that signed the server's certificate, if not one that everybody knows."""
    sender: str = "hub@localhost"
    recipients: Mapping[str, str] = field(default_factory=dict)
    """`department/place` or `department` to an address."""


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
    secrets_file: str = ""
    """Instead of a path or url: its department posts it to `hub inbox`; the file of secrets that it signs with."""
    topic: str = ""
    """Instead of a path or url: a Kafka topic of change events in Debezium's form, all of one table."""
    brokers: str = ""
    """Of a topic: where its brokers are, host:port[,host:port]."""
    ca_file: str = ""
    """Of a topic: the authority that signed its brokers' certificates; with it, connections are encrypted."""
    user: str = ""
    """Of a topic: the name at its brokers (SCRAM-SHA-512)."""
    password_file: str = ""
    """Of a topic: where that user's password lies."""
    withdrawals_max: int = 20
    """Of a topic: when more than so many of a hundred records are deleted at once, they wait in quarantine."""
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
    inbox: InboxSettings = field(default_factory=InboxSettings)
    secrets: SecretsSettings = field(default_factory=SecretsSettings)
    reader: ReaderSettings = field(default_factory=ReaderSettings)
    statistics: StatisticsSettings = field(default_factory=StatisticsSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    feeds: Mapping[str, FeedSettings] = field(default_factory=dict)
    neighbours: Mapping[str, NeighbourSettings] = field(default_factory=dict)
    """By the division code of their county."""
    webhooks: Mapping[str, WebhookSettings] = field(default_factory=dict)
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
    "inbox": InboxSettings,
    "secrets": SecretsSettings,
    "reader": ReaderSettings,
    "statistics": StatisticsSettings,
    "mail": MailSettings,
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


def _neighbour(code: str, table: object) -> NeighbourSettings:
    if not (COUNTY.fullmatch(code) and isinstance(table, dict)):
        raise SettingsError(
            f'neighbours.{code}: write a section [neighbours."990202"] for each, by its division code'
        )
    return section(NeighbourSettings, table, f"neighbours.{code}")


def _webhooks(tables: Mapping[str, Any]) -> dict[str, WebhookSettings]:
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise SettingsError(f"webhooks.{name}: write a section [webhooks.{name}]")
    return {name: section(WebhookSettings, table, f"webhooks.{name}") for name, table in tables.items()}


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
    feeds, neighbours = document.pop("feeds", {}), document.pop("neighbours", {})
    webhooks = document.pop("webhooks", {})
    if unknown := sorted(document.keys() - SECTIONS.keys()):
        known = ", ".join((*sorted(SECTIONS), "feeds", "neighbours", "webhooks"))
        raise SettingsError(f"{chosen.name}: unknown [{unknown[0]}]; known: {known}")
    for name, value in environ.items():
        parts = name.lower().split("__")
        if len(parts) == 3 and parts[0] == "hub" and parts[1] in SECTIONS:
            document.setdefault(parts[1], {})[parts[2]] = as_toml(SECTIONS[parts[1]], parts[2], value)
    made = {name: section(cls, document.get(name, {}), name) for name, cls in SECTIONS.items()}
    return Settings(
        **made,
        feeds=_feeds(feeds),
        neighbours={code: _neighbour(code, table) for code, table in neighbours.items()},
        webhooks=_webhooks(webhooks),
        folder=chosen.parent if chosen.exists() else Path(),
    )
