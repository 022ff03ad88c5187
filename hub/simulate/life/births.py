"""Births: where and to whom, what the two lists are told of them, and what goes wrong."""

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from hub.domain.days import Day, add_month, iso
from hub.simulate.ledger import CERTIFICATE, HOUSEHOLD, Record, text
from hub.simulate.life.registers import Registers
from hub.simulate.life.stays import enter
from hub.simulate.names import SOUND_ALIKE, family_of, full_name, mistaken, some_family
from hub.simulate.noise import renumbered, slip, slip_serial
from hub.simulate.people import DAUGHTER, HEAD, SON, SPOUSE, START, Birth, Person, Settlers
from hub.simulate.places import COUNTY, HOSPITALS, code_on, elsewhere, village

MOTHER_AGE_DAYS = (19 * 365, 43 * 365)
SETTLED_AFTER_BIRTH_DAYS = 60
"""Mothers stay this long, so that a birth can be registered where it should be."""


class Told(NamedTuple):
    """What goes wrong when a birth is told: nothing, as a rule."""

    certified: bool
    reported: Day
    entered: Day | None
    reissued: Day | None
    voided: Day | None
    untold: bool


BETWEEN_BIRTHS_DAYS = 330
SEVERAL, AT_HOME, FOUNDLINGS = 0.025, 0.01, 0.006
"""Shares of deliveries: of two children, outside facilities, and children found."""


class Deliveries:
    """All births of the story."""

    def __init__(self, random: Random, settlers: Settlers, registers: Registers) -> None:
        self._random, self._settlers, self._registers = random, settlers, registers
        self._mothers: list[Person] = []
        self._days: dict[str, list[Day]] = {}
        """On which days a mother gave birth."""
        self._papers: list[str] = []
        """Certificate numbers of children who came alone."""
        self.births: list[Birth] = []

    def mothers_among(self, people: Iterable[Person]) -> None:
        """Add those who may give birth in the years of the story."""
        self._mothers.extend(
            p for p in people
            if p.sex == "female" and p.relation in (HEAD, SPOUSE, DAUGHTER) and START - p.born < MOTHER_AGE_DAYS[1]
        )  # fmt: skip

    def deliver(self, day: Day) -> None:
        """One delivery: one child, now and then two."""
        random = self._random
        father: Person | None = None
        if random.random() < FOUNDLINGS:
            self._find(day)
            return
        if random.random() < 0.07:
            mother, father = self._from_elsewhere(day)
        else:
            found = self._mother_here(day)
            if found is None:
                return
            mother, father = found, _partner(found, day)
        abroad = mother.household.local and random.random() < 0.05
        place = elsewhere(random) if abroad else random.choice(HOSPITALS)[1]
        at_home = not abroad and mother.here_from is not None and random.random() < AT_HOME
        if at_home:
            place = mother.household.code_on(day)
        count = 2 if random.random() < SEVERAL else 1
        for order in range(1, count + 1):
            child = self._child(mother, father, day)
            birth = Birth(child, mother, father, day, place, mother.household.local, at_home)
            self.births.append(birth)
            if order > 1 and self._registers.noise.happens("sibling-untold"):
                self._registers.ledger.error("sibling-untold", self._papers_of(self.births[-2]), day)
                continue
            self._tell(birth, order, count, abroad=abroad)

    def _find(self, day: Day) -> None:
        """A child of whom nobody knows where and to whom it was born: entered without parents."""
        random = self._random
        home = self._settlers.household(local=True, since=day)
        sex = random.choice(("male", "female"))
        child = self._settlers.person(home, HEAD, sex, day, full_name(random, sex, "党"), here_from=day)
        birth = Birth(child, None, None, day, "", mother_local=False)
        self.births.append(birth)
        entry = self._registers.household(child, day + random.randrange(20, 60), "出生")
        birth.entry, birth.entered = entry.key, entry.first
        self._registers.child(birth, day + random.randrange(60, 90), has_number=True)

    def _mother_here(self, day: Day) -> Person | None:
        for _ in range(20):
            mother = self._random.choice(self._mothers) if self._mothers else None
            if mother is None:
                return None
            fits = MOTHER_AGE_DAYS[0] < day - mother.born < MOTHER_AGE_DAYS[1]
            since = max(day, START)
            rested = all(abs(day - other) > BETWEEN_BIRTHS_DAYS for other in self._days.get(mother.entity, ()))
            if fits and rested and mother.here_on(since) and mother.here_on(since + SETTLED_AFTER_BIRTH_DAYS):
                self._days.setdefault(mother.entity, []).append(day)
                return mother
        return None

    def _from_elsewhere(self, day: Day) -> tuple[Person, Person | None]:
        """A mother who comes only to give birth; now and then the father is in this county's register."""
        random = self._random
        household = self._settlers.household(local=False, since=day)
        born = day - random.randrange(20 * 365, 40 * 365)
        name = full_name(random, "female", some_family(random))
        mother = self._settlers.person(household, SPOUSE, "female", born, name, here_from=None)
        husbands = [p for m in random.sample(self._mothers, min(3, len(self._mothers)))
                    if m.household.local and (p := _partner(m, day)) is not None]  # fmt: skip
        return mother, husbands[0] if husbands and random.random() < 0.3 else None

    def _child(self, mother: Person, father: Person | None, day: Day) -> Person:
        random = self._random
        sex = "male" if random.random() < 0.513 else "female"
        home = mother.household
        if father is not None and mother.here_from is None:
            home = father.household
        name = full_name(random, sex, family_of((father or mother).name))
        here = day if home.local or mother.here_from is not None else None
        return self._settlers.person(home, SON if sex == "male" else DAUGHTER, sex, day, name, here_from=here)

    # --- telling ----------------------------------------------------------------------------

    def _plan(self, birth: Birth, count: int, *, abroad: bool) -> Told:
        random, noise, day = self._random, self._registers.noise, birth.day
        local = birth.child.household.local
        entered = day + random.randrange(3, 26)
        if noise.happens("late-registration"):
            entered = add_month(day) + random.randrange(5, 150)
        gone = birth.child.gone
        if gone is not None:
            entered = min(entered, gone - 1)
        never = noise.happens("never-registered")
        missing = not abroad and local and noise.happens("certificate-missing")
        reported = day + 1
        if noise.happens("certificate-late"):
            reported = day + random.randrange(50, 170)
        changed = max(day + random.randrange(8, 45), reported + 1)
        reissued: Day | None = None
        voided: Day | None = None
        if count == 1 and noise.happens("certificate-void-reissued"):
            reissued = voided = changed
        elif count == 1 and noise.happens("certificate-void-alone"):
            voided, reissued = changed, noise.corrected(changed, 15, 90)
        untold = count == 1 and noise.happens("birth-untold")
        return Told(
            not (untold or abroad or missing), reported, entered if local and not (untold or never) else None,
            reissued, voided, untold,
        )  # fmt: skip

    def _tell(self, birth: Birth, order: int, count: int, *, abroad: bool) -> None:
        """Tell health and public security of a birth, as far as they come to know."""
        told, random, ledger = self._plan(birth, count, abroad=abroad), self._random, self._registers.ledger
        certificate = None
        if told.certified:
            certificate = self._registers.certificate(birth, order, count, told.reported)
            birth.certificate = certificate.key
            self._spoil_certificate(birth, certificate)
        cited = certificate.key if certificate else f"Z{random.randrange(10**9):09d}" if abroad else ""
        newer = self._reissue(certificate, told) if certificate else None
        if told.entered is not None:
            if newer and told.reissued is not None and told.entered >= told.reissued:
                cited = newer.key
            entry = self._enter(birth, told.entered, "" if random.random() < 0.08 else cited)
            self._void_used(entry, certificate, newer)
            self._spoil_entry(birth, entry, alone=count == 1)
        elif certificate and birth.mother_local:
            ledger.error("never-registered", certificate, birth.day)
        self._note(birth, certificate, told)
        visited = birth.day + random.randrange(10, 60)
        if not (abroad and random.random() < 0.3) and random.random() < 0.9 and birth.child.here_on(visited):
            record = self._visit(birth, visited)
            if told.untold:
                ledger.error("birth-untold", record, record.first)
        if certificate and count == 1:
            self._papers.append(certificate.key)
        if certificate and count == 1 and newer is None and told.voided is None:
            self._duplicate(birth, certificate)

    def _visit(self, birth: Birth, visited: Day) -> Record:
        """A child record; once the child is entered, its number is noted at a later visit."""
        random, registers, entered = self._random, self._registers, birth.entered
        record = registers.child(birth, visited, has_number=entered is not None and entered < visited)
        self._slip_number(record, "certificate_no")
        if entered is None or record.row["number"] or not registers.ledger.seen(record):
            return record
        noted: Day | None = max(entered, visited) + random.randrange(10, 70)
        if registers.noise.happens("number-not-noted"):
            noted = registers.noise.corrected(max(entered, visited), 100, 260)
            registers.ledger.error("number-not-noted", record, entered, noted)
        if noted is not None:
            registers.ledger.change(record, noted, number=birth.child.number)
        return record

    def _papers_of(self, birth: Birth) -> Record:
        """Whatever record there is of a birth, for the truth to name."""
        records = self._registers.ledger.records
        for name in (f"{CERTIFICATE}/{birth.certificate}", f"{HOUSEHOLD}/{birth.entry}"):
            if name in records:
                return records[name]
        return Record(CERTIFICATE, "none", birth.child.entity, self._registers.ledger.end + 1, {})

    def _note(self, birth: Birth, certificate: Record | None, told: Told) -> None:
        """Write into the truth what went wrong with telling."""
        ledger = self._registers.ledger
        entry = ledger.records.get(f"{HOUSEHOLD}/{birth.entry}")
        if entry and told.entered is not None and told.entered > add_month(birth.day):
            ledger.error("late-registration", entry, told.entered)
        if certificate and told.reported > birth.day + 1:
            ledger.error("certificate-late", certificate, told.reported)
        if entry and not certificate and birth.place.startswith(COUNTY):
            ledger.error("certificate-missing", entry, birth.day)

    def _enter(self, birth: Birth, day: Day, cited: str) -> Record:
        """The entry of the birth; one made by mistake is taken back and made again."""
        random, ledger, noise = self._random, self._registers.ledger, self._registers.noise
        assert birth.mother is not None, "foundlings are entered on their own"
        extra = {
            "出生地代码": birth.place, "出生医学证明编号": cited, "母亲姓名": birth.mother.name_on(day),
            "母亲身份号码": birth.mother.number,
            "父亲身份号码": birth.father.number if birth.father else "",
        }  # fmt: skip
        if day > START and noise.happens("entry-by-mistake"):
            mistake = self._registers.household(birth.child, day, "出生", **extra)
            taken = ledger.withdraw(mistake, day + random.randrange(5, 40))
            ledger.error("entry-by-mistake", mistake, day, taken)
            gone = birth.child.gone
            day = min(taken + random.randrange(10, 90), gone - 1 if gone is not None else ledger.end + 1)
        entry = enter(self._registers, random, birth.child, day, "出生", **extra)
        birth.entry, birth.entered = entry.key, day
        if ledger.seen(entry) and noise.happens("registered-twice"):
            self._enter_again(birth, entry, day + random.randrange(20, 120))
        return entry

    def _enter_again(self, birth: Birth, entry: Record, day: Day) -> None:
        """Another station enters the child too; where that is noticed, its entry is cancelled."""
        ledger, noise, gone = self._registers.ledger, self._registers.noise, birth.child.gone
        if gone is not None and day >= gone:
            return
        place = code_on(village(self._random), day, 0)
        again = {**entry.row, "登记日期": text(day), "地址代码": place, "户号": f"H{900000 + self._random.randrange(90000)}"}
        other = ledger.publish(HOUSEHOLD, self._registers.number(HOUSEHOLD), entry.entity, day, again)
        fixed = noise.corrected(day)
        ends = min((d for d in (fixed, gone) if d is not None), default=None)
        if ends is not None:
            fixed = ledger.change(other, ends, 注销日期=text(ends), 注销原因="迁出")
        ledger.error("registered-twice", other, day, fixed)

    def _spoil_entry(self, birth: Birth, entry: Record, *, alone: bool) -> None:
        """A clerk cites another child's certificate, mistypes its number, or a year or a parent."""
        noise, random = self._registers.noise, self._random
        if not self._registers.ledger.seen(entry):
            return
        others = [number for number in self._papers[-200:] if number != birth.certificate]
        if alone and entry.row["出生医学证明编号"] and others and noise.happens("certificate-of-another"):
            noise.spoil("certificate-of-another", entry, "出生医学证明编号", random.choice(others))
        else:
            self._slip_number(entry, "出生医学证明编号")
        if noise.happens("date-slip"):
            entered = entry.row["登记日期"]
            noise.spoil("date-slip", entry, "登记日期", _year_before(entered))
        self._wrong_parent(entry, random.choice(("母亲身份号码", "父亲身份号码")))

    def _slip_number(self, record: Record, heading: str) -> None:
        noise, cited = self._registers.noise, record.row[heading]
        if cited and self._registers.ledger.seen(record) and noise.happens("certificate-number-slip"):
            noise.spoil("certificate-number-slip", record, heading, slip_serial(self._random, cited))

    def _wrong_parent(self, record: Record, heading: str) -> None:
        """Somebody else's number for a parent, valid like every other."""
        noise, number = self._registers.noise, record.row[heading]
        if len(number) == 18 and noise.happens("parent-number-wrong", 0.5):
            noise.spoil("parent-number-wrong", record, heading, renumbered(self._random, number))

    def _spoil_certificate(self, birth: Birth, certificate: Record) -> None:
        """A clerk mistypes the mother's number or name, or dates a birth at night to the other day."""
        noise, row = self._registers.noise, certificate.row
        if not self._registers.ledger.seen(certificate):
            return
        if noise.happens("birth-day-slip") and row["born_on"] == iso(birth.day):
            noise.spoil("birth-day-slip", certificate, "born_on", iso(birth.day + self._random.choice((-1, 1))))
        if noise.happens("mother-number-slip"):
            noise.spoil("mother-number-slip", certificate, "mother_number", slip(self._random, row["mother_number"]))
        elif noise.happens("mother-name"):
            wrong = mistaken(self._random, row["mother_name"], SOUND_ALIKE)
            if wrong:
                noise.spoil("mother-name", certificate, "mother_name", wrong)
        else:
            self._wrong_parent(certificate, "mother_number")
        if noise.happens("date-slip"):
            issued = row["issued_on"]
            noise.spoil("date-slip", certificate, "issued_on", _year_before(issued))

    def _reissue(self, certificate: Record, told: Told) -> Record | None:
        """The certificate is declared void and another one issued in its place, at once as a rule."""
        ledger, noise = self._registers.ledger, self._registers.noise
        if told.voided is None:
            return None
        if told.reissued == told.voided and noise.happens("certificate-not-voided"):
            fixed = noise.corrected(told.voided)
            if fixed is not None:
                fixed = ledger.change(certificate, fixed, status="void")
            ledger.error("certificate-not-voided", certificate, told.voided, fixed)
        else:
            ledger.change(certificate, told.voided, status="void")
        if told.reissued != told.voided:
            ledger.error("certificate-void-alone", certificate, told.voided, told.reissued)
        if told.reissued is None:
            return None
        other = self._again(certificate, told.reissued, replaces=certificate.key)
        ledger.error("certificate-void-reissued", other, told.reissued)
        if ledger.seen(other) and noise.happens("certificate-replaces-slip"):
            noise.spoil("certificate-replaces-slip", other, "replaces", slip_serial(self._random, certificate.key))
        elif self._random.random() < 0.15:
            return self._replace_again(other)
        return other

    def _replace_again(self, certificate: Record) -> Record:
        """One that replaced another is replaced in its turn."""
        day = certificate.first + self._random.randrange(5, 40)
        self._registers.ledger.change(certificate, day, status="void")
        return self._again(certificate, day, replaces=certificate.key)

    def _again(self, certificate: Record, day: Day, replaces: str) -> Record:
        number = self._registers.number(CERTIFICATE)
        row = certificate.row | {"certificate_no": number, "issued_on": iso(day), "replaces": replaces}
        return self._registers.ledger.publish(CERTIFICATE, number, certificate.entity, day, row)

    def _void_used(self, entry: Record, certificate: Record | None, newer: Record | None) -> None:
        """Whoever cites a void certificate may notice later, and cite the one in force."""
        if certificate is None or newer is None or entry.row["出生医学证明编号"] != certificate.key:
            return
        fixed = self._registers.noise.corrected(newer.first)
        if fixed is not None:
            self._registers.ledger.change(entry, fixed, 出生医学证明编号=newer.key)

    def _duplicate(self, birth: Birth, certificate: Record) -> None:
        """A second certificate for one child; some are voided later, some taken back."""
        ledger, noise = self._registers.ledger, self._registers.noise
        if not noise.happens("certificate-duplicate"):
            return
        day = certificate.first + self._random.randrange(5, 60)
        other = self._again(certificate, day, replaces="")
        fixed = noise.corrected(day)
        if fixed is not None and self._random.random() < 0.5:
            fixed = ledger.change(other, fixed, status="void")
        elif fixed is not None:
            fixed = ledger.withdraw(other, fixed)
        ledger.error("certificate-duplicate", other, day, fixed)


def _year_before(written: str) -> str:
    """The day with last year's number, as a hand in January writes it; the year before has no 29th of February."""
    day = written[4:]
    return f"{int(written[:4]) - 1}{day[:-2]}28" if day.replace("-", "") == "0229" else f"{int(written[:4]) - 1}{day}"


def _partner(mother: Person, day: Day) -> Person | None:
    """Her husband, where head and spouse are a pair."""
    if mother.relation not in (HEAD, SPOUSE):
        return None
    other = SPOUSE if mother.relation == HEAD else HEAD
    return next((p for p in mother.household.members
                 if p.relation == other and p.sex == "male" and p.here_on(max(day, START))), None)  # fmt: skip
