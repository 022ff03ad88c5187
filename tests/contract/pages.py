"""Pages under `connectors/` as sources for the conformance suite."""

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hub.app import Hub
from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.odcs import load_contract
from hub.settings import load
from tests.contract.conformance import HEADINGS
from tests.contract.test_conformance import as_csv, as_lines, as_workbook
from tests.web import serving

Rows = Sequence[Sequence[str]]
Page = Callable[[Feed, Path], Connector]
ROOT = Path(__file__).parents[2]


def as_database(rows: Rows, headings: Sequence[str], table: str = "members") -> bytes:
    """An SQLite file with one table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drop.sqlite"
        db = sqlite3.connect(path)
        with db:
            db.execute(f"CREATE TABLE {table} ({', '.join(headings)})")
            db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(headings))})", rows)
        db.close()
        return path.read_bytes()


WRITERS = {".csv": as_csv, ".xlsx": as_workbook, ".jsonl": as_lines, ".sqlite": as_database}


class FolderPage:
    """A page over dated files."""

    said = 'path = "."'

    def __init__(self, folder: Path, page: Page, suffix: str) -> None:
        self.root, self._page, self._suffix, self._count = folder / "drops", page, suffix, 0
        self.place = "other/members"

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to give back."""

    def page(self, feed: Feed) -> Connector:
        """The page over a feed."""
        return self._page(feed, self.root)

    def deliver(self, rows: Rows, headings: Sequence[str] = HEADINGS) -> None:
        """The next day's file."""
        self._count += 1
        path = self.root / self.place / f"2024-01-{self._count:02d}{self._suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        extra = {"table": self.place.partition("/")[2]} if self._suffix == ".sqlite" else {}
        path.write_bytes(WRITERS[self._suffix](rows, headings, **extra))


class InterfacePage(FolderPage):
    """A page over an HTTP interface."""

    def __init__(self, folder: Path, page: Page) -> None:
        super().__init__(folder, page, "")
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Any:
        self._interface = self._stack.enter_context(serving())
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def page(self, feed: Feed) -> Connector:
        self._address()
        return super().page(feed)

    def deliver(self, rows: Rows, headings: Sequence[str] = HEADINGS) -> None:
        self._interface.records = [dict(zip(headings, row, strict=True)) for row in rows]

    def _address(self) -> None:
        path = self.root / self.place / "address"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{self._interface.address}/people")


def sample_read(source: FolderPage, name: str, headings: Sequence[str], rows: Rows) -> tuple[int, int]:
    """A sample under a page's own contract, were it active: how many rows were accepted and set aside."""
    text = (ROOT / f"schemas/contracts/{name}.yaml").read_text(encoding="utf-8")
    folder = source.root.parent
    (folder / "contract.yaml").write_text(text.replace("status: draft", "status: active"), encoding="utf-8")
    feed = load_contract(folder / "contract.yaml")
    source.place = name.replace(".", "/")
    source.deliver(rows, headings)
    (folder / "hub.toml").write_text('[hub]\ndata = "data"\n')
    receipts: list[Any] = []
    with contextlib.closing(Hub(load(folder / "hub.toml", {}))) as hub, hub.ingest() as work:
        work.run([source.page(feed)], receipts.append, close_days=False)
    return sum(r.accepted for r in receipts), sum(r.quarantined for r in receipts)
