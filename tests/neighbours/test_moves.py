"""One person moves from one register to the other: announced, expected, closed; counted once on every day."""

import json
import shutil
from contextlib import closing

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from hub.app import Hub
from hub.audit import replay
from hub.cli import cli
from hub.demo_counties import agree, pair, work
from hub.domain.days import day_of, iso
from hub.domain.disclosures import Reader
from hub.domain.events import AgreementEnded
from hub.domain.notices import ANSWER, DEPARTURE
from hub.domain.population import cell_on, stays_of
from hub.domain.residence import ELSEWHERE, Spell
from hub.log import Envelope, derive_id
from hub.neighbours import read
from hub.neighbours.outbox import states, told
from hub.projections import discrepancies, records, residents
from hub.projections.databases import open_sqlite
from hub.projections.position import load_progress
from hub.reports.periodic import Made, report
from hub.reports.periodic.page import page
from hub.simulate.ledger import HOUSEHOLD, NEW
from hub.simulate.places import COUNTY, NEIGHBOUR
from hub.simulate.writers import write_drop
from hub.statistics.periods import CURRENT, due, period
from hub.statistics.publication import Safety

FIRST = day_of("2024-03-01")
HOME, AWAY = f"{COUNTY}101201", f"{NEIGHBOUR}102202"
WHO = {"姓名": "王芳", "性别": "女", "出生日期": "19900307", "公民身份号码": "990101199003071026"}
OTHER = {"姓名": "李强", "性别": "男", "出生日期": "19850512", "公民身份号码": "990101198505120019"}
HEADINGS = ("姓名", "性别", "出生日期", "公民身份号码", "地址代码", "登记类别", "登记日期", "注销日期", "注销原因",
            "迁往地代码", "由何地迁来本县")  # fmt: skip


class Counties:
    """Two hubs, here and there, and what their departments publish from day to day."""

    def __init__(self, folder):
        self.sites = pair(folder)
        self.sources = tuple(folder / county / "drops" for county in (COUNTY, NEIGHBOUR))
        self.mail = folder / "letters"
        for site in self.sites:
            agree(site)

    def publish(self, side, day, key, place, who=WHO, **said):
        row = (
            dict.fromkeys(HEADINGS, "")
            | who
            | {"地址代码": place, "登记类别": "初始", "登记日期": "20200101"}
        )
        write_drop(self.sources[side], HOUSEHOLD, iso(day), {key: (NEW, row | said)})

    def until(self, day, *sides):
        """Both hear of a day on which nothing happened but to somebody else."""
        for side in sides or (0, 1):
            self.publish(side, day, "X1", (HOME, AWAY)[side], OTHER, 登记日期="20200101", 姓名=f"李强{'甲乙'[side]}",
                         公民身份号码="")  # fmt: skip

    def round(self, *sides):
        return [work(self.sites[side], self.sources[side]) for side in sides or (0, 1)]

    def settle(self):
        for _ in range(8):
            if not sum(self.round()):
                return
        raise AssertionError("the two still had something to tell each other")

    def between(self):
        found = []
        for site in self.sites:
            with closing(Hub(site)) as hub, hub.projection() as db:
                (counts,) = (moves.counts() for moves in hub.letters.between(db, hub.rules.limits).values())
            found.append(counts)
        return found

    def counted(self):
        """How often each hub counts the one who moves."""
        return tuple(self._counted(site) for site in self.sites)

    def _counted(self, site):
        with closing(Hub(site)) as hub, hub.projection() as db:
            today = load_progress(db, "today", -1)
            number = 0
            for (written,) in db.execute(select(residents.c.spells)):
                spells = [Spell(**spell) for spell in written]
                mine = {s.record for s in spells if s.status != ELSEWHERE}
                names = db.execute(select(records.c.fields).where(records.c.record_id.in_(mine)))
                if any(fields.get("name") == "王芳" for (fields,) in names):
                    number += cell_on(stays_of(spells, today), today) is not None
            return number

    def standing(self, side):
        with closing(Hub(self.sites[side])) as hub, hub.projection() as db:
            query = select(discrepancies.c.kind, discrepancies.c.jurisdiction)
            found = db.execute(query.where(discrepancies.c.status == "standing")).all()
        return sorted(map(tuple, found))

    def state(self, side, kind=DEPARTURE):
        with closing(Hub(self.sites[side])) as hub, hub.projection() as db:
            (other,) = self.sites[side].neighbours
            return [s for (k, _), s in states(db, told(hub.log, other), other).items() if k == kind]


def moves_told(counties, threshold=1):
    """What each side's report of the half-year, as things stand, says of moves; and its pages."""
    found, pages = [], []
    for site, way in zip(counties.sites, ("out", "in"), strict=True):
        with closing(Hub(site)) as hub:
            with hub.projection() as db:
                today = load_progress(db, "today", -1)
            who = Reader("health", "analyst", site.hub.county, "vital-statistics")
            half, how = period("half-year", "2024-H1"), Made(who, Safety(threshold=threshold), None)
            made = report(hub, half, due(half, CURRENT, today), how, lambda _: None)
        found.append({x.key.indicator: x.value for x in made.known.moves.observations if x.key.by == way})
        pages.append([page(made, language) for language in ("zh", "en")])
    return found, pages


@pytest.fixture
def counties(tmp_path):
    return Counties(tmp_path)


def leaves(counties, day=FIRST + 10):
    counties.publish(0, FIRST, "HR1", HOME)
    counties.until(FIRST, 1)
    counties.settle()
    gone = iso(day).replace("-", "")
    counties.publish(0, day, "HR1", HOME, 注销日期=gone, 注销原因="迁出", 迁往地代码=AWAY)


def arrives(counties, day):
    on = iso(day).replace("-", "")
    counties.publish(1, day, "HR9", AWAY, 登记类别="迁入", 登记日期=on, 由何地迁来本县=HOME)


LEFT = {"left": 1, "left_late": 0, "by_state": {"accepted": 1}, "expected": 0, "expected_late": 0}
EXPECTED = {"left": 0, "left_late": 0, "by_state": {}, "expected": 1, "expected_late": 0}
NOBODY = {"left": 0, "left_late": 0, "by_state": {}, "expected": 0, "expected_late": 0}


def test_a_departure_is_offered_accepted_and_closed_by_the_entry_there(counties):
    leaves(counties)
    assert counties.counted() == (1, 0)
    counties.round(0)
    assert (counties.state(0), counties.counted()) == (["offered"], (0, 0))
    assert counties.between()[0]["by_state"] == {"offered": 1}
    counties.settle()
    assert (counties.state(0), counties.counted()) == (["accepted"], (0, 0))
    assert counties.between() == [LEFT, EXPECTED]
    arrives(counties, FIRST + 20)
    counties.settle()
    assert (counties.state(0), counties.counted()) == (["closed"], (0, 1))
    assert counties.between() == [NOBODY, NOBODY]
    assert counties.standing(0) == counties.standing(1) == []


def test_whoever_does_not_arrive_is_offered_registration_there_and_known_here_to_be_late(counties):
    leaves(counties)
    counties.settle()
    counties.until(FIRST + 10 + 30)
    counties.settle()
    assert counties.standing(1) == []
    counties.until(FIRST + 10 + 31)
    counties.settle()
    assert counties.standing(1) == [("arrival-unregistered", AWAY)]
    assert [counts["left_late"] for counts in counties.between()] == [1, 0]
    assert [counts["expected_late"] for counts in counties.between()] == [0, 1]
    arrives(counties, FIRST + 60)
    counties.settle()
    assert counties.standing(1) == []
    assert (counties.counted(), counties.between()) == ((0, 1), [NOBODY, NOBODY])


def test_reports_of_both_show_who_is_between_and_withhold_small_counts(counties):
    leaves(counties)
    counties.settle()
    counties.until(FIRST + 50)
    counties.settle()
    late = {"MOVED": 1, "ARRIVED": 0, "BETWEEN": 1, "LATE": 1}
    found, pages = moves_told(counties)
    assert found == [late, late]
    assert moves_told(counties) == (found, pages)
    for chinese, english in pages:
        assert "县际户口迁移" in chinese and "Moves between counties" in english
    arrives(counties, FIRST + 60)
    counties.settle()
    counties.until(FIRST + 61)
    counties.settle()
    there = {"MOVED": 1, "ARRIVED": 1, "BETWEEN": 0, "LATE": 0}
    assert moves_told(counties)[0] == [there, there]
    assert {value for one in moves_told(counties, Safety().threshold)[0] for value in one.values()} == {
        None,
        0,
    }


def test_the_list_of_notices_says_who_is_between_in_both_languages(counties, tmp_path):
    leaves(counties)
    counties.settle()
    site, mail = counties.sites[0], counties.mail
    file = tmp_path / "hub.toml"
    file.write_text(
        f'[hub]\ndata = "{site.hub.data}"\ncounty = "{COUNTY}"\n[neighbours."{NEIGHBOUR}"]\n'
        f'key_file = "{tmp_path / NEIGHBOUR}.pem"\ninbox = "{mail}"\noutbox = "{mail}"\n'
    )
    listed = ["--config", str(file), "neighbours", "list"]
    done = CliRunner().invoke(cli, [*listed, "--json"])
    assert json.loads(done.output) == {NEIGHBOUR: {"departure accepted": 1, "between": LEFT}}
    shown = CliRunner().invoke(cli, listed).output
    assert "两县之间 between the two registers: 已迁出 left 1 (逾期 late 0)" in shown


def test_an_entry_that_was_never_cancelled_here_counts_nobody_twice_and_is_asked_about(counties):
    counties.publish(0, FIRST, "HR1", HOME)
    arrives(counties, FIRST + 5)
    counties.settle()
    counties.until(FIRST + 35)
    counties.settle()
    assert counties.counted() == (0, 1)
    assert (counties.state(1, "arrival"), counties.standing(0)) == (["accepted"], [])
    counties.until(FIRST + 36)
    counties.settle()
    assert counties.standing(0) == [("moved-away-uncancelled", HOME)]
    counties.publish(0, FIRST + 40, "HR1", HOME, 注销日期="20240410", 注销原因="迁出", 迁往地代码=AWAY)
    counties.settle()
    assert (counties.state(1, "arrival"), counties.standing(0)) == (["closed"], [])
    assert counties.counted() == (0, 1)


def test_a_cancellation_that_is_taken_back_takes_the_departure_back(counties):
    leaves(counties)
    counties.settle()
    counties.publish(0, FIRST + 12, "HR1", HOME)
    counties.settle()
    assert (counties.state(0), counties.counted(), counties.between()) == ([], (1, 0), [NOBODY, NOBODY])


def test_whoever_dies_or_moves_on_within_the_county_is_announced_to_nobody(counties):
    counties.publish(0, FIRST, "HR1", HOME, 注销日期="20240301", 注销原因="死亡", 迁往地代码=AWAY)
    counties.publish(0, FIRST + 1, "HR2", HOME, OTHER, 注销日期="20240302", 注销原因="迁出",
                     迁往地代码=f"{COUNTY}102201")  # fmt: skip
    counties.until(FIRST, 1)
    counties.settle()
    assert counties.state(0) == []


def test_what_was_before_the_agreement_is_not_told(counties):
    counties.publish(0, FIRST, "HR1", HOME, 登记日期="20100101", 注销日期="20191231", 注销原因="迁出",
                     迁往地代码=AWAY)  # fmt: skip
    counties.until(FIRST, 1)
    counties.settle()
    assert (counties.state(0), counties.between()) == ([], [NOBODY, NOBODY])


def test_letters_lost_doubled_and_out_of_order_end_the_same(counties, tmp_path):
    aside = tmp_path / "carrier"
    aside.mkdir()
    leaves(counties)
    counties.round(0)
    (letter,) = counties.mail.glob(f"{COUNTY}-*.json")
    shutil.move(letter, aside / letter.name)  # lost on the way
    counties.round(1)
    assert counties.between()[1] == NOBODY
    counties.publish(0, FIRST + 12, "HR1", HOME)
    counties.round(0)  # taken back, in a second letter; the first lies in the outbox again
    first = counties.mail / letter.name
    assert first.read_bytes() == (aside / letter.name).read_bytes()
    first.unlink()
    counties.round(1)  # the second came before the first, and waits for it
    assert counties.between()[1] == NOBODY
    shutil.copy(aside / letter.name, first)
    counties.settle()
    shutil.copy(aside / letter.name, first)  # and once more
    counties.settle()
    assert (counties.between(), counties.counted()) == ([NOBODY, NOBODY], (1, 0))


def test_a_forged_departure_is_refused_and_expects_nobody(counties):
    leaves(counties)
    counties.round(0)
    (letter,) = counties.mail.glob(f"{COUNTY}-*.json")
    forged = letter.read_bytes().replace("王芳".encode(), "王方".encode())
    assert forged != letter.read_bytes()
    letter.write_bytes(forged)
    counties.round(1)
    assert counties.between()[1] == NOBODY
    with closing(Hub(counties.sites[1])) as hub:
        (inbox,) = (c for c in hub.connectors(None, [f"neighbour.{DEPARTURE}"]))
        assert [stray.code for stray in inbox.strays()] == ["wrong-signature"]


def test_nothing_is_told_after_the_end_of_the_agreement_and_nobody_is_dropped(counties):
    counties.publish(0, FIRST, "HR1", HOME)
    counties.until(FIRST, 1)
    counties.settle()
    with closing(Hub(counties.sites[0])) as hub:
        (agreement,) = (a for a in hub.intake.agreements() if a.feed == HOUSEHOLD)
        with hub.ingest() as ingest:
            event = AgreementEnded(agreement.feed, agreement.agreement_id, agreement.version, "over", "test")
            ingest.memory.add(
                Envelope(event, derive_id("ended", agreement.cited), agreement.feed, "/test", agreement.cited)
            )
            ingest.flush()
    leaves(counties)
    counties.settle()
    assert not list(counties.mail.glob(f"{COUNTY}-*.json"))
    assert (counties.state(0), counties.between()[0]["by_state"]) == ([], {"untold": 1})


def test_only_what_the_notice_needs_is_told(counties):
    leaves(counties)
    counties.round(0)
    (letter,) = counties.mail.glob(f"{COUNTY}-*.json")
    with closing(Hub(counties.sites[0])) as hub:
        (notice,) = read(letter.read_bytes(), COUNTY, NEIGHBOUR, hub.keys.signer().verifier).notices
    assert (notice.kind, notice.key) == (DEPARTURE, "HR1")
    assert notice.fields == {
        "name": "王芳", "sex": "female", "birth_date": "1990-03-07", "number": "990101199003071026",
        "moved_to": AWAY, "cancel_date": "2024-03-11",
    }  # fmt: skip


def test_both_logs_replay(counties):
    leaves(counties)
    counties.settle()
    counties.until(FIRST + 50)
    counties.settle()
    arrives(counties, FIRST + 60)
    counties.settle()
    for site in counties.sites:
        with closing(Hub(site)) as hub:
            with open_sqlite(":memory:").connect() as scratch:
                assert replay.verify(hub.log, scratch, hub.rules, lambda _: None).differences == 0
            assert hub.rebuild(lambda _: None)["ok"]


def test_an_answer_to_a_departure_registers_no_birth(counties):
    leaves(counties)
    arrives(counties, FIRST + 20)
    counties.settle()
    with closing(Hub(counties.sites[0])) as hub, hub.projection() as db:
        (said,) = (
            f
            for (f,) in db.execute(select(records.c.fields).where(records.c.feed == f"neighbour.{ANSWER}"))
            if f["about"] == DEPARTURE
        )
    assert (said["state"], said["entered_on"]) == ("closed", FIRST + 20)
