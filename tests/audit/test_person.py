"""A person explained: the values to go by, what ties its records together, who else it might have been."""

import json

import pytest
from click.testing import CliRunner

from hub.cli import cli
from hub.domain.events import ACTIONS, DisclosureMade
from hub.errors import NotFoundError
from hub.log.subscription import Subscription
from tests.replay.people import FEED, Site

LI = {"姓名": "李芳芳", "性别": "女", "出生日期": "19850709", "联系电话": "10012345678"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("site"))
    made.publish(
        ("A", LI | {"登记日期": "20230101"}),
        ("B", LI | {"姓名": "李方方", "登记日期": "20230201"}),
        ("C", LI | {"姓名": "王建国", "性别": "男", "出生日期": "19850708"}),
    )
    assert made.people() == {frozenset("AB"), frozenset("C")}
    made.config = made.folder / "hub.toml"
    made.config.write_text(f'[hub]\ndata = "{made.settings.hub.data}"\n')
    yield made
    made.hub.close()


def said(site, *arguments):
    done = CliRunner().invoke(cli, ["--config", str(site.config), *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_values_that_lost_are_kept_and_shown(site):
    found = json.loads(said(site, "people", "show", f"{FEED}/A", "--json"))
    name = next(one for one in found["golden"] if one["attribute"] == "name")
    assert (name["value"], name["source"]) == ("李方方", f"{FEED}/B")
    assert [(o["value"], o["why"]) for o in name["others"]] == [("李芳芳", "legal-day")]
    assert [one["record"] for one in found["stated_by"]] and len(found["stated_by"]) == 2
    assert "李方方" in said(site, "people", "show", found["person"])


def test_ties_weigh_each_field_and_say_why(site):
    found = json.loads(said(site, "explain", f"{FEED}/A", "--json"))
    (tie,) = found["ties"]
    assert found["model"] == tie["model"] == "default-3"
    assert sum(field["weight"] for field in tie["fields"]) == pytest.approx(tie["weight"], abs=0.02)
    assert tie["decision"] == "link" and "判为同一人" in tie["zh"] and "one person" in tie["en"]
    assert "phone" in {key["en"] for key in tie["keys"]}
    (other,) = found["alternatives"]
    assert other["decision"] == "reject" and other["right"]["stated_by"] == [f"{FEED}/C"]


def test_a_page_draws_a_waterfall_for_each(site, tmp_path):
    said(site, "explain", f"{FEED}/A", "--page", str(tmp_path / "person.html"))
    page = (tmp_path / "person.html").read_text("utf-8")
    assert page.count("<svg") == 2 and "李方方" in page and "合计 in all" in page


def test_whoever_is_shown_is_on_record(site):
    found = site.ask(lambda queries: queries.explain(f"{FEED}/A"))
    site.ask(lambda queries: queries.person(f"{FEED}/A", site.hub.feeds))
    events = [r.envelope.event for r in Subscription(site.hub.log, (ACTIONS,), {}).take(10**6).events]
    looks = [event for event in events if isinstance(event, DisclosureMade)]
    assert looks[-2].subjects == sorted({found["person"], found["alternatives"][0]["right"]["person"]})
    assert (looks[-1].query, looks[-1].subjects) == ("person", [found["person"]])


def test_nobody_of_that_id(site):
    with pytest.raises(NotFoundError):
        site.ask(lambda queries: queries.person("nobody", site.hub.feeds))
