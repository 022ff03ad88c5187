"""Cases: states, who may move them where, and refusals on record."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import cases
from hub.domain.cases import ACTIONS, OPEN, OUTCOMES, STATES, Case
from hub.domain.days import day_of
from hub.domain.events import (
    CaseActionRefused,
    CaseActionRequested,
    CaseMoved,
    CaseRaised,
    DiscrepancyCleared,
    DiscrepancyDetected,
)  # fmt: skip

FRIDAY = day_of("2024-03-01")
DISCREPANCY = "0123456789abcdef0123456789abcdef"
CASE = "0123456789abcdef012345670001"
DETECTED = DiscrepancyDetected(
    DISCREPANCY, "p1", "number-shared", "x", ["r1"], "public_security", "990101101201", FRIDAY, "e"
)


def case(state="raised", version=0, outcome=None):
    return Case(CASE, state, version, outcome, DISCREPANCY, day_of("2024-03-08"))


def request(action, seen=0, outcome=None, note=None):
    return CaseActionRequested(CASE, action, seen, "clerk", outcome, note)


def moved(state, version, outcome=None, actor="clerk", note=None):
    return CaseMoved(CASE, version, state, outcome, actor, FRIDAY, note)


def test_a_case_is_due_in_the_working_days_of_its_kind():
    assert cases.raise_case(DETECTED, 1, FRIDAY) == CaseRaised(
        CASE, DISCREPANCY, "p1", "number-shared", "public_security", "990101101201", FRIDAY,
        day_of("2024-03-08"),
    )  # fmt: skip


def test_each_return_of_a_discrepancy_has_its_own_case():
    assert len({cases.case_id(DISCREPANCY, times) for times in range(1, 50)}) == 49


def test_a_case_goes_the_whole_way():
    now = cases.evolve(None, cases.raise_case(DETECTED, 1, FRIDAY))
    assert now == case()
    for action in ("accept", "mark", "verify", "settle", "archive"):
        outcome = "corrected" if action == "settle" else None
        [event] = cases.decide(now, request(action, now.version, outcome), FRIDAY)
        now = cases.evolve(now, event)
    assert now == case("archived", 5, "corrected")


def test_a_move_keeps_what_the_clerk_said():
    asked = request("settle", 3, "confirmed-right", "seen the paper")
    assert cases.decide(case("verified", 3), asked, FRIDAY) == [
        moved("settled", 4, "confirmed-right", note="seen the paper")
    ]


@pytest.mark.parametrize(
    ("state", "asked", "reason"),
    [
        ("raised", request("dance"), "unknown-action"),
        ("raised", request("accept", seen=7), "case-changed-meanwhile"),
        ("raised", request("verify"), "not-in-this-state"),
        ("settled", request("settle", outcome="moved"), "not-in-this-state"),
        ("verified", request("settle"), "outcome-missing"),
        ("verified", request("settle", outcome="forgotten"), "unknown-outcome"),
    ],
)
def test_a_request_that_cannot_be_followed_is_refused_on_record(state, asked, reason):
    assert cases.decide(case(state), asked, FRIDAY) == [
        CaseActionRefused(CASE, asked.action, "clerk", reason)
    ]


def test_of_two_clerks_who_saw_the_same_version_the_second_is_refused():
    [event] = cases.decide(case(), request("accept"), FRIDAY)
    [refused] = cases.decide(cases.evolve(case(), event), request("accept"), FRIDAY)
    assert refused == CaseActionRefused(CASE, "accept", "clerk", "case-changed-meanwhile")


@pytest.mark.parametrize("state", STATES)
def test_records_that_agree_again_settle_an_open_case_once(state):
    events = cases.on_cleared(case(state, 2), FRIDAY)
    assert events == ([moved("settled", 3, "corrected", "hub")] if state in OPEN else [])
    for event in events:
        assert cases.on_cleared(cases.evolve(case(state, 2), event), FRIDAY) == []


def test_events_of_other_things_leave_a_case_alone():
    other = CaseMoved("another", 9, "archived", None, "clerk", FRIDAY, None)
    assert cases.evolve(case(), other) == case()
    assert cases.evolve(case(), DiscrepancyCleared(DISCREPANCY, "p1", FRIDAY)) == case()
    assert cases.evolve(None, moved("accepted", 1)) is None


def test_a_case_is_read_from_whatever_holds_it():
    class Row(NamedTuple):
        case_id: str = CASE
        state: str = "raised"
        version: int = 0
        outcome: str | None = None
        discrepancy_id: str = DISCREPANCY
        due_on: int = day_of("2024-03-08")

    assert cases.of(Row()) == case()


REQUESTS = st.builds(
    request,
    st.sampled_from([*ACTIONS, "dance"]),
    st.integers(0, 5),
    st.sampled_from([None, *OUTCOMES, "forgotten"]),
)


@given(st.lists(REQUESTS, max_size=30))
def test_whatever_is_asked_a_case_only_goes_forward(asked):
    """One answer each; versions count moves; an outcome is known exactly from settling on."""
    now = case()
    for one in asked:
        [event] = cases.decide(now, one, FRIDAY)
        following = cases.evolve(now, event)
        if isinstance(event, CaseActionRefused):
            assert following == now
        else:
            assert following.version == now.version + 1
            assert STATES.index(following.state) > STATES.index(now.state)
        assert (following.outcome is not None) == (following.state in ("settled", "archived"))
        now = following
