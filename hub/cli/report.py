"""`hub report …`: what a half month, month, half year or year came to, as pages in Chinese and English."""

from pathlib import Path
from typing import Any

import click

from hub.app import Hub
from hub.cli.common import as_json, opened, reader_of
from hub.cli.show import Progress, emit
from hub.cli.statistics import linkage_of, safety_of, say_exposed
from hub.domain.days import iso
from hub.errors import NotFoundError
from hub.projections.position import load_progress
from hub.reports.files import check_folder, write_files
from hub.reports.periodic import Made
from hub.reports.periodic import report as report_of
from hub.reports.periodic.page import answer, page
from hub.reports.periodic.pdf import INSTALL, available, pdf
from hub.statistics.periods import CURRENT, FORMS, RELEASES, Period, Release, due, earlier, period

LANGUAGES = {"zh": ("zh",), "en": ("en",), "both": ("zh", "en")}


@click.group()
def report() -> None:
    """What a period came to, as HTML and PDF; each release is made from the log as of its day."""


def _check_days(hub: Hub, of: Period, release: Release) -> None:
    """Refuse a release whose day, or that of one before it, lies before the log: a replay would find no such day."""
    begun = hub.intake.first_delivery()
    asked = min(one.day for one in (*earlier(of, release), release))
    if begun is not None and asked < begun:
        raise NotFoundError(
            f"{of.name} lies before the log, which begins with what was delivered on {iso(begun)}: "
            f"its releases from {iso(asked)} on cannot be made"
        )


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
        chosen = due(wanted, release, today)
        _check_days(hub, wanted, chosen)
        check_folder(folder)
        made = Made(reader_of(hub), safety_of(said), linkage_of(said))
        with Progress("events", quiet=json_) as bar:
            found = report_of(hub, wanted, chosen, made, bar.add)
        files: dict[str, bytes] = {}
        for code in LANGUAGES[language]:
            text = page(found, code, hub.divisions)
            files[f"{found.name}.{code}.html"] = text.encode()
            if not no_pdf and available():
                files[f"{found.name}.{code}.pdf"] = pdf(text)
        write_files(folder, files)
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
