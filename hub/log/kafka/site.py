"""Where a site's Kafka is, how to talk to it, and what its errors mean to us.

Every call to a broker is bounded by `wait_seconds`; what it could not do in
that time is `LogUnavailableError`: try later.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kafka import errors as kafka_errors
from kafka.net.compat import KafkaNetClient

from hub.errors import (
    HubError,
    IntegrityError,
    LogUnavailableError,
    RejectedError,
    SettingsError,
)
from hub.log import Partition
from hub.settings import LogSettings

URL = re.compile(r"kafka://(?P<servers>[^/]+)(/(?P<prefix>[A-Za-z0-9_-]{1,64}))?/?")
PREFIX = "hub"
RECONNECT_MS_MAX = 1_000

# Old events are read for ever, so what names a lost or changed event stops the hub; what the operator
# must change says so; all the rest (retriable or about the producer's session) is worth another try.
MEANINGS: tuple[tuple[type[Exception], type[HubError], str], ...] = (
    (kafka_errors.OffsetOutOfRangeError, IntegrityError, "the broker no longer holds the next event"),
    (kafka_errors.LogTruncationError, IntegrityError, "the broker's log was cut below what was read"),
    (kafka_errors.CorruptRecordError, IntegrityError, "the broker gave bytes that fail their checksum"),
    (kafka_errors.MessageSizeTooLargeError, RejectedError, "an event is larger than a broker takes"),
    (kafka_errors.AuthorizationError, SettingsError, "the broker does not let log.user do this"),
    (kafka_errors.SaslAuthenticationFailedError, SettingsError, "the broker refuses log.user"),
    (kafka_errors.UnsupportedSaslMechanismError, SettingsError, "the broker has no SCRAM-SHA-512"),
    (kafka_errors.KafkaConfigurationError, SettingsError, "the client refuses its configuration"),
    (kafka_errors.UnsupportedVersionError, SettingsError, "the broker is too old: Apache Kafka 4 is expected"),
    (kafka_errors.InvalidReplicationFactorError, SettingsError,
     "there are fewer brokers than log.replication asks for: add brokers, or set log.accept_single_copy"),
    (kafka_errors.PolicyViolationError, SettingsError, "a policy of the cluster forbids this"),
    (kafka_errors.InvalidConfigurationError, SettingsError, "the cluster refuses a topic's configuration"),
    (kafka_errors.KafkaError, LogUnavailableError, "the brokers did not do it"),
    (OSError, LogUnavailableError, "the brokers could not be reached"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The brokers of one hub, and what is promised to them."""

    servers: tuple[str, ...]
    prefix: str = PREFIX
    partitions: int = 1
    replication: int = 3
    accept_single_copy: bool = False
    wait_seconds: int = 30
    security: Mapping[str, Any] = field(default_factory=dict)

    @property
    def wait_ms(self) -> int:
        """How long a call may take."""
        return self.wait_seconds * 1_000

    def topic(self, name: str) -> str:
        """The topic on the brokers that holds one of the hub's topics."""
        return f"{self.prefix}.{name}"

    def client(self) -> dict[str, Any]:
        """What every client is made with; no call of it outlasts a third of the wait."""
        return {
            "bootstrap_servers": list(self.servers),
            "client_id": f"county-hub-{self.prefix}",
            "bootstrap_timeout_ms": self.wait_ms,
            "request_timeout_ms": self.wait_ms // 3,
            "reconnect_backoff_max_ms": RECONNECT_MS_MAX,
            **self.security,
        }


def site_of(settings: LogSettings, folder: Path) -> Site:
    """The site that settings name; files are relative to `folder`."""
    found = URL.fullmatch(settings.url)
    if found is None:
        raise SettingsError("log.url: expected kafka://host:port[,host:port][/prefix]")
    if settings.partitions < 1 or settings.wait_seconds < 3:
        raise SettingsError("log.partitions: at least 1; log.wait_seconds: at least 3")
    if settings.replication < 3 and not settings.accept_single_copy:
        raise SettingsError("log.replication: at least 3, unless log.accept_single_copy is set")
    # Below warning, the client would log what it sends.
    logging.getLogger("kafka").setLevel(logging.WARNING)
    return Site(
        servers=tuple(found["servers"].split(",")),
        prefix=found["prefix"] or PREFIX,
        partitions=settings.partitions,
        replication=settings.replication,
        accept_single_copy=settings.accept_single_copy,
        wait_seconds=settings.wait_seconds,
        security=security_of(settings, folder),
    )


def security_of(settings: LogSettings, folder: Path) -> dict[str, Any]:
    """TLS where an authority is named, SCRAM where a user is."""
    found: dict[str, Any] = {}
    if settings.ca_file:
        found["ssl_cafile"] = str(folder / settings.ca_file)
    if settings.user:
        try:
            password = (folder / settings.password_file).read_text("utf-8").strip()
        except OSError:
            raise SettingsError(f"log.password_file: {settings.password_file} cannot be read") from None
        found |= {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": settings.user}
        found["sasl_plain_password"] = password
    if found:
        secured = ("SASL_" if settings.user else "") + ("SSL" if settings.ca_file else "PLAINTEXT")
        found["security_protocol"] = secured
    return found


def connected(factory: Callable[..., Any], site: Site, **config: Any) -> Any:
    """A client of the brokers. When they cannot be reached, nothing of it stays: on its own the library
    would leave a thread behind at each attempt."""
    made: list[Any] = []

    def network(**settings: Any) -> Any:
        made.append(KafkaNetClient(**settings))
        return made[-1]

    try:
        return factory(**site.client(), **config, kafka_client=network)
    except BaseException:
        for client in made:
            client.close()
        raise


@contextmanager
def translated(what: str, partition: Partition | None = None) -> Iterator[None]:
    """Say in the hub's words what a client's error means; `what` is what was being done."""
    try:
        yield
    except (kafka_errors.KafkaError, OSError) as error:
        kind, means = next((kind, means) for cls, kind, means in MEANINGS if isinstance(error, cls))
        where = f" ({partition})" if partition else ""
        raise kind(f"{what}{where}: {means}", kafka=type(error).__name__) from error
