"""Births: where and to whom, what the two lists are told of them, and what goes wrong."""

from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from hub.domain.days import Day, add_month, iso
from hub.simulate.ledger import CERTIFICATE, HOUSEHOLD, Record
from hub.simulate.life.registers import Registers
from hub.simulate.life.stays import enter
from hub.simulate.names import SOUND_ALIKE, family_of, full_name, mistaken, some_family
from hub.simulate.noise import slip
from hub.simulate.people import DAUGHTER, HEAD, SON, SPOUSE, START, Birth, Person, Settlers
from hub.simulate.places import COUNTY, HOSPITALS, elsewhere

MOTHER_AGE_DAYS = (19 * 365, 43 * 365)
SETTLED_AFTER_BIRTH_DAYS = 60
"""Mothers stay this long, so that a birth can be registered where it should be."""


class Told(NamedTuple):
    """What goes wrong when a birth is told: nothing, as a rule."""

    certified: bool
    reported: Day
    entered: Day | None
    reissued: Day | None


BETWEEN_BIRTHS_DAYS = 330


class Deliveries:
    """All births of the story."""

    def __init__(self, random: Random, settlers: Settlers, registers: Registers) -> None:
        self._random, self._settlers, self._registers = random, settlers, registers
        self._mothers: list[Person] = []
        self._days: dict[str, list[Day]] = {}
        """On which days a mother gave birth."""
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
        if random.random() < 0.07:
            mother, father = self._from_elsewhere(day)
        else:
            found = self._mother_here(day)
            if found is None:
                return
            mother, father = found, _partner(found, day)
        abroad = mother.household.local and random.random() < 0.05
        place = elsewhere(random) if abroad else random.choice(HOSPITALS)[1]
        count = 2 if random.random() < 0.02 else 1
        for order in range(1, count + 1):
            child = self._child(mother, father, day)
            birth = Birth(child, mother, father, day, place, mother.household.local)
            self.births.append(birth)
            self._tell(birth, order, count, abroad=abroad)

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
        reissued = day + random.randrange(8, 45)
        void = count == 1 and noise.happens("certificate-void-reissued")
        return Told(
            not abroad and not missing, reported, None if never or not local else entered,
            max(reissued, reported + 1) if void else None,
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
        newer = self._reissue(certificate, told.reissued) if certificate and told.reissued else None
        if told.entered is not None:
            if newer and told.reissued is not None and told.entered >= told.reissued:
                cited = newer.key
            entry = self._enter(birth, told.entered, "" if random.random() < 0.08 else cited)
            self._void_used(entry, certificate, newer)
        elif certificate and birth.mother_local:
            ledger.error("never-registered", certificate, birth.day)
        self._note(birth, certificate, told)
        visited = birth.day + random.randrange(10, 60)
        if not (abroad and random.random() < 0.3) and random.random() < 0.9 and birth.child.here_on(visited):
            has_number = told.entered is not None and told.entered < visited
            self._registers.child(birth, visited, has_number=has_number)
        if certificate and count == 1 and newer is None:
            self._duplicate(birth, certificate)

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
        return entry

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

    def _reissue(self, certificate: Record, day: Day) -> Record:
        """The certificate is declared void and another one issued in its place."""
        ledger = self._registers.ledger
        ledger.change(certificate, day, status="void")
        other = self._again(certificate, day, replaces=certificate.key)
        ledger.error("certificate-void-reissued", other, day)
        return other

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


def _partner(mother: Person, day: Day) -> Person | None:
    """Her husband, where head and spouse are a pair."""
    if mother.relation not in (HEAD, SPOUSE):
        return None
    other = SPOUSE if mother.relation == HEAD else HEAD
    return next((p for p in mother.household.members
                 if p.relation == other and p.sex == "male" and p.here_on(max(day, START))), None)  # fmt: skip
