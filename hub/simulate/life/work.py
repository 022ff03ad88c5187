"""Jobs with their insurance months, and individual businesses."""

from random import Random

from hub.domain.days import Day, iso
from hub.simulate.ledger import EMPLOYMENT, Record, text
from hub.simulate.life.registers import Registers, Unit
from hub.simulate.names import GIVEN_MALE
from hub.simulate.people import Person, credit_code
from hub.simulate.places import TOWNS, village

UPDATE_DAYS = 182
"""Insurance months are published twice a year: monthly they would be most of all rows."""
GAP_BETWEEN_JOBS_DAYS = 90


class Work:
    """Employers, and who works for them since when."""

    def __init__(self, random: Random, registers: Registers, people: int) -> None:
        self._random, self._registers = random, registers
        self._units: list[Unit] = [
            (credit_code(random, "91"), self._unit_name(index), village(random))
            for index in range(max(3, people // 150))
        ]

    def _unit_name(self, index: int) -> str:
        random = self._random
        branch = random.choice(("机械", "食品", "服装", "建材", "物流", "电子", "家具"))
        kind = random.choice(("有限公司", "厂", "合作社"))
        return f"{random.choice(tuple(TOWNS.values()))[:2]}{random.choice(GIVEN_MALE)}{branch}{index}{kind}"

    def take_up(self, person: Person) -> None:
        """What an adult lives on: one job after the other, a business, or neither is known."""
        start = self._registers.ledger.start
        came = person.here_from
        assert came is not None, "only who lives here works here"
        age = (max(came, start) - person.born) / 365
        share = 0.5 if person.household.local else 0.85
        # Whoever works without being registered is known by the work alone.
        if 18 <= age < 60 and (self._random.random() < share or not person.household.registered):
            self._jobs(person, max(came, person.born + 18 * 365))
        elif 20 <= age < 75 and person.household.local and self._random.random() < 0.06:
            self._trade(person, max(came, person.born + 20 * 365))

    def _jobs(self, person: Person, since: Day) -> None:
        random, ledger, noise = self._random, self._registers.ledger, self._registers.noise
        gone = person.gone
        start = since if since < ledger.start else since + random.randrange(40)
        if not person.household.registered and start < ledger.end and (gone is None or start < gone):
            start = since
        while start <= ledger.end and (gone is None or start < gone):
            end = self._job(person, start, gone)
            if noise.happens("job-by-mistake"):
                self._mistaken_job(person, max(start, ledger.start) + random.randrange(60))
            if end is None or end > ledger.end or random.random() < 0.5:
                return
            start = end + random.randrange(1, GAP_BETWEEN_JOBS_DAYS)

    def _job(self, person: Person, start: Day, gone: Day | None) -> Day | None:
        """One job until its end; None where it outlasts the story."""
        random, ledger = self._random, self._registers.ledger
        record = self._registers.employment(person, random.choice(self._units), start)
        known = max(start, ledger.start)
        if not person.household.registered:
            ledger.error("job-without-residence", record, known, person.household.registers_on)
        end = known + random.randrange(120, 2500)
        if gone is not None:
            end = min(end, gone)
        stops = self._goes_on_until(person, record, end)
        updates = range(known + UPDATE_DAYS, min(stops, ledger.end), UPDATE_DAYS)
        for update in updates:
            ledger.change(record, update, last_month=text(update)[:6])
        if stops > ledger.end:
            return None
        if self._untold(person, record, end):
            return end
        silent = person.household.silent and end == person.household.leaves
        if silent and self._registers.noise.happens("job-broken-off"):
            ledger.change(record, known + UPDATE_DAYS * (len(updates) + 1), last_month=text(end)[:6])
            ledger.error("job-broken-off", record, end)
            return end
        self._end(record, stops)
        return end

    def _goes_on_until(self, person: Person, record: Record, end: Day) -> Day:
        """The day on which the unit ends the job; some pay on for a local who has moved out."""
        leaves = person.household.local and end == person.gone and end != person.died
        if not (leaves and self._registers.noise.happens("job-not-ended")):
            return end
        stops = end + self._random.randrange(120, 500)
        self._registers.ledger.error("job-not-ended", record, end, stops)
        return stops

    def _end(self, record: Record, day: Day) -> None:
        """The unit ends the job; now and then months are booked beyond."""
        ledger, noise = self._registers.ledger, self._registers.noise
        ledger.change(record, day, ended_on=iso(day), last_month=text(day)[:6])
        if noise.happens("insured-after-end"):
            ledger.change(record, day, last_month=text(day + self._random.randrange(50, 150))[:6])
            fixed = noise.corrected(day)
            if fixed is not None:
                fixed = ledger.change(record, fixed, last_month=text(day)[:6])
            ledger.error("insured-after-end", record, day, fixed)

    def _mistaken_job(self, person: Person, day: Day) -> None:
        """A job that was never taken up, published and taken back."""
        ledger = self._registers.ledger
        record = self._registers.employment(person, self._random.choice(self._units), day)
        taken = ledger.withdraw(record, day + self._random.randrange(10, 90))
        ledger.error("job-by-mistake", record, day, taken)

    def _trade(self, person: Person, since: Day) -> None:
        ledger, gone = self._registers.ledger, person.gone
        if since > ledger.end or (gone is not None and since >= gone):
            return
        record = self._registers.business(person, since)
        end = max(since, ledger.start) + self._random.randrange(200, 4000)
        if gone is not None:
            end = min(end, gone)
        if end <= ledger.end and not self._untold(person, record, end):
            ledger.change(record, end, 注销日期=iso(end))

    def _untold(self, person: Person, record: Record, end: Day) -> bool:
        """Whether a work goes on in the books although the worker died; noticed later, if ever."""
        ledger, noise = self._registers.ledger, self._registers.noise
        if person.died != end or not person.household.local or not noise.happens("death-not-told"):
            return False
        fixed = noise.corrected(end, 70, 300)
        if fixed is not None:
            heading = "ended_on" if record.feed == EMPLOYMENT else "注销日期"
            fixed = ledger.change(record, fixed, **{heading: iso(end)})
        ledger.error("death-not-told", record, end, fixed)
        return True
