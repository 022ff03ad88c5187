"""Between two releases every birth is accounted for, each for one reason."""

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.days import day_of
from hub.statistics.revisions import (
    ADDED,
    APART,
    CAME_LATER,
    COUNTED_NOW,
    DATED_INTO,
    DATED_OUT,
    ELSEWHERE,
    MERGED,
    TAKEN_OUT,
    WITHDRAWN,
    BirthSeen,
    revision,
)  # fmt: skip
from hub.statistics.spans import month

JUNE = month("2026-06")
BORN = day_of("2026-06-10")
KNOWN_ON = day_of("2026-07-15")
LATER_ON = KNOWN_ON + 30


def seen(*records, first_on=KNOWN_ON - 1, born_on=BORN, counted=True, **more):
    said = {"outcome": "matched", "sex": "male", "residence": "990101101000", "registered_on": None} | more
    return BirthSeen(frozenset(records), first_on, born_on, counted, **said)


def found(earlier, later, withdrawn=()):
    made = revision(earlier, later, JUNE, KNOWN_ON, frozenset(withdrawn))
    told = {**made.added, **made.taken_out, **made.changed}
    return {name: count for name, count in told.items() if count}


def test_each_reason_by_an_example():
    one = seen("c1", "e1")
    assert found([one], [one]) == {}
    assert found([], [seen("c1", first_on=LATER_ON)]) == {CAME_LATER: 1}
    assert found([seen("c1", born_on=BORN - 40)], [seen("c1")]) == {DATED_INTO: 1}
    assert found([seen("e1", counted=False)], [seen("e1")]) == {COUNTED_NOW: 1}
    assert found([one], [seen("c1"), seen("e1")]) == {APART: 1}
    assert found([one], [], withdrawn=["c1", "e1"]) == {WITHDRAWN: 1}
    assert found([one], [seen("c1", "e1", born_on=BORN + 40)]) == {DATED_OUT: 1}
    assert found([seen("c1"), seen("e1")], [one]) == {MERGED: 1}
    assert found([one], [seen("c1", "e1", counted=False)]) == {ELSEWHERE: 1}
    assert found([seen("c1")], [seen("c1", outcome="conflict", sex="female")]) == {"outcome": 1, "sex": 1}


def test_an_entry_that_arrives_for_a_known_birth_adds_none():
    assert found([seen("c1", outcome="only-health")], [seen("c1", "e1")]) == {"outcome": 1}


births = st.lists(st.integers(0, 30), unique=True, max_size=20).flatmap(
    lambda records: st.lists(
        st.tuples(st.integers(1, 3), st.integers(-40, 40), st.booleans(), st.booleans()),
        min_size=len(records), max_size=len(records),
    ).map(lambda said: made(records, said))
)  # fmt: skip


def made(records, said):
    """Births that share no record: each takes a few of those that are left."""
    left, found_ = list(records), []
    for take, shift, counted, late in said:
        mine, left = left[:take], left[take:]
        if mine:
            first_on = LATER_ON if late else KNOWN_ON
            found_.append(seen(*map(str, mine), first_on=first_on, born_on=BORN + shift, counted=counted))
    return found_


@given(births, births, st.frozensets(st.integers(0, 30).map(str)))
def test_earlier_and_added_less_taken_out_is_later(earlier, later, withdrawn):
    result = revision(earlier, later, JUNE, KNOWN_ON, withdrawn)
    assert result.earlier + sum(result.added.values()) - sum(result.taken_out.values()) == result.later
    assert (tuple(result.added), tuple(result.taken_out)) == (ADDED, TAKEN_OUT)
    assert result.earlier == sum(b.counted and JUNE.holds(b.born_on) for b in earlier)
    assert result.later == sum(b.counted and JUNE.holds(b.born_on) for b in later)
    assert all(0 <= count <= result.earlier for count in result.changed.values())
