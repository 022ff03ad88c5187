"""A real MariaDB without Docker: one server from the machine's own package, on loopback.

Only for tests of a department's database as a source, and for trying one: `make mariadb`
starts it in the foreground. The hub keeps nothing in it. Root hands the server to the account
`mysql` that the package brings. Data lie in a folder of their own.
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
from pathlib import Path

USER = "department"
"""Owns the databases of the tests; `READER` may look, as a hub should be let in."""
READER = "hub"
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
POLL_SECONDS = 0.05
SETTINGS = {
    "bind-address": "127.0.0.1", "skip-name-resolve": "1", "innodb-buffer-pool-size": "64M",
    "character-set-server": "utf8mb4", "max-connections": "40",
    # Values that only older or laxer servers take are what a source must be read with.
    "sql-mode": "",
}  # fmt: skip
ACCOUNTS = f"""
CREATE USER IF NOT EXISTS '{USER}'@'127.0.0.1';
GRANT ALL ON *.* TO '{USER}'@'127.0.0.1';
CREATE USER IF NOT EXISTS '{READER}'@'127.0.0.1';
GRANT SELECT ON *.* TO '{READER}'@'127.0.0.1';
"""


class ServerError(Exception):
    """The server could not be found, started or stopped; the message says what to do."""


def program(name: str) -> str:
    """A program of MariaDB's, also where only root's path names it."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin:/usr/bin")
    if found is None:
        raise ServerError(f"{name} was not found: install it (Debian: apt-get install mariadb-server)")
    return found


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
        found = pwd.getpwnam("mysql")
    except KeyError:
        raise ServerError("root cannot run MariaDB and there is no account mysql") from None
    return found.pw_uid, found.pw_gid


class Server:
    """One server over one folder; `start` after `stop` finds its data again."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder, self.port = folder, port or free_port()
        self.data = folder / "data"
        self._account = _account()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, user: str = READER) -> str:
        """Where a database is."""
        return f"mysql://{user}@127.0.0.1:{self.port}/{database}"

    def _identity(self) -> dict[str, object]:
        if self._account is None:
            return {}
        return {"user": self._account[0], "group": self._account[1], "extra_groups": []}

    def _create(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "accounts.sql").write_text(ACCOUNTS)
        if self._account is not None:
            os.chown(self.folder, *self._account)
        done = subprocess.run(
            [program("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}", "--skip-test-db",
             "--auth-root-authentication-method=normal"],
            capture_output=True, text=True, cwd="/", **self._identity(),
        )  # fmt: skip
        if done.returncode:
            raise ServerError(f"mariadb-install-db: {(done.stderr or done.stdout).strip()[-400:]}")

    def start(self) -> "Server":
        """Start it and wait until it answers."""
        if taken(self.port):
            # Else ours would die, and the other would answer in its place.
            raise ServerError(f"something answers at port {self.port} already")
        server = program("mariadbd")
        if not self.data.exists():
            self._create()
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [server, "--no-defaults", f"--datadir={self.data}", f"--port={self.port}",
                 f"--socket={self.folder}/socket", f"--pid-file={self.folder}/pid",
                 f"--init-file={self.folder}/accounts.sql", *settings],
                stdout=log, stderr=log, cwd="/", start_new_session=True, **self._identity(),
            )  # fmt: skip
        self._wait()
        return self

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        ready = [program("mariadb-admin"), "--no-defaults", "--protocol=tcp", "--host=127.0.0.1",
                 f"--port={self.port}", f"--user={READER}", "ping"]  # fmt: skip
        while subprocess.run(ready, capture_output=True).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.folder / "server.log").read_text(errors="replace")[-400:]
                raise ServerError(f"MariaDB did not start: {said}")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop it in order."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def main() -> None:
    """Run one server in the foreground."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=3306)
    parser.add_argument("--folder", type=Path, default=None, help="default: a temporary folder")
    said = parser.parse_args()
    folder = (said.folder or Path(tempfile.mkdtemp(prefix="hub-mariadb-"))).absolute()
    try:
        server = Server(folder, said.port).start()
    except ServerError as error:
        sys.exit(f"mariadb: {error}")
    print(f"MariaDB answers at {server.url('')} (data in {folder}); Ctrl-C stops it", flush=True)
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
