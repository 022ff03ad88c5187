"""A town's clerk looks at the people of that town, by whichever command; the county at all of them."""

import json

import pytest

from tests.casework.story import COUNTY, OTHER_TOWN, TOWN, Site, entry

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
    refused = site.cli(*links, department=POLICE, place=TOWN, code=1)
    assert "whole county" in str(refused.exception)
    assert not (tmp_path / "links.csv").exists()
    assert site.cli(*links, department=POLICE)["links"] == 2
    assert json.dumps(site.cli("status", department=POLICE, place=TOWN))
