"""Barriers of several partitions, in every order that writers can leave them in."""

import random

import pytest

from hub.domain.events import ACTIONS, RECORDS, DayClosed, ModelAdopted, RecordWithdrawn
from hub.errors import BrokenOrderError
from hub.log import Envelope, Partition, Position, Recorded
from hub.log.subscription import Subscription


class Lists:
    """A log in memory whose partitions a test fills as it likes, one word an event: a number is a day's close,
    a ! a model's adoption."""

    def __init__(self, *contents: str, actions: str = "") -> None:
        self._contents = {Partition(RECORDS, n): words.split() for n, words in enumerate(contents)}
        self._contents[Partition(ACTIONS, 0)] = actions.split()

    def partitions(self, topic):
        return [partition for partition in self._contents if partition.topic == topic]

    def read(self, partition, after, limit):
        words = self._contents[partition][after + 1 : after + 1 + limit]
        return [
            Recorded(Position(partition, after + 1 + n), self._envelope(word)) for n, word in enumerate(words)
        ]

    def _envelope(self, word: str) -> Envelope:
        if word.isdigit():
            return Envelope(DayClosed(int(word)), word, word, "/test")
        if word.startswith("!"):
            return Envelope(ModelAdopted(word, "", b"", "", ""), word, word, "/test")
        return Envelope(RecordWithdrawn(word, "health.child_record", 1, 1), word, word, "/test")


def read(log: Lists, limit: int = 100) -> list[str]:
    stream, found = Subscription(log, (RECORDS,), {}), []
    while events := stream.take(limit).events:
        found += [r.envelope.id for r in events]
    return found


def test_partitions_wait_for_each_other_at_every_barrier():
    assert read(Lists("a 1 b 2", "c 1 2 d")) == ["a", "c", "1", "b", "2", "d"]


def test_a_barrier_that_is_missing_in_one_partition_is_waited_for():
    assert read(Lists("a 1 b", "c d")) == ["a", "c", "d"]


@pytest.mark.parametrize("contents", [("1 2", "2 1"), ("a 1", "2"), ("1", "1", "2"), ("7 1 x 2", "7 y 2")])
def test_barriers_of_two_writers_that_cross_stop_the_reader_with_both_places(contents):
    with pytest.raises(BrokenOrderError, match=r"records-\d offset \d+ and records-\d offset \d+"):
        read(Lists(*contents))


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_repeated_barrier_is_handed_over_once_wherever_a_batch_ends(limit):
    """A batch may end right before a repeat: it must not be taken for a new barrier then."""
    assert read(Lists("7 a 7 8", "7 7 8 b"), limit) == ["7", "a", "8", "b"]
    assert read(Lists("a 7 7 b 7 8", "7 c 8"), limit) == ["a", "7", "b", "c", "8"]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_repeated_and_however_it_is_read_each_event_comes_once_between_its_barriers(seed):
    chance = random.Random(seed)
    days = [[[f"d{day}p{p}e{e}" for e in range(chance.randrange(4))] for p in range(3)] for day in range(6)]
    contents = []
    for p in range(3):
        words: list[str] = []
        for day in range(6):
            fresh = [*days[day][p], str(day)]
            again = chance.randrange(len(fresh) + 1)
            words += [*fresh[:again], *fresh] if chance.random() < 0.5 else [*fresh, *fresh[again:]]
        contents.append(" ".join(words))
    found = read(Lists(*contents), chance.choice([1, 2, 5, 100]))
    assert len(found) == len(set(found)) == sum(len(e) for d in days for e in d) + 6
    for day in range(6):
        after, before = (found.index(str(day - 1)) if day else -1), found.index(str(day))
        assert set(found[after + 1 : before]) == {e for part in days[day] for e in part}


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_what_is_decided_on_alone_comes_alone(limit):
    stream, batches = Subscription(Lists("a !m !n b 1", "c !m !n 1", actions="x"), (RECORDS, ACTIONS), {}), []
    while events := stream.take(limit).events:
        batches.append([r.envelope.id for r in events])
    assert ["!m"] in batches and ["!n"] in batches
    assert [word for batch in batches for word in batch if word != "x"] == ["a", "c", "!m", "!n", "b", "1"]


def test_a_barrier_that_reached_some_partitions_only_is_told_of():
    half = Subscription(Lists("a !m", ""), (RECORDS,), {})
    assert [r.envelope.id for r in half.take(10).events] == ["a"]
    assert half.take(10).events == [] and [envelope.id for envelope in half.standing()] == ["!m"]
    # Its writer appends it again to all of them.
    healed = Subscription(Lists("a !m !m b", "!m"), (RECORDS,), {})
    assert read(Lists("a !m !m b", "!m")) == ["a", "!m", "b"]
    while healed.take(10).events:
        pass
    assert healed.standing() == []


def test_a_step_is_read_again_in_its_own_order_however_large():
    """Where a page ended, actions used to fall behind records that a live step reads after them."""
    words = [f"r{n}" for n in range(5_000)]
    log = Lists(" ".join([*words[:2_000], "1", *words[2_000:], "2"]), actions="x y")
    step = Subscription(log, (RECORDS, ACTIONS), {}).take(10_000)
    again = Subscription(log, (RECORDS, ACTIONS), {}).read_until(step.checkpoint)
    assert [r.envelope.id for r in again] == [r.envelope.id for r in step.events]
    assert [r.envelope.id for r in again].index("x") == 2_001


def stream_of(log: Lists, *numbers: int) -> Subscription:
    return Subscription(log, (RECORDS,), {}, {Partition(RECORDS, n) for n in numbers})


def ids(batch) -> list[str]:
    return [r.envelope.id for r in batch.events]


def test_some_partitions_are_read_through_a_barrier_that_others_chose():
    log = Lists("a 1 b 2 c 3", "d 1 2 e 3 f", "x 1 y 2 3")
    mine, other = stream_of(log, 1), stream_of(log, 0, 2)
    assert ids(mine.take_through("2", 1)) == ["d", "1", "2"]
    assert ids(other.take_through("2", 1)) == ["a", "x", "1", "b", "y", "2"]
    assert ids(mine.take_through("3", 1)) == ["e", "3"]
    assert mine.read == {Partition(RECORDS, 1): 4}


def test_without_a_barrier_nothing_behind_the_next_one_is_read():
    stream = stream_of(Lists("a b c 1 d"), 0)
    assert ids(stream.take_through("", 2)) == ["a", "b"]
    assert ids(stream.take_through("", 9)) == ["c"]
    assert ids(stream.take_through("", 9)) == []
    assert ids(stream.take_through("1", 9)) == ["1"]


def test_what_was_read_on_the_way_to_a_barrier_that_is_not_there_yet_is_kept():
    log = Lists("a 1 b", "c 1")
    stream = stream_of(log, 0, 1)
    assert stream.take_through("2", 9) is None
    log._contents[Partition(RECORDS, 0)] += ["2"]
    assert stream.take_through("2", 9) is None
    log._contents[Partition(RECORDS, 1)] += ["d", "2"]
    assert ids(stream.take_through("2", 9)) == ["a", "c", "1", "b", "d", "2"]
    assert ids(stream.take(9)) == []


@pytest.mark.parametrize("ahead", [0, 1, 3, 100])
def test_looking_ahead_changes_nothing_of_what_is_read(ahead):
    log = Lists("a 1 b 2", "c 1 2 d")
    stream, found = Subscription(log, (RECORDS,), {}), []
    stream.look_ahead(ahead)
    while batch := ids(stream.take(2)):
        found += batch
        stream.look_ahead(ahead)
    assert found == ["a", "c", "1", "b", "2", "d"]
