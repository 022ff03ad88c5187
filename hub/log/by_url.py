"""Which log and codec the settings name: the one place that chooses an adapter."""

from collections.abc import Iterable
from pathlib import Path

from hub.checks import Check
from hub.errors import SettingsError
from hub.log import EventLog
from hub.log.codec import Codec
from hub.log.registry import HttpRegistry
from hub.log.sqlite import SqliteLog
from hub.log.sqlite import checks as sqlite_checks
from hub.settings import LogSettings

WIRES = ("single-object", "confluent")


def make_codec(settings: LogSettings, schemas: Iterable[str]) -> Codec:
    """The codec for these schemas; with a registry it reads both wire formats."""
    if settings.wire not in WIRES:
        raise SettingsError(f"log.wire: one of {', '.join(WIRES)}")
    confluent = settings.wire == "confluent"
    if confluent and not (settings.registry and settings.url):
        # The SQLite log keeps schemas by fingerprint, and nobody outside the hub reads it.
        raise SettingsError("log.wire: confluent needs log.registry, and brokers in log.url")
    registry = HttpRegistry(settings.registry) if settings.registry else None
    return Codec(schemas, registry=registry, confluent=confluent)


def open_log(settings: LogSettings, data: Path, folder: Path, codec: Codec) -> EventLog:
    """The embedded log under `data`, or the brokers that `log.url` names; its files lie under `folder`."""
    if not settings.url:
        return SqliteLog(data / "log", codec, settings.partitions)
    if settings.url.startswith("kafka://"):
        # The one import inside a function: the client is an extra that the embedded hub does without.
        try:
            from hub.log.kafka import KafkaLog
            from hub.log.kafka.site import site_of
        except ImportError:
            raise SettingsError("log.url: Kafka needs the extra: pip install 'county-hub[kafka]'") from None
        return KafkaLog(site_of(settings, folder), codec)
    raise SettingsError("log.url: leave it empty for the embedded log, or name kafka://host:port/prefix")


def log_checks(settings: LogSettings, data: Path, folder: Path, deep: bool) -> Iterable[Check]:
    """What must hold of the store that the settings name, whether or not a hub could open it."""
    if not settings.url:
        return sqlite_checks(data / "log", deep)
    # As above: the client is an extra.
    try:
        from hub.log.kafka.checks import checks
        from hub.log.kafka.site import site_of
    except ImportError:
        raise SettingsError("log.url: Kafka needs the extra: pip install 'county-hub[kafka]'") from None
    return checks(site_of(settings, folder))
