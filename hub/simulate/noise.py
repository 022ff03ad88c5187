"""How departments err: named kinds of error at stated rates, each written into the truth.

Noise changes what is written down, never what is true. Whether an error is a
discrepancy is not said here: `hub.simulate.truth` works that out from what was
published.
"""

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import NamedTuple

from hub.domain.days import Day, iso
from hub.matching.numbers import check_digit
from hub.simulate.ledger import (
    BUSINESS,
    CERTIFICATE,
    CHILD,
    EMPLOYMENT,
    HOUSEHOLD,
    RESIDENCE,
    Ledger,
    Record,
    text,
)
from hub.simulate.names import LOOK_ALIKE, SOUND_ALIKE, mistaken
from hub.simulate.places import COUNTY, code_on, codes_of, town, valid_on

RATES: Mapping[str, float] = {
    # of rows about adults outside the household register, which errs a sixth as often
    "name-homophone": 0.008, "name-variant": 0.008, "day-month-swap": 0.012, "number-slip": 0.005,
    "number-swap": 0.004, "number-missing": 0.02, "two-numbers": 0.0025, "number-shared": 0.003,
    "sex-slip": 0.005,
    # of places stated: of villages that had another code before or will soon have, and of all
    "place-abolished": 0.12, "place-not-yet": 0.04, "place-unknown": 0.002,
    # of rows of any feed
    "entered-twice": 0.002,
    # of births
    "certificate-duplicate": 0.06, "certificate-void-reissued": 0.09, "late-registration": 0.07,
    "never-registered": 0.055, "certificate-missing": 0.06, "certificate-late": 0.05,
    "mother-number-slip": 0.045, "mother-name": 0.06, "entry-by-mistake": 0.07,
    "birth-day-slip": 0.05, "birth-untold": 0.03, "registered-twice": 0.04, "date-slip": 0.05,
    "parent-number-wrong": 0.04, "certificate-number-slip": 0.06, "certificate-of-another": 0.04,
    "certificate-void-alone": 0.05, "number-not-noted": 0.08,
    # of births of several, and of certificates that replace another
    "sibling-untold": 0.2, "certificate-not-voided": 0.3, "certificate-replaces-slip": 0.3,
    # of working people who died
    "death-not-told": 0.4,
    # of households that moved in, of their stays and of their moves
    "job-without-residence": 0.045, "left-without-notice": 0.1, "not-renewed": 0.02,
    "residence-in-two-towns": 0.12, "registered-by-mistake": 0.06, "registered-again": 0.03,
    "arrival-year-slip": 0.02, "renewed-at-the-last": 0.25, "registration-kept": 0.5,
    # of entries that another station takes over
    "old-entry-kept": 0.15,
    # of jobs of people who leave without notice: the months stop, and nobody ends the job
    "job-broken-off": 0.7,
    # of working people, of locals' jobs when they move out or die, and of jobs that end
    "job-by-mistake": 0.004, "job-not-ended": 0.6, "insured-after-end": 0.03,
}  # fmt: skip
"""Share of occasions on which an error is made at noise 1."""

SHARE_CORRECTED = 0.4
KNOWN_BEFORE_DAYS = 400
"""So long before a code comes into force somebody may write it."""
HOUSEHOLD_FACTOR = 1 / 6
CHILD_FACTOR = 1.5


class Headings(NamedTuple):
    """Where a feed writes name, sex, birth date and number, and how it writes days."""

    name: str
    sex: str
    born: str
    number: str
    write: Callable[[Day], str]
    factor: float


HEADINGS: Mapping[str, Headings] = {
    HOUSEHOLD: Headings("姓名", "性别", "出生日期", "公民身份号码", text, HOUSEHOLD_FACTOR),
    RESIDENCE: Headings("姓名", "性别", "出生日期", "公民身份号码", iso, 1),
    EMPLOYMENT: Headings("AAC003", "AAC004", "AAC006", "AAC002", text, 1),
    BUSINESS: Headings("经营者姓名", "经营者性别", "经营者出生日期", "经营者证件号码", iso, 1),
    CERTIFICATE: Headings("newborn_name", "sex", "born_on", "", iso, CHILD_FACTOR),
    CHILD: Headings("name", "sex", "born_on", "number", iso, CHILD_FACTOR),
}


OTHER_SEX = {"男": "女", "女": "男", "1": "2", "2": "1"}


class Said(NamedTuple):
    """A door of a village, and the day on which its code is stated."""

    place: str
    door: int
    day: Day


class Noise:
    """Makes errors at the stated rates, `scale` times as often; none at all at scale 0."""

    def __init__(self, random: Random, ledger: Ledger, scale: float, aside: Random | None = None) -> None:
        """Errors in place codes have a source of chance of their own, so that nothing else hangs on them."""
        self._random, self._ledger, self._scale = random, ledger, scale
        self._aside = Random(0) if aside is None else aside
        self._numbers_seen: list[tuple[str, str]] = []

    def happens(self, kind: str, factor: float = 1) -> bool:
        """Whether an error of this kind is made now."""
        return self._random.random() < RATES[kind] * self._scale * factor

    def corrected(self, day: Day, first: int = 40, last: int = 200) -> Day | None:
        """The day on which an error made on `day` is put right; most never are."""
        fixed = day + self._random.randrange(first, last)
        return fixed if self._random.random() < SHARE_CORRECTED else None

    def spoil(self, kind: str, record: Record, heading: str, wrong: str) -> None:
        """Put a wrong value into a record just published; some are corrected later."""
        ledger, right, day = self._ledger, record.row[heading], record.first
        ledger.change(record, day, **{heading: wrong})
        fixed = self.corrected(day)
        if fixed is not None:
            fixed = ledger.change(record, fixed, **{heading: right})
        ledger.error(kind, record, day, fixed)

    def misplace(self, record: Record, heading: str, said: Said, on: Day, until: Day | None = None) -> None:
        """A code of another day, or of no village, in what a record says from the drop of a day on.

        `until` is the day on which the place is written anew, whether the error was noticed or not.
        """
        ledger, random = self._ledger, self._aside
        if not ledger.seen(record) or (until is not None and until <= on) or not said.place.startswith(COUNTY):
            return
        right = code_on(said.place, said.day, said.door)
        for kind, wrong in self._codes_of_other_days(said):
            if random.random() >= RATES[kind] * self._scale:
                continue
            ledger.change(record, on, **{heading: wrong})
            fixed = on + random.randrange(40, 200) if random.random() < SHARE_CORRECTED else None
            if until is not None and (fixed is None or fixed >= until):
                fixed = ledger.drop_day(record.feed, until)
            elif fixed is not None:
                fixed = ledger.change(record, fixed, **{heading: right})
            ledger.error(kind, record, on, fixed)
            return

    def _codes_of_other_days(self, said: Said) -> Iterator[tuple[str, str]]:
        codes = [(since, code) for since, code in codes_of(said.place, said.door) if not valid_on(code, said.day)]
        past = [code for since, code in codes if since <= said.day]
        yield from (("place-abolished", code) for code in past[-1:])
        coming = [code for since, code in codes if said.day < since <= said.day + KNOWN_BEFORE_DAYS]
        yield from (("place-not-yet", code) for code in coming[:1])
        yield "place-unknown", f"{town(said.place)}{self._aside.randrange(300, 400)}"

    def row(self, record: Record) -> None:
        """Errors in one row; at most one in the name, and one in birth date or number."""
        if not self._ledger.seen(record):
            return
        said = HEADINGS[record.feed]
        self._name(record, said)
        self._date_or_number(record, said)
        if self.happens("sex-slip", said.factor):
            self.spoil("sex-slip", record, said.sex, OTHER_SEX[record.row[said.sex]])

    def _name(self, record: Record, said: Headings) -> None:
        for kind, table in (("name-homophone", SOUND_ALIKE), ("name-variant", LOOK_ALIKE)):
            if self.happens(kind, said.factor) and (wrong := mistaken(self._random, record.row[said.name], table)):
                self.spoil(kind, record, said.name, wrong)
                return

    def _date_or_number(self, record: Record, said: Headings) -> None:
        if self.happens("day-month-swap", said.factor):
            swapped = swap_day_and_month(record.row[said.born])
            # No system takes a birth that lies ahead.
            if swapped and swapped <= said.write(record.first):
                self.spoil("day-month-swap", record, said.born, swapped)
            return
        number = record.row.get(said.number, "")
        if not number:
            return
        for kind in ("number-slip", "number-swap", "number-missing", "two-numbers", "number-shared"):
            if self.happens(kind, said.factor):
                wrong = self.wrong_number(kind, number, record.entity)
                if wrong is not None:
                    self.spoil(kind, record, said.number, wrong)
                return
        self._numbers_seen.append((record.entity, number))

    def wrong_number(self, kind: str, number: str, entity: str) -> str | None:
        """What a clerk writes instead of the right number; None where this kind cannot happen."""
        match kind:
            case "number-slip":
                return slip(self._random, number)
            case "number-swap":
                return swap(self._random, number)
            case "number-missing":
                return ""
            case "two-numbers":
                return renumbered(self._random, number) if len(number) == 18 else None
        if not self._numbers_seen:
            return None
        whose, theirs = self._random.choice(self._numbers_seen)
        return theirs if whose != entity else None


def slip(random: Random, number: str) -> str:
    """One digit mistyped."""
    i = random.randrange(len(number) - 1)
    digit = str((int(number[i]) + random.randrange(1, 10)) % 10)
    return number[:i] + digit + number[i + 1 :]


def slip_serial(random: Random, number: str) -> str:
    """One digit of a certificate number mistyped; the letter before them is printed."""
    return number[0] + slip(random, number[1:] + "0")[:-1]


def swap(random: Random, number: str) -> str | None:
    """Two neighbouring digits exchanged; None where all are alike."""
    places = [i for i in range(6, len(number) - 2) if number[i] != number[i + 1]]
    if not places:
        return None
    i = random.choice(places)
    return number[:i] + number[i + 1] + number[i] + number[i + 2 :]


def swap_day_and_month(written: str) -> str | None:
    """The date with day and month exchanged; None where that is no other date."""
    digits = written.replace("-", "")
    year, month, day = digits[:4], digits[4:6], digits[6:]
    if int(day) > 12 or day == month:
        return None
    return f"{year}-{day}-{month}" if "-" in written else year + day + month


def renumbered(random: Random, number: str) -> str:
    """Another valid number for the same birth date, region and sex."""
    while True:
        sequence = (int(number[14:17]) + 2 * random.randrange(1, 400)) % 1000
        body = f"{number[:14]}{sequence:03d}"
        if sequence and body != number[:17]:
            return body + check_digit(body)
