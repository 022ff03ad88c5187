"""The desks of the four departments: how each writes down what it is told."""

from random import Random

from hub.domain.days import Day, add_month, day_of, iso
from hub.simulate.ledger import (
    BUSINESS,
    CERTIFICATE,
    CHILD,
    EMPLOYMENT,
    HOUSEHOLD,
    RESIDENCE,
    Ledger,
    Record,
    Row,
    text,
)  # fmt: skip
from hub.simulate.noise import Noise, Said
from hub.simulate.people import Birth, Person, credit_code, old_form
from hub.simulate.places import HOSPITALS, address, code_on

SEX_DIGIT = {"male": "1", "female": "2"}
SEX = {"male": "男", "female": "女"}
OLD_NUMBERS_BEFORE_AGE_DAYS = 45 * 365
KEYS = {HOUSEHOLD: "HR", RESIDENCE: "JZ", EMPLOYMENT: "E", CHILD: "C"}
Unit = tuple[str, str, str]
"""Credit code, name and village of an employer."""


class Registers:
    """Writes rows into the ledger, with the errors that desks make."""

    def __init__(self, random: Random, ledger: Ledger, noise: Noise, serial: int = 0) -> None:
        """Numbers of records go on after `serial`."""
        self._random, self.ledger, self.noise = random, ledger, noise
        self._serial = serial

    def number(self, feed: str) -> str:
        """The next key of a feed."""
        self._serial += 1
        if feed == BUSINESS:
            return credit_code(self._random, "92")
        if feed == CERTIFICATE:
            return f"X{self._serial:09d}"
        return f"{KEYS[feed]}{self._serial:08d}"

    def _publish(self, feed: str, person: Person, day: Day, row: Row) -> Record:
        """A new record, spoilt as clerks do; now and then it is entered twice and one is taken back."""
        record = self.ledger.publish(feed, self.number(feed), person.entity, day, row)
        self.noise.row(record)
        if self.noise.happens("entered-twice"):
            again = record.first + self._random.randrange(15)
            other = self.ledger.publish(feed, self.number(feed), person.entity, again, dict(row))
            taken = self.ledger.withdraw(other, again + self._random.randrange(5, 60))
            self.ledger.error("entered-twice", other, again, taken)
        return record

    def household(self, person: Person, day: Day, kind: str, **extra: str) -> Record:
        """An entry in the household register, dated `day`."""
        random, place = self._random, person.household.hukou_on(day)
        row = {
            "户号": f"H{person.household.number:06d}", "与户主关系": person.relation,
            "姓名": person.name_on(day), "曾用名": person.former_name if person.renamed_by(day) else "", "性别": SEX[person.sex],
            "出生日期": text(person.born), "公民身份号码": person.number, "地址代码": place,
            "住址": address(place, person.household.number), "登记类别": kind,
            "登记日期": text(day), "出生地代码": "", "出生医学证明编号": "", "母亲姓名": "",
            "母亲身份号码": "", "父亲身份号码": "", "注销日期": "", "注销原因": "",
            "联系电话": person.phone if random.random() < 0.7 else "", "何时迁来本址": "", "由何地迁来": "",
            "迁往地代码": "", "由何地迁来本县": "",
        } | extra  # fmt: skip
        if random.random() < 0.01:
            row["公民身份号码"] = self.written(person, day)
        record, home = self._publish(HOUSEHOLD, person, day, row), person.household
        if home.local:
            said = Said(home.place_on(day), home.number, day)
            self.noise.misplace(record, "地址代码", said, record.first, home.next_address(day))
        return record

    def residence(self, person: Person, arrived: Day, registered: Day, hukou: str = "") -> Record:
        """A residence registration, good for a year from the day it is made."""
        home, door = person.household.place_on(arrived), person.household.number
        place = code_on(home, registered, door)
        record = self._publish(RESIDENCE, person, registered, {
            "姓名": person.name_on(registered), "性别": SEX[person.sex],
            "出生日期": iso(person.born), "公民身份号码": person.number,
            "户籍地代码": hukou or person.household.hukou, "现住地代码": place,
            "现住地址": address(place, door),
            "联系电话": person.phone if self._random.random() < 0.95 else "",
            "来本地日期": iso(arrived), "登记日期": iso(registered),
            "有效期至": iso(add_month(registered, 12)), "离开日期": "", "签注日期": "",
        })  # fmt: skip
        if self.noise.happens("arrival-year-slip"):
            self.noise.spoil("arrival-year-slip", record, "来本地日期", iso(add_month(arrived, 12)))
        self.noise.misplace(record, "现住地代码", Said(home, door, registered), record.first)
        return record

    def registered_again(self, record: Record, person: Person, gone: Day | None) -> None:
        """A second window of the same town registers the person once more, now and then."""
        if not self.noise.happens("registered-again"):
            return
        day = record.first + self._random.randrange(20, 200)
        fixed = self.noise.corrected(day)
        last = min(day for day in (gone, fixed, self.ledger.end + 1) if day is not None)
        if last <= day + 7:
            return
        home = person.household.place_on(day_of(record.row["来本地日期"]))
        code = code_on(home, day, person.household.number)
        other = self.ledger.publish(RESIDENCE, self.number(RESIDENCE), person.entity, day, record.row | {
            "登记日期": iso(day), "有效期至": iso(add_month(day, 12)),
            "现住地代码": code, "现住地址": address(code, person.household.number)})  # fmt: skip
        self.ledger.error("registered-again", other, day, fixed)
        if last <= self.ledger.end:
            self.ledger.change(other, last, 离开日期=iso(last))

    def employment(self, person: Person, unit: Unit, start: Day) -> Record:
        """A job with its insurance."""
        known = max(start, self.ledger.start)
        said = Said(unit[2], ord(unit[0][-1]), known)
        record = self._publish(EMPLOYMENT, person, known, {
            "AAC002": self.written(person, known), "AAC003": person.name_on(start),
            "AAC004": SEX_DIGIT[person.sex], "AAC006": text(person.born), "AAB001": unit[0],
            "AAB004": unit[1], "unit_place": code_on(said.place, known, said.door), "started_on": iso(start), "ended_on": "",
            "first_month": text(start)[:6], "last_month": text(known)[:6],
            "phone": person.phone if self._random.random() < 0.7 else "",
        })  # fmt: skip
        self.noise.misplace(record, "unit_place", said, record.first)
        return record

    def business(self, person: Person, start: Day) -> Record:
        """An individual business with one operator."""
        known = max(start, self.ledger.start)
        home, door = person.household.place_on(known), person.household.number
        place = code_on(home, known, door)
        trade = self._random.choice(("商行", "小吃店", "修理部", "百货店", "理发店"))
        record = self._publish(BUSINESS, person, known, {
            "名称": f"{person.name[:1]}记{trade}", "经营者姓名": person.name_on(start),
            "经营者性别": SEX[person.sex], "经营者证件号码": self.written(person, known),
            "经营者出生日期": iso(person.born), "经营场所代码": place,
            "经营场所": address(place, door), "成立日期": iso(start), "注销日期": "",
            "联系电话": person.phone,
        })  # fmt: skip
        self.noise.misplace(record, "经营场所代码", Said(home, door, known), record.first)
        return record

    def written(self, person: Person, day: Day) -> str:
        """The number as shown; a few of the older still show the 15-digit form."""
        old = day - person.born > OLD_NUMBERS_BEFORE_AGE_DAYS
        return old_form(person.number) if old and self._random.random() < 0.08 else person.number

    def certificate(self, birth: Birth, order: int, count: int, reported: Day) -> Record:
        """A birth certificate, issued the day after the birth; not every child has a name by then."""
        random, child, mother, father = self._random, birth.child, birth.mother, birth.father
        assert mother is not None, "a foundling has no certificate"
        facility = "" if birth.at_home else next(name for name, place in HOSPITALS if place == birth.place)
        number = self.number(CERTIFICATE)
        row = {
            "certificate_no": number, "newborn_name": "" if random.random() < 0.4 else child.name,
            "sex": SEX_DIGIT[child.sex], "born_on": iso(birth.day),
            "born_at": f"{random.randrange(24):02d}:{random.randrange(60):02d}",
            "plurality": str(count), "birth_order": str(order), "facility": facility,
            "facility_place": birth.place, "mother_name": mother.name_on(birth.day),
            "mother_number": mother.number, "mother_hukou_place": mother.household.hukou_on(birth.day),
            "father_name": father.name_on(birth.day) if father else "",
            "father_number": father.number if father else "", "issued_on": iso(birth.day + 1),
            "status": "issued", "replaces": "",
        }  # fmt: skip
        record = self.ledger.publish(CERTIFICATE, number, child.entity, reported, row)
        self.noise.row(record)
        if mother.household.local:
            said = Said(mother.household.place_on(birth.day), mother.household.number, birth.day)
            self.noise.misplace(record, "mother_hukou_place", said, record.first)
        return record

    def child(self, birth: Birth, visited: Day, *, has_number: bool) -> Record:
        """A child record, opened at the first visit."""
        random, child, mother = self._random, birth.child, birth.mother
        cited = birth.certificate if random.random() < 0.9 else ""
        home = child.household
        record = self._publish(CHILD, child, visited, {
            "name": child.name if random.random() < 0.8 else "", "sex": SEX_DIGIT[child.sex],
            "born_on": iso(birth.day), "number": child.number if has_number else "",
            "certificate_no": cited, "mother_name": mother.name_on(visited) if mother else "",
            "mother_number": mother.number if mother else "", "place": home.code_on(visited),
            "phone": mother.phone if mother else "", "established_on": iso(visited),
        })  # fmt: skip
        said = Said(home.place_on(visited), home.number, visited)
        self.noise.misplace(record, "place", said, record.first)
        return record
