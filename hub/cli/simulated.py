"""`hub simulate`, `hub demo` and `hub score`: a county with known truth, and how near the hub comes to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from hub.audit.score import score as score_truth
from hub.cli.common import FINDINGS, as_json, opened, queries
from hub.cli.show import Progress, emit, table
from hub.demo import demo as run_demo
from hub.demo_counties import demo_counties
from hub.domain.discrepancies import CATALOGUE
from hub.simulate import simulate as run_simulation


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--persons", type=click.IntRange(10, 5_000_000), default=20_000, show_default=True)
@click.option("--months", type=click.IntRange(1, 240), default=24, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--noise", type=click.FloatRange(0, 10), default=1.0, show_default=True, help="1 default, 2 double"
)
@click.option(
    "--neighbour", type=click.Path(path_type=Path), help="folder for the drops of the county next door"
)
@as_json
def simulate(
    directory: Path, persons: int, months: int, seed: int, noise: float, neighbour: Path | None, json_: bool
) -> None:
    """Write a simulated county's drops, with the truth beside them."""
    with Progress("drops", quiet=json_) as bar:
        summary = run_simulation(directory, persons, months, seed, noise, bar.to, neighbour)
    emit(summary._asdict(), json_, lambda: table("simulated", summary._asdict()))


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option("--persons", type=click.IntRange(100, 1_000_000), default=20_000, show_default=True)
@click.option("--months", type=click.IntRange(2, 120), default=24, show_default=True)
@click.option("--two-counties", is_flag=True, help="a second hub next door, and letters between the two")
@as_json
@click.pass_context
def demo(
    context: click.Context, folder: Path, persons: int, months: int, two_counties: bool, json_: bool
) -> None:
    """A county from its departments' files to settled cases, in one go."""
    run = demo_counties if two_counties else run_demo
    answer = run(folder, persons, months, quiet=json_)
    if json_:
        emit(answer, json_, lambda: None)
    if not answer["ok"]:
        context.exit(FINDINGS)


@click.command()
@click.option("--truth", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@as_json
@click.pass_context
def score(context: click.Context, truth: Path, json_: bool) -> None:
    """Compare with labelled truth, as `hub simulate` writes it."""
    hub = opened(context)
    folder = truth / "truth" if (truth / "truth").is_dir() else truth
    with hub.projection() as db:
        found = score_truth(db, queries(hub, db).links(None), folder, hub.rules.limits)
    emit(found, json_, lambda: show_score(found))


SHARES = {
    "births": "出生 births",
    "residents": "居住 residents",
    "residence_months": "居住人月 person-months",
}
"""Parts of a score that are one share of agreement, and what it is by."""


def show_score(found: Mapping[str, Any]) -> None:
    """A score as tables: identity, one row a kind of discrepancy, one row a class of births and residence."""
    table("识别 identity", [
        {"方法 measure": name} | found[name] for name in ("pairwise", "bcubed")
    ])  # fmt: skip
    table("不一致 discrepancies", [_kind(code, said) for code, said in found["discrepancies"].items()])
    for part, title in SHARES.items():
        if part in found:
            said = found[part]
            classes = [{"类别 class": name or "-"} | dict(counts) for name, counts in said["by"].items()]
            table(f"{title}: {said['agreed']:,} / {said['true']:,} = {said['agree']:.4f}", classes)


def _kind(code: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """One kind on one line."""
    return {
        "类型 kind": f"{CATALOGUE[code].zh} {code}" if code in CATALOGUE else code,
        "精确率 precision": said["precision"], "召回率 recall": said["recall"], "发现 detected": said["detected"],
        "正确 right": said["right"], "真实 true": said["true"], "找到 found": said["found"],
        "不可发现 undetectable": said["undetectable"],
    }  # fmt: skip
