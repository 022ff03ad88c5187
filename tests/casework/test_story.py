"""A case from raised to archived by the command line, across two towns and an owner's correction; it replays."""

import pytest

from hub.casework import Chosen, Wanted
from hub.domain.days import iso
from hub.domain.disclosures import Reader
from hub.domain.events import ACTIONS, DisclosureMade
from hub.log.subscription import Subscription
from hub.matching.numbers import to_18
from tests.casework.story import BAD, COUNTY, OTHER_TOWN, START, TOWN, WORK, Site, entry, record, withdrawn

POLICE = "public_security"
NAMES = ("苏义", "林晓", "周平", "吴广", "郑和", "王朗", "冯唐")


@pytest.fixture(params=[1, 4], ids="{} partitions".format)
def site(request, tmp_path):
    made = Site(tmp_path, request.param)
    yield made
    made.hub.close()


def test_from_raised_to_archived_across_two_towns_and_an_owners_correction(site):
    site.close_day(entry(1, 1), entry(2, 1, name="林晓", place=f"{OTHER_TOWN}202", birth_date=99))
    [found] = site.cli("cases", "list", department=POLICE, place=TOWN)
    case = found["case"]
    assert found["kind"] == "number-invalid" and found["place"] == TOWN
    assert (found["state"], found["due_on"], found["level"]) == ("raised", "2024-03-15", "town")

    def act(action, *more, seen=None, town=TOWN, department=POLICE, code=0):
        version = site.cli("cases", "show", case)["version"] if seen is None else seen
        versioned = () if action in ("answer", "comment") else ("--seen", version)
        said = site.cli(
            "cases", action, case, *more, *versioned, department=department, place=town, code=code
        )
        site.run()
        return said

    act("accept")
    second = act("accept", seen=0, code=1, department="health", town=COUNTY)
    assert second["refused"] == "case-changed-meanwhile" and second["en"] and second["zh"]
    act("comment", "rang the station", department="health", town=COUNTY)
    act("hand-over", "--to", OTHER_TOWN, "--note", "registered there by now")
    assert site.cli("cases", "list", department=POLICE, place=OTHER_TOWN, code=0)[-1]["offered"]
    act("take-over", town=OTHER_TOWN)
    act("mark", town=OTHER_TOWN)
    record = site.cli("cases", "show", case)["records"][0]
    assert (record["feed"], record["owner"], record["version"]) == (
        "public_security.household_entry", POLICE, 1,
    )  # fmt: skip
    question = ("--record", f"{record['feed']}/{record['key']}", "--field", "number")
    act("ask", *question, "--question", "two digits are missing", town=OTHER_TOWN)
    act("ask", *question, "--question", "which number does the card show", town=OTHER_TOWN)
    [asked] = site.cli("cases", "requests", department=POLICE, place=COUNTY)
    assert (asked["number"], asked["seen_version"], asked["due_on"]) == (2, 1, "2024-03-08")
    stale = ("corrected", "--request", 1, "--record-version", 2)
    assert act("answer", *stale, town=COUNTY, code=1)["refused"] == "stale-request"
    act("answer", "corrected", "--request", 2, "--record-version", 2, town=COUNTY)
    act("verify", town=OTHER_TOWN)
    site.close_day(entry(1, 2, number=to_18("990101680818001")))
    settled = site.cli("cases", "show", case)
    assert (settled["state"], settled["outcome"], settled["settled_by"]) == ("settled", "corrected", "hub")
    late = act("answer", "right", "--request", 2, "--reason", "it was right", town=COUNTY, code=1)
    assert late["refused"] == "case-moved-on"
    act("archive", town=OTHER_TOWN)

    told = site.cli("cases", "timeline", case)
    assert [one["event"] for one in told] == [
        "CaseRaised", "CaseMoved", "CaseActionRefused", "CaseCommented", "CaseHandedOver",
        "CaseHandedOver", "CaseMoved", "RecordQuestioned", "RecordQuestioned", "CaseActionRefused",
        "RecordAnswered", "CaseMoved", "CaseMoved", "CaseActionRefused", "CaseMoved",
    ]  # fmt: skip
    assert told[-1]["said"]["state"] == "archived" and [one["number"] for one in told] == [*range(1, 16)]
    [measured] = site.cli("discrepancies", "precision")
    assert (measured["kind"], measured["judged"], measured["precision"]) == ("number-invalid", 1, 1.0)
    assert 0.2 < measured["low"] < 0.21 and not measured["under_target"]
    assert BAD not in str(told)
    site.replays()


CERTIFICATE, REGISTRATION = "health.birth_certificate", "public_security.residence_registration"


def test_a_reminder_whose_limit_passed_lapsed_and_says_nothing_of_its_precision(site):
    certificate = {"certificate_no": "X000000001", "sex": "1", "birth_date": START - 20, "place": f"{TOWN}201",
                   "mother_name": "林晓", "mother_hukou_place": f"{TOWN}201"}  # fmt: skip
    paper = {"name": "周平", "sex": "1", "birth_date": -5_000, "place": f"{TOWN}201", "registered_on": START - 170,
             "expires_on": START + 5}  # fmt: skip
    site.close_day(record(1, 1, CERTIFICATE, **certificate), record(2, 1, REGISTRATION, **paper), days=60)
    settled = [site.cli("cases", "show", row["case"]) for row in site.cli("cases", "--state", "settled")]
    assert {row["kind"]: (row["outcome"], row["settled_by"]) for row in settled} == {
        "birth-registration-due": ("lapsed", "hub"), "residence-renewal-due": ("lapsed", "hub"),
    }  # fmt: skip
    assert {row["kind"] for row in site.cli("cases", "--state", "open")} == {
        "birth-unregistered", "residence-expired",
    }  # fmt: skip
    for row in site.cli("discrepancies", "precision"):
        assert row["outcomes"] == {"lapsed": 1} and row["judged"] == 0
    site.replays()


def test_of_a_shared_number_the_owners_of_all_sides_can_be_asked(site):
    one = to_18("990101680818001")
    site.close_day(
        entry(1, 1, number=one, birth_date=-501), entry(2, 1, name="林晓", sex="2", birth_date=9_000, number="",
              place=f"{OTHER_TOWN}202"),
        record(3, 1, WORK, name="林晓", sex="2", birth_date=9_000, number=one, started_on=19_100, work_place=f"{TOWN}201"),
    )  # fmt: skip
    [case] = (row["case"] for row in site.cli("cases", "--kind", "number-shared"))
    shown = site.cli("cases", "show", case)
    assert {(row["record"], row["owner"]) for row in shown["records"]} == {
        ("r1", POLICE), ("r3", "human_resources"),
    }  # fmt: skip
    assert one not in str(shown) and "林晓" not in str(shown)
    site.cli("cases", "accept", case, "--seen", 0)
    site.run()
    site.cli("cases", "ask", case, "--seen", 1, "--record", "r3", "--field", "number", "--question", "hers?")
    site.run()
    assert site.cli("cases", "requests", department="human_resources")[0]["record_id"] == "r3"
    told = [
        recorded.envelope.event for recorded in Subscription(site.hub.log, (ACTIONS,), {}).take(1_000).events
    ]
    looked = next(event for event in told if isinstance(event, DisclosureMade) and event.query == "case")
    assert len(looked.subjects) == 2, "whose records are shown was looked at"
    site.replays()


def test_a_late_case_is_handed_to_a_town_that_exists_and_is_in_time_there(site):
    site.close_day(entry(1, 1), days=20)
    [case] = site.cli("cases")
    assert (case["level"], case["overdue"]) == ("county", False)
    police = {"department": POLICE, "place": TOWN}
    refused = site.cli("cases", "hand-over", case["case"], "--seen", 1, "--to", "990101999", **police, code=1)
    assert refused["refused"] == "no-such-town"
    site.run()
    site.cli("cases", "hand-over", case["case"], "--seen", 1, "--to", OTHER_TOWN, **police)
    site.run()
    site.cli("cases", "take-over", case["case"], "--seen", 2, department=POLICE, place=OTHER_TOWN)
    site.run()
    [taken] = site.cli("cases")
    assert (taken["level"], taken["place"], taken["due_on"]) == ("town", OTHER_TOWN, "2024-04-03")
    site.replays()


def test_an_owner_is_asked_about_a_field_that_its_record_has(site):
    site.close_day(entry(1, 1))
    [case] = (row["case"] for row in site.cli("cases"))
    site.cli("cases", "accept", case, "--seen", 0)
    site.run()
    asking = ("cases", "ask", case, "--seen", 1, "--record", "r1", "--question", "?", "--field")
    refused = site.cli(*asking, "nonsense_field", code=1)
    assert refused["refused"] == "no-such-field" and "hub feeds spec" in refused["zh"]
    site.run()
    assert site.cli("cases", "requests", department=POLICE) == []
    site.cli(*asking, "name")
    site.run()
    assert site.cli("cases", "requests", department=POLICE)[0]["field"] == "name"
    site.replays()


def test_who_has_nothing_to_do_with_a_case_does_not_see_it(site):
    site.close_day(entry(1, 1))
    [found] = site.cli("cases")
    for department, place in (("commerce", COUNTY), (POLICE, OTHER_TOWN)):
        assert site.cli("cases", department=department, place=place) == []
        site.cli("cases", "show", found["case"], department=department, place=place, code=1)
    site.cli("cases", department=POLICE, place="99", code=1)


def test_past_its_deadline_a_case_goes_up_at_the_close_of_the_day_and_stays_with_its_town(site):
    site.close_day(entry(1, 1), days=15)
    assert site.cli("cases", "--overdue") == []
    site.close_day()
    [found] = site.cli("cases", "--level", "county")
    assert (found["due_on"], found["version"], found["place"]) == ("2024-03-22", 1, TOWN)
    site.close_day(days=40)
    [found] = site.cli("cases", "--overdue")
    assert (found["level"], found["version"]) == ("supervision", 2)
    site.replays()


def test_what_was_found_right_is_not_raised_again_until_its_evidence_changes(site):
    site.close_day(entry(1, 1), entry(2, 1, name="林晓", birth_date=99))
    case = site.cli("cases")[0]["case"]
    site.cli("cases", "accept", case, "--seen", 0)
    site.run()
    site.cli("cases", "settle", case, "--seen", 1, "--outcome", "confirmed-right", "--note", "an old card")
    site.run()
    site.close_day(withdrawn(1, 2, site.day), withdrawn(2, 2, site.day))
    site.close_day(entry(1, 3), entry(2, 3, name="林晓", birth_date=99))
    found = {row["case"]: row for row in site.cli("cases")}
    assert found.pop(case)["state"] == "settled"
    [other] = found.values()
    assert (other["state"], other["version"]) == ("raised", 2), "back on the next day it went on"
    site.close_day(entry(1, 4, number="1"), entry(2, 4, name="林晓", birth_date=99, number="1"))
    assert site.cli("cases", "show", case)["state"] == "raised"
    site.replays()


def test_one_that_comes_and_goes_keeps_one_case(site):
    for turn in range(5):
        site.close_day(entry(1, 2 * turn + 1))
        site.close_day(withdrawn(1, 2 * turn + 2, site.day))
    [found] = site.cli("cases")
    assert site.cli("cases", "show", found["case"])["flapping"]
    [discrepancy] = site.cli("discrepancies")
    assert discrepancy["times"] == 5
    notes = [one["said"].get("note") for one in site.cli("cases", "timeline", found["case"])]
    assert notes.count("flapping") == 1 and notes.count("flapping-again") == 1
    site.replays()


def test_one_command_for_many_cases_each_with_its_own_event_and_version(site):
    site.close_day(*(entry(n, 1, name=name, birth_date=400 * n) for n, name in enumerate(NAMES, 1)))
    cases = [row["case"] for row in site.cli("cases")]
    site.cli("cases", "accept", cases[0], "--seen", 0)
    site.run()
    tried = site.cli("cases", "bulk", "accept", "--kind", "number-invalid", "--dry-run", code=1)
    assert tried["expected"]["followed"] == 6 and tried["cases"] == 7
    assert tried["expected"]["reasons"]["not-in-this-state"]["count"] == 1
    site.cli("cases", "bulk", "accept", "--state", "raised", "--limit", 4)
    with site.hub.projection() as db:
        from_here = site.hub.log.head()
        reading, acting = site.hub.casework(
            db, Reader("health", "registrar", COUNTY, "record-reconciliation")
        )
        found = acting.bulk(Chosen(state="raised"), Wanted(action="accept"), dry_run=False)
        assert found["expected"]["followed"] == 6
        site.run()
        became = acting.fates(found["asked"], from_here, 0)
        assert reading.today == site.day
    # What was asked twice of the same version is one request.
    assert (became["followed"], became["refused"], became["undecided"]) == (6, 0, 0)
    states = {row["state"] for row in site.cli("cases")}
    assert states == {"accepted"}
    site.replays()


def test_pages_follow_each_other_the_most_pressing_first(site):
    site.close_day(*(entry(n, 1, name=name, birth_date=400 * n) for n, name in enumerate(NAMES[:3], 1)))
    site.close_day(*(entry(n, 1, name=name, birth_date=400 * n) for n, name in enumerate(NAMES[3:6], 4)))
    settled = site.cli("cases")[0]["case"]
    site.close_day(withdrawn(next(n for n in (1, 2, 3) if _case_of(site, n) == settled), 2, site.day))
    whole = [row["case"] for row in site.cli("cases")]
    assert len(whole) == 6 and whole[-1] == settled
    paged, after = [], ""
    while page := site.cli("cases", "list", "--limit", 2, "--after", after):
        paged += [row["case"] for row in page]
        after = paged[-1]
    assert paged == whole


def _case_of(site, number):
    return next(row["case_id"] for row in site.cli("discrepancies") if row["records"] == [f"r{number}"])


def test_what_is_not_theirs_goes_to_the_department_they_name(site):
    site.close_day(entry(1, 1), entry(2, 1, feed=WORK, started_on=100, work_place=f"{TOWN}201"))
    found = site.cli("cases", "--kind", "number-invalid", "--department", POLICE)
    case = found[0]["case"]
    site.cli("cases", "accept", case, "--seen", 0)
    site.run()
    record = site.cli("cases", "show", case)["records"][0]["record"]
    until = iso(START + 30)
    site.cli("cases", "ask", case, "--seen", 1, "--record", record, "--field", "number", "--question", "?",
             "--until", until)  # fmt: skip
    site.run()
    site.cli("cases", "answer", case, "not-ours", "--request", 1, "--owner", "human_resources",
             department=POLICE)  # fmt: skip
    site.run()
    [asked] = site.cli("cases", "requests", department="human_resources", place=COUNTY)
    assert (asked["number"], asked["owner"], asked["due_on"]) == (2, "human_resources", until)
    assert site.cli("cases", "show", case, department="human_resources")["case"] == case
    assert site.cli("cases", "requests", department=POLICE) == []
    site.replays()


def test_words_about_what_the_hub_refuses_to_hold_are_refused(site):
    site.close_day(entry(1, 1))
    case = site.cli("cases")[0]["case"]
    site.cli("cases", "comment", case, "她是否已上环", code=1)
    assert site.cli("cases", "timeline", case)[-1]["event"] == "CaseRaised"


def test_nobody_is_given_a_case_or_a_question_who_could_never_see_it(site):
    site.close_day(entry(1, 1))
    [case] = (row["case"] for row in site.cli("cases"))
    police = {"department": POLICE, "place": TOWN, "code": 1}
    refused = site.cli(
        "cases", "hand-over", case, "--seen", 0, "--to", COUNTY, "--department", "polise", **police
    )
    assert "polise" in str(refused.exception) and "public_security" in str(refused.exception)
    refused = site.cli("cases", "answer", case, "not-ours", "--request", 1, "--owner", "nobody", **police)
    assert "nobody" in str(refused.exception)
    assert site.cli("cases", "timeline", case)[-1]["event"] == "CaseRaised"


def test_a_comment_holds_no_number_of_a_person(site):
    site.close_day(entry(1, 1))
    [case] = (row["case"] for row in site.cli("cases"))
    refused = site.cli("cases", "comment", case, "the card shows 990101199001011234", code=1)
    assert "identity number" in str(refused.exception) and "1990" not in str(refused.exception)


@pytest.mark.parametrize("seen", [-1, 10**20])
def test_a_version_that_no_case_can_have_is_refused(site, seen):
    site.close_day(entry(1, 1))
    [case] = (row["case"] for row in site.cli("cases"))
    site.cli("cases", "accept", case, "--seen", seen, department=POLICE, place=TOWN, code=2)
    assert site.cli("cases", "show", case)["state"] == "raised"


def test_a_bulk_that_nobody_decided_in_time_says_try_later(site):
    site.close_day(entry(1, 1))
    found = site.cli("cases", "bulk", "accept", "--wait", 0.1, department=POLICE, place=TOWN, code=3)
    assert found["became"]["undecided"] == 1
