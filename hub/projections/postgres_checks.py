"""What a PostgreSQL server must keep for the projection, read from it; nothing is changed.

`ours` is a connection as the hub makes it, `plain` one without what the hub
asks for: it shows what the server, the database and the role say by themselves.

Not asked: that the role owns nothing. The hub makes, refills and swaps its own
schema, so it must own that.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, text

from hub.checks import Check, check

DURABLE = frozenset(("on", "local", "remote_write", "remote_apply"))
ROLE = """SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolreplication
    FROM pg_roles WHERE rolname = current_user"""


def checks(ours: Connection, plain: Connection) -> Iterator[Check]:
    """The server, what is committed, the role, and how long anything may wait."""
    server = (
        ("fsync", ("The server writes through to the disk", "服务器确实写入磁盘"),
         "a power cut leaves a database that cannot be trusted"),
        ("full_page_writes", ("Torn pages can be mended", "可修复写到一半的页"),
         "a page that was half written when the power went stays broken"),
        ("data_checksums", ("Pages carry checksums", "数据页带校验和"),
         "what the disk returns wrongly is believed"),
    )  # fmt: skip
    for name, titles, cause in server:
        found = show(plain, name)
        remedy = (
            "stop the server and run pg_checksums --enable"
            if name == "data_checksums"
            else f"set {name} = on in postgresql.conf and reload"
        )
        yield check(
            f"postgres-{name.replace('_', '-')}", titles, found == "on", f"{name}={found}", cause, remedy
        )
    kept, default = show(ours, "synchronous_commit"), show(plain, "synchronous_commit")
    yield check(
        "postgres-commit", ("A commit is on the disk before it is acknowledged", "提交确认前已写入磁盘"),
        kept in DURABLE and default in DURABLE,
        f"synchronous_commit={kept} for the hub, {default} by default for this role and database",
        "a commit that was acknowledged may be gone after a power cut",
        "ALTER DATABASE … RESET synchronous_commit and ALTER ROLE … RESET synchronous_commit, "
        "and take it out of postgresql.conf",
    )  # fmt: skip
    yield _role(plain)
    waits = {name: show(ours, name) for name in ("statement_timeout", "lock_timeout")}
    yield check(
        "postgres-timeouts", ("No statement waits for ever", "语句不会无限等待"),
        "0" not in waits.values(), ", ".join(f"{name}={value}" for name, value in waits.items()),
        "a worker that is stuck is not noticed", "report this: the hub sets both on every connection",
    )  # fmt: skip


def _role(db: Connection) -> Check:
    name, *powers = db.execute(text(ROLE)).one()
    names = ("SUPERUSER", "BYPASSRLS", "CREATEROLE", "REPLICATION")
    had = [said for said, has in zip(names, powers, strict=True) if has]
    return check(
        "postgres-role", ("The hub's role may do no more than it needs", "数据库角色权限最小"),
        not had, f"role {name}: {', '.join(had) or 'no ' + ', no '.join(names)}",
        "whoever takes over the hub takes over the whole server",
        f"ALTER ROLE {name} {' '.join('NO' + said for said in had)}, as another superuser",
    )  # fmt: skip


def show(db: Connection, name: str) -> str:
    """A setting in force on this connection."""
    found: Any = db.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar_one()
    return str(found)
