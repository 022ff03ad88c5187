"""Learning a model from records alone, without labels.

Pairs of profiles are of four kinds: one person twice; strangers; relatives,
who agree like strangers on what is a person's own and alike on what families
share; and twins, relatives born on one day. Expectation-maximisation (Dempster,
Laird and Rubin 1977; Winkler 1988 for linkage) finds how often each kind agrees
at each level, and how many pairs are of each kind. Two classes more than usual
are kept only where the records speak for them (Schwarz 1978), since in a
register without families badly damaged duplicates would pass for relatives.

Strangers are known from pairs drawn at random; all others from pairs that share
a block. Nothing here depends on the order of the records or on chance beyond a
fixed seed, and no constant was fitted to a set with known truth.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.errors import SettingsError
from hub.matching.blocking import Plan
from hub.matching.columns import Columns
from hub.matching.comparisons import COMPARISONS
from hub.matching.profile import Profile
from hub.matching.sampling import Sample, common_values, count_levels, draw, hexed, plan_of, rarity

Floats = NDArray[np.float64]
SHARED = frozenset(
    (
        "family_name",
        "place",
        "address",
        "postcode",
        "city",
        "region",
        "phone",
        "employer",
        "number",
        "mother",
        "father",
    )
)
"""What families share; a number too, since relatives work or enrol under each other's."""
BLOCK_MAX = 30.0
"""So many profiles may be expected under one key."""
ROUNDS_MAX = 300
PROFILES_MIN = 100
UNSEEN = 0.5
"""Each level is counted as if half a pair more had shown it, so that none is impossible."""
SETTLED = 1e-6
NEVER = -700.0
"""The logarithm of a chance that is none."""


class Costs(NamedTuple):
    """What a wrong link and a missed link cost, in the same unit; and from which probability on people look."""

    false_link: float = 1.0
    missed_link: float = 1.0
    review_from: float = 0.05
    precision: float = 0.0
    """Nothing is linked that is less likely one person than this, whatever it costs to miss it."""


EVEN = Costs()


@dataclass(slots=True)
class Fit:
    """What was learnt: by class the share of pairs, by comparison how often each level is found."""

    shares: Floats
    same: dict[str, Floats]
    strangers: dict[str, Floats]
    relatives: dict[str, Floats]
    likelihood: float = -math.inf
    rounds: int = 0
    converged: bool = False
    trail: list[float] = field(default_factory=list)
    """The expected number of matching pairs after each round."""


def train(
    profiles: Iterable[Profile], version: str, *, costs: Costs = EVEN, seed: int = 1, block_max: float = BLOCK_MAX,
    progress: Callable[[str], None] = lambda step: None,
) -> dict[str, Any]:  # fmt: skip
    """A model document learnt from these profiles; the same for the same profiles in any order.

    `progress` is told after blocking and after every round of learning.
    """
    columns = Columns()
    columns.add(sorted({profile.id: profile for profile in profiles}.values()))
    if len(columns) < PROFILES_MIN:
        raise SettingsError(
            f"{len(columns)} different records are too few to learn from; {PROFILES_MIN} are needed"
        )
    plan = plan_of(columns, block_max)
    progress("blocking")
    sample = draw(columns, plan, seed)
    fit = choose(sample, lambda: progress("learning"))
    return document_of(columns, sample, fit, plan, version, costs)


def choose(sample: Sample, each_round: Callable[[], None] = lambda: None) -> Fit:
    """The fit with as many classes as the records speak for."""
    fit = learn(sample, relatives=False, twins=False, each_round=each_round)
    price = math.log(max(2, len(sample.pairs))) / 2
    parameters = 1 + sum(len(COMPARISONS[name].levels) - 1 for name in sample.levels if name in SHARED)
    wider = learn(sample, relatives=True, twins=False, each_round=each_round)
    if wider.likelihood - fit.likelihood <= parameters * price:
        return fit
    widest = learn(sample, relatives=True, twins=True, each_round=each_round)
    return widest if widest.likelihood - wider.likelihood > price else wider


def learn(
    sample: Sample, *, relatives: bool, twins: bool, each_round: Callable[[], None] = lambda: None
) -> Fit:
    """Expectation-maximisation until the shares of the classes settle."""
    half = sample.profiles * sample.share / 2 / sample.every
    shares = np.array([half, 0.0, half if relatives else 0.0, half / 100 if twins else 0.0])
    shares[1] = 1 - shares.sum()
    same = {name: _first_guess(len(COMPARISONS[name].levels)) for name in sample.levels}
    strangers = {name: _normed(sample.strangers[name]) for name in sample.levels}
    kin = {
        name: strangers[name] if name == "number" else same[name] for name in sample.levels if name in SHARED
    }
    fit = Fit(shares, same, strangers, kin)
    for fit.rounds in range(1, ROUNDS_MAX + 1):
        each_round()
        logs = _class_logs(sample, fit)
        top = logs.max(axis=0)
        joint = top + np.log(np.exp(logs - top).sum(axis=0))
        fit.likelihood = float(joint.sum()) + _strangers_likelihood(sample, fit)
        chances = np.exp(logs - joint)
        before, fit.shares = fit.shares, _shares(chances, sample.every)
        fit.trail.append(float(fit.shares[0] * sample.every / sample.share))
        _maximise(sample, fit, chances)
        moved = np.abs(np.delete(fit.shares - before, 1)).max() / max(fit.shares[0], 1e-300)
        fit.converged = fit.rounds > 10 and bool(moved < SETTLED)
        if fit.converged:
            break
    return fit


def _first_guess(size: int) -> Floats:
    """Most agree, few differ, the rest lies between: any guess of this shape ends in the same place."""
    return (
        np.array([0.8, *[0.15 / max(1, size - 2)] * (size - 2), 0.05]) if size > 2 else np.array([0.95, 0.05])
    )


def _normed(counts: Floats) -> Floats:
    padded = counts + UNSEEN
    normed: Floats = padded / padded.sum()
    return normed


def _shares(chances: Floats, every: float) -> Floats:
    shares: Floats = chances.sum(axis=1) / every
    shares[1] = 1 - shares[0] - shares[2] - shares[3]
    return shares


def own_profiles(fit: Fit, sample: Sample) -> float:
    """How many profiles a person has on average, as a member of a pair sees it."""
    return 1 + 2 * float(fit.shares[0]) * sample.every / sample.share / max(1, sample.profiles)


def _class_logs(sample: Sample, fit: Fit) -> Floats:
    """For each class, the logarithm of the chance that a pair is of it and agrees as it does."""
    with np.errstate(divide="ignore"):
        logs = np.repeat(np.log(fit.shares)[:, None], len(sample.pairs), axis=1)
    own = own_profiles(fit, sample)
    for name, levels in sample.levels.items():
        c = COMPARISONS[name]
        of_same, of_strangers = (np.append(np.log(t[name]), 0.0)[levels] for t in (fit.same, fit.strangers))
        of_kin = np.append(np.log(fit.relatives[name]), 0.0)[levels] if name in SHARED else None
        for level in c.never:
            of_same[levels == c.levels.index(level)] = NEVER
        if name in sample.counts:
            equal, counts = sample.counts[name]
            of_strangers[equal] = np.log(rarity(counts, sample.profiles, own))
            of_same[equal] = math.log(fit.same[name][: c.counted_levels].sum())
            if of_kin is not None:
                of_kin[equal] = math.log(fit.relatives[name][: c.counted_levels].sum())
        logs[0] += of_same
        logs[1] += of_strangers
        logs[2] += of_strangers if of_kin is None else of_kin
        logs[3] += of_same if name == "birth_date" else _twins(name, of_kin, of_strangers)
    return logs


def _twins(name: str, of_kin: Floats | None, of_strangers: Floats) -> Floats:
    """Twins share what relatives share, but never yet a number."""
    return of_strangers if of_kin is None or name == "number" else of_kin


def _strangers_likelihood(sample: Sample, fit: Fit) -> float:
    told = sum(float((sample.strangers[name] * np.log(fit.strangers[name])).sum()) for name in sample.levels)
    return told + (sample.every - len(sample.pairs)) * math.log(fit.shares[1])


def _maximise(sample: Sample, fit: Fit, chances: Floats) -> None:
    """How often each class agrees at each level, given how likely each pair is of each class."""
    same, strangers, relatives, twins = chances
    for name, levels in sample.levels.items():
        size = len(COMPARISONS[name].levels)
        fit.same[name] = _normed(count_levels(levels, same, size))
        others = strangers
        if name not in SHARED:
            others = strangers + relatives + (0.0 if name == "birth_date" else twins)
        else:
            kin = relatives if name == "number" else relatives + twins
            fit.relatives[name] = _normed(count_levels(levels, kin, size))
        fit.strangers[name] = _normed(count_levels(levels, others, size) + sample.strangers[name])


def _learnt(sample: Sample, fit: Fit, costs: Costs) -> dict[str, Any]:
    """From how much and how it was learnt, for people to judge it by."""
    return {
        "profiles": sample.profiles, "pairs": len(sample.pairs), "rounds": fit.rounds,
        "converged": fit.converged, "matches": fit.trail, "relatives": float(fit.shares[2] * sample.every),
        "twins": float(fit.shares[3] * sample.every), "costs": costs._asdict(),
    }  # fmt: skip


def _seen(sample: Sample, name: str) -> NDArray[np.bool_]:
    """Which levels any pair showed. One that none did says nothing: in a chance that is all padding,
    strangers being so many more would speak for one person."""
    found = count_levels(sample.levels[name], None, len(COMPARISONS[name].levels)) + sample.strangers[name]
    return found > 0


def document_of(
    columns: Columns, sample: Sample, fit: Fit, plan: Plan, version: str, costs: Costs
) -> dict[str, Any]:
    """What was learnt, as a model document."""
    own = own_profiles(fit, sample)
    others = 1 - float(fit.shares[0])
    prior = math.log2(max(float(fit.shares[0]), 1e-300) / others)
    link = -prior + math.log2(costs.false_link / costs.missed_link)
    if costs.precision:
        link = max(link, -prior + math.log2(costs.precision / (1 - costs.precision)))
    chance = costs.review_from
    review = min(link, -prior + math.log2(chance / (1 - chance)))
    names = {name: COMPARISONS[name].levels for name in sample.levels}
    seen = {name: _seen(sample, name) for name in names}
    levels = {
        name: {
            level: {
                "m": float((fit.same if seen[name][i] else fit.strangers)[name][i]),
                "u": float(fit.strangers[name][i]),
            }
            for i, level in enumerate(found)
        }
        for name, found in names.items()
    }
    kin = None
    if fit.shares[2] > 0:
        tables = {
            name: dict(
                zip(names[name], np.where(seen[name], table, fit.strangers[name]).tolist(), strict=True)
            )
            for name, table in fit.relatives.items()
        }
        kin = {
            "share": float(fit.shares[2]) / others,
            "twins": float(fit.shares[3]) / others,
            "levels": tables,
        }
    counted = {name: common_values(columns, COMPARISONS[name], own) for name in sample.counts}
    return {
        "version": version, "link": link, "review": review, "veto": link - 40.0, "prior": prior,
        "learnt": _learnt(sample, fit, costs),
        "blocks": {
            "size": plan.size, "block_max": plan.block_max, "rest": dict(plan.rest),
            "shares": {name: hexed(table) for name, table in plan.shares.items()},
        },
        "levels": levels, "kin": kin,
        "shares": {name: hexed(table) for name, (table, _) in counted.items()},
        "rest": {name: rest for name, (_, rest) in counted.items()},
    }  # fmt: skip
