"""`hub identity …`: models of who is who, learnt, measured, adopted; and what people say of pairs."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hub.audit import learning
from hub.cli.common import as_json, opened, queries, why
from hub.cli.review import review
from hub.cli.show import Progress, emit, table
from hub.errors import SettingsError
from hub.matching import Model, words
from hub.matching.document import level_weights, read_model, written
from hub.matching.training import Costs
from hub.projections.adoption import adopted_content
from hub.reports.model import write_model_page

DEFAULT = Costs()


@click.group()
def identity() -> None:
    """Who is who: the model that decides it, and pairs that people must look at."""


identity.add_command(review)


def model_from(path: Path) -> Model:
    """The model in a file."""
    try:
        return read_model(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be read") from error


@identity.command()
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("model.json"), show_default=True
)
@click.option(
    "--chart", type=click.Path(path_type=Path, dir_okay=False), help="default: beside the model, as .html"
)
@click.option(
    "--false-link",
    type=click.FloatRange(0.001, 1_000_000),
    default=DEFAULT.false_link,
    show_default=True,
    help="cost of a wrong link",
)
@click.option(
    "--missed-link",
    type=click.FloatRange(0.001, 1_000_000),
    default=DEFAULT.missed_link,
    show_default=True,
    help="cost of a missed link",
)
@click.option(
    "--review-from",
    type=click.FloatRange(0.0001, 0.9),
    default=DEFAULT.review_from,
    show_default=True,
    help="probability from which people look",
)
@click.option(
    "--precision",
    type=click.FloatRange(0, 0.999999),
    default=DEFAULT.precision,
    show_default=True,
    help="link nothing that is less likely one person than this",
)
@click.option("--seed", type=int, default=1, show_default=True)
@as_json
@click.pass_context
def train(
    context: click.Context, out: Path, chart: Path | None, false_link: float, missed_link: float,
    review_from: float, precision: float, seed: int, json_: bool,
) -> None:  # fmt: skip
    """Learn a model from all live records, without labels, and draw it.

    Nothing changes: `hub identity evaluate` measures a model, `hub replay what-if` shows what it would
    change, `hub identity adopt` puts it in force.
    """
    hub, costs = opened(context), Costs(false_link, missed_link, review_from, precision)
    with hub.projection() as db, Progress("rounds", quiet=json_) as bar:
        document = learning.learn(db, costs, seed, lambda step: bar.add(step == "learning"))
    content = written(document)
    model = read_model(content)
    out.write_bytes(content)
    page = chart or out.with_suffix(".html")
    write_model_page(page, model)
    said = document["learnt"]
    answer = {
        "model": model.version, "file": str(out), "chart": str(page), "profiles": said["profiles"],
        "pairs": said["pairs"], "rounds": said["rounds"], "converged": said["converged"],
        "expected_matches": round(said["matches"][-1], 1), "relatives": round(said["relatives"], 1),
        "twins": round(said["twins"], 1), "link": model.link, "review": model.review,
    }  # fmt: skip
    weights = [item._asdict() for item in level_weights(model)]
    emit(answer | {"weights": weights}, json_, lambda: _show_model(answer, model))


def _show_model(answer: dict[str, Any], model: Model) -> None:
    shown = Table(title="每字段权重 weights by field, in bits", title_justify="left")
    for name in ("字段 field", "一致程度 level", "m", "u", "bits"):
        shown.add_column(name, justify="left" if name[0] not in "mub" else "right")
    before = ""
    for item in level_weights(model):
        field = " ".join(words.FIELDS[item.comparison]) if item.comparison != before else ""
        before = item.comparison
        chances = ("" if share is None else f"{share:.3g}" for share in (item.m, item.u))
        weight = f"{'≈ ' if item.counted else ''}{item.weight:+.1f}"
        shown.add_row(field, " ".join(words.level(item.level)), *chances, weight)
    Console().print(shown)
    table("identity train", answer)


@identity.command()
@click.option(
    "--truth",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="record_id,entity_id as CSV, or the folder that `hub simulate` wrote",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="a model's own links, instead of those in force",
)
@click.option("--feed", default=None, help="labels are this feed's own keys, not feed/key")
@as_json
@click.pass_context
def evaluate(context: click.Context, truth: Path, model: Path | None, feed: str | None, json_: bool) -> None:
    """Measure links against labelled truth: pairs and B-cubed with intervals, by weight, and what blocking loses."""
    hub = opened(context)
    entities = learning.read_truth(truth)
    with hub.projection() as db:
        asking = queries(hub, db)
        links = dict(asking.links(feed)) if model is None else None
        chosen = model_from(model) if model else hub.model(db)
        found = learning.evaluate(db, links, learning.labelled(db, entities, feed), chosen)
    emit(found, json_, lambda: _show_quality(found))


def _show_quality(found: dict[str, Any]) -> None:
    console = Console()
    console.print(f"{found['model']}: {found['records']:,} labelled records of {found['people']:,} people")
    shown = Table(title="与真值相比 against the truth, with 95 % intervals", title_justify="left")
    for name in ("", "precision", "recall", "F1"):
        shown.add_column(name)
    for name in ("pairwise", "bcubed"):
        parts = (found[name][part] for part in ("precision", "recall", "f1"))
        shown.add_row(name, *(f"{p['value']:.4f} ({p['low']:.4f}–{p['high']:.4f})" for p in parts))
    console.print(shown)
    by_weight = Table(title="按权重 by weight: compared pairs of records that differ", title_justify="left")
    for name in ("bits from", "decision", "pairs", "precision"):
        by_weight.add_column(name, justify="left" if name == "decision" else "right")
    for band in found["bands"]:
        said = (
            ""
            if band["precision"] is None
            else f"{band['precision']:.4f} ({band['low']:.4f}–{band['high']:.4f})"
        )
        by_weight.add_row(f"{band['least']:.1f}", band["decision"], f"{band['pairs']:,}", said)
    console.print(by_weight)
    blocking = found["blocking"]
    console.print(
        f"分块漏掉 lost to blocking: {blocking['lost']:,} of {blocking['true_pairs']:,} true pairs share no key"
        f" ({blocking['loss']:.4f}, {blocking['interval']['low']:.4f}–{blocking['interval']['high']:.4f});"
        f" {blocking['compared']:,} pairs were compared"
    )


@identity.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--reason", required=True, help="why; about the model, never about a person")
@as_json
@click.pass_context
def adopt(context: click.Context, file: Path, reason: str, json_: bool) -> None:
    """Put a model in force: an event that holds all of it, after which everyone is placed again.

    `hub run` (or a worker) decides on it. Whatever was published before stays decided as it was.
    """
    event = opened(context).adopt(file.read_bytes(), why(reason))
    answer = {"model": event.version, "digest": event.digest, "bytes_in_log": len(event.content)}
    emit(answer, json_, lambda: table("identity adopt: `hub run` places everyone again", answer))


@identity.command()
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="write the one in force to a file"
)
@as_json
@click.pass_context
def models(context: click.Context, out: Path | None, json_: bool) -> None:
    """The models that were adopted, in order; the last one is in force."""
    hub = opened(context)
    with hub.projection() as db:
        found = queries(hub, db).models()
        if out is not None:
            out.write_bytes(adopted_content(db) or written(hub.rules.model.document))
    emit(found, json_, lambda: table("identity models", found))
