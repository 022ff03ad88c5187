"""Models learnt from the hub's own records, without labels, and measured where labels exist.

Learning reads the distinct profiles of live records and shows nobody: what a
model keeps of values are the hashes of common ones. Measuring needs labelled
truth; where there is none, no figure of quality is given.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from hub.audit.score import read_table
from hub.errors import SettingsError
from hub.matching import Model, Profile
from hub.matching.blocking import BLOCK_PROFILES_MAX
from hub.matching.columns import Columns
from hub.matching.document import named
from hub.matching.placing import Near, near, place_all
from hub.matching.quality import bands, bcubed, intervals, pairwise
from hub.matching.training import Costs, train
from hub.projections import ProfileRow, Shelves, records
from hub.projections.identity import person_of
from hub.statistics.intervals import wilson

BAND_BITS = (20.0, 10.0, 5.0)
BELOW_REVIEW = 10.0
Links = Mapping[str, str]
"""By record, as `feed/key` or the key alone, the person it belongs to."""


class Standing(NamedTuple):
    """What live records state: their profiles in one table, and what names a person of them."""

    columns: Columns
    anchors: dict[int, str]


class Truth(NamedTuple):
    """By record who it is truly about, and the profile it states."""

    entities: dict[str, str]
    profiles: dict[str, int]


def live_rows(db: Connection) -> Iterator[ProfileRow]:
    """The profiles that some record states now."""
    return (row for row in Shelves(db).profiles.every() if row.records)


def standing(rows: Iterable[ProfileRow]) -> Standing:
    """These profiles side by side."""
    found = Standing(Columns(), {})
    page: list[Profile] = []
    for row in rows:
        page.append(row.values)
        found.anchors[row.profile] = row.records[0]
        if len(page) == 10_000:
            found.columns.add(page)
            page.clear()
    found.columns.add(page)
    return found


def learn(db: Connection, costs: Costs, seed: int, progress: Callable[[str], None]) -> dict[str, Any]:
    """A model document learnt from all live records, under a version that follows from its content."""
    profiles = (row.values for row in live_rows(db))
    return named(train(profiles, "", costs=costs, seed=seed, progress=progress), "learnt")


def read_truth(path: Path) -> dict[str, str]:
    """Labels from a file `record_id,entity_id`, or from the folder that `hub simulate` wrote."""
    if path.is_dir():
        path = (path / "truth" if (path / "truth").is_dir() else path) / "records.csv"
    rows = read_table(path)
    if not rows or not {"record_id", "entity_id"} <= rows[0].keys():
        raise SettingsError(f"truth file {path.name} needs rows under record_id,entity_id")
    return {row["record_id"]: row["entity_id"] for row in rows}


def labelled(db: Connection, entities: Mapping[str, str], feed: str | None) -> Truth:
    """The labels of records that are live, with what those state; `feed`: labels are its own keys."""
    query = select(records.c.feed, records.c.source_key, records.c.profile).where(records.c.live)
    if feed:
        query = query.where(records.c.feed == feed)
    found = {(key if feed else f"{name}/{key}"): profile for name, key, profile in db.execute(query)}
    known = {record: entity for record, entity in entities.items() if record in found}
    if not known:
        raise SettingsError(
            "no label is of a live record here: record_id is feed/key, or the key with --feed"
        )
    return Truth(known, found)


def evaluate(db: Connection, links: Links | None, truth: Truth, model: Model) -> dict[str, Any]:
    """Quality of these links, or of those that the model alone would make, against labelled truth."""
    here = standing(live_rows(db))
    pairs = near(here.columns, model)
    if links is None:
        places = place_all(here.columns, here.anchors, model, pairs=pairs).places
        links = {
            record: person_of(places[profile].person_anchor) for record, profile in truth.profiles.items()
        }
    said = {record: links[record] for record in truth.entities if record in links}
    bounds = intervals(truth.entities, said)
    measured = {"pairwise": pairwise(truth.entities, said), "bcubed": bcubed(truth.entities, said)}
    return {
        "model": model.version, "records": len(truth.entities), "people": len(set(truth.entities.values())),
        **{
            name: {
                part: {"value": value, "low": bound.low, "high": bound.high}
                for part, value, bound in zip(quality._fields, quality, bounds[name], strict=True)
            }
            for name, quality in measured.items()
        },
        "bands": _bands(here.columns, pairs, truth, model), "blocking": _blocking(here.columns, pairs, truth),
    }  # fmt: skip


def _entities_of(columns: Columns, truth: Truth) -> dict[int, Counter[str]]:
    """By row of the columns, how many labelled records of each entity state it."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for record, entity in truth.entities.items():
        found[columns.rows[truth.profiles[record]]][entity] += 1
    return found


def _bands(columns: Columns, pairs: Near, truth: Truth, model: Model) -> list[dict[str, Any]]:
    """Of compared pairs of profiles, by weight: how many are of one person, the strongest band first."""
    entities = _entities_of(columns, truth)
    sides = (pairs.left.tolist(), pairs.right.tolist())
    both = [a in entities and b in entities for a, b in zip(*sides, strict=True)]
    asked: NDArray[np.bool_] = np.array(both, np.bool_)
    same = np.array(
        [
            not entities[a].keys().isdisjoint(entities[b].keys())
            for a, b, known in zip(*sides, both, strict=True)
            if known
        ],
        np.bool_,
    )
    edges = {
        *(model.link + bits for bits in BAND_BITS),
        model.link,
        model.review,
        model.review - BELOW_REVIEW,
    }
    answer = []
    for band in bands(pairs.weights[asked], same, sorted(edges)):
        right = round(band.precision * band.pairs)
        answer.append({
            "least": round(band.least, 1), "decision": _decision(band.least, model), "pairs": band.pairs,
            "precision": band.precision if band.pairs else None,
            **(wilson(right, band.pairs)._asdict() if band.pairs else {"low": None, "high": None}),
        })  # fmt: skip
    return answer


def _decision(least: float, model: Model) -> str:
    return "link" if least >= model.link else "review" if least >= model.review else "reject"


def _blocking(columns: Columns, pairs: Near, truth: Truth) -> dict[str, Any]:
    """Which part of the true pairs of profiles shares no key, and so is never compared."""
    compared = set((pairs.left * len(columns) + pairs.right).tolist())
    of_entity: dict[str, set[int]] = defaultdict(set)
    for row, counts in _entities_of(columns, truth).items():
        for entity in counts:
            of_entity[entity].add(row)
    true = lost = 0
    for rows in of_entity.values():
        for a in rows:
            for b in rows:
                if a < b:
                    true += 1
                    lost += a * len(columns) + b not in compared
    return {
        "true_pairs": true, "lost": lost, "loss": lost / true if true else 0.0,
        "interval": wilson(lost, true)._asdict(), "compared": len(pairs.left),
        "profiles_per_key_max": BLOCK_PROFILES_MAX,
    }  # fmt: skip
