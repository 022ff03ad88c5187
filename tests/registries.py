"""Schema registries for tests: a real one (Apicurio, from its own jars) and a small one of ours that can misbehave."""

import json
import os
import re
import signal
import subprocess
import tarfile
import tempfile
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.kafka.broker import CACHE, BrokerError, die_with_parent, free_port, program

APICURIO = "2.6.13.Final"
"""The last line that runs on Java 17; 3.x asks for 21."""
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
START_SECONDS_MAX = 90


class SmallRegistry:
    """The four endpoints the hub uses, in memory, over real HTTP."""

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}
        self.subjects: dict[str, list[int]] = {}
        self.refuse = self.broken = ""
        self.asked: list[str] = []
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.answer(self)

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(f"{request.command} {request.path}")
        length = int(request.headers.get("Content-Length", 0))
        body = json.loads(request.rfile.read(length)) if length else {}
        status, said = self.route(request.command, request.path, body)
        raw = self.broken.encode() if self.broken else json.dumps(said).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(raw)))
        request.end_headers()
        request.wfile.write(raw)

    def route(self, method: str, path: str, body: dict) -> tuple[int, dict]:
        if found := re.fullmatch(r"/schemas/ids/(\d+)", path):
            text = self.texts.get(int(found[1]))
            return (200, {"schema": text}) if text else (404, {"error_code": 40403})
        if found := re.fullmatch(r"/subjects/([^/]+)/versions", path):
            if self.refuse:
                return 409, {"error_code": 409, "message": self.refuse}
            number = next(
                (n for n, text in self.texts.items() if text == body["schema"]), len(self.texts) + 1
            )
            self.texts[number] = body["schema"]
            self.subjects.setdefault(found[1], []).append(number)
            return 200, {"id": number}
        if found := re.fullmatch(r"/subjects/([^/]+)/versions/latest", path):
            known = self.subjects.get(found[1])
            return (200, {"schema": self.texts[known[-1]]}) if known else (404, {"error_code": 40401})
        if path.startswith("/compatibility/subjects/"):
            return 200, {"is_compatible": not self.refuse, "messages": [self.refuse] if self.refuse else []}
        return 500, {}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Apicurio:
    """Apicurio Registry with its storage in memory, on loopback."""

    def __init__(self) -> None:
        self._folder = apicurio_jars()
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}/apis/ccompat/v7"

    def start(self) -> "Apicurio":
        (runner,) = self._folder.glob("*-runner.jar")
        options = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1"]
        command = [
            program("java", "default-jre-headless"),
            *options,
            f"-Dquarkus.http.port={self._port}",
            "-jar",
        ]
        self._process = subprocess.Popen(
            [*command, str(runner)], cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=die_with_parent,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise BrokerError("the registry did not start")
            time.sleep(0.2)
        return self

    def _answers(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=2)
        try:
            connection.request("GET", "/apis/ccompat/v7/subjects")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)


def apicurio_jars() -> Path:
    """The registry's folder, brought by Maven the first time."""
    folder = CACHE / f"apicurio-{APICURIO}"
    if folder.is_dir():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as made:
        artifact = f"-Dartifact=io.apicurio:apicurio-registry-app:{APICURIO}:tar.gz:all"
        command = [program("mvn", "maven"), "-B", "-q", COPY, artifact, f"-DoutputDirectory={made}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        archives = list(Path(made).glob("*.tar.gz"))
        if done.returncode or not archives:
            raise BrokerError(f"maven did not bring the registry: {done.stdout[-1000:]}")
        with tarfile.open(archives[0]) as archive:
            archive.extractall(Path(made) / "part", filter="data")
        (Path(made) / "part").rename(folder)
    return folder


def start_registry() -> Apicurio:
    """A real registry, or the reason why there is none."""
    try:
        return Apicurio().start()
    except BrokerError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no schema registry: {error}", pytrace=False)
        pytest.skip(f"no schema registry: {error}")
