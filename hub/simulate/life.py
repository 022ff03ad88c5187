"""What happens in the county over the months, and what each department writes down of it."""

from random import Random

from hub.domain.days import Day, add_month, iso
from hub.simulate.ledger import (
    BUSINESS,
    CERTIFICATE,
    CHILD,
    EMPLOYMENT,
    HOUSEHOLD,
    RESIDENCE,
    Ledger,
    Row,
    text,
)  # fmt: skip
from hub.simulate.names import full_name
from hub.simulate.noise import Noise
from hub.simulate.people import (
    COUNTY,
    START,
    Numbers,
    Person,
    address,
    credit_code,
    elsewhere,
    phone,
    village,
)  # fmt: skip

SEX_DIGIT = {"male": "1", "female": "2"}
BIRTHS_PER_YEAR = 0.011
UPDATE_DAYS = 182


class County:
    """Lives the months of a population into a ledger."""

    def __init__(self, random: Random, people: list[Person], numbers: Numbers, ledger: Ledger, noise: Noise) -> None:
        self._random, self._people, self._numbers = random, people, numbers
        self._ledger, self._noise = ledger, noise
        self._serial = 0
        self._mothers = [p for p in people if p.sex == "female" and 20 * 365 < START - p.born < 42 * 365]
        self._units = [
            (credit_code(random, "91"), f"{full_name(random, 'male')[:2]}实业{index}厂", village(random))
            for index in range(max(3, len(people) // 150))
        ]
        self.births: list[dict[str, str]] = []

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    # --- registers --------------------------------------------------------------------------

    def settle_in(self, person: Person) -> None:
        """The first entries of somebody who lives here, or has just come."""
        came = max(person.here_from, START)
        if person.local:
            self.enter_household(person, person.here_from, "初始")
        elif person.registered:
            self.register_residence(person, came)
        age = (START - person.born) / 365
        if 18 <= age < 60 and self._random.random() < (0.5 if person.local else 0.85):
            self.employ(person, came)
        elif 20 <= age < 70 and self._random.random() < 0.03:
            self.open_business(person, came)

    def enter_household(self, person: Person, day: Day, kind: str, **extra: str) -> str:
        """A household entry."""
        row = {
            "户号": person.household, "与户主关系": "", "姓名": person.name, "曾用名": "",
            "性别": "男" if person.sex == "male" else "女", "出生日期": text(person.born),
            "公民身份号码": person.number, "地址代码": person.place,
            "住址": address(person.place, person.household), "登记类别": kind,
            "登记日期": text(day), "出生地代码": "", "出生医学证明编号": "", "母亲姓名": "",
            "母亲身份号码": "", "父亲身份号码": "", "注销日期": "", "注销原因": "",
            "联系电话": person.phone if self._random.random() < 0.7 else "",
        } | extra  # fmt: skip
        record = self._write(HOUSEHOLD, f"HR{self._next():08d}", person, max(day, START), row)
        self._noise.household(record, row, day)
        return record

    def register_residence(self, person: Person, day: Day) -> str:
        """A residence registration, renewed each year while the person stays."""
        row = {
            "姓名": person.name, "性别": "男" if person.sex == "male" else "女",
            "出生日期": iso(person.born), "公民身份号码": person.number, "户籍地代码": person.hukou,
            "现住地代码": person.place, "现住地址": address(person.place, person.household),
            "联系电话": person.phone, "来本地日期": iso(min(person.here_from, day)),
            "登记日期": iso(day), "有效期至": iso(add_month(day, 12)), "离开日期": "",
        }  # fmt: skip
        record = self._write(RESIDENCE, f"JZ{self._next():08d}", person, day, row)
        self._noise.person_row(record, row, "姓名", "出生日期", "公民身份号码", day, iso)
        self._stay(person, record, day)
        return record

    def _stay(self, person: Person, record: str, day: Day) -> None:
        """Renew until leaving; some leave without a word, some are registered twice."""
        noise, ledger = self._noise, self._ledger
        expires = add_month(day, 12)
        leaves = day + self._random.randrange(90, 1500)
        silent = noise.happens(0.05)
        if silent:
            leaves = min(leaves, expires - 10)
        while expires < min(leaves, ledger.end):
            renewed = expires - self._random.randrange(1, 15)
            expires = add_month(renewed, 12)
            ledger.change(record, renewed, 有效期至=iso(expires))
        if leaves <= ledger.end:
            person.gone = leaves
            if silent:
                ledger.error("left-without-notice", record, leaves)
                ledger.expect("residence-expired", (record,), expires + 31)
            else:
                ledger.change(record, leaves, 离开日期=iso(leaves))
        elif noise.happens(0.02):
            self._register_twice(person, record, day)

    def _register_twice(self, person: Person, record: str, day: Day) -> None:
        """A second town registers somebody whom the first has not ended."""
        moved = village(self._random)
        if moved[:9] == person.place[:9]:
            return
        later = day + self._random.randrange(60, 200)
        if later > self._ledger.end - 20:
            return
        row = self._ledger.base[record] | {
            "现住地代码": moved, "现住地址": address(moved, person.household),
            "登记日期": iso(later), "有效期至": iso(add_month(later, 36)),
        }
        other = self._write(RESIDENCE, f"JZ{self._next():08d}", person, later, row)
        first = self._ledger.drop_day(RESIDENCE, later)
        self._ledger.error("residence-in-two-towns", other, later)
        self._ledger.expect("residence-two-places", (record, other), first)

    def employ(self, person: Person, day: Day) -> None:
        """A job, insured month by month; the bureau refreshes the row twice a year."""
        code, name, place = self._random.choice(self._units)
        start = min(day, person.here_from) if day == START else day + self._random.randrange(0, 40)
        if start > self._ledger.end:
            return
        known = max(start, START)
        row = {
            "AAC002": person.number, "AAC003": person.name, "AAC004": SEX_DIGIT[person.sex],
            "AAC006": text(person.born), "AAB001": code, "AAB004": name, "unit_place": place,
            "started_on": iso(start), "ended_on": "", "first_month": text(start)[:6],
            "last_month": text(known)[:6], "phone": person.phone if self._random.random() < 0.7 else "",
        }  # fmt: skip
        key = f"E{self._next():08d}"
        record = self._write(EMPLOYMENT, key, person, known, row)
        self._noise.person_row(record, row, "AAC003", "AAC006", "AAC002", known, text)
        if not person.local and not person.registered:
            self._ledger.error("job-without-residence", record, known)
            first = max(start + 31, self._ledger.drop_day(EMPLOYMENT, known))
            self._ledger.expect("employment-without-residence", (record,), first)
        end = known + self._random.randrange(120, 2500)
        if person.gone is not None:
            end = min(end, person.gone)
        for update in range(known + UPDATE_DAYS, min(end, self._ledger.end), UPDATE_DAYS):
            self._ledger.change(record, update, last_month=text(update)[:6])
        if end <= self._ledger.end:
            self._ledger.change(record, end, ended_on=iso(max(end, start)), last_month=text(end)[:6])

    def open_business(self, person: Person, day: Day) -> None:
        """An individual business with one operator."""
        if not person.local:
            return
        row = {
            "名称": f"{person.name[:1]}记商行", "经营者姓名": person.name,
            "经营者性别": "男" if person.sex == "male" else "女", "经营者证件号码": person.number,
            "经营者出生日期": iso(person.born), "经营场所代码": person.place,
            "经营场所": address(person.place, person.household),
            "成立日期": iso(min(day, person.here_from)), "注销日期": "", "联系电话": person.phone,
        }  # fmt: skip
        number = person.number
        if START - person.born > 60 * 365 and self._random.random() < 0.5:
            row["经营者证件号码"] = number[:6] + number[8:17]
        code = credit_code(self._random, "92")
        record = self._write(BUSINESS, code, person, max(day, START), row)
        if len(row["经营者证件号码"]) == 18:
            self._noise.person_row(record, row, "经营者姓名", "经营者出生日期", "经营者证件号码", day, iso)

    def _write(self, feed: str, key: str, person: Person, day: Day, row: Row) -> str:
        record = self._ledger.publish(feed, key, person.entity, day, row)
        person.records.append(record)
        return record

    # --- the month's events -----------------------------------------------------------------

    def live(self, month: Day) -> None:
        """One month of births, moves and deaths."""
        random = self._random
        length = add_month(month) - month
        expected = len(self._people) * BIRTHS_PER_YEAR * length / 365
        count = int(expected) + (random.random() < expected % 1)
        for _ in range(count):
            self.deliver(month + random.randrange(length))
        for _ in range(int(len(self._people) * 0.0025) + (random.random() < 0.5)):
            self._move(month + random.randrange(length))
        for _ in range(int(len(self._people) * 0.002) + (random.random() < 0.5)):
            self._arrive(month + random.randrange(length))

    def _move(self, day: Day) -> None:
        """A local moves within the county, leaves it, or dies."""
        person = self._random.choice(self._people)
        entry = next((r for r in person.records if r.startswith(HOUSEHOLD)), None)
        if not person.local or person.gone is not None or entry is None or len(person.records) > 1:
            return
        chance = self._random.random()
        if chance < 0.6:
            person.place = village(self._random)
            self._ledger.change(entry, day, 地址代码=person.place, 住址=address(person.place, person.household))
        else:
            person.gone = day
            reason = "迁出" if chance < 0.85 else "死亡"
            self._ledger.change(entry, day, 注销日期=text(day), 注销原因=reason)

    def _arrive(self, day: Day) -> None:
        """Somebody moves in from elsewhere."""
        random = self._random
        sex = random.choice(("male", "female"))
        born = day - random.randrange(365 * 18, 365 * 55)
        hukou = elsewhere(random)
        person = Person(
            f"e{len(self._people):07d}", full_name(random, sex), sex, born,
            self._numbers.new(hukou, born, sex), village(random), hukou,
            f"H{900000 + self._next():06d}", phone(random), False, day,
            registered=not self._noise.happens(0.04),
        )  # fmt: skip
        self._people.append(person)
        if person.registered:
            self.register_residence(person, day)
        if not person.registered or random.random() < 0.8:
            self.employ(person, day)

    def deliver(self, day: Day) -> None:
        """One delivery: one child, now and then two."""
        random = self._random
        mother = random.choice(self._mothers)
        if mother.gone is not None and mother.gone < day:
            return
        abroad = mother.local and random.random() < 0.05
        count = 2 if random.random() < 0.015 else 1
        for order in range(1, count + 1):
            sex = "male" if random.random() < 0.513 else "female"
            child = Person(
                f"e{len(self._people):07d}", full_name(random, sex, mother.name[:1]), sex, day,
                self._numbers.new(COUNTY if mother.local else mother.hukou, day, sex),
                mother.place, mother.hukou, mother.household, mother.phone, mother.local, day,
            )  # fmt: skip
            self._people.append(child)
            self._newborn(child, mother, day, order, count, abroad=abroad)

    def _newborn(self, child: Person, mother: Person, day: Day, order: int, count: int, *, abroad: bool) -> None:
        random, noise, ledger = self._random, self._noise, self._ledger
        home = mother.local and not abroad and noise.happens(0.01)
        number = f"{'Z' if abroad else 'X'}{self._next():09d}"
        certificate = None
        if not abroad and not home:
            certificate = self._certify(child, mother, day, order, count, number)
        late, never = noise.happens(0.06), noise.happens(0.02)
        entered = day + random.randrange(3, 26)
        if late:
            entered = add_month(day) + random.randrange(5, 150)
        entry = None
        if mother.local and not never:
            cited = ledger.base[certificate]["certificate_no"] if certificate else number
            entry = self.enter_household(
                child, entered, "出生", 出生地代码=elsewhere(random) if abroad else COUNTY + "101201",
                出生医学证明编号="" if home or random.random() < 0.08 else cited,
                母亲姓名=mother.name, 母亲身份号码=mother.number,
            )  # fmt: skip
        if certificate and mother.local:
            limit = add_month(day) + 1
            if entry is None or entered >= limit:
                ledger.error("never-registered" if entry is None else "late-registration", certificate, day)
                last = ledger.drop_day(HOUSEHOLD, entered) if entry else None
                first = max(limit, ledger.drop_day(CERTIFICATE, day))
                ledger.expect("birth-unregistered", (certificate,), first, last)
        if home and entry is not None:
            ledger.expect("birth-without-certificate", (entry,), entered + 31)
        if random.random() < 0.9:
            self._open_child_record(child, mother, day, entered, number, certificate, entry)
        noise.newborn(child, mother, day, certificate, entry, entered)
        self.births.append({
            "entity_id": child.entity, "born_on": iso(day), "sex": child.sex,
            "certificate": certificate or "", "entry": entry or "",
            "registered_on": iso(entered) if entry else "",
            "mother_local": "yes" if mother.local else "no", "elsewhere": "yes" if abroad else "no",
        })  # fmt: skip

    def _certify(self, child: Person, mother: Person, day: Day, order: int, count: int, number: str) -> str:
        row = {
            "certificate_no": number, "newborn_name": "" if self._random.random() < 0.4 else child.name,
            "sex": SEX_DIGIT[child.sex], "born_on": iso(day),
            "born_at": f"{self._random.randrange(24):02d}:{self._random.randrange(60):02d}",
            "plurality": str(count), "birth_order": str(order), "facility": "县人民医院",
            "facility_place": COUNTY + "101201", "mother_name": mother.name,
            "mother_number": mother.number, "mother_hukou_place": mother.hukou, "father_name": "",
            "father_number": "", "issued_on": iso(day + 1), "status": "issued", "replaces": "",
        }  # fmt: skip
        return self._write(CERTIFICATE, number, child, day + 1, row)

    def _open_child_record(
        self, child: Person, mother: Person, day: Day, entered: Day, number: str,
        certificate: str | None, entry: str | None,
    ) -> None:  # fmt: skip
        visited = day + self._random.randrange(10, 60)
        row = {
            "name": child.name if self._random.random() < 0.8 else "", "sex": SEX_DIGIT[child.sex],
            "born_on": iso(day), "number": child.number if entry and entered < visited else "",
            "certificate_no": number if certificate and self._random.random() < 0.9 else "",
            "mother_name": mother.name, "mother_number": mother.number, "place": child.place,
            "phone": mother.phone, "established_on": iso(visited),
        }  # fmt: skip
        record = self._write(CHILD, f"C{self._next():08d}", child, visited, row)
        self._noise.child_record(record, row, visited)
