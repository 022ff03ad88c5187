"""Where watching draws its lines, each with the reason: one table, so that they can be argued about."""

from typing import NamedTuple


class Line(NamedTuple):
    """A threshold and why it lies there."""

    value: float
    why: str


LOOKBACK_DAYS = Line(
    400, "a year and a month: last year's same season is still known, and memory stays small"
)
GAPS_MIN = Line(10, "fewer deliveries show no rhythm")
GAP_QUANTILE = Line(
    0.98, "what two gaps in a hundred exceed is still usual; one old outage does not hide a new one"
)
GAP_REGULAR = Line(
    1.5, "a feed that always comes after the same time is silent half a period after it should have come"
)
GAP_IRREGULAR = Line(
    2.0, "gaps of a feed that comes by chance exceed twice that quantile in 4 of 10,000 cases"
)
WINDOWS_MIN = Line(8, "a median and MAD of fewer windows are no rhythm")
WINDOWS_MAX = Line(26, "half a year of weeks: older volumes are another time's")
VOLUME_BEGINS = Line(
    4.5, "robust standard deviations of the square root of the rows; halves are seen from 60 rows a window"
)
VOLUME_ENDS = Line(
    2.5, "what stands is over once it is back well inside the band, not when it flickers at its edge"
)
VOLUME_LOW = Line(0.65, "of the median: steady large feeds vary by a few rows in a hundred without any cause")
VOLUME_HIGH = Line(1.6, "of the median, for the same reason")
VOLUME_N_MIN = Line(20, "rows a window usually; of fewer even none is chance now and then")
SEASON_DAYS = Line(21, "what comes each half year or year comes three weeks earlier or later")
RUN_ROWS = Line(20, "twenty rows in a row that say the same by chance do not happen in a register")
RUN_KINDS_MIN = Line(10, "of twenty rows so many must differ: rows that all say one thing repeat by nature")
ANCHOR_ONE_IN = Line(8, "every eighth row begins a run that is remembered: a run of 60 is missed once in 200")
REPEATED_ANCHORS_MIN = Line(2, "one could be a collision of hashes; two in a window of days are none")
REPEATED_DAYS = Line(28, "so long a repeated run stays in view before later deliveries clear it")
DIGITS_DAYS = Line(90, "a quarter: long enough for feeds of a few new records a day")
DIGITS_LONG_DAYS = Line(180, "half a year: for feeds with fewer")
DIGITS_N_MIN = Line(300, "below, a share of five in a hundred is a handful of records")
DIGITS_BASE_MIN = Line(
    500, "days of office have no calendar of their own but the feed's past, which has to be long enough"
)
HEAP_EFFECT = Line(
    0.05, "share of one digit beyond what is expected: less is chance or custom, and finds nobody's hand"
)
HEAP_RATIO = Line(1.8, "times the expected share, so that a heap is one on coarse digits as well")
HEAP_SIGMA = Line(
    6, "standard deviations, chance doubled for records that come in families: 31 days, each week, years long"
)
CHI_SIGMA = Line(6, "the whole distribution by chi-square, as standard deviations (Wilson and Hilferty 1931)")
WHIPPLE_BEGINS = Line(
    150, "Whipple's index of ages 23 to 62 on 0 and 5: the UN call 125 to 175 rough; registers lie at 100"
)
HEAP_ENDS = Line(0.7, "of these lines: there a heap that stands is over")
COPIED_NUMBER_MIN = Line(
    6, "keys under one identity number in one batch: jobs and entries of one person are fewer"
)
COPIED_PHONE_MIN = Line(20, "keys under one telephone in one batch: households and small firms share one")
COPIED_BLOCK_MIN = Line(
    6, "keys under one name and birth date in one batch: namesakes born on one day are fewer"
)
COPIED_DAYS = Line(28, "as for repeated runs")
COLUMNS_DROPS = Line(
    10, "what most of so many earlier deliveries have is usual; a change that stays becomes it"
)
COLUMNS_MIN = Line(3, "fewer show no habit")
REFUSED_DAYS = Line(7, "a week: one small drop is no share")
REFUSED_N_MIN = Line(20, "rows; below, one bad row is five in a hundred")
REFUSED_EFFECT = Line(0.05, "share of rows beyond the usual; departments are told of each row anyway")
REFUSED_SIGMA = Line(5, "standard deviations of a count at the usual share")
REFUSED_TRIM = Line(0.05, "the worst of the earlier deliveries say what was broken, not what is usual")
SERIALS_MIN = Line(20, "numbers of a block of fifty: fewer do not show that it is used in order")
SERIALS_SHARE = Line(
    0.8, "of the numbers between its first and last: where more are missing nobody issues them in order"
)
SERIALS_DAYS = Line(
    60, "a late certificate comes within two months; what has not come by then is asked about"
)
