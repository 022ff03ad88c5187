"""A real PostgreSQL without Docker: one server from the machine's own package, on loopback.

For tests and for trying the hub on one machine: `make postgres` starts one in
the foreground. The server refuses to run as root, so root hands it to the
account `postgres` that the package brings. Data lie in a folder of their own.
"""

import argparse
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

USER, DATABASE = "hub", "hub"
OWNER = "postgres"
"""Owns the server; the hub's own role may make databases, for tests, and nothing else (`hub doctor`)."""
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
POLL_SECONDS = 0.05
SETTINGS = {
    "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "256MB",
    "max_wal_size": "4GB", "checkpoint_timeout": "30min", "max_connections": "40", "log_statement": "none",
    "log_min_error_statement": "panic",  # a failed statement would bring its parameters into the log
}  # fmt: skip


class ServerError(Exception):
    """The server could not be found, started or stopped; the message says what to do."""


def program(name: str) -> str:
    """A program of PostgreSQL's, wherever Debian put it."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in (*map(Path, os.environ.get("PATH", "").split(os.pathsep)), *places):
        path = folder / name
        # A wrapper that switches accounts is no use to us: we do that ourselves.
        if path.is_file() and path.resolve().parent.name == "bin" and (path.parent / "initdb").exists():
            return str(path)
    raise ServerError(f"{name} was not found: install PostgreSQL (Debian: apt-get install postgresql)")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def taken(port: int) -> bool:
    """Whether anybody listens on a port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _account() -> tuple[int, int] | None:
    """Whom the server must run as, if we are root."""
    if os.geteuid() != 0:
        return None
    try:
        found = pwd.getpwnam("postgres")
    except KeyError:
        raise ServerError("root cannot run PostgreSQL and there is no account postgres") from None
    return found.pw_uid, found.pw_gid


class Server:
    """One server over one folder; `start` after `stop` or `kill` finds its data again."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder, self.port = folder, port or free_port()
        self._account = _account()
        self._process: subprocess.Popen[bytes] | None = None
        self.data = folder / "data"

    @property
    def url(self) -> str:
        """Where the hub's database is."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{DATABASE}"

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", **self._identity())
        if done.returncode:
            raise ServerError(f"{Path(command[0]).name}: {done.stderr.strip()[-400:]}")

    def _identity(self) -> dict[str, object]:
        if self._account is None:
            return {}
        return {"user": self._account[0], "group": self._account[1], "extra_groups": []}

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._account is not None:
            os.chown(self.folder, *self._account)
        self._run(program("initdb"), "-D", str(self.data), "-U", OWNER, "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--data-checksums", "--no-sync")  # fmt: skip

    def start(self) -> "Server":
        """Start it and wait until it answers."""
        if taken(self.port):
            # Else ours would die, and the other would answer in its place.
            raise ServerError(f"something answers at port {self.port} already")
        if not self.data.exists():
            self._create()
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        log = (self.folder / "server.log").open("ab")
        self._process = subprocess.Popen(
            [program("postgres"), "-D", str(self.data), f"-p{self.port}", *settings],
            stdout=log, stderr=log, cwd="/", start_new_session=True, **self._identity(),
        )  # fmt: skip
        log.close()
        self._wait()
        where = ("-h", "127.0.0.1", f"-p{self.port}", "-U", OWNER)
        with contextlib.suppress(ServerError):  # both are there after the first start
            self._run(program("createuser"), *where, "--createdb", USER)
            self._run(program("createdb"), *where, "--owner", USER, DATABASE)
        return self

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        ready = [program("pg_isready"), "-q", "-h", "127.0.0.1", f"-p{self.port}", "-U", OWNER]
        while subprocess.run(ready).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "server.log").read_text(errors="replace")[-400:]
                raise ServerError(f"PostgreSQL did not start: {said}")
            time.sleep(POLL_SECONDS)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT ends sessions and closes in order, SIGQUIT stops at once without."""
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def main() -> None:
    """Run one server in the foreground."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=5432)
    parser.add_argument("--folder", type=Path, default=None, help="default: a temporary folder")
    said = parser.parse_args()
    folder = (said.folder or Path(tempfile.mkdtemp(prefix="hub-postgres-"))).absolute()
    try:
        server = Server(folder, said.port).start()
    except ServerError as error:
        sys.exit(f"postgres: {error}")
    print(f"PostgreSQL answers at {server.url} (data in {folder}); Ctrl-C stops it", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()
        if said.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
