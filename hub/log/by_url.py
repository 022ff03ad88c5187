"""Which log a URL names: the one place that chooses an adapter."""

from pathlib import Path

from hub.errors import SettingsError
from hub.log import EventLog
from hub.log.codec import Codec
from hub.log.sqlite import SqliteLog
from hub.settings import LogSettings


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
