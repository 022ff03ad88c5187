"""What every SQLite file of the hub must keep, read from the file and from a connection as the hub makes it.

Files are opened one at a time, only to read or under the lock that the hub
itself writes under: asking does not become a second writer.
"""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from hub.checks import Check, check
from hub.errors import LogUnavailableError

SAFE_WITH_TWO_WRITERS = (3, 51, 3)
MOUNTS = Path("/proc/self/mounts")
NETWORK = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs")
)
FLEETING = frozenset(("tmpfs", "ramfs"))
LEVELS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


def file_system(path: Path, mounts: str) -> tuple[str, str]:
    """Where the file system that holds `path` is mounted, and its kind."""
    held = path.resolve()
    found = ("/", "unknown")
    for line in mounts.splitlines():
        _, place, kind, *_ = line.split()
        where = Path(place.replace("\\040", " "))
        if (where == held or where in held.parents) and len(str(where)) >= len(found[0]):
            found = str(where), kind
    return found


def folder_checks(folder: Path, mounts: Path = MOUNTS) -> Iterator[Check]:
    """Whether files in this folder stay, and whether locks on them mean anything."""
    if not mounts.exists():
        return
    place, kind = file_system(folder, mounts.read_text("utf-8"))
    yield check(
        "sqlite-file-system", ("The data folder lies on a local disk", "数据目录位于本地磁盘"),
        kind not in NETWORK | FLEETING, f"{folder}: {kind} mounted at {place}",
        "memory forgets all of it when the machine stops" if kind in FLEETING
        else "over a network, file locks and shared memory do not keep two writers apart",
        "set hub.data to a folder on a local disk, and copy the data there while nothing runs",
    )  # fmt: skip


def one_writer(path: Path, lock: Path) -> Check:
    """Whether only one process at a time can write or checkpoint this file.

    Tried, not assumed: two handles on the lock, of which the second must be refused.
    """
    version = sqlite3.sqlite_version
    fixed = sqlite3.sqlite_version_info >= SAFE_WITH_TWO_WRITERS
    excluded = True
    if not fixed:
        with lock.open("a") as first, lock.open("a") as second:
            try:
                fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
                excluded = False
            except BlockingIOError:
                pass
    return check(
        "sqlite-one-writer", ("One process at a time writes", "同一时刻只有一个进程写入"),
        fixed or excluded,
        f"SQLite {version}; a second lock on {lock.name} is {'not needed' if fixed else 'refused' if excluded else 'granted'}",
        "SQLite before 3.51.3 may corrupt a file that two processes checkpoint at once, "
        "and locks do not keep them apart here",
        "move the data folder to a local disk, or install SQLite 3.51.3 or later",
    )  # fmt: skip


def stored_checks(path: Path, application_id: int | None, deep: bool) -> Iterator[Check]:
    """What the file itself says; opened only to read."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
        mode = str(db.execute("PRAGMA journal_mode").fetchone()[0])
        yield check(
            "sqlite-journal", ("A write-ahead log is kept (WAL)", "使用预写日志（WAL）"),
            mode == "wal", f"{path.name}: journal_mode={mode}",
            "readers and the writer hold each other up, and answers fail with: locked",
            f"while nothing runs: sqlite3 {path} 'PRAGMA journal_mode=WAL'",
        )  # fmt: skip
        if application_id is not None:
            found = int(db.execute("PRAGMA application_id").fetchone()[0])
            yield check(
                "sqlite-own-file", ("The file is the hub's own", "文件确属本系统"),
                found == application_id, f"{path.name}: application_id={found:#x}",
                "it belongs to another program: the hub refuses to write to it",
                f"move {path.name} out of the data folder, or put the hub's own file back",
            )  # fmt: skip
        asked = "integrity_check" if deep else "quick_check"
        said = str(db.execute(f"PRAGMA {asked}(1)").fetchone()[0])
        yield check(
            "sqlite-intact", ("The file is intact", "文件完好"), said == "ok", f"{path.name}: {asked}={said}",
            "the file is damaged: what is read from it cannot be trusted",
            "stop the hub, keep a copy of the folder, and restore the file from the last copy; "
            "a projection is refilled with `hub replay rebuild` instead",
        )  # fmt: skip


def connection_checks(name: str, ask: Callable[[str], object], level: int) -> Iterator[Check]:
    """What holds on a connection made as the hub makes it; `ask` gives the value of a pragma."""
    found = int(str(ask("synchronous")))
    yield check(
        "sqlite-synchronous", ("What is acknowledged is on the disk", "已确认的内容已写入磁盘"),
        found >= level, f"{name}: synchronous={LEVELS.get(found, found)}, {LEVELS[level]} is needed",
        "a power cut loses what was acknowledged", "install a build of SQLite that keeps PRAGMA synchronous",
    )  # fmt: skip
    waits = int(str(ask("busy_timeout")))
    yield check(
        "sqlite-waits", ("A locked file is waited for", "文件被锁定时会等待"),
        waits > 0, f"{name}: busy_timeout={waits} ms",
        "work fails at once when another process reads", "report this: the hub sets it on every connection",
    )  # fmt: skip
    mapped = ask("mmap_size")
    mapped = 0 if mapped is None else int(str(mapped))
    yield check(
        "sqlite-not-mapped", ("The file is not mapped into memory", "文件未映射到内存"),
        mapped == 0, f"{name}: mmap_size={mapped}",
        "a fault of the disk ends the process instead of an error that can be handled",
        "install a build of SQLite whose default of mmap_size is 0",
    )  # fmt: skip


def reachable(path: Path) -> None:
    """LogUnavailableError where the file is there and cannot be opened."""
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise LogUnavailableError(f"{path.name} cannot be read") from error
