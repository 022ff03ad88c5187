"""Bars as SVG, drawn by hand: each from where to where, on one axis, with its words beside it.

Weights start at zero; in a waterfall each bar starts where the one above ended.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

ROW, LABEL, PLOT, NOTE, TOP = 22, 330, 470, 130, 26
WIDTH = LABEL + PLOT + NOTE
WIDE_FROM = 0x2E80
FOR, AGAINST, TOTAL, HEADING = "for", "against", "total", "heading"
LABEL_UNITS = 46
"""So many narrow letters fit beside a bar; a Chinese one takes the room of two."""
COLOURS = {FOR: "#2f7d5b", AGAINST: "#b5483a", TOTAL: "#34557f"}


class Bar(NamedTuple):
    """One line: a bar, or (where it is a heading) only its words."""

    label: str
    start: float = 0.0
    end: float = 0.0
    kind: str = ""
    note: str = ""

    @property
    def drawn_as(self) -> str:
        """Its kind; where it says nothing else, by whether it speaks for or against."""
        return self.kind or (FOR if self.end >= self.start else AGAINST)


class Mark(NamedTuple):
    """A vertical line across all bars."""

    at: float
    label: str


def bars(title: str, rows: Sequence[Bar], marks: Sequence[Mark] = ()) -> str:
    """A chart of these lines, top to bottom."""
    drawn = [row for row in rows if row.kind != HEADING]
    ends = [0.0, *(mark.at for mark in marks)]
    ends += [end for row in drawn for end in (row.start, row.end)]
    low, high = min(ends), max(ends)
    pad = (high - low or 1.0) * 0.04

    def x(value: float) -> float:
        return LABEL + PLOT * (value - low + pad) / (high - low + 2 * pad)

    height = TOP + ROW * len(rows) + 8 + (16 if marks else 0)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg" font-size="13">',
        f'<text x="4" y="15" font-weight="bold">{escape(title)}</text>',
        f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="{TOP}" y2="{TOP + ROW * len(rows)}" stroke="#99a"/>',
        *_lines(rows, x),
    ]
    for mark in marks:
        at, foot = x(mark.at), TOP + ROW * len(rows)
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{foot}" stroke="#667" stroke-dasharray="4 3"/>'
            f'<text x="{at:.1f}" y="{foot + 16}" text-anchor="middle" fill="#667" font-size="11">{escape(mark.label)}</text>'
        )
    return "".join([*parts, "</svg>"])


def _lines(rows: Sequence[Bar], x: Callable[[float], float]) -> Iterable[str]:
    for index, row in enumerate(rows):
        y = TOP + ROW * index
        if row.kind == HEADING:
            yield f'<text x="4" y="{y + 16}" font-weight="bold" fill="#34557f">{escape(row.label)}</text>'
            continue
        left, right = sorted((x(row.start), x(row.end)))
        yield (
            f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end">{escape(fitted(row.label))}</text>'
            f'<rect x="{left:.1f}" y="{y + 4}" width="{max(1.0, right - left):.1f}" height="{ROW - 8}" '
            f'fill="{COLOURS[row.drawn_as]}"/>'
            f'<text x="{LABEL + PLOT + 8}" y="{y + 15}">{escape(row.note)}</text>'
        )


def fitted(label: str) -> str:
    """A label that has room beside its bar."""
    room = LABEL_UNITS
    for place, letter in enumerate(label):
        room -= 2 if ord(letter) > WIDE_FROM else 1
        if room < 0:
            return label[:place] + "…"
    return label


def line(title: str, values: Sequence[float]) -> str:
    """A curve over rounds, from the first to the last."""
    width, height, left, top = WIDTH, 200, 90, 30
    low, high = min(values), max(values)
    span = high - low or 1.0
    step = (width - left - 30) / max(1, len(values) - 1)
    points = " ".join(
        f"{left + step * index:.1f},{top + (height - top - 30) * (1 - (value - low) / span):.1f}"
        for index, value in enumerate(values)
    )
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}" '
        'xmlns="http://www.w3.org/2000/svg" font-size="12">'
        f'<text x="4" y="15" font-weight="bold" font-size="13">{escape(title)}</text>'
        f'<polyline points="{points}" fill="none" stroke="{COLOURS[TOTAL]}" stroke-width="2"/>'
        f'<text x="{left - 8}" y="{top + 5}" text-anchor="end">{high:,.0f}</text>'
        f'<text x="{left - 8}" y="{height - 27}" text-anchor="end">{low:,.0f}</text>'
        f'<text x="{left}" y="{height - 8}">1</text>'
        f'<text x="{width - 30}" y="{height - 8}" text-anchor="end">{len(values)} 轮 rounds</text></svg>'
    )
