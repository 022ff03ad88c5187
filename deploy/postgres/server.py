"""A real PostgreSQL without Docker: one server from the machine's own package, on loopback.

For tests and for trying the hub on one machine: `make postgres` starts one in
the foreground.
"""

import contextlib
import os
import signal
import sys
from pathlib import Path

if not __package__:  # run as a script, from wherever
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from deploy.server import LocalServer, ServerError, run

USER, DATABASE = "hub", "hub"
OWNER = "postgres"
"""Owns the server; the hub's own role may make databases, for tests, and nothing else (`hub doctor`)."""
SETTINGS = {
    "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "256MB",
    "max_wal_size": "4GB", "checkpoint_timeout": "30min", "max_connections": "40", "log_statement": "none",
    "log_min_error_statement": "panic",  # a failed statement would bring its parameters into the log
}  # fmt: skip


def program(name: str) -> str:
    """A program of PostgreSQL's, wherever Debian put it."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in (*map(Path, os.environ.get("PATH", "").split(os.pathsep)), *places):
        path = folder / name
        # A wrapper that switches accounts is no use to us: we do that ourselves.
        if path.is_file() and path.resolve().parent.name == "bin" and (path.parent / "initdb").exists():
            return str(path)
    raise ServerError(f"{name} was not found: install PostgreSQL (Debian: apt-get install postgresql)")


class Server(LocalServer):
    """One PostgreSQL over one folder; `stop(SIGQUIT)` ends it at once, without closing in order."""

    KIND, ACCOUNT, ENDED_BY = "PostgreSQL", "postgres", signal.SIGINT

    @property
    def url(self) -> str:
        """Where the hub's database is."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def address(self) -> str:
        """Where the hub's database is."""
        return self.url

    def _create(self) -> None:
        self._run(program("initdb"), "-D", str(self.data), "-U", OWNER, "-A", "trust", "-E", "UTF8",
                  "--locale=C", "--data-checksums", "--no-sync")  # fmt: skip

    def _command(self) -> list[str]:
        settings = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        return [program("postgres"), "-D", str(self.data), f"-p{self.port}", *settings]

    def _ready(self) -> list[str]:
        return [program("pg_isready"), "-q", "-h", "127.0.0.1", f"-p{self.port}", "-U", OWNER]

    def start(self) -> "Server":
        """Start it, wait until it answers, and make the hub's role and database the first time."""
        super().start()
        where = ("-h", "127.0.0.1", f"-p{self.port}", "-U", OWNER)
        with contextlib.suppress(ServerError):  # both are there after the first start
            self._run(program("createuser"), *where, "--createdb", USER)
            self._run(program("createdb"), *where, "--owner", USER, DATABASE)
        return self


if __name__ == "__main__":
    run(Server, 5432, __doc__)
