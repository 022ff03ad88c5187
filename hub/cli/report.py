"""`hub report …`: what a half month, month, half year or year came to, as pages in Chinese and English."""

from pathlib import Path
from typing import Any

import click

from hub.cli.common import as_json, opened, reader_of
from hub.cli.show import Progress, emit
from hub.cli.statistics import linkage_of, safety_of, say_exposed
from hub.errors import NotFoundError
from hub.projections.position import load_progress
from hub.reports.periodic import Made
from hub.reports.periodic import report as report_of
from hub.reports.periodic.page import answer, page
from hub.reports.periodic.pdf import INSTALL, available, pdf
from hub.statistics.periods import CURRENT, FORMS, RELEASES, due, period

LANGUAGES = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}


@click.group()
def report() -> None:
    """What a period came to, as HTML and PDF; each release is made from the log as of its day."""


def _command(kind: str) -> None:
    def make(
        context: click.Context, when: str, release: str | None, folder: Path, language: str, no_pdf: bool,
        json_: bool,
    ) -> None:  # fmt: skip
        hub = opened(context)
        said = hub.settings.statistics
        wanted = period(kind, when)
        with hub.projection() as db:
            today = load_progress(db, "today", -1)
        if today < 0:
            raise NotFoundError("no day has been closed yet: ingest and run first")
        made = Made(reader_of(hub), safety_of(said), linkage_of(said))
        with Progress("events", quiet=json_) as bar:
            found = report_of(hub, wanted, due(wanted, release, today), made, bar.add)
        files: dict[str, bytes] = {}
        for code in LANGUAGES[language]:
            text = page(found, code)
            files[f"{found.name}.{code}.html"] = text.encode()
            if not no_pdf and available():
                files[f"{found.name}.{code}.pdf"] = pdf(text)
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        if not no_pdf and not available():
            click.echo(f"没有生成 PDF no PDF was written: it {INSTALL}", err=True)
        say_exposed(found.known.exposed)
        told: dict[str, Any] = {**answer(found), "files": sorted(files)}
        emit(told, json_, lambda: click.echo(f"{len(files)} files in {folder}: {', '.join(sorted(files))}"))

    command: Any = click.pass_context(make)
    for option in (
        click.option("--no-pdf", is_flag=True, help="HTML only"),
        click.option("--language", type=click.Choice(sorted(LANGUAGES)), default="both", show_default=True),
        click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("reports"),
                     show_default=True),
        click.option("--release", type=click.Choice([*RELEASES, CURRENT]),
                     help="default: the last one that is due, else as things stand"),
        click.argument("when"),
    ):  # fmt: skip
        command = option(command)
    example = FORMS[kind][1]
    report.command(kind, help=f"The {kind} WHEN ({example}), made {_days()} days after its end.")(
        as_json(command)
    )


def _days() -> str:
    *first, last = map(str, RELEASES.values())
    return f"{', '.join(first)} and {last}"


for _kind in FORMS:
    _command(_kind)
