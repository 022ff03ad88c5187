"""A town's clerk looks at the people of that town, by whichever command; the county at all of them."""

import json

import pytest

from hub.domain.disclosures import GRANTS, OWN, PURPOSES, VIEWS
from tests.casework.story import COUNTY, OTHER_TOWN, TOWN, WORK, Site, entry, record

POLICE = "public_security"
HERE, THERE = "pr1", "pr2"


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    made.close_day(entry(1, 1), entry(2, 1, name="林晓", place=f"{OTHER_TOWN}202", birth_date=99))
    yield made
    made.hub.close()


@pytest.mark.parametrize("command", [("explain",), ("people", "show")])
def test_nobody_of_another_town_is_shown(site, command):
    for town, mine, others in ((TOWN, HERE, THERE), (OTHER_TOWN, THERE, HERE)):
        assert site.cli(*command, mine, department=POLICE, place=town)["person"] == mine
        refused = site.cli(*command, others, department=POLICE, place=town, code=1)
        assert "of your area" in str(refused.exception)
        assert site.cli(*command, others, department=POLICE, place=COUNTY)["person"] == others


def test_a_page_of_people_is_of_the_readers_area(site):
    def seen(place):
        return {row["person"] for row in site.cli("people", department=POLICE, place=place)}

    assert (seen(TOWN), seen(OTHER_TOWN), seen(COUNTY)) == ({HERE}, {THERE}, {HERE, THERE})


def test_what_is_explained_of_cases_and_discrepancies_is_of_the_readers_area(site):
    [case] = site.cli("cases", department=POLICE, place=TOWN)
    [found] = site.cli("discrepancies", department=POLICE, place=TOWN)
    for wanted in (case["case"], found["discrepancy_id"]):
        assert site.cli("explain", wanted, department=POLICE, place=TOWN)["person"] == HERE
        site.cli("explain", wanted, department=POLICE, place=OTHER_TOWN, code=1)


def test_whoever_is_offered_a_case_may_look_at_its_person(site):
    [case] = site.cli("cases", department=POLICE, place=TOWN)
    place = ("--to", OTHER_TOWN, "--seen", case["version"])
    site.cli("cases", "hand-over", case["case"], *place, department=POLICE, place=TOWN)
    site.run()
    assert site.cli("explain", HERE, department=POLICE, place=OTHER_TOWN)["person"] == HERE


def test_what_tells_of_the_whole_county_is_for_readers_of_all_of_it(site, tmp_path):
    links = ("export", "links", tmp_path / "links.csv")
    refused = site.cli(*links, place=TOWN, code=1)
    assert "whole county" in str(refused.exception)
    assert not (tmp_path / "links.csv").exists()
    assert site.cli(*links)["links"] == 2
    assert json.dumps(site.cli("status", department=POLICE, place=TOWN))


@pytest.mark.parametrize("department", ["human_resources", "commerce"])
@pytest.mark.parametrize("command", [
    ("births",), ("residents",), ("households",), ("people",), ("people", "show", HERE),
    ("identity", "review", "list"), ("statistics", "births"),
])  # fmt: skip
def test_what_was_not_granted_is_refused_with_which_why_and_whom_to_ask(site, department, command):
    refused = str(site.cli(*command, department=department, code=1).exception)
    assert f"is not granted to {department} for record-reconciliation" in refused
    assert "未授权" in refused and "it may read cases, " in refused and "ask " in refused


def test_a_department_reads_the_discrepancies_it_owns_and_the_records_it_published(site):
    site.close_day(record(3, 1, WORK, name="王朗", sex="1", birth_date=500, number="99010168", started_on=19_000,
                          work_place=f"{TOWN}201"))  # fmt: skip
    whole = {row["discrepancy_id"]: row for row in site.cli("discrepancies")}
    assert {row["owner"] for row in whole.values()} == {POLICE, "human_resources"}
    mine = site.cli("discrepancies", department="human_resources")
    assert [row["owner"] for row in mine] == ["human_resources"]
    for id_, row in whole.items():
        code = 0 if row["owner"] == "human_resources" else 1
        site.cli("explain", id_, department="human_resources", code=code)
    seen = site.cli("explain", f"{WORK}/3", department="human_resources")
    assert (seen["record"], seen["discrepancies"]) == ("r3", [mine[0]["discrepancy_id"]])
    assert "person" not in seen and "ties" not in seen
    for others in ("r1", "pr3", "pr1", f"{WORK}/9"):
        site.cli("explain", others, department="human_resources", code=1)


def test_public_security_reads_births_it_entered_or_offers_to_enter(site):
    born = {"sex": "1", "birth_date": site.day - 90, "place": f"{TOWN}201", "mother_name": "林晓"}
    feed = "health.birth_certificate"
    site.close_day(
        record(5, 1, feed, certificate_no="X000000005", mother_hukou_place=f"{TOWN}201", **born),
        record(6, 1, feed, certificate_no="X000000006", mother_hukou_place="990202101201", **born | {"sex": "2"}),
    )  # fmt: skip
    assert {row["person"] for row in site.cli("births")} == {"pr5", "pr6"}
    assert {row["person"] for row in site.cli("births", department=POLICE)} == {"pr5"}


def test_every_grant_is_of_a_known_view_to_a_department_of_the_purpose():
    for (purpose, department), views in GRANTS.items():
        assert department in PURPOSES[purpose] and views.keys() <= VIEWS.keys()
    for purpose, departments in PURPOSES.items():
        assert all((purpose, department) in GRANTS for department in departments)
    assert OWN in GRANTS["record-reconciliation", "commerce"].values()
