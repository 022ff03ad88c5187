"""A real database server without Docker: what is the same of every kind, from the machine's own package, on loopback.

Servers refuse to run as root, so root hands them to the account that the
package brings. Data lie in a folder of their own.
"""

import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path

START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
POLL_SECONDS = 0.05


class ServerError(Exception):
    """The server could not be found, started or stopped; the message says what to do."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def taken(port: int) -> bool:
    """Whether anybody listens on a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class LocalServer(ABC):
    """One server over one folder; `start` after `stop` finds its data again."""

    KIND: str
    ACCOUNT: str
    """Whom it runs as where root starts it."""
    ENDED_BY = signal.SIGTERM
    """The signal that ends sessions and closes in order."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder, self.port = folder, port or free_port()
        self.data = folder / "data"
        self._identity = self._account()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def address(self) -> str:
        """Where its databases are."""

    @abstractmethod
    def _create(self) -> None:
        """Make the data folder, inside the server's own."""

    @abstractmethod
    def _command(self) -> list[str]:
        """What runs the server in the foreground."""

    @abstractmethod
    def _ready(self) -> list[str]:
        """What succeeds once it answers."""

    def _account(self) -> dict[str, object]:
        if os.geteuid() != 0:
            return {}
        try:
            found = pwd.getpwnam(self.ACCOUNT)
        except KeyError:
            raise ServerError(f"root cannot run {self.KIND} and there is no account {self.ACCOUNT}") from None
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", **self._identity)
        if done.returncode:
            raise ServerError(f"{Path(command[0]).name}: {(done.stderr or done.stdout).strip()[-400:]}")

    def start(self) -> "LocalServer":
        """Start it and wait until it answers."""
        if taken(self.port):
            # Else ours would die, and the other would answer in its place.
            raise ServerError(f"something answers at port {self.port} already")
        if not self.data.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._identity:
                os.chown(self.folder, self._identity["user"], self._identity["group"])
            self._create()
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), stdout=log, stderr=log, cwd="/", start_new_session=True, **self._identity
            )
        self._wait()
        return self

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        ready = self._ready()
        while subprocess.run(ready, capture_output=True).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "server.log").read_text(errors="replace")[-400:]
                raise ServerError(f"{self.KIND} did not start: {said}")
            time.sleep(POLL_SECONDS)

    def stop(self, how: signal.Signals | None = None) -> None:
        """Stop it, in order unless another signal is given."""
        if self._process is None:
            return
        self._process.send_signal(how or self.ENDED_BY)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def run(kind: type[LocalServer], port: int, description: str) -> None:
    """Run one server in the foreground until Ctrl-C or SIGTERM, as the command line says."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--port", type=int, default=port)
    parser.add_argument("--folder", type=Path, default=None, help="default: a temporary folder")
    said = parser.parse_args()
    folder = (said.folder or Path(tempfile.mkdtemp(prefix=f"hub-{kind.KIND.lower()}-"))).absolute()
    try:
        server = kind(folder, said.port).start()
    except ServerError as error:
        sys.exit(f"{kind.KIND}: {error}")
    print(f"{kind.KIND} answers at {server.address} (data in {folder}); Ctrl-C stops it", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()
        if said.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
