"""What a discrepancy makes of its case, and what time does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import cases, discrepancy
from hub.domain.calendar import WEEKDAYS, Calendar, Notice
from hub.domain.cases import LAPSED, LEVELS, OPEN, OUTCOMES, STATES
from hub.domain.cases.standing import (
    CHANGED_DAYS,
    FLAPPING_DAYS,
    FLAPPING_TIMES,
    SAME_CASE_DAYS,
    case_id,
    gave_way,
    is_flapping,
    next_day,
    on_cleared,
    on_day,
    on_detected,
    raise_case,
)  # fmt: skip
from hub.domain.days import day_of
from hub.domain.discrepancy import evidence_digest
from hub.domain.events import (
    CaseEscalated,
    CaseMoved,
    CaseRaised,
    DiscrepancyCleared,
    DiscrepancyDetected,
)  # fmt: skip
from hub.domain.findings import Finding

FRIDAY = day_of("2024-03-01")
DISCREPANCY = "0123456789abcdef0123456789abcdef"
CASE = "0123456789abcdef012345670001"


def detected(day=FRIDAY, digest="d1", kind="number-shared", flapping=False):
    return DiscrepancyDetected(
        DISCREPANCY, "p1", kind, "x", ["r1"], "public_security", "990101101201", day, "e",
        digest, ["public_security"], flapping,
    )  # fmt: skip


class Story:
    """One discrepancy and its case, from close to close, as the hub would go on."""

    def __init__(self) -> None:
        self.row = self.case = None
        self.raised = 0

    def apply(self, events):
        for event in events:
            if isinstance(event, CaseRaised):
                self.row, self.raised = self.row._replace(case_id=event.case_id), self.raised + 1
                self.case = None
            self.case = cases.evolve(self.case, event)
        return events

    def close(self, day, digest):
        """A day on which the discrepancy stands by this evidence, or does not (None)."""
        stands = self.row is not None and self.row.status == "standing"
        if digest is None:
            if not stands:
                return []
            self.row = discrepancy.cleared(self.row, DiscrepancyCleared(DISCREPANCY, "p1", day))
            return self.apply(on_cleared(self.case, day) if self.case else [])
        if stands and self.row.digest == digest:
            return self.apply(on_day(self.case, day, WEEKDAYS) if self.case else [])
        flapping = self.row is not None and (
            self.row.flapping if stands else is_flapping(self.row.returns, day)
        )
        before, event = self.row, detected(day, digest, flapping=flapping)
        self.row = discrepancy.detected(before, event)
        return self.apply(on_detected(before, self.case, event, WEEKDAYS))

    def settle(self, outcome, day):
        self.apply([CaseMoved(CASE, self.case.version + 1, "settled", outcome, "clerk", day, None)])
        if outcome in cases.RIGHT:
            self.row = discrepancy.confirmed(self.row, right=True)


def test_a_case_is_due_in_the_working_days_of_its_kind():
    assert raise_case(detected(), 1, FRIDAY, WEEKDAYS) == CaseRaised(
        CASE, DISCREPANCY, "p1", "number-shared", "public_security", "990101101201", FRIDAY,
        day_of("2024-03-08"),
    )  # fmt: skip


def test_holidays_do_not_count():
    monday = day_of("2024-03-04")
    calendar = Calendar.of([Notice(2024, FRIDAY - 60, "n", frozenset([monday]), frozenset())])
    assert raise_case(detected(), 1, FRIDAY, calendar).due_on == day_of("2024-03-11")


def test_each_case_of_a_discrepancy_has_its_own_id():
    assert len({case_id(DISCREPANCY, times) for times in range(1, 50)}) == 49


@pytest.mark.parametrize("state", STATES)
def test_records_that_agree_again_settle_an_open_case_once(state):
    story = Story()
    story.close(FRIDAY, "d1")
    case = story.case._replace(state=state)
    events = on_cleared(case, FRIDAY)
    assert len(events) == (state in OPEN)
    for event in events:
        assert (event.state, event.outcome, event.actor) == ("settled", "corrected", "hub")
        assert on_cleared(cases.evolve(case, event), FRIDAY) == []


def test_what_ends_by_a_registration_was_registered():
    raised = cases.evolve(None, raise_case(detected(kind="birth-unregistered"), 1, FRIDAY, WEEKDAYS))
    assert on_cleared(raised, FRIDAY)[0].outcome == "registered"


@pytest.mark.parametrize(
    ("kind", "came", "outcome"),
    [
        ("birth-registration-due", Finding("birth-unregistered", "p1", ("r1",), "e"), "lapsed"),
        ("residence-renewal-due", Finding("residence-expired", "r1", ("r1",), "e"), "lapsed"),
        ("residence-gone-quiet", Finding("residence-expired", "r1", ("r1",), "e"), "lapsed"),
        ("residence-renewal-due", Finding("residence-expired", "r2", ("r2",), "e"), "corrected"),
        ("birth-registration-due", Finding("number-shared", "x", ("r1",), "e"), "registered"),
        ("birth-registration-due", None, "registered"),
        ("number-shared", Finding("birth-unregistered", "p1", ("r1",), "e"), "corrected"),
    ],
)
def test_a_reminder_that_gives_way_to_a_graver_kind_lapsed_and_nobody_corrected_it(kind, came, outcome):
    event = detected(kind=kind)
    raised = cases.evolve(None, raise_case(event, 1, FRIDAY, WEEKDAYS))
    lapsed = gave_way(discrepancy.detected(None, event), [came] if came else [])
    [settled] = on_cleared(raised, FRIDAY, lapsed=lapsed)
    assert (settled.outcome, settled.actor) == (outcome, "hub")
    assert LAPSED not in {*OUTCOMES, *cases.RIGHT, *cases.CHANGED}, "nobody may say so, and it judges nothing"


def test_back_soon_it_goes_on_with_its_case_where_that_was():
    story = Story()
    story.close(FRIDAY, "d1")
    story.apply([CaseMoved(CASE, 1, "accepted", None, "clerk", FRIDAY, None)])
    story.close(FRIDAY + 1, None)
    assert story.case.state == "settled"
    [event] = story.close(FRIDAY + 1 + SAME_CASE_DAYS, "d1")
    assert (event.case_id, event.state, event.note) == (CASE, "accepted", "returned")
    assert story.case.due_on == WEEKDAYS.working_days_after(FRIDAY + 1 + SAME_CASE_DAYS, 5)
    story.close(FRIDAY + 100, None)
    [again] = story.close(FRIDAY + 101 + SAME_CASE_DAYS, "d1")
    assert again.case_id == case_id(DISCREPANCY, 3)


def test_one_that_comes_and_goes_is_marked_once_and_keeps_its_case():
    story, notes = Story(), []
    for turn in range(6):
        events = story.close(FRIDAY + 2 * turn, "d1") + story.close(FRIDAY + 2 * turn + 1, None)
        notes += [e.note for e in events if isinstance(e, CaseMoved) and e.state in OPEN]
    assert notes == ["returned", "returned", "flapping", "flapping-again", "flapping-again"]
    assert (story.row.times, story.raised, story.row.flapping) == (6, 1, True)
    # Back in time for the count, yet later than a case is kept otherwise.
    [event] = story.close(FRIDAY + 11 + SAME_CASE_DAYS + 5, "d1")
    assert event.note == "flapping-again"
    story.close(FRIDAY + 60, None)
    assert isinstance(story.close(FRIDAY + 60 + FLAPPING_DAYS, "d1")[0], CaseRaised)
    assert not story.row.flapping


@pytest.mark.parametrize("outcome", sorted(cases.RIGHT))
def test_what_people_found_right_is_raised_again_only_by_other_evidence(outcome):
    story = Story()
    story.close(FRIDAY, "d1")
    story.settle(outcome, FRIDAY)
    assert story.close(FRIDAY + 100, "d1") == []
    assert story.close(FRIDAY + 101, None) == [] == story.close(FRIDAY + 200, "d1")
    [event] = story.close(FRIDAY + 201, "d2")
    assert (event.state, event.note) == ("raised", "evidence-changed")
    [settled] = story.close(FRIDAY + 202, "d1")
    assert (settled.state, settled.outcome, settled.actor) == ("settled", "confirmed-right", "hub")


def test_a_word_taken_back_lets_the_same_evidence_raise_again():
    story = Story()
    story.close(FRIDAY, "d1")
    story.settle("confirmed-right", FRIDAY)
    story.row = discrepancy.confirmed(story.row, right=False)
    story.close(FRIDAY + 1, None)
    assert story.close(FRIDAY + 2, "d1")[0].note == "returned"


def test_records_that_do_not_change_as_people_said_they_would_open_the_case_again():
    story = Story()
    story.close(FRIDAY, "d1")
    story.settle("corrected", FRIDAY)
    assert story.close(FRIDAY + CHANGED_DAYS - 1, "d1") == []
    [event] = story.close(FRIDAY + CHANGED_DAYS, "d1")
    assert (event.state, event.note) == ("raised", "still-stands")


def test_who_could_not_be_found_is_not_asked_for_again():
    story = Story()
    story.close(FRIDAY, "d1")
    story.settle("not-found", FRIDAY)
    assert next_day(story.case) is None and story.close(FRIDAY + 999, "d1") == []


def test_past_its_deadline_a_case_goes_up_level_by_level_and_no_further():
    story = Story()
    story.close(FRIDAY, "d1")
    assert story.close(story.case.due_on, "d1") == []
    levels = []
    for day in range(FRIDAY, FRIDAY + 60):
        for event in story.close(day, "d1"):
            assert isinstance(event, CaseEscalated) and event.due_on > day
            levels.append((event.level, day - FRIDAY))
    assert levels == [(1, 8), (2, 15)]
    assert len(LEVELS) == 3 and next_day(story.case) is None
    assert (story.case.department, story.case.place) == ("public_security", "990101101")


def test_evidence_is_told_apart_by_what_its_records_say():
    same = [("r1", "name", "王"), ("r2", "name", "李")]
    assert evidence_digest("e", same) == evidence_digest("e", same[::-1])
    others = [("e2", same), ("e", same[:1]), ("e", [("r1", "name", "王"), ("r2", "name", "张")])]
    assert len({evidence_digest(*one) for one in [("e", same), *others]}) == 4


def test_of_old_discrepancies_the_owner_answers_for_all_records():
    old = DiscrepancyDetected(DISCREPANCY, "p", "number-shared", "x", ["a", "b"], "health", "9", 1, "e")
    assert discrepancy.detected(None, old).owners == {"a": "health", "b": "health"}
    confirmed = discrepancy.confirmed(discrepancy.detected(None, old), right=True)
    assert confirmed.confirmed == []


@given(st.lists(st.sampled_from([None, "d1", "d2", "d3"]), max_size=60), st.integers(1, 40))
def test_an_open_case_is_one_of_a_discrepancy_that_stands(days, pace):
    """Whatever comes and goes: nothing is raised while one is open, and a case never waits for what is gone."""
    story = Story()
    for number, digest in enumerate(days):
        was_open = story.case is not None and story.case.state in OPEN
        events = story.close(FRIDAY + number * pace, digest)
        if was_open:
            assert not any(isinstance(event, CaseRaised) for event in events)
        if story.case is not None:
            assert (story.case.state in OPEN) == (story.row.status == "standing")
    assert story.raised <= len(days)
    assert FLAPPING_TIMES < FLAPPING_DAYS
