"""Completeness of birth registration: of each list, of both together, and of all births there were.

List 1 is the household register, list 2 are the birth certificates. Strata are
town, sex and the mother's class, since unequal capture within a stratum makes
every estimate too low. What all this assumes is printed with every figure.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.statistics.intervals import LEVEL, Interval, wilson
from hub.statistics.lines import LOCAL, BirthLine, grouped, town_of
from hub.statistics.totals import Lists, missed, predictive

ODDS_RATIOS = (1.0, 2.0, 4.0)
"""How likely dependence of the lists is tried out: none, some, much."""
ELSEWHERE = "expected-elsewhere"

ASSUMPTIONS: Sequence[tuple[str, str]] = (
    ("两个名单对应同一封闭的出生队列：同一时段、同一地区",
     "both lists speak of one closed cohort of births: the same period and area"),
    ("记录关联正确，或已按实测召回率与精确率校正",
     "records are linked correctly, or corrected by measured recall and precision"),
    ("层内两名单相互独立；户口登记须凭出生医学证明，实际为正相关，故估计总数为下限、完整率为上限",
     "within a stratum the lists are independent; the entry asks for the certificate, so they depend on each "
     "other: the estimated total is a lower bound and completeness an upper one"),
    ("层内各出生被收录的机会相同（层：乡镇 × 性别 × 母亲户籍）",
     "within a stratum (town, sex, mother's class) every birth is as likely to be listed"),
    ("无范围外记录：不含母亲户籍在外地的出生、在外地发生的出生、重发证明与死产；新生儿早亡按活产计",
     "no record is out of scope: births of mothers registered elsewhere, births elsewhere, reissued "
     "certificates and stillbirths are left out; early neonatal deaths count as live births"),
)  # fmt: skip
"""In Chinese and English."""
UNADJUSTED = (
    "未测关联质量，未作校正：漏链会使估计总数偏高",
    "linkage was not measured and is not corrected for: missed links make the estimated total too high",
)


class Linkage(NamedTuple):
    """How well records were linked, as measured on labelled pairs."""

    recall: float
    precision: float

    def corrected(self, lists: Lists) -> Lists:
        """The lists as they would be with every link right: false ones taken away, missed ones made up for."""
        both = min(lists.both * self.precision / self.recall, lists.n1, lists.n2)
        return Lists(both, lists.n1 - both, lists.n2 - both)


class Share(NamedTuple):
    """So many of so many, and the interval of the share."""

    hits: int
    n: int
    interval: Interval

    @property
    def value(self) -> float | None:
        """The share; nothing where nothing was observed."""
        return self.hits / self.n if self.n else None


class Estimate(NamedTuple):
    """All births there were under one odds ratio, and the share that either list holds."""

    odds_ratio: float
    total: float
    interval: Interval
    completeness_1: float
    completeness_union: float
    union_interval: Interval


class Completeness(NamedTuple):
    """Completeness of some births; `adjusted` only where linkage was measured."""

    lists: Lists
    list_1: Share
    """Of certificates, so many are in the household register."""
    list_2: Share
    """Of household entries, so many have a certificate."""
    strata: int
    estimates: tuple[Estimate, ...]
    """One for each odds ratio; the first assumes independence."""
    adjusted: tuple[Estimate, ...] = ()


def share(hits: int, n: int, level: float = LEVEL) -> Share:
    """A share with Wilson's interval."""
    return Share(hits, n, wilson(hits, n, level))


def in_scope(line: BirthLine) -> bool:
    """Whether both lists could hold a birth: it was here, and the mother's household register is.

    Outcomes that are not known here count: only one that says the birth belongs elsewhere leaves the cohort.
    """
    return line.mother == LOCAL and line.outcome != ELSEWHERE and (line.health or line.police)


def lists_of(lines: Iterable[BirthLine]) -> Lists:
    """How many are on both lists and on one alone."""
    both = one = two = 0
    for line in lines:
        both += line.health and line.police
        one += line.police and not line.health
        two += line.health and not line.police
    return Lists(both, one, two)


def stratum(line: BirthLine) -> tuple[str, str, str]:
    """Town, sex and the mother's class."""
    return town_of(line.residence), line.sex, line.mother


def completeness(
    lines: Sequence[BirthLine], linkage: Linkage | None = None, level: float = LEVEL
) -> Completeness:
    """Completeness of the births in scope among these, summed over strata."""
    strata = [lists_of(group) for group in grouped(filter(in_scope, lines), stratum).values()]
    return of_strata(strata, linkage, level)


def of_strata(strata: Sequence[Lists], linkage: Linkage | None = None, level: float = LEVEL) -> Completeness:
    """Completeness of strata whose lists are counted."""
    total = Lists(*(sum(cell) for cell in zip(*strata, strict=True))) if strata else Lists(0, 0, 0)
    both = int(total.both)
    corrected = [linkage.corrected(lists) for lists in strata] if linkage else []
    return Completeness(
        total,
        share(both, int(total.n2), level),
        share(both, int(total.n1), level),
        len(strata),
        tuple(estimate(strata, odds, level) for odds in ODDS_RATIOS),
        tuple(estimate(corrected, odds, level) for odds in ODDS_RATIOS) if linkage else (),
    )


def estimate(strata: Sequence[Lists], odds_ratio: float = 1.0, level: float = LEVEL) -> Estimate:
    """All births there were, and the shares that follow from it."""
    union = sum(lists.union for lists in strata)
    n1 = sum(lists.n1 for lists in strata)
    found = missed(strata, odds_ratio)
    total = union + found.estimate
    interval = predictive(union, found, level)
    # A total that the corrections put just outside is printed with an interval that holds it.
    interval = Interval(min(interval.low, total), max(interval.high, total))
    return Estimate(
        odds_ratio, total, interval,
        n1 / total if total else 1.0,
        union / total if total else 1.0,
        Interval(union / interval.high, union / interval.low) if union else Interval(0.0, 1.0),
    )  # fmt: skip


def assumptions(linkage: Linkage | None) -> list[tuple[str, str]]:
    """The texts to print beside a figure, in Chinese and English."""
    if linkage is None:
        return [*ASSUMPTIONS, UNADJUSTED]
    said = f"{linkage.recall:.4f}", f"{linkage.precision:.4f}"
    measured = (
        f"已按关联召回率 {said[0]}、精确率 {said[1]} 校正",
        f"corrected for a linkage recall of {said[0]} and a precision of {said[1]}",
    )
    return [*ASSUMPTIONS, measured]
