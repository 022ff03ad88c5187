"""Delivering messages to endpoints: signed, tried again with growing pauses, given up in the end.

An endpoint that does not answer is left alone until its pause is over; one that
refuses a message for what it is loses that message only. Redirects are not
followed: a message goes where the settings say, over TLS unless that is this
very machine.
"""

import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog
import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Retry, Timeout

from hub.errors import SettingsError
from hub.notify.outbox import MessageRow, Outbox
from hub.notify.signature import headers, read_keys

ATTEMPTS_MAX = 12
PAUSE_SECONDS, PAUSE_SECONDS_MAX = 5, 6 * 3600
CONNECT_SECONDS, READ_SECONDS = 5, 10
AT_ONCE = 500
LATER = frozenset((408, 425, 429))
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Somebody who is told."""

    name: str
    url: str
    keys: Sequence[bytes]
    ca_file: str | None = None


def endpoint(name: str, url: str, secret_file: Path, ca_file: Path | None) -> Endpoint:
    """An endpoint from its settings; SettingsError where it may not be told like this."""
    where = f"webhooks.{name}"
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.fragment:
        raise SettingsError(f"{where}: url is no address of the form https://host[:port]/path")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise SettingsError(f"{where}: url must begin with https:// unless it is this machine")
    try:
        keys = read_keys(secret_file.read_text("utf-8"), where)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{where}: secret_file cannot be read") from error
    return Endpoint(name, url, keys, str(ca_file) if ca_file else None)


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def pause(attempts: int) -> int:
    """Seconds to wait after so many attempts failed."""
    return int(min(PAUSE_SECONDS * 2 ** max(0, attempts - 1), PAUSE_SECONDS_MAX))


class Deliverer:
    """Delivers what is due; used by one thread."""

    def __init__(self, outbox: Outbox, endpoints: Sequence[Endpoint]) -> None:
        self._outbox, self._endpoints = outbox, endpoints
        self._http = {one.name: _pool(one) for one in endpoints}
        self._resting: dict[str, int] = {}

    def deliver(self, now: int) -> int:
        """Try everything that is due now (seconds since 1970); how much arrived."""
        return sum(
            self._deliver(one, now) for one in self._endpoints if self._resting.get(one.name, 0) <= now
        )

    def _deliver(self, one: Endpoint, now: int) -> int:
        arrived = 0
        for message in self._outbox.due(one.name, now, AT_ONCE):
            status, error, asked = self._send(one, message, now)
            if 200 <= status < 300:
                self._outbox.delivered(message)
                arrived += 1
            else:
                self._failed(one, message, status, error or f"status {status}", now, asked)
            self._outbox.db.commit()
            if self._resting.get(one.name, 0) > now:
                break
        return arrived

    def _failed(
        self, one: Endpoint, message: MessageRow, status: int, error: str, now: int, asked: int
    ) -> None:
        attempts = message.attempts + 1
        wait = max(pause(attempts), asked)
        # Other refusals are about this one message.
        if not 400 <= status < 500 or status in LATER:
            self._resting[one.name] = now + wait
        is_dead = attempts >= ATTEMPTS_MAX or status == 410
        self._outbox.failed(message, error, None if is_dead else now + wait)
        log.warning("webhook_failed", endpoint=one.name, attempts=attempts, error_type=error, dead=is_dead)

    def _send(self, one: Endpoint, message: MessageRow, now: int) -> tuple[int, str, int]:
        """Status, error and for how long the endpoint asked to wait; status 0: no answer."""
        said = headers(message.message_id, now, message.body, one.keys)
        try:
            answer = self._http[one.name].request(
                "POST", one.url, body=message.body, headers={"content-type": "application/json", **said},
                preload_content=False,
            )  # fmt: skip
            status, asked = answer.status, str(answer.headers.get("retry-after", ""))
            answer.close()
        except (HTTPError, OSError) as error:
            return 0, type(error).__name__, 0
        seconds = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 0
        return status, "", min(seconds, PAUSE_SECONDS_MAX)


def _pool(one: Endpoint) -> urllib3.PoolManager:
    context = ssl.create_default_context(cafile=one.ca_file)
    return urllib3.PoolManager(
        num_pools=1, maxsize=1, ssl_context=context,
        timeout=Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        retries=Retry(total=0, redirect=False, raise_on_redirect=False),
    )  # fmt: skip
