"""deploy/README.md, followed: its settings, its workers and its commands, on a real broker and a real database.

Only addresses are put in place of the guide's own, since the ports may be taken here.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.databases import new_database

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "deploy/README.md").read_text("utf-8")
BIN = Path(sys.executable).parent
SECONDS_MAX = 120
pytestmark = pytest.mark.kafka


def section(title: str) -> str:
    """The text under a heading of the guide."""
    return re.search(rf"^## [\d. ]*{title}.*?\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL).group(1)


def block(text: str, language: str) -> str:
    """The first block of a language."""
    return re.search(rf"```{language}\n(.*?)```", text, re.DOTALL).group(1)


def commands(title: str) -> list[list[str]]:
    """The commands of a section's first block, without their remarks."""
    lines = (line.partition(" #")[0].split() for line in block(section(title), "sh").splitlines())
    return [line for line in lines if line]


def test_the_makefile_has_what_the_guide_asks_of_it():
    made = set(re.findall(r"^([$()\w./-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = {
        c[1] for title in ("Install", "A broker", "A database") for c in commands(title) if c[0] == "make"
    }
    assert asked == {".venv/test.done", "kafka", "postgres"}
    assert asked <= {name.replace("$(VENV)", ".venv") for name in made}


def test_the_guide_brings_up_a_site(broker, postgres, tmp_path):
    settings = block(section("Settings"), "toml")
    for said, here in (
        ("127.0.0.1:9092", broker.address),
        ("postgresql://hub@127.0.0.1:5432/hub", new_database(postgres)),
    ):
        assert said in settings
        settings = settings.replace(said, here)
    (tmp_path / "hub.toml").write_text(settings)

    def run(words: list[str], *codes: int) -> str:
        assert words[0] == "hub"
        program = shutil.which("hub", path=str(BIN))
        done = subprocess.run(
            [program, *words[1:]], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode in codes, f"{words}: {done.stdout[-800:]}{done.stderr[-800:]}"
        return done.stdout

    (started,) = commands("Workers")
    assert started[0] == "hub"
    program = shutil.which("hub", path=str(BIN))
    workers = [
        subprocess.Popen(
            [program, *started[1:]], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(2)
    ]
    try:
        listed = commands("A county")
        assert [words[1] for words in listed] == ["simulate", "ingest", "status", "score", "replay"]
        for words in listed:
            # Refused and doubtful rows are what a county has: the guide says that this ends with 1.
            run(words, *((0, 1) if words[1] == "ingest" else (0,)))
            deadline = time.monotonic() + SECONDS_MAX
            while words[1] == "status" and not json.loads(run([*words, "--json"], 0))["caught_up"]:
                assert time.monotonic() < deadline, "never caught up"
                time.sleep(0.5)
        found = json.loads(run(["hub", "status", "--json"], 0))
        assert found["people"] > 2_000 and found["caught_up"]
        for words in commands("Is it safe"):
            run(words, 0)
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(30) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
