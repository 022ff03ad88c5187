"""How public security follows a person who lives here: entries of locals, registrations of migrants."""

from random import Random

from hub.domain.days import Day, add_month, iso
from hub.simulate.ledger import Record, text
from hub.simulate.life.registers import Registers
from hub.simulate.noise import Said
from hub.simulate.people import Household, Person
from hub.simulate.places import address, town

REGISTERED_FIRST_SHARE = 0.6


def enter(registers: Registers, random: Random, person: Person, day: Day, kind: str, **extra: str) -> Record:
    """Enter a person in the household register, and what becomes of the entry; the first one."""
    ledger, household = registers.ledger, person.household
    record = first = registers.household(person, day, kind, **extra)
    gone = person.gone
    if person.renamed_on is not None and (gone is None or person.renamed_on < gone):
        ledger.change(record, person.renamed_on, 姓名=person.name, 曾用名=person.former_name)
    for since, place, code in household.addresses():
        if since <= day or (gone is not None and since >= gone):
            continue
        before = household.code_on(since - 1)
        if town(code) != town(before) and random.random() < 0.5:
            # Another station takes over: the old entry ends, a new one begins.
            _end_entry(registers, record, since, code)
            record = registers.household(person, since, "迁入", 何时迁来本址=text(since), 由何地迁来=before)
            continue
        written = {"地址代码": code, "住址": address(code, household.number)}
        if all(since != moved for moved, _ in household.homes):
            # The village bears another code from that day on, and the register follows; nobody moved.
            ledger.change(record, since, **written)
            continue
        on = ledger.change(record, since, **written, 何时迁来本址=text(since), 由何地迁来=before)
        said = Said(place, household.number, since)
        registers.noise.misplace(record, "地址代码", said, on, household.next_address(since))
    if gone is not None:
        reason, to = ("死亡", "") if person.died == gone else ("迁出", person.moves_to)
        ledger.change(record, gone, 注销日期=text(gone), 注销原因=reason, 迁往地代码=to)
    return first


def _end_entry(registers: Registers, record: Record, moved: Day, to: str) -> None:
    """End the entry at the station that was left, unless that one is not told, or only later."""
    ledger, noise, ended = registers.ledger, registers.noise, moved
    if noise.happens("old-entry-kept"):
        fixed = noise.corrected(moved)
        ledger.error("old-entry-kept", record, moved, fixed)
        if fixed is None:
            return
        ended = fixed
    ledger.change(record, ended, 注销日期=text(moved), 注销原因="迁出", 迁往地代码=to)


def settles_on(random: Random, household: Household) -> Day | None:
    """When a household that moves here with its register is entered, if it is registered as migrants until then."""
    came = household.homes[0][0]
    day = came + random.randrange(20, 80)
    first = [since for since, _ in household.homes[1:]] + [p.gone for p in household.members if p.gone is not None]
    return day if random.random() < REGISTERED_FIRST_SHARE and all(day < other for other in first) else None


def before_entry(registers: Registers, random: Random, person: Person, hukou: str, entry: Day, *, kept: bool) -> None:
    """The registration of somebody who is entered in the household register later, and ended by that; or kept."""
    ledger, came = registers.ledger, person.here_from
    assert came is not None, "members live here"
    record = registers.residence(person, came, came + random.randrange(3), hukou)
    if not kept:
        ledger.change(record, entry, 离开日期=iso(entry))
        return
    fixed = registers.noise.corrected(entry)
    if fixed is not None:
        ledger.change(record, fixed, 离开日期=iso(entry))
    ledger.error("registration-kept", record, entry, fixed)


def stay(registers: Registers, random: Random, person: Person) -> None:
    """Register a migrant's homes one after the other, as far as the household registers at all."""
    household, ledger = person.household, registers.ledger
    gone = person.gone
    open_: Record | None = None
    for index, (since, place) in enumerate(household.homes):
        until = household.homes[index + 1][0] if index + 1 < len(household.homes) else gone
        if gone is not None and (since >= gone or until is None or until > gone):
            until = gone
        registered = _registers_on(random, person, since, ledger.start)
        if registered is None or registered > ledger.end or (until is not None and registered >= until):
            continue
        record = registers.residence(person, since, registered)
        if open_ is not None:
            _end_former(registers, random, open_, record, since, across=_towns_differ(open_, place))
        if not household.silent:
            registers.registered_again(record, person, until)
        open_ = record if _renew(registers, random, record, registered, until) else None
        if until is None or until == gone:
            break
    if open_ is not None and gone is not None:
        _leave(registers, person, open_, gone)


def _registers_on(random: Random, person: Person, since: Day, start: Day) -> Day | None:
    """The day of the registration: within three days, or late, or before the story began."""
    household = person.household
    if not household.registered:
        if household.registers_on is None:
            return None
        return max(since, household.registers_on)
    if since < start:
        return max(since, start - random.randrange(20, 340))
    return since + random.randrange(3)


def _renew(registers: Registers, random: Random, record: Record, registered: Day, until: Day | None) -> bool:
    """Renew year by year while the stay lasts; False where nobody came to renew."""
    ledger, noise = registers.ledger, registers.noise
    expires = add_month(registered, 12)
    while expires < min(until if until is not None else ledger.end, ledger.end):
        # Order 663, art. 10: within the month before.
        at_the_last = noise.happens("renewed-at-the-last")
        renewed = expires - (random.randrange(1, 15) if at_the_last else random.randrange(15, 31))
        if noise.happens("not-renewed"):
            late = expires + random.randrange(40, 160)
            again = random.random() < 0.5 and (until is None or late < until)
            fixed = _endorse(registers, record, late) if again else None
            ledger.error("not-renewed", record, expires, fixed)
            if not again:
                return False
            renewed = late
        else:
            _endorse(registers, record, renewed)
            if at_the_last:
                ledger.error("renewed-at-the-last", record, renewed, renewed)
        expires = add_month(renewed, 12)
    return True


def _endorse(registers: Registers, record: Record, day: Day) -> Day:
    """Good for another year from the day of the endorsement; the day of the drop that says so."""
    return registers.ledger.change(record, day, 有效期至=iso(add_month(day, 12)), 签注日期=iso(day))


def _towns_differ(record: Record, place: str) -> bool:
    return town(record.row["现住地代码"]) != town(place)


def _end_former(
    registers: Registers, random: Random, former: Record, new: Record, moved: Day, *, across: bool,
) -> None:  # fmt: skip
    """End the registration of the home that was left, unless the two towns do not talk."""
    ledger, noise = registers.ledger, registers.noise
    if not across or not noise.happens("residence-in-two-towns"):
        # The station that takes the new one ends the old one with it.
        ledger.change(former, max(moved, new.first), 离开日期=iso(moved))
        return
    fixed = noise.corrected(moved)
    if fixed is not None:
        fixed = ledger.change(former, fixed, 离开日期=iso(moved))
    ledger.error("residence-in-two-towns", new, new.first, fixed)


def _leave(registers: Registers, person: Person, record: Record, gone: Day) -> None:
    """End the last registration; a household that leaves without notice does not."""
    if person.household.silent and person.household.leaves == gone:
        registers.ledger.error("left-without-notice", record, gone)
    else:
        registers.ledger.change(record, gone, 离开日期=iso(gone))
