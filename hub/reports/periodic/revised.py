"""The section on revisions: key figures by release, and why births changed since each earlier one.

Reasons are counts of few births. Where any is small, all of them say only whether there were some:
earlier + added - taken out = later would give a small one away beside the others.
"""

from collections.abc import Iterable, Mapping
from itertools import chain

from hub.domain.days import iso
from hub.reports.periodic import Report, Revised
from hub.reports.periodic.figures import MAIN, difference, main_key, name_of, text
from hub.reports.periodic.sections import Grid, Section
from hub.reports.periodic.texts import Language
from hub.statistics.revisions import ADDED, TAKEN_OUT

NEVER = 10**9
"""No count is as large: whatever it is, it is not told."""


def revisions_section(report: Report, words: Language) -> Section:
    """What earlier releases said, what this one says, and why."""
    grids = [_by_release(report, words), *(_why(report, revised, words) for revised in report.before)]
    return Section(words["revisions-section"], grids, notes=[words["revision-note"]])


def _by_release(report: Report, words: Language) -> Grid:
    known = [*(revised.known for revised in report.before), report.known]
    rows = []
    for figure in MAIN:
        key = main_key(report.known, report.period.name, figure)
        found = [one.observation(key) for one in known]
        rows.append(
            (
                name_of(key, words),
                *(text(one, words) for one in found),
                difference(found[-2], found[-1], words),
            )
        )
    heads = [f"{words[one.release.name]} {iso(one.release.day)}" for one in known]
    return Grid(words["values-by-release"], (words["figure"], *heads, words["difference"]), rows)


def _why(report: Report, revised: Revised, words: Language) -> Grid:
    found, before, now = revised.births, revised.known, report.known
    key = main_key(now, report.period.name, MAIN[0])
    said = [before.observation(key), now.observation(key)]
    # Where births themselves are withheld or rounded, no number may tell more of them.
    least = (
        now.basis.threshold if all(one and one.value for one in said) and not now.basis.rounding else NEVER
    )
    shown = reasons({**found.added, **found.taken_out}, least, words)
    changed = reasons(found.changed, least, words)
    rows = [
        (words["earlier-count"], text(said[0], words)),
        *((words[name], shown[name]) for name in chain(ADDED, TAKEN_OUT)),
        (words["later-count"], text(said[1], words)),
        *((words[f"changed-{name}"], changed[name]) for name in found.changed),
    ]
    title = words["why"].format(release=words[before.release.name])
    return Grid(title, (words["reason"], words["count"]), rows)


def reasons(counts: Mapping[str, int], threshold: int, words: Language) -> dict[str, str]:
    """Counts as texts; where one is small, none is told."""
    small = _any_small(counts.values(), threshold)
    return {name: words["some"] if small and count else str(count) for name, count in counts.items()}


def _any_small(counts: Iterable[int], threshold: int) -> bool:
    return any(0 < count < threshold for count in counts)
