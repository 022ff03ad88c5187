"""A worker's small HTTP server: /metrics, /livez and /readyz, and nothing else.

/livez asks nothing of others: a broker that is down is no reason to start the
process again. /readyz answers from what the last turns met, at once, so that a
slow database cannot hold up the answer that it is slow. No answer names a person.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from hub.errors import SettingsError
from hub.processing.worker import Status

CLIENT_SECONDS_MAX = 5
LIVE, READY, METRICS = "/livez", "/readyz", "/metrics"
CHECKS = {"projection-unavailable": "database", "log-unavailable": "broker"}
"""Which check an error of the last turn fails; any other fails `turn`."""


def readiness(status: Status) -> dict[str, str]:
    """Each check and what was last seen of it; all `ok` means ready, as the owner or standing by."""
    found = dict.fromkeys(("turn", *CHECKS.values()), "ok")
    if status.trouble:
        found[CHECKS.get(status.trouble, "turn")] = status.trouble
    elif not status.turns:
        found["turn"] = "starting"
    return found


def handler(status: Callable[[], Status], registry: CollectorRegistry) -> type[BaseHTTPRequestHandler]:
    """The three pages."""

    class Page(BaseHTTPRequestHandler):
        timeout = CLIENT_SECONDS_MAX
        server_version, sys_version = "hub", ""

        def do_GET(self) -> None:
            if self.path == METRICS:
                self._answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)
            elif self.path == LIVE:
                self._answer(HTTPStatus.OK, b"ok\n")
            elif self.path == READY:
                now = status()
                checks = readiness(now)
                well = set(checks.values()) == {"ok"}
                said = json.dumps({"ready": well, "state": now.state, "checks": checks}).encode()
                code = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
                self._answer(code, said, "application/json")
            else:
                self._answer(HTTPStatus.NOT_FOUND, b"not found\n")

        def _answer(self, code: HTTPStatus, body: bytes, kind: str = "text/plain") -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: whoever scrapes does so every few seconds."""

    return Page


@contextlib.contextmanager
def served(host: str, port: int, status: Callable[[], Status], registry: CollectorRegistry) -> Iterator[int]:
    """Answer while this lasts; gives the port (another than asked for only where 0 was)."""
    try:
        server = ThreadingHTTPServer((host, port), handler(status, registry))
    except OSError as error:
        raise SettingsError(f"worker.metrics_port: {host}:{port} cannot be listened on: {error}") from None
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, name="monitor", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
