"""The section on revisions: key figures by release, and why births and migrants changed since each earlier one.

Reasons are counts of few births. Where any is small, all of them say only whether there were some:
earlier + added - taken out = later would give a small one away beside the others. Those of migrants are
one group for stock at both ends and all flows: start + in − out = end ties these to each other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TypeVar

from hub.domain.days import iso
from hub.reports.periodic import Report, Revised
from hub.reports.periodic.figures import MAIN, difference, main_key, name_of, text
from hub.reports.periodic.sections import Grid, Section
from hub.reports.periodic.texts import Language
from hub.statistics import stays_revised
from hub.statistics.flows import OUTSIDE, STATUS
from hub.statistics.revisions import ADDED, TAKEN_OUT
from hub.statistics.stays_revised import EITHER_WAY, MEASURES, MERGED
from hub.statistics.tables import Key

Name = TypeVar("Name")
NEVER = 10**9
"""No count is as large: whatever it is, it is not told."""


def revisions_section(report: Report, words: Language) -> Section:
    """What earlier releases said, what this one says, and why."""
    grids = [_by_release(report, words)]
    for make in (_why, _why_stays, _follow_up_since):
        grids += [make(report, revised, words) for revised in report.before]
    notes = [words["revision-note"], words["stays-note"]]
    return Section(words["revisions-section"], grids, notes=notes)


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
    least = _least(report, told=all(one and one.value for one in said))
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


def _least(report: Report, *, told: bool) -> int:
    """The least count that may be told: where figures themselves are not or are rounded, no number tells more of them."""
    basis = report.known.basis
    return basis.threshold if told and not basis.rounding else NEVER


def _why_stays(report: Report, revised: Revised, words: Language) -> Grid:
    found, county, period = revised.stays, report.county, report.period.name
    keys = [Key(indicator, county, period, by=by) for indicator, by in MEASURES]
    before, now = ([known.observation(key) for key in keys] for known in (revised.known, report.known))
    # That nobody came from the other status is told like any number.
    told = all(one is not None and one.value is not None for one in (*before, *now))
    least = _least(report, told=told)
    moved = {
        (sign, name, measure): count
        for measure, one in found.items()
        for sign, side in (("added-by", one.added), ("taken-by", one.taken_out))
        for name, count in side.items()
    }
    shown = reasons(moved, least, words, "some-of")
    changed = {(name, measure): n for measure, one in found.items() for name, n in one.changed.items()}
    said = reasons(changed, least, words, "some-of")
    named = [
        *(("added-by", name) for name in stays_revised.ADDED),
        *(("taken-by", name) for name in stays_revised.TAKEN_OUT),
    ]
    rows = [
        (words["earlier-count"], *(text(one, words) for one in before)),
        *(
            (_reason(*one, words), *(shown[*one, measure] for measure in MEASURES))
            for one in named
            if any(moved[*one, measure] for measure in MEASURES)
        ),
        (words["later-count"], *(text(one, words) for one in now)),
        *(
            (words[f"changed-{name}"], *(said[name, measure] for measure in MEASURES))
            for name in stays_revised.CHANGED
        ),
    ]
    flows = [words[f"{way}-{other}"] for way in ("in", "out") for other in (OUTSIDE, STATUS)]
    heads = words["reason"], words["stock-start"], *flows, words["stock-end"]
    return Grid(words["why-stays"].format(release=words[revised.known.release.name]), heads, rows)


def _reason(sign: str, name: str, words: Language) -> str:
    """Why somebody is counted now, or no longer."""
    if name == MERGED:
        name = "one-person"
    return words[sign].format(why=words[name]) if name in (*EITHER_WAY, "one-person") else words[name]


def _follow_up_since(report: Report, revised: Revised, words: Language) -> Grid:
    """How many discrepancies came up and were cleared since; one that passed to another owner is both."""
    then, now = (set(known.standing.items()) for known in (revised.known, report.known))
    counted = [Counter(owner for _, owner in one) for one in (then, now - then, then - now, now)]
    owners = sorted({owner for one in counted for owner in one})
    rows = [(words[owner], *(str(one[owner]) for one in counted)) for owner in owners]
    rows.append((words["total"], *(str(one.total()) for one in counted)))
    heads = [
        words[name] for name in ("owner", "standing-then", "raised-since", "cleared-since", "standing-now")
    ]
    return Grid(words["since"].format(release=words[revised.known.release.name]), heads, rows)


def reasons(
    counts: Mapping[Name, int], threshold: int, words: Language, some: str = "some"
) -> dict[Name, str]:
    """Counts as texts; where one is small, none is told, but only that there were some."""
    small = _any_small(counts.values(), threshold)
    return {name: words[some] if small and count else str(count) for name, count in counts.items()}


def _any_small(counts: Iterable[int], threshold: int) -> bool:
    return any(0 < count < threshold for count in counts)
