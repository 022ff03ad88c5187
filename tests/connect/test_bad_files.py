"""Bad files by the hundred: no crash, no silent row, memory within bounds, every receipt balanced."""

import json
import random
import subprocess
import sys
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest

from hub.app import Hub
from hub.projections.quarantine import Chosen
from hub.settings import load
from tests.connect.bad_files import bad_files, good_file, mutated
from tests.connect.samples import CONTRACT, ingest

FILES = 500
MUTANTS = 120
MEMORY_MIB_MAX = 512
FORMATS = {".csv": "delimited", ".xlsx": "excel", ".jsonl": "jsonl", ".sqlite": "sql"}
# Not getrusage: its peak is inherited from the process that started this one.
MEASURED = """
import re, sys
from pathlib import Path
from hub.cli import main
try:
    main()
finally:
    print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024, file=sys.stderr)
"""


def site(folder: Path) -> None:
    """A feed for each format, over a folder of its own."""
    said = '[hub]\ndata = "data"\n'
    for format in FORMATS.values():
        name = f"town.{format}"
        (folder / format).mkdir()
        contract = CONTRACT.replace("id: town.members", f"id: {name}")
        (folder / f"{format}.yaml").write_text(
            contract
            + f"customProperties: [{{property: source, value: {{format: {format}, table: members}}}}]\n"
        )
        said += f'[feeds."{name}"]\ncontract = "{format}.yaml"\npath = "{format}"\n'
    (folder / "hub.toml").write_text(said)


def put(folder: Path, number: int, suffix: str, content: bytes) -> str:
    name = f"2024-01-01-{number:04d}{suffix}"
    (folder / FORMATS[suffix.removesuffix(".gz")] / name).write_bytes(content)
    return name


def balanced(folder: Path) -> int:
    """Both balances of every feed, of the door and of the quarantine; how many rows were received."""
    with closing(Hub(load(folder / "hub.toml", {}))) as hub:
        door, inside = hub.intake.balance(), hub.intake.quarantine_balance()
        for feed, counts in door.items():
            assert counts["received"] == counts["accepted"] + counts["unchanged"] + counts["quarantined"]
            settled = ("waiting", "accepted", "unchanged", "replaced", "discarded")
            assert counts["quarantined"] == sum(inside[feed][name] for name in settled)
        assert len(hub.intake.waiting(Chosen())) == sum(counts["waiting"] for counts in inside.values())
        return sum(counts["received"] for counts in door.values())


def test_five_hundred_bad_files(tmp_path):
    site(tmp_path)
    expected = {}
    for number, bad in enumerate(bad_files(FILES)):
        expected[put(tmp_path, number, bad.suffix, bad.content)] = bad
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "ingest", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr[-2_000:]
    assert "Traceback" not in done.stderr
    assert int(done.stderr.split()[-1]) <= MEMORY_MIB_MAX
    rows = defaultdict(int)
    for receipt in json.loads(done.stdout):
        assert receipt["received"] == receipt["accepted"] + receipt["unchanged"] + receipt["quarantined"]
        rows[receipt["drop"]] += receipt["received"]
    assert rows.keys() == expected.keys()
    wrong = {
        name: (bad.kind, bad.rows, rows[name])
        for name, bad in expected.items()
        if bad.rows not in (None, rows[name])
    }
    assert wrong == {}
    assert balanced(tmp_path) == sum(rows.values())
    # A second time there is nothing new to read, and nothing breaks.
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "ingest", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout) == [] and done.returncode == 0, done.stderr[-2_000:]


@pytest.mark.parametrize("suffix", FORMATS)
def test_mutated_files(tmp_path, suffix):
    site(tmp_path)
    chance, good = random.Random(len(suffix)), good_file(suffix)
    names = {put(tmp_path, number, suffix, mutated(good, chance)) for number in range(MUTANTS)}
    with closing(Hub(load(tmp_path / "hub.toml", {}))) as hub:
        receipts = ingest(hub, None, f"town.{FORMATS[suffix]}")
        assert {receipt.drop for receipt in receipts} == names
        # What waits can be listed, tried again and discarded, whatever it holds.
        with hub.quarantine("clerk") as (work, _):
            work.retry(hub.intake.waiting(Chosen()), dry_run=True)
            work.discard(hub.intake.waiting(Chosen()), "mutated")
    balanced(tmp_path)
