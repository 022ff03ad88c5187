"""Every table of statistics there is, made of a county with small counts on every side."""

from itertools import count

from births_made import COUNTY, OTHER_TOWN, birth, births

from hub.domain.days import day_of
from hub.reference import load_limits
from hub.statistics.completeness import Linkage
from hub.statistics.lines import DeliveredLine, FeedLine, Stay, StayLine
from hub.statistics.tables.births import birth_tables
from hub.statistics.tables.exchange import exchange_table
from hub.statistics.tables.stays import stay_tables
from tests.test_repository import ROOT

AS_OF = day_of("2025-06-30")
LIMITS = load_limits(ROOT / "schemas/limits/china.toml")


def of_births(lines, spans=None):
    return birth_tables(lines, COUNTY, AS_OF, LIMITS, Linkage(0.98, 1.0), with_third=True, spans=spans)


def families():
    """Those of births, of stays, and of what departments delivered."""
    numbers = count()
    fields = [{"sex": True}] * 184 + [{"sex": False}] * 4
    agreed = [birth(next(numbers), agree=said) for said in fields]
    late = [birth(next(numbers), registered_on=day_of("2024-03-10") + days) for days in (40, 70, 100, 370)]
    some = births(60, 2, 3, start=500, residence=OTHER_TOWN + "201")
    stays = [
        StayLine(n, (Stay(COUNTY + "101201", day_of("2024-02-01") + n, None, "migrant", "510100"),))
        for n in range(30)
    ]
    delivered = [DeliveredLine("a", 100, 100, 60), DeliveredLine("a", 120, 100, 2)]
    return [
        of_births([*agreed, *late, *some]),
        stay_tables(stays, COUNTY, day_of("2024-01-31"), AS_OF),
        [exchange_table([FeedLine("a", 90, 80, 7, 3)], delivered, COUNTY, AS_OF)],
    ]  # fmt: skip
