"""A disk that is really full: a small one of its own, in a mount namespace that the test makes (F10)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.app import Hub
from hub.domain.events import DECISIONS
from hub.errors import LogUnavailableError, ProjectionUnavailableError
from hub.log import Envelope
from hub.projections.position import load_checkpoint
from tests.conftest import KEY, settings_for
from tests.faults.test_poison import aside, check_replays, child, closed, poisoned
from tests.test_repository import ROOT

DISK_BYTES = 64 << 20
ROOM_BYTES = 800 << 10
"""Enough to open every file, not to commit a step."""
NO_DISK = 77
MOUNT = f'mount -t tmpfs -o size={DISK_BYTES} none "$1/data" || exit {NO_DISK}; shift; exec "$@"'
HUB = (sys.executable, "-c", "from hub.cli import main; main()", "--verbose")


@pytest.mark.timeout(200)
def test_f10_what_can_be_neither_applied_nor_set_aside_on_a_full_disk_waits_for_space(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "hub.toml").write_text('[secrets]\npseudonym_key_file = "key"\n[hub]\ndata = "data"\n')
    code = f"from {__name__} import scenario; from pathlib import Path; scenario(Path({str(tmp_path)!r}))"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", str(tmp_path),
         sys.executable, "-c", code],
        cwd=ROOT, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    if done.returncode == NO_DISK or "unshare" in done.stderr.partition("\n")[0]:
        pytest.skip(f"this machine lets us mount no disk of our own: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "data").iterdir()), "the disk was one that only the scenario saw"


def scenario(folder: Path) -> None:
    """Runs in a process that sees the small disk at `data`."""
    settings = settings_for(folder)
    hub = Hub(settings)
    hub.log.append([child(0), closed(19_099)])
    with hub.runner() as runner:
        runner.run()
    before = position(hub)
    hub.log.append([*map(wide, range(1, 100)), poisoned(100), *map(wide, range(101, 900)), closed(19_100)])
    hub.close()

    filler = folder / "data" / "filler"
    free = os.statvfs(folder / "data")
    filler.write_bytes(bytes(free.f_bavail * free.f_frsize))
    done = run(folder)
    assert done.returncode == LogUnavailableError.exit_code and "could not be opened" in done.stderr
    os.truncate(filler, filler.stat().st_size - ROOM_BYTES)
    for _ in range(2):
        done = run(folder)
        assert done.returncode == ProjectionUnavailableError.exit_code, done.stderr
        assert "event_set_aside" in done.stderr, done.stderr
        assert "its disk is full" in done.stderr and "林" not in done.stderr
    filler.unlink()
    hub = Hub(settings)
    assert position(hub) == before
    hub.close()

    done = run(folder)
    assert done.returncode == 0, done.stderr
    hub = Hub(settings)
    assert aside(hub) == {poisoned(100).id}
    with hub.projection() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM records").scalar() == 899, "none was skipped"
    check_replays(hub)
    hub.close()


def wide(number: int) -> Envelope:
    """A record that takes some room: a step of them does not fit where the files could be opened."""
    return child(number, certificate_no="9" * 3_000)


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HUB, "run", "--json"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def position(hub) -> tuple:
    """What the projection has covered, and the end of the decisions in the log."""
    with hub.projection() as db:
        covered = load_checkpoint(db)
    return covered, {p: offset for p, offset in hub.log.head().items() if p.topic == DECISIONS}
