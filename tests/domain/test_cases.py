"""Cases: states, who may move them where, hand-over, questions to owners; refusals on record."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain import cases
from hub.domain.calendar import WEEKDAYS
from hub.domain.cases import ACTIONS, ENTRIES_MAX, OPEN, OUTCOMES, REASONS, STATES, Ground, Request
from hub.domain.cases.moves import MOVES
from hub.domain.days import day_of
from hub.domain.divisions import ALWAYS, NOWHERE, STATISTICAL, STILL, Division, Divisions
from hub.domain.events import (
    CaseActionRefused,
    CaseActionRequested,
    CaseCommented,
    CaseHandedOver,
    CaseMoved,
    CaseRaised,
    DiscrepancyCleared,
    RecordAnswered,
    RecordQuestioned,
)  # fmt: skip

FRIDAY = day_of("2024-03-01")
DUE = day_of("2024-03-08")
DISCREPANCY = "0123456789abcdef0123456789abcdef"
CASE = "0123456789abcdef012345670001"
TOWN, OTHER_TOWN, COUNTY = "990101101", "990101102", "990101"
POLICE, HEALTH = "public_security/registrar", "health/clerk"
OWNERS = {"r1": "public_security", "r2": "health"}
TOWNS = Divisions.of([
    *(Division(STATISTICAL, code, code, ALWAYS, STILL, "", ()) for code in (COUNTY, TOWN, OTHER_TOWN)),
    Division(STATISTICAL, "990101103", "gone", ALWAYS, FRIDAY - 1, "abolished", ()),
])  # fmt: skip
FIELDS = dict.fromkeys(OWNERS, ("number", "name"))
GROUND = Ground(OWNERS, FRIDAY, WEEKDAYS, TOWNS, FIELDS)
RAISED = CaseRaised(CASE, DISCREPANCY, "p1", "number-shared", "public_security", "990101101201", FRIDAY, DUE)


def case(state="raised", version=0, outcome=None, **more):
    return cases.evolve(None, RAISED)._replace(state=state, version=version, outcome=outcome, **more)


def request(action, seen=0, outcome=None, note=None, actor="clerk", place="", **details):
    return CaseActionRequested(CASE, action, seen, actor, outcome, note, place, details)


def decide(now, asked):
    return cases.decide(now, asked, GROUND)


def refused(asked, reason):
    return [CaseActionRefused(CASE, asked.action, asked.actor, reason, FRIDAY)]


def follow(now, *asked):
    """Ask one after the other, none of which may be refused; the version seen is the newest."""
    for one in asked:
        for event in decide(now, CaseActionRequested(
            CASE, one.action, now.version, one.actor, one.outcome, one.note, one.place, one.details
        )):  # fmt: skip
            assert not isinstance(event, CaseActionRefused), event
            now = cases.evolve(now, event)
    return now


def test_a_case_begins_with_the_owner_in_the_town():
    now = case()
    assert (now.state, now.version, now.due_on, now.level, now.entries) == ("raised", 0, DUE, 0, 1)
    assert (now.department, now.place) == ("public_security", TOWN)


def test_a_case_goes_the_whole_way():
    now = follow(case(), *(request(action, outcome="corrected") for action in list(MOVES)[:5]))
    assert (now.state, now.version, now.outcome, now.settled_by) == ("archived", 5, "corrected", "clerk")


def test_a_move_keeps_what_the_clerk_said():
    asked = request("settle", 3, "confirmed-right", "seen the paper")
    assert decide(case("verified", 3), asked) == [
        CaseMoved(CASE, 4, "settled", "confirmed-right", "clerk", FRIDAY, "seen the paper")
    ]


def test_people_may_take_a_settled_case_up_again_with_a_new_deadline():
    settled = case("archived", 5, "confirmed-right", due_on=FRIDAY - 90, level=2, settled_by="clerk")
    now = follow(settled, request("reopen", note="the paper was another one"))
    assert (now.state, now.outcome, now.due_on, now.level) == ("raised", None, DUE, 0)


@pytest.mark.parametrize(
    ("state", "asked", "reason"),
    [
        ("raised", request("dance"), "unknown-action"),
        ("raised", request("accept", seen=7), "case-changed-meanwhile"),
        ("raised", request("verify"), "not-in-this-state"),
        ("settled", request("settle", outcome="moved"), "not-in-this-state"),
        ("verified", request("settle"), "outcome-missing"),
        ("verified", request("settle", outcome="forgotten"), "unknown-outcome"),
        ("raised", request("accept", actor=POLICE, place=OTHER_TOWN), "not-the-holder"),
        ("raised", request("accept", actor="commerce/clerk", place=COUNTY), "not-the-holder"),
        ("settled", request("hand-over", place_="x"), "not-in-this-state"),
        ("raised", request("ask", record="r1", field="number", question="?"), "not-in-this-state"),
        ("accepted", request("ask", record="r9", field="number", question="?"), "no-such-record"),
        ("accepted", request("ask", record="r1", question="?"), "field-missing"),
        ("accepted", request("ask", record="r1", field="nonsense_field", question="?"), "no-such-field"),
        ("accepted", request("ask", record="r1", field="number"), "question-missing"),
        (
            "accepted",
            request("ask", record="r1", field="number", question="?", until="2024-03-01"),
            "until-not-ahead",
        ),
        (
            "accepted",
            request("ask", record="r1", field="number", question="?", until="soon"),
            "until-not-ahead",
        ),
        (
            "accepted",
            request("ask", record="r1", field="number", question="?", record_version="x"),
            "unknown-record-version",
        ),
        ("accepted", request("answer", request="1", answer="right"), "no-such-request"),
        ("accepted", request("answer"), "no-such-request"),
        ("accepted", request("comment"), "text-missing"),
        ("accepted", request("comment", note="x" * 501), "text-missing"),
        (
            "accepted",
            request("comment", note="x", actor="commerce/clerk", place=COUNTY),
            "not-the-holder",
        ),
        ("accepted", request("take-over"), "not-offered"),
    ],
)
def test_a_request_that_cannot_be_followed_is_refused_on_record(state, asked, reason):
    assert decide(case(state), asked) == refused(asked, reason)


def test_every_reason_says_in_both_languages_what_to_do():
    for zh, en in REASONS.values():
        assert zh.strip() and en.strip() and not zh.isascii() and en.isascii()


def test_of_two_clerks_who_saw_the_same_version_the_second_is_refused():
    [event] = decide(case(), request("accept"))
    assert decide(cases.evolve(case(), event), request("accept")) == refused(
        request("accept"), "case-changed-meanwhile"
    )


@pytest.mark.parametrize(
    ("actor", "place"),
    [(POLICE, TOWN), (POLICE, COUNTY), (HEALTH, COUNTY), ("public_security/chief", "9901")],
)
def test_the_holder_its_county_and_who_coordinates_may_act(actor, place):
    assert follow(case(), request("accept", actor=actor, place=place)).state == "accepted"


# --- hand-over --------------------------------------------------------------------------------


GIVER, TAKER = {"actor": POLICE, "place": TOWN}, {"actor": POLICE, "place": OTHER_TOWN}


def offer(now, to=OTHER_TOWN, **more):
    asked = CaseActionRequested(
        CASE, "hand-over", now.version, POLICE, None, "moved there", TOWN, {"place": to, **more}
    )
    return decide(now, asked)


def test_a_case_changes_hands_only_when_the_other_town_accepts():
    [offered] = offer(case())
    assert offered == CaseHandedOver(
        CASE, 1, "offered", "public_security", OTHER_TOWN, POLICE, FRIDAY, "moved there"
    )
    now = cases.evolve(case(), offered)
    assert (now.place, now.offered) == (TOWN, f"public_security/{OTHER_TOWN}")
    early = request("accept", 1, **TAKER)
    assert decide(now, early) == refused(early, "not-the-holder")
    taken = follow(now, request("take-over", **TAKER))
    assert (taken.place, taken.offered, taken.due_on) == (OTHER_TOWN, "", DUE)
    assert follow(taken, request("accept", **TAKER)).state == "accepted"
    late = request("accept", taken.version, **GIVER)
    assert decide(taken, late) == refused(late, "not-the-holder")


@pytest.mark.parametrize(("action", "who"), [("decline", TAKER), ("take-back", GIVER)])
def test_an_offer_that_comes_to_nothing_leaves_the_case_where_it_was(action, who):
    now = cases.evolve(case(), offer(case())[0])
    after = follow(now, request(action, **who))
    assert (after.department, after.place, after.offered) == ("public_security", TOWN, "")


def test_an_offer_is_void_once_the_case_is_settled():
    now = follow(case(), request("accept"))
    now = cases.evolve(now, offer(now)[0])
    assert follow(now, request("settle", outcome="moved", **GIVER)).offered == ""


@pytest.mark.parametrize(
    ("to", "more", "reason"),
    [
        (TOWN, {}, "already-there"),
        ("990102101", {}, "unknown-place"),
        ("99010110", {}, "unknown-place"),
        ("somewhere", {}, "unknown-place"),
        (OTHER_TOWN, {"department": ""}, "unknown-department"),
        (OTHER_TOWN, {"department": "a/b"}, "unknown-department"),
    ],
)
def test_an_offer_goes_to_another_holder_in_the_county(to, more, reason):
    [event] = offer(case(), to, **more)
    assert event.reason == reason


def test_only_whom_a_case_was_offered_to_answers_and_only_the_giver_takes_back():
    now = cases.evolve(case(), offer(case())[0])
    third = {"actor": POLICE, "place": "990101103"}
    for asked, reason in (
        (request("take-over", 1, **third), "not-yours"),
        (request("decline", 1, **GIVER), "not-yours"),
        (request("take-back", 1, **TAKER), "not-the-holder"),
        (request("hand-over", 1, **GIVER, to="x"), "already-offered"),
        (request("take-over", 0, **TAKER), "case-changed-meanwhile"),
    ):
        assert decide(now, asked) == refused(asked, reason)


# --- questions to owners ----------------------------------------------------------------------


def asking(record="r1", version="2", **details):
    more = {"field": "number", "question": "one digit differs", **details}
    return request("ask", record=record, record_version=version, **GIVER, **more)


def answer(answer_, number="1", actor=POLICE, note=None, **details):
    return request("answer", 0, None, note, actor, COUNTY, request=number, answer=answer_, **details)


def asked_case():
    return follow(case("accepted"), asking())


def test_a_question_goes_to_the_department_that_owns_the_record():
    assert decide(case("accepted"), asking("r2", until="2024-04-01")) == [
        RecordQuestioned(
            CASE, 1, 1, "r2", 2, "number", "one digit differs", "health", day_of("2024-04-01"), POLICE, FRIDAY
        )
    ]
    [event] = decide(case("accepted"), asking())
    assert (event.owner, event.due_on) == ("public_security", DUE)


@pytest.mark.parametrize(
    ("said", "version", "reason"),
    [
        (answer("corrected", record_version="3"), 3, None),
        (answer("right", note="so in the register since 1990"), None, "so in the register since 1990"),
        (answer("not-ours"), None, None),
    ],
)
def test_an_answer_closes_the_question(said, version, reason):
    now = asked_case()
    assert decide(now, said) == [
        RecordAnswered(CASE, 2, 1, said.details["answer"], version, reason, POLICE, FRIDAY)
    ]
    after = follow(now, said)
    assert (after.asking, after.answer, after.version) == ({}, said.details["answer"], 2)


def test_what_is_not_theirs_goes_on_to_the_department_they_name():
    after = follow(asked_case(), answer("not-ours", owner="human_resources"))
    assert (after.version, after.requests) == (3, 2)
    assert after.asking == {"r1": [2, 2, "human_resources", "number", "one digit differs", DUE]}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (answer("corrected", record_version="2"), "not-a-new-version"),
        (answer("corrected"), "not-a-new-version"),
        (answer("right"), "reason-missing"),
        (answer("not-ours", owner="public_security"), "unknown-department"),
        (answer("perhaps"), "unknown-answer"),
        (answer("right", note="x", actor="commerce/clerk"), "not-yours"),
        (answer("right", note="x", actor=HEALTH), "not-yours"),
        (answer("right", "2", note="x"), "no-such-request"),
    ],
)
def test_an_answer_that_does_not_answer_is_refused(said, reason):
    assert decide(asked_case(), said) == refused(said, reason)


def test_an_answer_to_an_older_question_or_after_the_case_moved_on_is_stale():
    again = follow(asked_case(), asking("r1", "3"))
    stale = answer("corrected", "1", record_version="9")
    assert decide(again, stale) == refused(stale, "stale-request")
    answered = follow(again, answer("corrected", "2", record_version="4"))
    twice = answer("right", "2", note="after all")
    assert decide(answered, twice) == refused(twice, "stale-request")
    settled = follow(again, request("settle", outcome="not-found", **GIVER))
    late = answer("corrected", "2", record_version="4")
    assert decide(settled, late) == refused(late, "case-moved-on")


def test_questions_about_two_records_are_open_side_by_side():
    now = follow(asked_case(), asking("r2"))
    assert cases.request_of(now, 1)[0] == "r1"
    assert cases.request_of(now, 2) == (
        "r2", Request(2, 2, "health", "number", "one digit differs", DUE)
    )  # fmt: skip


def test_a_comment_changes_nothing_but_what_is_on_record():
    asked = request("comment", 99, None, "rang them", HEALTH, COUNTY)
    [event] = decide(case(), asked)
    assert event == CaseCommented(CASE, HEALTH, FRIDAY, "rang them")
    assert cases.evolve(case(), event) == case()._replace(entries=2)
    full = case()._replace(entries=ENTRIES_MAX)
    assert decide(full, asked) == refused(asked, "too-many-entries")


def test_events_of_other_things_leave_a_case_alone():
    other = CaseMoved("another", 9, "archived", None, "clerk", FRIDAY, None)
    assert cases.evolve(case(), other) == case()
    assert cases.evolve(case(), DiscrepancyCleared(DISCREPANCY, "p1", FRIDAY)) == case()
    assert cases.evolve(None, CaseMoved(CASE, 1, "accepted", None, "clerk", FRIDAY, None)) is None


WHO = st.sampled_from([(POLICE, TOWN), (POLICE, OTHER_TOWN), (HEALTH, COUNTY), ("clerk", "")])
DETAILS = st.fixed_dictionaries(
    {},
    optional={
        "place": st.sampled_from([TOWN, OTHER_TOWN, COUNTY, "x"]),
        "record": st.sampled_from(["r1", "r2", "r3"]),
        "field": st.just("number"),
        "question": st.just("?"),
        "record_version": st.sampled_from(["0", "1", "2", "-1"]),
        "request": st.sampled_from(["1", "2", "3", "x"]),
        "answer": st.sampled_from([*cases.ANSWERS, "x"]),
        "owner": st.sampled_from(["health", "commerce", ""]),
        "until": st.sampled_from(["2024-03-05", "2025-03-05", "x"]),
    },
)
REQUESTS = st.builds(
    lambda action, seen, outcome, who, details: CaseActionRequested(
        CASE, action, seen, who[0], outcome, "n", who[1], details
    ),
    st.sampled_from([*ACTIONS, "dance"]), st.integers(0, 6),
    st.sampled_from([None, *OUTCOMES, "forgotten"]), WHO, DETAILS,
)  # fmt: skip


@given(st.lists(st.tuples(REQUESTS, st.booleans()), max_size=40))
def test_whatever_is_asked_there_is_one_holder_and_one_answer(asked):
    """Versions count changes; an outcome is known exactly from settling on; a refusal changes nothing but the record."""
    now = case()
    for one, is_current in asked:
        seen = now.version if is_current else one.seen_version
        one = CaseActionRequested(
            CASE, one.action, seen, one.actor, one.outcome, one.note, one.place, one.details
        )
        events = decide(now, one)
        assert 1 <= len(events) <= 2
        for event in events:
            following = cases.evolve(now, event)
            if isinstance(event, CaseActionRefused):
                assert event.reason in REASONS
            if isinstance(event, CaseActionRefused | CaseCommented):
                assert following == now._replace(entries=now.entries + 1)
            else:
                assert following.version == now.version + 1
            changed_hands = (following.department, following.place) != (now.department, now.place)
            assert changed_hands <= (isinstance(event, CaseHandedOver) and event.step == "accepted")
            assert following.department and following.place.startswith(COUNTY)
            assert (following.outcome is not None) == (following.state in ("settled", "archived"))
            assert not following.asking or following.state in OPEN
            assert following.state in STATES
            now = following


@pytest.mark.parametrize("place", ["990101999", "990101103"])
def test_a_case_is_offered_only_to_a_town_that_there_is_on_the_day(place):
    asked = CaseActionRequested(CASE, "hand-over", 0, "clerk", None, None, "", {"place": place})
    assert decide(case(), asked) == refused(asked, "no-such-town")
    [offered] = cases.decide(case(), asked, GROUND._replace(divisions=NOWHERE))
    assert offered.step == "offered", "where no table was given, nobody can say"
    [offered] = (
        cases.decide(case(), asked, GROUND._replace(today=FRIDAY - 30)) if place[-1] == "3" else [offered]
    )
    assert offered.place == place


def test_whoever_takes_a_case_over_has_the_time_of_one_that_was_just_raised():
    late = case("accepted", 3, level=2, due_on=FRIDAY - 90, offered=f"public_security/{OTHER_TOWN}")
    now = follow(late, request("take-over"))
    assert (now.place, now.level, now.due_on) == (OTHER_TOWN, 0, DUE)
    declined = follow(late, request("decline"))
    assert (declined.place, declined.level, declined.due_on) == (TOWN, 2, FRIDAY - 90)
    [event] = decide(late, request("take-over", seen=3))
    old = cases.evolve(late, dataclasses.replace(event, due_on=None))
    assert (old.place, old.level, old.due_on) == (OTHER_TOWN, 2, FRIDAY - 90), "as it was written before"
