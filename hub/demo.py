"""The main job in one go: simulate, ingest, decide, verify, show.

Ingestion and the rules run side by side in two processes, as on a live site.
"""

import multiprocessing
import shutil
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from hub.app import Hub
from hub.audit import replay
from hub.audit.score import score
from hub.collector import tune_collector
from hub.domain.births import OUTCOMES
from hub.domain.disclosures import Reader
from hub.domain.discrepancies import CATALOGUE
from hub.projections.databases import open_sqlite
from hub.queries import Queries
from hub.reports.page import write_page
from hub.settings import HubSettings, Settings
from hub.simulate import simulate

POLL_SECONDS = 0.02
START_SECONDS_MAX = 60.0


def at(folder: Path) -> Settings:
    """Settings of a hub that keeps its data in a folder of its own."""
    return Settings(hub=HubSettings(data=str(folder)))


def ingest_all(settings: Settings, source: Path, ready: Event | None = None) -> None:
    """Read every drop; the entry point of the ingesting process, which says when it is about to."""
    tune_collector()
    hub = Hub(settings)
    with hub.ingest() as work:
        if ready is not None:
            ready.set()
        work.run(hub.connectors(source, ()), lambda receipt: None, close_days=True)
    hub.close()


def work_through(folder: Path, source: Path) -> tuple[float, float]:
    """Ingest and decide side by side; seconds in all, and processor seconds of the deciding side.

    The clock starts when both stand ready: starting a process is no work on records.
    """
    Hub(at(folder)).close()
    processes = multiprocessing.get_context("spawn")
    ready = processes.Event()
    child = processes.Process(target=ingest_all, args=(at(folder), source, ready))
    child.start()
    hub = Hub(at(folder))
    tune_collector()
    with hub.runner() as runner:
        ready.wait(START_SECONDS_MAX)
        started, cpu = time.perf_counter(), time.process_time()
        while True:
            alive = child.is_alive()
            if runner.step() is None:
                if not alive:
                    break
                time.sleep(POLL_SECONDS)
        runner.refresh()
    child.join()
    hub.close()
    if child.exitcode != 0:
        raise RuntimeError(f"ingestion ended with exit code {child.exitcode}")
    return time.perf_counter() - started, time.process_time() - cpu


def demo(folder: Path, persons: int, months: int, *, quiet: bool) -> dict[str, Any]:
    """The whole story on a fresh folder; `ok` when the replay agreed with the first run."""
    console = Console(quiet=quiet)
    source, data = folder / "county", folder / "hub-data"
    for old in (source, data):
        shutil.rmtree(old, ignore_errors=True)
    seconds: dict[str, float] = {}

    def timed(name: str, job: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        with console.status(name):
            result = job()
        seconds[name] = round(time.perf_counter() - started, 1)
        console.print(f"  {name}: {seconds[name]} s")
        return result

    console.print(
        f"[bold]模拟县 A simulated county[/]: {persons:,} people, {months} months; nobody in it is real."
    )
    simulated = timed("simulate 模拟", lambda: simulate(source, persons, months, seed=1))
    timed("ingest and reconcile 接收与比对", lambda: work_through(data, source))
    hub = Hub(at(data))
    with open_sqlite(":memory:").connect() as scratch:
        verified = timed("replay verify 重放核验",
                         lambda: replay.verify(hub.log, scratch, hub.rules, lambda _: None))  # fmt: skip
    with hub.projection() as db:
        reader = Reader("health", "analyst", hub.settings.hub.county, "record-reconciliation")
        queries = Queries(db, hub.log, reader, hub.settings.hub.county, hub.rules.model)
        status = queries.status()
        scored = score(db, queries.links(None), source / "truth", hub.rules.limits)
        cases = queries.rows("cases", 5, state="raised")
        feeds = hub.intake.balance()
        page = folder / "county.html"
        write_page(page, db, status, feeds, hub.settings.hub.county)
    hub.close()
    answer = {
        "ok": verified.differences == 0, "simulated": simulated._asdict(), "feeds": feeds,
        "status": status, "score": scored, "verified": verified._asdict(), "seconds": seconds,
        "page": str(page),
    }  # fmt: skip
    if not quiet:
        _summary(console, answer, cases)
    return answer


def _summary(console: Console, answer: dict[str, Any], cases: list[dict[str, Any]]) -> None:
    status = answer["status"]
    shown = Table(title="回执 receipts: received = accepted + unchanged + quarantined", title_justify="left")
    shown.add_column("数据源 feed", overflow="fold")
    for name in ("接收 received", "接受 accepted", "未变 unchanged", "隔离 quarantined", "提醒 warnings"):
        shown.add_column(name.replace(" ", "\n"), justify="right", no_wrap=True)
    for feed, counts in answer["feeds"].items():
        shown.add_row(
            feed,
            *(f"{counts[n]:,}" for n in ("received", "accepted", "unchanged", "quarantined", "warnings")),
        )
    console.print(shown)
    quality = answer["score"]
    console.print(
        f"[bold]人 people[/]: {status['people']:,} from {status['records']:,} records; against the truth,"
        f" pairwise F1 {quality['pairwise']['f1']:.4f}, B-cubed F1 {quality['bcubed']['f1']:.4f}"
    )
    births = ", ".join(f"{' '.join(OUTCOMES[k])} {n:,}" for k, n in status["births"].items())
    console.print(f"[bold]出生 births[/]: {births}")
    living = ", ".join(f"{k} {n:,}" for k, n in status["residents"].items())
    console.print(f"[bold]居住 living here[/]: {living}")
    table = Table(title="不一致 discrepancies about records", title_justify="left")
    # What a kind means stands below its name: beside it, a terminal of 80 columns would cut both.
    table.add_column("种类 kind", overflow="fold")
    for name in ("现存 standing", "消除 cleared", "精确 precision", "召回 recall"):
        table.add_column(name.replace(" ", "\n"), justify="right", no_wrap=True)
    for kind, scores in quality["discrepancies"].items():
        table.add_row(
            f"{kind}\n[dim]{CATALOGUE[kind].zh}[/]", f"{status['discrepancies'].get(kind, 0):,}",
            f"{status['discrepancies_cleared'].get(kind, 0):,}",
            f"{scores['precision']:.3f}", f"{scores['recall']:.3f}",
        )  # fmt: skip
    console.print(table)
    states = ", ".join(f"{k} {n:,}" for k, n in status["cases"].items())
    console.print(f"[bold]案件 cases[/]: {states}; the first open ones:")
    for case in cases:
        console.print(f"  {case['case_id']} {case['kind']} → {case['owner']}, due {case['due_on']}")
    verified = answer["verified"]
    result = "the same" if answer["ok"] else f"{verified['differences']:,} differences"
    console.print(
        f"[bold]重放 replay[/]: {verified['events']:,} events decided again, {verified['decisions']:,} decisions: {result}"
    )
    folder = Path(answer["page"]).parent
    console.print(f"[bold]下一步 next[/]: open {answer['page']} in a browser; then in {folder}/:")
    console.print(
        "  (the command is .venv/bin/hub) hub status · hub discrepancies --kind birth-unregistered · hub cases · hub explain ID · hub replay rebuild"
    )
