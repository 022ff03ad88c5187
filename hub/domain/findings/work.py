"""Work by people whom no register holds, work that outlasts a cancelled entry, months after the end of a job.

The first is an offer of registration and services, never a list of people to be sanctioned.
"""

from collections.abc import Iterator, Sequence

from hub.domain.days import Day, iso
from hub.domain.findings import Finding, Scene
from hub.domain.findings.registers import died_on
from hub.domain.limits import RESIDENCE_REPORT, WORK_AFTER_CANCELLING
from hub.domain.residence import RESIDENT, Spell
from hub.domain.work import Work

Left = tuple[Day, Spell | None]
"""The day on which the last spell ended, and that spell."""


def insured_after_end(scene: Scene) -> Iterator[Finding]:
    """Months insured after the month in which the job ended."""
    for work in scene.works:
        if work.ended_on is not None and work.insured is not None and work.insured > work.ended_on:
            yield Finding(
                "insured-after-job-ended", work.record, (work.record,),
                f"the job ended {iso(work.ended_on)}, the last month insured is {iso(work.insured)[:7]}",
            )  # fmt: skip


def work(scene: Scene) -> Iterator[Finding]:
    """Works here and is registered as living nowhere in the county."""
    # Who may be somebody the registers know under another number must be identified first.
    if not scene.works or scene.namesake or any(spell.left_on is None for spell in scene.spells):
        return
    # Whoever died works no more, which is a discrepancy of its own.
    if died_on(scene.records.entries) is not None:
        return
    last = max(scene.spells, default=None, key=lambda spell: (spell.left_on or 0, spell.status == RESIDENT))
    left = 0 if last is None else last.left_on or 0, last
    days = {left[0], _to_be_ended(scene, left[0]) + 1}
    for each in scene.works:
        days.add(_to_be_reported(scene, max(each.started_on, left[0])) + 1)
        if each.ended_on is not None:
            days.add(each.ended_on)
    yield from scene.clock.steady(days, lambda day: tuple(_unregistered(scene, left, day)))


def _unregistered(scene: Scene, left: Left, day: Day) -> Iterator[Finding]:
    gone, last = left
    if day < gone:
        return
    cancelled = last is not None and last.status == RESIDENT
    going_on = [one for one in scene.works if one.ended_on is None or day < one.ended_on]
    # Whoever has just moved out is given time for the work to be ended too.
    outlasts = [
        one
        for one in going_on
        if cancelled and one.started_on <= gone and _outlasts(one, _to_be_ended(scene, gone), day)
    ]
    late = [
        one
        for one in going_on
        if not (cancelled and one.started_on <= gone)
        and day > _to_be_reported(scene, max(one.started_on, gone))
    ]
    if outlasts:
        yield Finding(
            "cancelled-but-working", scene.person, _records(outlasts),
            f"the household entry was cancelled on {iso(gone)}, work here goes on after {iso(_to_be_ended(scene, gone))}",
        )  # fmt: skip
    if late:
        since = min(one.started_on for one in late)
        yield Finding(
            "employment-without-residence", scene.person, _records(late),
            f"works here since {iso(since)}, no residence registered in the county",
        )  # fmt: skip


def _outlasts(work: Work, last: Day, day: Day) -> bool:
    """Whether a job was insured, or a business is open, when its time to be ended was over."""
    return day > last if work.kind == "business" else work.insured is not None and work.insured > last


def _to_be_ended(scene: Scene, gone: Day) -> Day:
    return scene.clock.deadline(WORK_AFTER_CANCELLING, gone, scene.county)


def _to_be_reported(scene: Scene, since: Day) -> Day:
    return scene.clock.deadline(RESIDENCE_REPORT, since, scene.county)


def _records(works: Sequence[Work]) -> tuple[str, ...]:
    return tuple(sorted(work.record for work in works))
