"""The table of how well each department delivers: counts of rows, which tell of no person."""

from collections.abc import Iterator, Sequence

from hub.domain.days import Day, iso
from hub.statistics.agreement import ON_TIME_DAYS, exchange
from hub.statistics.completeness import Share
from hub.statistics.lines import DeliveredLine, FeedLine
from hub.statistics.tables import COUNT, NORMAL, NOT_OBSERVABLE, Figure, Key, Table

PERCENT = "PERCENT"
NOTE = (
    f"按时：所述日期后 {ON_TIME_DAYS} 天（或约定周期）内送达；首次交付前的历史记录不计",
    f"on time: delivered within {ON_TIME_DAYS} days (or the agreed rhythm) of what the record states; what a feed "
    "brought of the time before its first delivery is not asked",
)


def exchange_table(
    feeds: Sequence[FeedLine], delivered: Sequence[DeliveredLine], county: str, as_of: Day
) -> Table:
    """Shares of rows accepted and of new records on time, by feed, since its first delivery."""
    figures: list[Figure] = []
    for feed, found in exchange(feeds, delivered).items():
        figures.extend(_scores(found.accepted, "ROWS", "ACCEPTED", county, as_of, feed))
        figures.extend(_scores(found.on_time, "NEW_RECORDS", "ON_TIME", county, as_of, feed))
    return Table("exchange", "部门数据交付", "delivery by departments", {}, figures, [NOTE])


def _scores(found: Share, n: str, name: str, county: str, as_of: Day, feed: str) -> Iterator[Figure]:
    on = iso(as_of)
    yield Figure(Key(n, county, on, by=feed), found.n, None, None, (), COUNT, 0)
    key = Key(f"SHARE_{name}", county, on, by=feed)
    if found.value is None:
        yield Figure(key, None, None, None, (), PERCENT, 2, NOT_OBSERVABLE)
    else:
        low, high = found.interval
        yield Figure(key, 100 * found.value, 100 * low, 100 * high, (), PERCENT, 2, NORMAL)
