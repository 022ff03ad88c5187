"""How registers err: named kinds of error, each written into the truth when it is made."""

from collections.abc import Callable
from random import Random

from hub.domain.days import Day, iso
from hub.matching.numbers import check_digit, number_valid
from hub.simulate.ledger import CERTIFICATE, HOUSEHOLD, Ledger, Row
from hub.simulate.names import misspelt
from hub.simulate.people import Numbers, Person

SHARE_CORRECTED = 0.4


class Noise:
    """Makes errors at stated rates, `scale` times as often."""

    def __init__(self, random: Random, ledger: Ledger, numbers: Numbers, scale: float) -> None:
        self._random, self._ledger, self._numbers, self._scale = random, ledger, numbers, scale
        self._numbers_seen: list[tuple[str, str]] = []

    def happens(self, rate: float) -> bool:
        """Whether an error of this rate is made now."""
        return self._random.random() < rate * self._scale

    def _spoil(self, kind: str, record: str, heading: str, wrong: str, right: str, day: Day) -> Day | None:
        """Put a wrong value into a record that was just published; the day it is corrected, if ever."""
        ledger = self._ledger
        first = ledger.change(record, day, **{heading: wrong})
        ledger.error(kind, record, first)
        if self._random.random() >= SHARE_CORRECTED:
            return None
        fixed = ledger.change(record, first + self._random.randrange(40, 200), **{heading: right})
        return fixed if fixed <= ledger.end else None

    def person_row(
        self, record: str, row: Row, name: str, born: str, number: str, day: Day,
        write: Callable[[Day], str],
    ) -> None:  # fmt: skip
        """Errors in one row about an adult; at most one of each sort."""
        entity = self._ledger.entity_of.get(record)
        if entity is None:
            return
        first = self._ledger.first_seen[record]
        if self.happens(0.01):
            wrong = misspelt(self._random, row[name])
            last = self._spoil("name-character", record, name, wrong, row[name], day)
            self._ledger.expect("name-differs", (record,), first, last)
        if self.happens(0.005) and (swapped := swap_day_and_month(row[born])):
            last = self._spoil("day-month-swap", record, born, swapped, row[born], day)
            self._ledger.expect("birth-date-differs", (record,), first, last)
        elif self.happens(0.006):
            wrong, kind = self._slip(row[number])
            last = self._spoil(kind, record, number, wrong, row[number], day)
            if not number_valid(wrong):
                self._ledger.expect("number-invalid", (record,), first, last)
        elif self.happens(0.02):
            self._spoil("number-missing", record, number, "", row[number], day)
        elif self.happens(0.0015):
            other = renumbered(self._random, row[number])
            last = self._spoil("two-numbers", record, number, other, row[number], day)
            self._ledger.expect("number-conflict", (record,), first, last)
        elif self.happens(0.0015) and self._numbers_seen:
            theirs, their_number = self._random.choice(self._numbers_seen)
            if their_number != row[number]:
                last = self._spoil("number-shared", record, number, their_number, row[number], day)
                self._ledger.expect("number-shared", (theirs, record), first, last)
                self._ledger.expect("number-conflict", (record,), first, last)
        elif len(row[number]) == 18:
            self._numbers_seen.append((record, row[number]))

    def household(self, record: str, row: Row, day: Day) -> None:
        """The household register errs less: mostly a character of a name."""
        if record not in self._ledger.entity_of or row["登记类别"] == "出生":
            return
        if self.happens(0.002):
            wrong = misspelt(self._random, row["姓名"])
            last = self._spoil("name-character", record, "姓名", wrong, row["姓名"], day)
            self._ledger.expect("name-differs", (record,), self._ledger.first_seen[record], last)
        elif row["公民身份号码"]:
            self._numbers_seen.append((record, row["公民身份号码"]))

    def child_record(self, record: str, row: Row, day: Day) -> None:
        """Health workers mistype names and dates of children."""
        if record not in self._ledger.entity_of:
            return
        first = self._ledger.first_seen[record]
        if row["name"] and self.happens(0.01):
            last = self._spoil("name-character", record, "name", misspelt(self._random, row["name"]), row["name"], day)
            self._ledger.expect("name-differs", (record,), first, last)
        elif self.happens(0.005) and (swapped := swap_day_and_month(row["born_on"])):
            last = self._spoil("day-month-swap", record, "born_on", swapped, row["born_on"], day)
            self._ledger.expect("birth-date-differs", (record,), first, last)

    def newborn(
        self, child: Person, mother: Person, day: Day, certificate: str | None,
        entry: str | None, entered: Day,
    ) -> None:  # fmt: skip
        """Certificates issued twice, or void and reissued."""
        ledger = self._ledger
        if certificate is None or certificate not in ledger.entity_of:
            return
        row = ledger.base[certificate]
        if row["plurality"] != "1":
            return
        number = "X9" + f"{self._random.randrange(10**8):08d}"
        later = day + self._random.randrange(5, 40)
        on = ledger.drop_day(CERTIFICATE, later)
        if self.happens(0.01):
            other = ledger.publish(CERTIFICATE, number, child.entity, later,
                                   row | {"certificate_no": number, "issued_on": iso(later)})  # fmt: skip
            ledger.error("certificate-duplicate", other, later)
            ledger.expect("certificate-duplicate", (certificate, other), on)
        elif self.happens(0.015):
            ledger.change(certificate, later, status="void")
            other = ledger.publish(CERTIFICATE, number, child.entity, later,
                                   row | {"certificate_no": number, "issued_on": iso(later),
                                          "replaces": row["certificate_no"]})  # fmt: skip
            ledger.error("certificate-void-reissued", other, later)
            if entry and ledger.base[entry]["出生医学证明编号"]:
                first = max(on, ledger.drop_day(HOUSEHOLD, entered))
                ledger.expect("certificate-void-used", (entry, certificate), first)

    def _slip(self, number: str) -> tuple[str, str]:
        """One digit mistyped, or two neighbours swapped."""
        places = [i for i in range(6, len(number) - 2) if number[i] != number[i + 1]]
        if places and self._random.random() < 0.4:
            i = self._random.choice(places)
            return number[:i] + number[i + 1] + number[i] + number[i + 2 :], "number-swap"
        i = self._random.randrange(len(number) - 1)
        digit = str((int(number[i]) + self._random.randrange(1, 10)) % 10)
        return number[:i] + digit + number[i + 1 :], "number-slip"


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

