"""A real MariaDB without Docker: one server from the machine's own package, on loopback.

Only for tests of a department's database as a source, and for trying one: `make mariadb`
starts it in the foreground. The hub keeps nothing in it.
"""

import os
import shutil
import sys
from pathlib import Path

if not __package__:  # run as a script, from wherever
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from deploy.server import LocalServer, ServerError, run

USER = "department"
"""Owns the databases of the tests; `READER` may look, as a hub should be let in."""
READER = "hub"
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


def program(name: str) -> str:
    """A program of MariaDB's, also where only root's path names it."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + "/usr/sbin:/usr/bin")
    if found is None:
        raise ServerError(f"{name} was not found: install it (Debian: apt-get install mariadb-server)")
    return found


class Server(LocalServer):
    """One MariaDB over one folder."""

    KIND, ACCOUNT = "MariaDB", "mysql"

    def url(self, database: str, user: str = READER) -> str:
        """Where a database is."""
        return f"mysql://{user}@127.0.0.1:{self.port}/{database}"

    @property
    def address(self) -> str:
        """Where databases are."""
        return self.url("")

    def _create(self) -> None:
        (self.folder / "accounts.sql").write_text(ACCOUNTS)
        self._run(program("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}", "--skip-test-db",
                  "--auth-root-authentication-method=normal")  # fmt: skip

    def _command(self) -> list[str]:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        return [program("mariadbd"), "--no-defaults", f"--datadir={self.data}", f"--port={self.port}",
                f"--socket={self.folder}/socket", f"--pid-file={self.folder}/pid",
                f"--init-file={self.folder}/accounts.sql", *settings]  # fmt: skip

    def _ready(self) -> list[str]:
        return [program("mariadb-admin"), "--no-defaults", "--protocol=tcp", "--host=127.0.0.1",
                f"--port={self.port}", f"--user={READER}", "ping"]  # fmt: skip


if __name__ == "__main__":
    run(Server, 3306, __doc__)
