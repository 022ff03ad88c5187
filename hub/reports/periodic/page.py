"""A report as one self-contained HTML page: no scripts, nothing from elsewhere."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from hub.domain.days import iso
from hub.domain.divisions import NOWHERE, Divisions
from hub.reports.charts import EN
from hub.reports.observations import row_of
from hub.reports.periodic import Report
from hub.reports.periodic.exchange import by_kind, deliveries_section, follow_up_section
from hub.reports.periodic.figures import MAIN, main_key
from hub.reports.periodic.revised import revisions_section
from hub.reports.periodic.sections import Sections
from hub.reports.periodic.texts import Language
from hub.reports.places import Places
from hub.statistics.periods import CURRENT

ROWS_TOGETHER = 14
"""A table of so many rows stays on one page of paper."""
HTML_LANGUAGES = {"zh": "zh-CN", "en": "en"}


def page(report: Report, language: str, divisions: Divisions = NOWHERE) -> str:
    """The page in one language; `zh` or `en`. Places are called what they were called when the period ended."""
    words = Language(language, Places(divisions, min(report.period.last, report.known.release.day)))
    sections = Sections(report, words).all()
    sections += [follow_up_section(report, words), deliveries_section(report, words)]
    if report.before:
        sections.append(revisions_section(report, words))
    template = files("hub.reports.periodic").joinpath("page.html").read_text("utf-8")
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return made.from_string(template).render(
        title=title(report, words), language=HTML_LANGUAGES[language], english=language == EN,
        created=report.known.basis.as_of, head=_head(report, words), sections=sections, words=words,
        rows_together=ROWS_TOGETHER, unfinished=report.known.release.day < report.period.last,
    )  # fmt: skip


def title(report: Report, words: Language) -> str:
    """The title of a report."""
    release = words[report.known.release.name]
    return f"{words['title']}{words['colon']}{words[report.period.kind]} {report.period.name}{words['comma']}{release}"


def _head(report: Report, words: Language) -> list[tuple[str, str]]:
    """What the report rests on: whoever has the same log and rules makes the same bytes."""
    basis, period = report.known.basis, report.period
    release = report.known.release.name
    log = ", ".join(f"{partition}{words['colon']}{offset}" for partition, offset in basis.log.items())
    return [
        (words["county"], words.place(basis.county)),
        (words["period"], f"{iso(period.first)}{words['to']}{iso(period.last)}"),
        (words["release"], words[release]), (words["as_of"], basis.as_of), (words["log"], log),
        (words["model"], basis.model), (words["catalogue"], basis.catalogue),
        (words["projection"], str(basis.projection)), (words["threshold"], str(basis.threshold)),
        (words["rounding"], str(basis.rounding)), (words["again"], command(report)),
    ]  # fmt: skip


def command(report: Report) -> str:
    """The command that makes this report again; how things stand today can be seen today only."""
    name = report.known.release.name
    again = f"hub report {report.period.kind} {report.period.name} --release {name}"
    return f"{again} # {report.known.basis.as_of}" if name == CURRENT else again


def answer(report: Report) -> Mapping[str, Any]:
    """The report's basis and key figures, for machines."""
    known, period = report.known, report.period.name
    rows = (known.observation(main_key(known, period, figure)) for figure in MAIN)
    return {
        "report": report.name, "release": known.release.name, "basis": known.basis._asdict(),
        "figures": [row_of(one) for one in rows if one is not None],
        "discrepancies": [
            {"kind": kind, "owner": owner, "what": what, "number": number}
            for (kind, owner, what), number in sorted(by_kind(report).items())
        ],
        "cases": [one._asdict() for one in known.follow_up.cases],
        "moves": [row_of(one) for one in known.moves.observations] if known.moves else [],
        "deliveries": known.deliveries,
        "exposed": known.exposed,
    }  # fmt: skip
