"""Another model comes into force: at one place of the log, for every replay, and for every order of arrival."""

import shutil

import pytest

from hub.app import Hub
from hub.audit import learning, replay
from hub.audit.what_if import changes_between, links, what_if
from hub.connect.memory import Memory
from hub.domain.disclosures import Reader
from hub.domain.events import DECISIONS, RECORDS, ModelAdopted, ProfileLinked, StepCompleted
from hub.errors import IntegrityError, SettingsError
from hub.log import Envelope
from hub.log.subscription import Subscription
from hub.matching import default_model
from hub.matching.document import packed, written
from hub.matching.training import EVEN
from hub.projections.databases import open_sqlite
from hub.queries import Queries
from hub.simulate import simulate
from tests.conftest import VARIANTS, settings_for, settings_of, work_through
from tests.contract.test_subscription import Lists, read


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    simulate(folder, persons=200, months=6, seed=4, noise=2)
    return folder


@pytest.fixture(scope="module")
def halves(tmp_path_factory, small):
    """The county's drops up to a day in its middle, and all of them."""
    days = sorted(
        {path.stem for path in small.rglob("*") if path.parent.parent.parent == small and path.is_file()}
    )
    first = tmp_path_factory.mktemp("first")
    for path in small.rglob("*"):
        if path.is_file() and path.parent.parent.parent == small and path.stem <= days[len(days) // 2]:
            target = first / path.relative_to(small)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return first, small


@pytest.fixture(scope="module")
def model(tmp_path_factory, small):
    """A model learnt from the county, as a file: other weights and other keys than those of the first day."""
    hub = Hub(settings_for(tmp_path_factory.mktemp("learning")))
    work_through(hub, small)
    with hub.projection() as db:
        document = learning.learn(db, EVEN, 1, lambda step: None)
    hub.close()
    return written(document)


def digests(hub):
    with hub.projection() as db:
        return replay.digests(db)


def verified(hub):
    with open_sqlite(":memory:").connect() as scratch:
        found = replay.verify(hub.log, scratch, hub.rules, lambda _: None)
    return found.differences, found.examples


def events(hub, topic):
    return [r.envelope.event for r in Subscription(hub.log, (topic,), {}).take(10**6).events]


def queries(hub, db):
    reader = Reader("health", "analyst", "990101", "record-reconciliation")
    return Queries(db, hub.log, reader, "990101", hub.rules.model)


def run(hub):
    with hub.runner() as runner:
        return runner.run()


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_step_is_replayed_by_the_model_of_its_time(request, tmp_path, halves, model, variant):
    settings = settings_of(variant, tmp_path, request)
    hub = Hub(settings)
    work_through(hub, halves[0])
    hub.adopt(model, "learnt from the county")
    hub.close()
    hub = Hub(settings)
    work_through(hub, halves[1])
    assert verified(hub) == (0, [])
    assert hub.rebuild(lambda _: None)["ok"]
    links = [event for event in events(hub, DECISIONS) if isinstance(event, ProfileLinked)]
    versions = list(dict.fromkeys(link.model for link in links))
    assert len(versions) == 2 and versions[1].startswith("learnt-")
    with hub.projection() as db:
        assert hub.model(db).version == versions[1]
    hub.close()


def test_people_do_not_depend_on_when_the_model_came(tmp_path, halves, model):
    found = []
    for name in ("before", "between", "after"):
        hub = Hub(settings_for(tmp_path / name, 4 if name == "between" else 1))
        for moment, source in (("before", halves[0]), ("between", halves[1])):
            if name == moment:
                hub.adopt(model, name)
            work_through(hub, source)
        if name == "after":
            hub.adopt(model, name)
            run(hub)
        assert verified(hub) == (0, [])
        found.append(
            {
                part: digest
                for part, digest in digests(hub).items()
                if part in ("people", "profiles", "records")
            }
        )
        hub.close()
    assert found[0] == found[1] == found[2]


def test_adopting_what_is_in_force_changes_nobody(tmp_path, small, model):
    hub = Hub(settings_for(tmp_path))
    hub.adopt(model, "first")
    work_through(hub, small)
    before = digests(hub)
    hub.adopt(model, "again")
    assert run(hub) == 1
    after = digests(hub)
    assert before.pop("models") != after.pop("models") and before == after
    hub.close()


def test_an_adoption_is_a_step_of_its_own(tmp_path, small, model):
    hub = Hub(settings_for(tmp_path, 4))
    with hub.ingest() as work:
        work.run(hub.connectors(small, ()), lambda receipt: None, close_days=True)
    hub.adopt(model, "first")
    hub.adopt(model, "second")
    run(hub)
    steps = [event for event in events(hub, DECISIONS) if isinstance(event, StepCompleted)]
    covered = [
        sum(offset + 1 for name, offset in step.covered.items() if name.startswith(RECORDS)) for step in steps
    ]
    # Four partitions hold a barrier four times.
    assert [b - a for a, b in zip(covered[-3:], covered[-2:], strict=False)] == [4, 4]
    hub.close()


@pytest.mark.parametrize("content", [b"not packed", packed(b"{}"), packed(b"x" * 99)[:-4]])
def test_the_hub_stops_at_a_model_it_cannot_read(tmp_path, halves, content):
    hub = Hub(settings_for(tmp_path))
    work_through(hub, halves[0])
    before = digests(hub)
    with hub.ingest() as work:
        work.announce(
            Envelope(ModelAdopted("bad", "", content, "by mistake", "nobody"), "bad", "bad", "/test")
        )
    for _ in range(2):
        with pytest.raises(IntegrityError, match="cannot be read here"):
            run(hub)
    assert digests(hub) == before and verified(hub) == (0, [])
    hub.close()


def test_only_a_model_is_adopted(tmp_path):
    hub = Hub(settings_for(tmp_path))
    with pytest.raises(SettingsError):
        hub.adopt(b"{}", "no model")
    assert events(hub, RECORDS) == []
    hub.close()


@pytest.mark.parametrize("partitions", [1, 4])
def test_what_if_says_what_adopting_then_does(tmp_path, small, model, partitions):
    hub = Hub(settings_for(tmp_path, partitions))
    work_through(hub, small)
    kept, head = digests(hub), hub.log.head()
    lines = written(default_model().document | {"version": "strict", "link": 45.0, "review": 44.0})
    for content in (lines, model):
        with open_sqlite(":memory:").connect() as scratch:
            found = what_if(hub.log, scratch, hub.rules, hub.adoption(content, "trial"), lambda _: None)
        assert digests(hub) == kept and hub.log.head() == head
        with hub.projection() as db:
            before = links(db)
        hub.adopt(content, "for real")
        run(hub)
        with hub.projection() as db:
            after, status = links(db), queries(hub, db).status()
        assert found["changes"] == [change._asdict() for change in changes_between(before, after)]
        assert found["totals"]["people"]["then"] == status["people"]
        for name, count in status["births"].items():
            assert found["totals"][f"births: {name}"]["then"] == count
        kept, head = digests(hub), hub.log.head()
        # The next adoption starts from this one, and joins again what the strict one split.
        assert found["kinds"] == (
            {"split": len(found["changes"])} if content is lines else {"merge": len(found["changes"])}
        )
    hub.close()


def test_changes_are_told_by_what_hangs_together():
    before = {"1": "a", "2": "a", "3": "b", "4": "c", "5": "d", "6": "d", "7": "e"}
    after = {"1": "a", "2": "a", "3": "b", "4": "b", "5": "d", "6": "f", "7": "g"}
    assert changes_between(before, after) == [
        ("merge", ["b", "c"], ["b"], 2), ("split", ["d"], ["d", "f"], 2),
    ]  # fmt: skip
    assert changes_between({"1": "a", "2": "a", "3": "b"}, {"1": "a", "2": "b", "3": "b"}) == [
        ("regroup", ["a", "b"], ["a", "b"], 3)
    ]


class Halved(Lists):
    """A log whose writer was cut off between two partitions."""

    def append(self, envelopes):
        for words in self._contents.values():
            words += [envelope.id for envelope in envelopes]
        return []


def test_ingestion_completes_an_adoption_that_was_cut_off():
    log = Halved("a !m", "b")
    with open_sqlite(":memory:").connect() as db:
        Memory(log, db)
        Memory(log, db)
    assert list(log._contents.values())[:2] == [["a", "!m", "!m"], ["b", "!m"]]
    assert read(log) == ["a", "b", "!m"]
