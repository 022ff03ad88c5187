"""The true lives of a county's people, month by month, and who tells which department.

Lives are planned first and written down second: what departments make of
them, errors included, changes nothing of what is true.
"""

from random import Random

from hub.domain.days import Day, add_month
from hub.simulate.ledger import Ledger
from hub.simulate.life.births import Deliveries
from hub.simulate.life.registers import Registers
from hub.simulate.life.stays import before_entry, enter, settles_on, stay
from hub.simulate.life.work import Work
from hub.simulate.names import family_of, full_name
from hub.simulate.noise import Noise
from hub.simulate.people import HEAD, START, Birth, Household, Numbers, Person, Settlers
from hub.simulate.places import NEAR, elsewhere, village, village_of

LOCAL_SHARE = 0.85
BIRTHS_PER_YEAR = 0.0135
"""Births a year for each person who lives here at the start."""
ARRIVALS_PER_MONTH = 0.0013
"""Households that move in each month, for each person who lives here at the start."""
BIRTHS_BEFORE_START_DAYS = 300
DEATHS_PER_YEAR = ((40, 0.0005), (60, 0.004), (75, 0.015), (200, 0.06))
"""Up to which age in years, and the share that dies in a year."""


class County:
    """Lives the months of a population into a ledger."""

    def __init__(self, random: Random, ledger: Ledger, noise: Noise) -> None:
        self._random, self._ledger, self._noise = random, ledger, noise
        self._settlers = Settlers(random, Numbers(random))
        self._registers = Registers(random, ledger, noise)
        self._years = (ledger.end - ledger.start) / 365
        self._count = 0
        self._deliveries = Deliveries(random, self._settlers, self._registers)

    @property
    def people(self) -> list[Person]:
        """Everybody who ever was in the story."""
        return self._settlers.people

    @property
    def births(self) -> list[Birth]:
        """All births, from ten months before the story on."""
        return self._deliveries.births

    def populate(self, count: int) -> None:
        """The people who live here when the story begins, and their children of the last months."""
        random, people = self._random, self._settlers.people
        self._count = count
        self._work = Work(random, self._registers, count)
        households: list[Household] = []
        while len(people) < count:
            local = random.random() < LOCAL_SHARE
            household = self._settlers.household(local=local, since=START - random.randrange(30, 700))
            self._settlers.family(household, count - len(people))
            self._plan(household)
            households.append(household)
        for household in households:
            self._settle(household, "初始")
        self._deliveries.mothers_among(people)
        self._deliver(START - BIRTHS_BEFORE_START_DAYS, START)

    def live(self, month: Day) -> None:
        """One month of births and arrivals; what became of those who came before is written already."""
        self._deliver(month, add_month(month))
        random = self._random
        for _ in range(self._about(self._count * ARRIVALS_PER_MONTH)):
            day = month + random.randrange(28)
            if self._noise.happens("registered-by-mistake"):
                self._register_nobody(day)
            household = self._settlers.household(local=random.random() < 0.12, since=day)
            self._settlers.family(household, 9)
            self._plan(household)
            self._settle(household, "迁入")
            self._deliveries.mothers_among(household.members)

    def _about(self, expected: float) -> int:
        return int(expected) + (self._random.random() < expected % 1)

    def _deliver(self, since: Day, until: Day) -> None:
        length = until - since
        for _ in range(self._about(self._count * BIRTHS_PER_YEAR * length / 365)):
            self._deliveries.deliver(since + self._random.randrange(length))

    def _register_nobody(self, day: Day) -> None:
        """A registration of somebody who never came, taken back when that is noticed."""
        household = self._settlers.household(local=False, since=day)
        sex = self._random.choice(("male", "female"))
        born = day - self._random.randrange(365 * 18, 365 * 55)
        person = self._settlers.person(household, HEAD, sex, born, full_name(self._random, sex, "王"), here_from=None)
        record = self._registers.residence(person, day, day)
        taken = self._ledger.withdraw(record, day + self._random.randrange(10, 40))
        self._ledger.error("registered-by-mistake", record, day, taken)

    # --- plans ------------------------------------------------------------------------------

    def _plan(self, household: Household) -> None:
        """Where the household will live and until when; who of them dies, leaves or is renamed."""
        random, since, end = self._random, max(household.homes[0][0], START), self._ledger.end
        length = end - since
        if length < 90:
            return
        yearly = (0.03, 0.006) if household.local else (0.15, 0)
        if random.random() < yearly[0] * length / 365:
            household.homes.append((since + random.randrange(30, length), village(random)))
        if household.local and random.random() < yearly[1] * length / 365:
            household.leaves = since + random.randrange(60, length)
        if not household.local:
            household.leaves = since + random.randrange(90, 1500)
            self._err(household, since)
        if household.leaves is not None and household.leaves > end:
            household.leaves = None
        if household.leaves is not None:
            household.homes = [home for home in household.homes if home[0] < household.leaves - 30]
        for person in household.members:
            self._plan_person(person, since, length)

    def _err(self, household: Household, since: Day) -> None:
        noise = self._noise
        if noise.happens("job-without-residence"):
            household.registered = False
            household.registers_on = noise.corrected(since, 60, 300)
        elif noise.happens("left-without-notice"):
            household.silent = True
            household.leaves = since + self._random.randrange(60, 420)

    def _plan_person(self, person: Person, since: Day, length: int) -> None:
        random, years = self._random, length / 365
        age = (since - person.born) / 365
        dies = next(share for limit, share in DEATHS_PER_YEAR if age < limit)
        if random.random() < dies * years:
            person.died = since + random.randrange(20, length)
        moves = 0.02 if 17 < age < 30 else 0.002
        if person.relation != HEAD and person.household.local and random.random() < moves * years:
            person.moved_out = since + random.randrange(20, length)
        if person.household.local and age > 5 and random.random() < 0.002 * years:
            person.former_name = person.name
            person.name = full_name(random, person.sex, family_of(person.name))
            person.renamed_on = since + random.randrange(20, length)

    def _settle(self, household: Household, kind: str) -> None:
        """Tell the departments of each member."""
        entry = settles_on(self._random, household) if household.local and kind == "迁入" else None
        kept, hukou = self._noise.happens("registration-kept"), elsewhere(self._random)
        came = {}
        if household.local and kind == "迁入":
            household.came_from = hukou = village_of(NEAR[household.number % len(NEAR)], household.number)
            came = {"由何地迁来本县": hukou}
        for person in household.members:
            if household.local:
                assert person.here_from is not None, "members live here"
                if entry is not None:
                    before_entry(self._registers, self._random, person, hukou, entry, kept=kept)
                enter(self._registers, self._random, person, entry or person.here_from, kind, **came)
            else:
                stay(self._registers, self._random, person)
            self._work.take_up(person)
