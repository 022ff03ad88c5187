"""Rows as sources give them, and what a drop's headings say against its contract."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rapidfuzz import process

from hub.connect.contracts import Feed, Field
from hub.domain.forbidden import refuse
from hub.errors import UnreadableSourceError


class Row(NamedTuple):
    """One row of a source: its number there, its wanted cells, what is wrong with it, and where."""

    number: int
    kept: Mapping[str, Any]
    problem: str = ""
    heading: str = ""


class Problem(NamedTuple):
    """One complaint about a row: which field, why, and whether the row is set aside."""

    field: str
    code: str
    severity: str


class HeadingReport(NamedTuple):
    """What a drop's headings say against the contract."""

    missing: tuple[tuple[str, str], ...]
    """Fields whose column is not there, and what to tell of each."""
    ignored: tuple[str, ...]
    refused: tuple[str, ...]
    notes: tuple[tuple[str, str], ...] = ()
    """Codes and what to tell: about how the drop was read, not about what is wrong with it."""


HEADING_SHOWN_MAX = 64
HEADINGS_LISTED_MAX = 200
# Below this a hint misleads, and in a file without headings it would show a person's value.
LIKENESS_MIN = 60


def wanted(feed: Feed) -> dict[str, Field]:
    """Heading to field, the operation column included."""
    return {field.heading: field for field in feed.every}


def check_headings(feed: Feed, headings: Iterable[str]) -> HeadingReport:
    """Compare a drop's headings with the contract; a missing required column refuses the drop."""
    present = [heading for heading in headings if heading]
    expected = wanted(feed)
    for heading in expected:
        if present.count(heading) > 1:
            raise UnreadableSourceError(
                f"column {heading} stands twice", problem="duplicate-column", field=expected[heading].name
            )
    missing = [f for heading, f in expected.items() if heading not in present]
    extra = [heading for heading in present if heading not in expected]
    ignored = _listed(heading for heading in extra if not refuse(heading))
    if lost := [f for f in missing if f.required]:
        said = ", ".join(f"{f.heading}{_renamed(f, ignored)}" for f in lost)
        raise UnreadableSourceError(
            f"required and missing: {said}", problem="missing-column", field=lost[0].name
        )
    return HeadingReport(
        tuple((f.name, f"optional and missing: {f.heading}{_renamed(f, ignored)}")
              for f in missing if not f.unmissed),
        ignored, _listed(filter(refuse, extra)),
    )  # fmt: skip


def _renamed(field: Field, ignored: Sequence[str]) -> str:
    near = process.extractOne(field.heading, ignored, score_cutoff=LIKENESS_MIN)
    return f" (was it renamed to {near[0]}?)" if near else ""


def _listed(headings: Iterable[str]) -> tuple[str, ...]:
    """Headings as receipts list them: one of a mebibyte is no name, and a million are no list."""
    found = [h if len(h) <= HEADING_SHOWN_MAX else h[:HEADING_SHOWN_MAX] + "…" for h in headings]
    more = len(found) - HEADINGS_LISTED_MAX
    return (*found[:HEADINGS_LISTED_MAX], f"(+{more:,})") if more > 0 else tuple(found)
