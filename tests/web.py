"""A real HTTP server on loopback, as a department's interface: pages, conditions, refusals."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Interface:
    """What the server gives, and what it was asked."""

    def __init__(self) -> None:
        self.records: list[object] = []
        self.page_size = 7
        self.token = ""
        self.failures: list[tuple[int, dict[str, str]]] = []
        self.asked: list[int] = []
        """The status of each answer, in order."""
        self.shape = "list"
        self.address = ""

    def answer(self, path: str, headers) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        if self.failures:
            return (*self.failures.pop(0), b"")
        if self.token and headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {}, b""
        start = int(parse_qs(urlsplit(path).query).get("after", ["0"])[0])
        page = self.records[start : start + self.page_size]
        more = f"?after={start + self.page_size}" if start + self.page_size < len(self.records) else ""
        said: dict[str, str] = {}
        if self.shape == "object":
            body = json.dumps({"items": page, "next": more or None}).encode()
        elif self.shape == "lines":
            body = "\n".join(map(json.dumps, page)).encode()
            said["Link"] = f'<{more}>; rel="next"' if more else ""
        else:
            body = json.dumps(page).encode()
            said["Link"] = f'</other>; rel="up", <{self.address}/people{more}>; rel="next"' if more else ""
        said["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if headers.get("If-None-Match") == said["ETag"]:
            return 304, said, b""
        return 200, said, body


@contextlib.contextmanager
def serving() -> Iterator[Interface]:
    """An interface that answers on loopback while the context lasts."""
    interface = Interface()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = interface.answer(self.path, self.headers)
            interface.asked.append(status)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    interface.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield interface
    server.shutdown()
    server.server_close()
    thread.join()
