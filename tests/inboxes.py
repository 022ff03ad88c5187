"""A real inbox on loopback in a thread, and a department that posts to it."""

import base64
import contextlib
import http.client
import json
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hub.api.inbox import Service, bound, server_of
from hub.connect.signature import PREFIX, signature_of
from hub.settings import InboxSettings, Settings

SECONDS_MAX = 30


class Answer(NamedTuple):
    """One answer."""

    status: int
    headers: dict[str, str]
    said: Any


def new_secret(path: Path) -> bytes:
    """A secret, and it alone in a file."""
    made = secrets.token_bytes(32)
    path.write_text(f"{PREFIX}{base64.b64encode(made).decode()}\n")
    return made


class Department:
    """Signs and posts."""

    def __init__(self, port: int, secret: bytes, feed: str = "town.members") -> None:
        self.port, self.secret, self.place = port, secret, f"/feeds/{feed}/batches"

    def headers(
        self, body: bytes, key: str, kind: str = "application/x-ndjson", at: float = 0
    ) -> dict[str, str]:
        """What stands above a body that is well signed."""
        moment = int(at or time.time())
        return {
            "Content-Type": kind, "Idempotency-Key": f'"{key}"', "webhook-id": key, "webhook-timestamp": str(moment),
            "webhook-signature": signature_of(self.secret, key, moment, body),
        }  # fmt: skip

    def post(self, body: bytes, key: str, **changed: str) -> Answer:
        """A batch; headers may be changed or, where empty, left out."""
        headers = self.headers(body, key) | {name.replace("_", "-"): value for name, value in changed.items()}
        return self.ask("POST", self.place, {k: v for k, v in headers.items() if v}, body)

    def receipt(self, place: str) -> Answer:
        """What became of a batch."""
        return self.ask("GET", place, self.headers(b"", secrets.token_hex(8)))

    def ask(self, method: str, place: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        """Any request."""
        with contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_MAX)
        ) as line:
            line.request(method, place, body, headers)
            answer = line.getresponse()
            raw = answer.read()
            return Answer(
                answer.status,
                {k.lower(): v for k, v in answer.getheaders()},
                json.loads(raw) if raw else None,
            )


@contextlib.contextmanager
def inbox_of(settings: Settings, body_seconds: float = 5) -> Iterator[int]:
    """An inbox that answers while the context lasts; its port."""
    anywhere = Settings(
        hub=settings.hub, feeds=settings.feeds, folder=settings.folder,
        inbox=InboxSettings(port=0, batch_bytes_max=1 << 20),
    )  # fmt: skip
    server = server_of(anywhere, Service(anywhere, body_seconds).app)
    with bound(anywhere) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        deadline = time.monotonic() + SECONDS_MAX
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join(SECONDS_MAX)


def lines(rows: Sequence[Sequence[str]], headings: Sequence[str]) -> bytes:
    """Rows as JSON lines."""
    return "".join(json.dumps(dict(zip(headings, row, strict=True))) + "\n" for row in rows).encode()
