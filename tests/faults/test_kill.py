"""kill -9 at random moments of ingestion and processing, then going on, changes nothing."""

import os
import random
import signal
import subprocess
import sys
import time

from hub.app import Hub
from hub.audit import replay
from hub.projections.databases import open_sqlite
from hub.settings import load
from tests.conftest import KEY, settings_for, work_through

KILLS = 20


def test_killing_at_twenty_random_moments_gives_the_same_digests(tmp_path, county):
    quiet = Hub(settings_for(tmp_path / "quiet"))
    started = time.monotonic()
    work_through(quiet, county)
    undisturbed = time.monotonic() - started
    with quiet.projection() as db:
        expected = replay.digests(db)
    quiet.close()

    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "hub.toml").write_text('[secrets]\npseudonym_key_file = "key"\n')
    commands = (["ingest", "--source", str(county), "--json"], ["run", "--json"])
    chance = random.Random(20)
    for kill in range(KILLS):
        process = start(tmp_path, commands[kill % 2])
        try:
            process.wait(timeout=0.8 + chance.random() * undisturbed)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
    for command in commands:
        process = start(tmp_path, command)
        assert process.wait(timeout=240) in (0, 1)

    disturbed = Hub(load(tmp_path / "hub.toml", {}))
    with disturbed.projection() as db:
        assert replay.digests(db) == expected
    with open_sqlite(":memory:").connect() as scratch:
        assert replay.verify(disturbed.log, scratch, disturbed.rules, lambda _: None).differences == 0
    disturbed.close()


def start(folder, arguments):
    code = "from hub.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
