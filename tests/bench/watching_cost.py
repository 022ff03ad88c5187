"""What watching costs ingestion: the same drop read with and without it, in turns, by processor time.

python tests/bench/watching_cost.py [--persons 20000] [--pairs 5]
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest

from hub.app import Hub
from hub.connect.ingest import Ingest
from hub.connect.watch import Watch
from hub.projections import watched
from hub.settings import HubSettings, Settings
from hub.simulate import simulate

HOUSEHOLD = "public_security.household_entry"


@contextmanager
def unwatched() -> Iterator[None]:
    """Ingestion as it was without measuring, folding and looking."""
    with pytest.MonkeyPatch.context() as without:
        without.setattr(Ingest, "_measure", lambda *_: None)
        without.setattr(Watch, "close", lambda *_: None)
        without.setattr(watched, "apply", lambda *_: None)
        yield


def seconds(source: Path, folder: Path) -> float:
    """Processor seconds of one ingestion."""
    hub = Hub(Settings(hub=HubSettings(data=str(folder))))
    with hub.ingest() as work:
        started = time.process_time()
        work.run(hub.connectors(source, (HOUSEHOLD,)), lambda receipt: None, close_days=True)
        taken = time.process_time() - started
    hub.close()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=5)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = simulate(folder / "county", said.persons, 1, 1).rows_by_feed[HOUSEHOLD]
        ratios = []
        for pair in range(said.pairs):
            with unwatched():
                without = seconds(folder / "county", folder / f"without-{pair}")
            ratios.append(seconds(folder / "county", folder / f"with-{pair}") / without)
            print(
                json.dumps(
                    {"rows": rows, "seconds_without": round(without, 2), "ratio": round(ratios[-1], 3)}
                ),
                flush=True,
            )
        print(json.dumps({"median_ratio": round(median(ratios), 3)}))


if __name__ == "__main__":
    main()
