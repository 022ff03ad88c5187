"""The wire between hub and broker is cut while a county is ingested: both ways (F29), replies only (F30).

Broker and hub live in network namespaces of their own, joined by one wire and
by nothing else. A cut drops packets inside a namespace; no link goes down, so
neither side is told.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.app import Hub
from hub.audit import replay
from tests.conftest import KEY, settings_for

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
BROKER, HUB = "10.77.0.1", "10.77.0.2"
PORT = 9092
WAIT_SECONDS = 6
CUT_SECONDS = 9
"""Longer than a call may wait: some call fails without knowing whether the broker did it."""
STARTED_SECONDS_MAX = 60
PATIENCE_SECONDS = 90
TRY_LATER = 3
HUB_COMMAND = (sys.executable, "-c", "from hub.cli import main; main()")


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


class Wire:
    """Two namespaces with a wire between them; packets of either direction can be lost."""

    def __init__(self) -> None:
        self.broker, self.hub = f"hub-broker-{os.getpid()}", f"hub-hub-{os.getpid()}"

    def lay(self) -> None:
        for name in (self.broker, self.hub):
            ip("netns", "add", name)
        ip(
            "-n",
            self.broker,
            "link",
            "add",
            "wire",
            "type",
            "veth",
            "peer",
            "name",
            "wire",
            "netns",
            self.hub,
        )
        for name, address in ((self.broker, BROKER), (self.hub, HUB)):
            ip("-n", name, "address", "add", f"{address}/30", "dev", "wire")
            ip("-n", name, "link", "set", "wire", "up")
            ip("-n", name, "link", "set", "lo", "up")

    def cut(self, *, replies_only: bool) -> None:
        ip("-n", self.broker, "route", "add", "blackhole", f"{HUB}/32")
        if not replies_only:
            ip("-n", self.hub, "route", "add", "blackhole", f"{BROKER}/32")

    def heal(self) -> None:
        for name, address in ((self.broker, HUB), (self.hub, BROKER)):
            subprocess.run(
                ["ip", "-n", name, "route", "del", "blackhole", f"{address}/32"],
                capture_output=True,
                check=False,
            )

    def remove(self) -> None:
        for name in (self.broker, self.hub):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


@pytest.fixture
def wire():
    laid = Wire()
    try:
        laid.lay()
    except (OSError, subprocess.CalledProcessError) as error:
        laid.remove()
        pytest.skip(f"this machine lets us make no network namespaces: {type(error).__name__}")
    yield laid
    laid.remove()


@pytest.fixture
def far_broker(wire, tmp_path):
    """A broker at the other end of the wire."""
    command = [sys.executable, str(ROOT / "deploy/kafka/broker.py"), "--host", BROKER, "--port", str(PORT)]
    process = subprocess.Popen(
        ["ip", "netns", "exec", wire.broker, *command], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert "answers at" in process.stdout.readline(), "the broker started"
    yield process
    process.terminate()
    process.communicate(timeout=60)


class Site:
    """A hub's folder at this end of the wire."""

    def __init__(self, folder: Path, wire: Wire) -> None:
        self.folder, self._wire = folder, wire
        folder.mkdir()
        (folder / "key").write_bytes(KEY)
        (folder / "hub.toml").write_text(
            f'[hub]\ndata = "data"\n[log]\nurl = "kafka://{BROKER}:{PORT}/county"\npartitions = 4\n'
            f"accept_single_copy = true\nwait_seconds = {WAIT_SECONDS}\n"
            '[secrets]\npseudonym_key_file = "key"\n'
        )

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            ["ip", "netns", "exec", self._wire.hub, *HUB_COMMAND, *arguments], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def until_done(self, *arguments: str, begun: subprocess.Popen | None = None) -> tuple[int, str]:
        """Call again while the hub says: try later; how often it said so, and what it printed at last."""
        deadline, refused = time.monotonic() + PATIENCE_SECONDS, 0
        while True:
            process, begun = begun or self.start(*arguments), None
            said, complaint = process.communicate(timeout=PATIENCE_SECONDS)
            if process.returncode != TRY_LATER:
                assert process.returncode in (0, 1), complaint
                return refused, said
            refused += 1
            assert time.monotonic() < deadline, "the hub did not come back"


@pytest.mark.parametrize("worked", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "replies_only", [pytest.param(False, id="f29-both-ways"), pytest.param(True, id="f30-replies-lost")]
)
def test_a_cut_wire_loses_nothing_and_doubles_nothing(
    tmp_path, wire, far_broker, county, worked, replies_only
):
    site = Site(tmp_path / "site", wire)
    ingesting = site.start("ingest", "--source", str(county))
    deadline = time.monotonic() + STARTED_SECONDS_MAX
    while not list((site.folder / "data").glob("intake.db")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    assert ingesting.poll() is None, "the cut comes in the middle of the work"
    wire.cut(replies_only=replies_only)
    time.sleep(CUT_SECONDS)
    wire.heal()
    site.until_done("ingest", "--source", str(county), begun=ingesting)
    site.until_done("run", "--until-caught-up")
    found = json.loads(site.until_done("replay", "verify", "--json")[1])
    assert (found["ok"], found["differences"]) == (True, 0)
    local = Hub(settings_for(site.folder))
    with local.projection() as db, worked.projection() as other:
        assert replay.digests(db) == replay.digests(other)
    local.close()
