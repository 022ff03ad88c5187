"""Properties of who is who, on the rule as it runs: over tables, batch by batch, versions and withdrawals and all."""

import random

import pytest

from hub.connect.odcs import load_contracts
from hub.domain.events import RECORDS, ModelAdopted, PairJudged, RecordPublished, RecordWithdrawn
from hub.log import Envelope, Partition, Position, Recorded
from hub.matching import default_model, profile_of
from hub.matching.document import packed, read_model, written
from hub.matching.training import train
from hub.processing import Processor, Rules
from hub.processing.runner import decide_step
from hub.projections import Shelves, metadata
from hub.projections.databases import open_sqlite
from hub.projections.identity import record_of
from hub.reference import load_limits
from tests.matching.town import town
from tests.test_repository import ROOT

FEEDS = load_contracts(ROOT / "schemas/contracts")
LIMITS = load_limits(ROOT / "schemas/limits/china.toml")
ENTRY, JOB = "public_security.household_entry", "human_resources.employment"
NAMES = ["王伟", "王玮", "李芳", "李娜", "李方", "孟良", "苏义", "苏毅", "欧阳明", "黄健涛", "黄建涛"]
DAYS = [9_000, 9_001, 9_031, 12_000, 12_010, 15_000, 15_001, 16_000]
NUMBERS = ["990101199408230018", "990101199408230034", "99010119940823001X", "990101199408240013"]
PHONES = ["10012345678", "10012345679", "10087654321"]


class Mill:
    """Decides on events over tables in memory."""

    def __init__(self, model=None):
        self.db = open_sqlite(":memory:").connect()
        metadata.create_all(self.db)
        self.shelves = Shelves(self.db)
        self.processor = Processor(self.shelves, Rules(FEEDS, model or default_model(), "990101", LIMITS), -1)
        self.taken = 0

    def decide(self, *events):
        recorded = []
        for event in events:
            self.taken += 1
            envelope = Envelope(event, f"e{self.taken}", "", "/test")
            recorded.append(Recorded(Position(Partition(RECORDS, 0), self.taken), envelope))
        found = decide_step(self.db, self.processor, recorded)
        self.shelves.flush()
        return [decision.event for decision in found]

    def live(self):
        """By profile, the person and the component it belongs to, and the records that state it."""
        rows = (row for row in self.shelves.profiles.every() if row.records)
        return {row.profile: (row.person, row.component, tuple(row.records)) for row in rows}

    def people(self):
        """By record its person."""
        return {record_of(mark): person for person, _, marks in self.live().values() for mark in marks}

    def close(self):
        self.db.close()
        self.db.engine.dispose()


def drawn(chance, record, version=1):
    """A version of a record, its values from so few that many are alike."""
    fields = {
        "name": chance.choice(NAMES), "sex": chance.choice(["male", "female"]), "birth_date": chance.choice(DAYS),
        "number": chance.choice([*NUMBERS, None]), "phone": chance.choice([*PHONES, None]),
    }  # fmt: skip
    said = {name: value for name, value in fields.items() if value is not None and chance.random() < 0.8}
    feed = chance.choice([ENTRY, JOB]) if version == 1 else record.partition("-")[0]
    return RecordPublished(record, feed, version, 10_000 + len(record), record, said)


def some(seed, count):
    chance = random.Random(seed)
    events = []
    for number in range(count):
        feed = chance.choice([ENTRY, JOB])
        event = drawn(chance, f"r{number:03}")
        events.append(
            RecordPublished(event.record_id, feed, 1, event.published_on, event.source_key, event.fields)
        )
    return events


def batches(chance, events):
    events = list(events)
    while events:
        size = chance.randint(1, 12)
        yield events[:size]
        del events[:size]


EVENTS = some(1, 80)


def learnt():
    """A model learnt from a made-up town, whose fields are not even those of the county's records."""
    return written(train((profile_of(stated) for _, stated in town(400, 2, families=True)), "town"))


def lenient():
    return written(
        default_model().document | {"version": "lenient", "link": 10.0, "review": 8.0, "veto": -20.0}
    )


@pytest.fixture(scope="module")
def in_order():
    mill = Mill()
    mill.decide(*EVENTS)
    yield mill.live()
    mill.close()


@pytest.mark.parametrize("seed", range(100))
def test_no_order_of_arrival_changes_anybody(seed, in_order):
    chance = random.Random(seed)
    mill = Mill()
    for batch in batches(chance, chance.sample(EVENTS, len(EVENTS))):
        mill.decide(*batch)
    assert mill.live() == in_order
    mill.close()


@pytest.mark.parametrize("seed", range(30))
def test_records_that_come_and_go_leave_no_trace(seed):
    """Link then unlink, and merge then split, restore what was: ids, components and all."""
    chance = random.Random(seed)
    mill = Mill()
    mill.decide(*EVENTS[:40])
    before = mill.live()
    bridging = chance.sample(EVENTS[40:], 12)
    for batch in batches(chance, bridging):
        mill.decide(*batch)
    assert mill.live() != before
    for batch in batches(chance, chance.sample(bridging, len(bridging))):
        mill.decide(*(RecordWithdrawn(e.record_id, e.feed, 2, 10_009) for e in batch))
    assert mill.live() == before
    mill.close()


@pytest.mark.parametrize("seed", range(30))
def test_what_people_say_is_never_overridden_and_leaves_no_trace_once_taken_back(seed):
    chance = random.Random(seed)
    mill = Mill()
    mill.decide(*EVENTS[:40])
    before = mill.live()
    profiles = chance.sample(sorted(before), 4)
    apart, together = judged(before, profiles[:2], "different"), judged(before, profiles[2:], "same")
    mill.decide(together)
    mill.decide(apart)
    held(mill, apart, together)
    versions = {}
    for number in range(12):
        if number == 6:
            content = chance.choice([lenient, learnt])()
            mill.decide(ModelAdopted(read_model(content).version, "", packed(content), "", ""))
        record = chance.choice(
            [*apart.left_records, *apart.right_records, *together.left_records, "r012", "r013"]
        )
        versions[record] = versions.get(record, 1) + 1
        feed = next(e.feed for e in EVENTS if e.record_id == record)
        event = drawn(chance, record, versions[record])
        mill.decide(RecordPublished(record, feed, versions[record], event.published_on, record, event.fields))
        held(mill, apart, together)
    mill.close()


def judged(live, pair, verdict):
    left, right = pair
    sides = ([record_of(mark) for mark in live[pid][2]] for pid in pair)
    return PairJudged(left, right, *sides, verdict, "seen", "test")


def held(mill, apart, together):
    people = mill.people()
    assert all(people[a] != people[b] for a in apart.left_records for b in apart.right_records)
    # "Not the same" wins where the two cannot both be.
    group = {people[r] for r in (*together.left_records, *together.right_records)}
    touched = {people[r] for r in (*apart.left_records, *apart.right_records)}
    assert len(group) == 1 or group & touched


@pytest.mark.parametrize("seed", range(20))
def test_an_answer_taken_back_restores_everything(seed):
    chance = random.Random(seed)
    mill = Mill()
    mill.decide(*EVENTS[:40])
    before = mill.live()
    said = [
        judged(before, chance.sample(sorted(before), 2), chance.choice(["same", "different"]))
        for _ in range(4)
    ]
    mill.decide(*said)
    back = (PairJudged(s.left, s.right, s.left_records, s.right_records, "withdrawn", "", "") for s in said)
    mill.decide(*chance.sample(list(back), len(said)))
    assert mill.live() == before and not mill.shelves.judged
    mill.close()


@pytest.mark.parametrize("seed", range(20))
def test_a_model_finds_the_same_people_whenever_it_comes(seed):
    chance = random.Random(seed)
    content = lenient()
    adoption = ModelAdopted("lenient", "", packed(content), "", "")
    whole = Mill(read_model(content))
    whole.decide(*EVENTS)
    mill = Mill()
    cut = chance.randint(0, len(EVENTS))
    for batch in batches(chance, EVENTS[:cut]):
        mill.decide(*batch)
    mill.decide(adoption)
    for batch in batches(chance, EVENTS[cut:]):
        mill.decide(*batch)
    assert mill.live() == whole.live()
    mill.close()
    whole.close()
