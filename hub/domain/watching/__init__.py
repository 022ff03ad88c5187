"""Watching feeds: what is odd about a feed at the close of a day, from counts of its deliveries alone.

A finding is about the feed, never about a person, and is no verdict: it says what is usual, what was
seen, and leaves the why to people. Pure: the history of deliveries in, findings out.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.domain.days import Day


class Delivery(NamedTuple):
    """What a feed delivered for one day, all its drops and batches together. Counts only."""

    day: Day
    late: int = 0
    """Days that had been closed past its own when the last of it came."""
    rows: int = 0
    accepted: int = 0
    unchanged: int = 0
    quarantined: int = 0
    warnings: int = 0
    reasons: Mapping[str, int] = {}
    versions: int = 0
    """Published versions that were measured: `filled` counts them by field."""
    fresh: int = 0
    """Records never seen before: digits, copies and repeated runs are about them."""
    filled: Mapping[str, int] = {}
    corrected: Mapping[str, int] = {}
    """By month of the version that was replaced, how many were."""
    digits: Mapping[str, Sequence[int]] = {}
    copied: Mapping[str, int] = {}
    """By field, under how many keys of one batch the commonest value stands."""
    repeated: int = 0
    """Anchors of runs of rows that stood in the feed before, under other keys."""
    columns: Sequence[str] = ()
    """What the drop's columns differ in from the contract: -field is absent, +heading is beyond it."""


class Found(NamedTuple):
    """Something odd: its kind, the field it is about (empty: the feed), the figures, perhaps names of columns."""

    kind: str
    subject: str
    evidence: Mapping[str, float]
    detail: str = ""


class Watched(NamedTuple):
    """A feed as it stands at the close of a day; `history` is in order of days and ends with the last delivery."""

    history: Sequence[Delivery]
    today: Day
    due: Day | None
    """When the contract expects the next delivery."""
    standing: Collection[tuple[str, str]]
    """Kind and subject of what was found and is not cleared: it takes clearer signs to end it than not to begin."""
    blocks: Sequence[Any] = ()
    """The blocks of serial numbers that its keys come from (`serials.Block`)."""

    @property
    def last(self) -> Delivery:
        """The last delivery."""
        return self.history[-1]


Look = Callable[[Watched], Iterator[Found]]


class Kind(NamedTuple):
    """One kind of finding about a feed, what it means and what to do, in both languages."""

    zh: str
    en: str
    todo_zh: str
    todo_en: str


SILENT, VOLUME, REPEATED = "feed-silent", "feed-volume", "rows-repeated"
HEAPED, COPIED, COLUMNS, REFUSED = "digits-heaped", "values-copied", "columns-changed", "quarantine-high"
MISSING = "numbers-missing"
KINDS: Mapping[str, Kind] = {
    SILENT: Kind("未按节律报送", "silent for longer than its rhythm or contract allows",
                 "检查报送任务是否中断", "see whether the export still runs"),
    VOLUME: Kind("数量偏离自身规律", "far more or fewer rows than its own rhythm",
                 "核对导出范围和筛选条件", "compare the export's range and filters"),
    REPEATED: Kind("成段重复的行", "runs of rows that stood here before, under other keys",
                   "核对是否重复导入或复制", "see whether rows were imported twice or copied"),
    HEAPED: Kind("数字扎堆", "digits heaped as when dates, ages or numbers are made up or defaulted",
                 "抽查原始凭证，检查默认值", "compare a sample with the papers; look for default values"),
    COPIED: Kind("同一内容出现在许多记录中", "one value stands under many keys of one delivery",
                 "抽查原始凭证", "compare a sample with the papers"),
    COLUMNS: Kind("列有变化", "columns are gone or new against the usual drops",
                  "恢复列名，或商定新的约定版本", "restore the headings, or agree on a new version of the contract"),
    REFUSED: Kind("隔离比例高于平常", "a far greater share of rows set aside than usual",
                  "查看隔离原因：hub quarantine list", "look at the reasons: hub quarantine list"),
    MISSING: Kind("证明编号中有缺号", "numbers of a block that never came, long after those around them",
                  "核对缺号证明：作废、遗失或未上报", "see what became of these certificates: spoilt, lost, or issued and not told of"),
}  # fmt: skip

FIGURES: Mapping[str, str] = {
    "days": "天数 days", "allowed_days": "平常最多天数 days allowed", "by_contract": "按约定 by contract",
    "rows": "行数 rows", "usual_rows": "平常行数 usual rows", "low": "下限 low", "high": "上限 high",
    "window_days": "统计天数 days looked at", "windows": "参照期数 earlier periods",
    "runs": "重复段 repeated runs", "rows_about": "约行数 rows, about", "run_rows": "每段行数 rows a run",
    "fresh": "新记录 new records", "keys": "主键数 keys", "usual_below": "平常少于 usually below",
    "gone": "少列 columns gone", "new": "多列 columns new", "set_aside": "隔离 set aside", "share": "比例 share",
    "usual_share": "平常比例 usual share", "digit": "数字 digit", "n": "n", "chi_square": "卡方 chi-square",
    "whipple": "惠普尔指数 Whipple's index", "usual": "平常 usual",
    "missing": "缺号 missing", "used": "已用 in use",
}  # fmt: skip
"""What the figures of the evidence are called."""


def window(history: Sequence[Delivery], days: int) -> tuple[Sequence[Delivery], Sequence[Delivery]]:
    """The deliveries of the last so many days up to the last one, and those before."""
    first = history[-1].day - days
    cut = len(history)
    while cut and history[cut - 1].day > first:
        cut -= 1
    return history[cut:], history[:cut]


def summed(deliveries: Sequence[Delivery], name: str) -> list[int]:
    """The digits of one field over several deliveries."""
    found: list[int] = []
    for delivery in deliveries:
        counts: Any = delivery.digits.get(name, ())
        found = (
            [a + b for a, b in zip(found, counts, strict=True)] if found and counts else found or list(counts)
        )
    return found
