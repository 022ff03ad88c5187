"""A hub fed by hand: household entries of a few people, day by day, for tests of who is who."""

import csv
import dataclasses

from hub.app import Hub
from hub.audit import replay
from hub.domain.days import day_of
from hub.domain.disclosures import Reader
from hub.domain.events import ACTIONS, DayClosed, PairJudged
from hub.log import Envelope
from hub.log.subscription import Subscription
from hub.projections.databases import open_sqlite
from hub.projections.judgements import JUDGED
from hub.queries import Queries
from tests.conftest import settings_for, work_through

FEED = "public_security.household_entry"
ENTRY = {"操作": "新增", "地址代码": "990101101201", "登记类别": "初始", "登记日期": "20230101"}
SU = {"姓名": "苏义", "性别": "男", "出生日期": "19680818"}


class Site:
    """One hub, its drops, and what is asked of it."""

    def __init__(self, folder, partitions=1):
        self.folder = folder
        self.settings = settings_for(folder / "hub", partitions)
        self.days = 0
        self.hub = Hub(self.settings)
        self.answers = 0

    def publish(self, *rows):
        """A day's entries, each a key and what it says, decided on."""
        self.days += 1
        drop = self.folder / "in/public_security/household_entry" / f"2024-01-{self.days:02}.csv"
        drop.parent.mkdir(parents=True, exist_ok=True)
        headings = [field.heading for field in self.hub.feeds[FEED].fields] + ["操作"]
        with drop.open("w", encoding="gb18030", newline="") as stream:
            writer = csv.DictWriter(stream, headings, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(ENTRY | row | {"登记编号": key} for key, row in rows)
        work_through(self.hub, self.folder / "in")

    def run(self):
        with self.hub.runner() as runner:
            runner.run()

    def reopen(self):
        self.hub.close()
        self.hub = Hub(self.settings)

    def ask(self, question):
        with self.hub.projection() as db:
            said = self.hub.settings.reader
            reader = Reader(said.department, said.role, said.jurisdiction, said.purpose)
            return question(Queries(db, self.hub.log, reader, "990101", self.hub.rules.model))

    def say(self, pair, verdict):
        """What someone says of a pair, followed."""
        event = self.ask(lambda queries: queries.judgement(pair, verdict, "as the files show"))
        self.answers += 1
        self.hub.log.append([Envelope(event, f"said-{self.answers}", JUDGED, "/test")])
        self.run()

    def say_again(self, verdict):
        """Another word on the pair of which something was said last."""
        said = [e.event for e in self.judged()]
        event = dataclasses.replace(said[-1], verdict=verdict)
        self.answers += 1
        self.hub.log.append([Envelope(event, f"said-{self.answers}", JUDGED, "/test")])
        self.run()

    def judged(self):
        """What was said of pairs, in order."""
        events = Subscription(self.hub.log, (ACTIONS,), {}).take(10**6).events
        return [r.envelope for r in events if isinstance(r.envelope.event, PairJudged)]

    def close(self):
        """A day passes without any drops."""
        self.days += 1
        day = day_of(f"2024-01-{self.days:02}")
        self.hub.log.append([Envelope(DayClosed(day), f"day-{day}", str(day), "/test")])
        self.run()

    def people(self):
        """Who is who: sets of keys."""
        found = {}
        for key, person in self.ask(lambda queries: queries.links(FEED)):
            found.setdefault(person, set()).add(key)
        return {frozenset(keys) for keys in found.values()}

    def digests(self):
        with self.hub.projection() as db:
            return replay.digests(db)

    def check(self):
        """That every replay agrees."""
        with open_sqlite(":memory:").connect() as scratch:
            found = replay.verify(self.hub.log, scratch, self.hub.rules, lambda _: None)
        assert (found.differences, found.examples) == (0, [])
        assert self.hub.rebuild(lambda _: None)["ok"]
