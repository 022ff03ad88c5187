"""Pairs that people must look at: what they say is kept for ever, and what they take back leaves no trace."""

import json

import pytest
from click.testing import CliRunner

from hub.audit.review import pair_id, parse_pair
from hub.cli import cli
from hub.domain.events import ACTIONS, DisclosureMade
from hub.errors import DisclosureRefusedError, NotFoundError, SettingsError
from hub.log.subscription import Subscription
from hub.matching import default_model
from hub.matching.document import written
from tests.replay.people import SU, Site

NUMBERS = "990101196808187899", "99010119641212891X"
"""Neither passes its check: each may be the other, badly copied."""
ONE, TWO = SU | {"公民身份号码": NUMBERS[0]}, SU | {"公民身份号码": NUMBERS[1], "地址代码": "990202101201"}
APART = {frozenset("A"), frozenset("B")}
TOGETHER = {frozenset("AB")}


@pytest.fixture(params=[1, 4])
def site(request, tmp_path):
    """Two entries that only a person can tell apart."""
    made = Site(tmp_path, request.param)
    made.publish(("A", ONE), ("B", TWO))
    assert made.people() == APART
    yield made
    made.check()
    made.hub.close()


def queue(site):
    return site.ask(lambda queries: queries.review_queue())


def pair_of(site):
    return queue(site)[0]["pair"]


def without(digests, *names):
    return {name: digest for name, digest in digests.items() if name not in names}


def test_a_person_joins_what_the_model_left_open_and_taking_it_back_restores(site):
    before = site.digests()
    pair = pair_of(site)
    site.say(pair, "same")
    assert site.people() == TOGETHER and queue(site) == []
    site.say(pair, "withdrawn")
    assert site.people() == APART and pair_of(site) == pair
    assert site.digests() == before


def test_a_person_splits_what_the_model_joined_and_taking_it_back_restores(site):
    pair = pair_of(site)
    site.hub.adopt(lenient(), "a lower line")
    site.run()
    before = site.digests()
    assert site.people() == TOGETHER
    site.say(pair, "different")
    assert site.people() == APART
    site.say(pair, "withdrawn")
    assert site.people() == TOGETHER and site.digests() == before


def test_not_the_same_outlives_new_evidence_another_model_and_a_rebuild(site):
    site.say(pair_of(site), "different")
    assert queue(site) == []
    # New evidence: one of them now states the other's number, and then every word the other states.
    site.publish(("A", ONE | {"公民身份号码": NUMBERS[1], "联系电话": "10012345678", "操作": "变更"}))
    assert site.people() == APART
    site.publish(("A", TWO | {"操作": "变更"}))
    assert site.people() == APART
    # Another model that would join them, and a hub that starts again from the log.
    site.hub.adopt(lenient(), "a lower line")
    site.run()
    assert site.people() == APART
    assert site.hub.rebuild(lambda _: None)["ok"]
    site.reopen()
    site.publish(("C", TWO | {"联系电话": "10012345678"}))
    assert not any({"A", "B"} <= keys for keys in site.people())


def test_the_same_outlives_new_evidence_too(site):
    site.say(pair_of(site), "same")
    site.publish(("A", {"姓名": "王伟", "性别": "女", "出生日期": "20010203", "操作": "变更"}))
    assert site.people() == TOGETHER
    site.publish(("A", ONE | {"操作": "撤销"}))
    assert site.people() == {frozenset("B")}
    site.publish(("A", ONE))
    assert site.people() == TOGETHER


def test_ids_are_the_same_on_every_replay_and_after_a_merge_and_split(site):
    links = site.ask(lambda queries: queries.links(None))
    pair = pair_of(site)
    site.say(pair, "same")
    merged = dict(site.ask(lambda queries: queries.links(None)))
    assert len(set(merged.values())) == 1 and set(merged.values()) <= {person for _, person in links}
    # Whoever asks for the id that was given away finds the one person.
    found = [site.ask(lambda queries, p=p: queries.explain(p))["person"] for _, p in links]
    assert set(found) == set(merged.values())
    site.say(pair, "withdrawn")
    assert site.ask(lambda queries: queries.links(None)) == links


def test_both_sides_are_shown_and_every_look_is_an_event(site):
    pair = pair_of(site)
    found = site.ask(lambda queries: queries.review_pair(pair))
    assert {*found["left"]["stated_by"], *found["right"]["stated_by"]} == {
        "public_security.household_entry/A", "public_security.household_entry/B",
    }  # fmt: skip
    assert found["judged"] == "" and not found["one_person"]
    weights = {field["field"]: field["weight"] for field in found["fields"]}
    assert sum(weights.values()) == pytest.approx(found["weight"], abs=0.01)
    assert "须由人判定" in found["zh"] and "people must look" in found["en"]
    assert any(key["en"] == "birth date" or "sound of the name" in key["en"] for key in found["keys"])
    looks = [r.envelope.event for r in Subscription(site.hub.log, (ACTIONS,), {}).take(10**6).events]
    shown = [look for look in looks if isinstance(look, DisclosureMade) and look.query == "review pair"]
    assert shown[-1].subjects == sorted({found["left"]["person"], found["right"]["person"]})


def test_a_reader_without_purpose_neither_sees_nor_says(site):
    def ask(queries):
        queries._reader = queries._reader._replace(purpose="curiosity")
        for question in (
            queries.review_queue, lambda: queries.review_pair("0" * 16 + "-" + "1" * 16),
            lambda: queries.judgement("0" * 16 + "-" + "1" * 16, "same", "why"),
        ):  # fmt: skip
            with pytest.raises(DisclosureRefusedError):
                question()

    site.ask(ask)


def test_what_is_no_pair_is_told_of(site):
    assert parse_pair(pair_id(-5, 7)) == parse_pair(pair_id(7, -5)) == (-5, 7)
    for wrong, error in (("7:8", SettingsError), ("0" * 16 + "-" + "1" * 16, NotFoundError)):
        with pytest.raises(error):
            site.ask(lambda queries, wrong=wrong: queries.review_pair(wrong))


def test_the_queue_puts_first_where_most_is_put_right(tmp_path):
    site = Site(tmp_path)
    more = {"姓名": "孟良", "出生日期": "19700101"}
    site.publish(
        ("A", ONE), ("B", TWO), ("C", ONE | more), ("D", TWO | more), ("E", TWO | more),
    )  # fmt: skip
    assert [row["records"] for row in queue(site)] == [3, 2]
    site.hub.close()


def test_the_command_line_lists_shows_and_says(tmp_path):
    site = Site(tmp_path)
    site.publish(("A", ONE), ("B", TWO))
    config = tmp_path / "hub.toml"
    config.write_text(f'[hub]\ndata = "{site.settings.hub.data}"\n')

    def said(*arguments):
        done = CliRunner().invoke(
            cli, ["--config", str(config), "identity", "review", *arguments], catch_exceptions=False
        )
        assert done.exit_code == 0, done.output
        return done.output

    pair = json.loads(said("list", "--json"))[0]["pair"]
    assert "合计" in said("show", pair, "--page", str(tmp_path / "pair.html"))
    page = (tmp_path / "pair.html").read_text("utf-8")
    assert page.count("<svg") == 1 and "苏义" in page and "合计 in all" in page
    said("say", pair, "same", "--reason", "one signature")
    site.run()
    assert json.loads(said("list", "--json")) == [] and site.people() == TOGETHER
    assert "由人判定为同一人" in said("show", pair)
    site.hub.close()


def lenient():
    """The first model with a lower line: it would join what that leaves to people."""
    document = default_model().document
    return written(document | {"version": "lenient", "link": 12.0, "review": 8.0})


# --- the cases of pairs -----------------------------------------------------------------------


def unclear(site):
    """State and outcome of the cases of pairs."""
    rows = site.ask(lambda queries: queries.rows("cases", kind="identity-unclear"))
    return [(row["state"], row["outcome"]) for row in rows]


def test_a_pair_is_a_case_with_a_deadline_until_somebody_says_whether_it_is_one_person(site):
    [case] = site.ask(lambda queries: queries.rows("cases", kind="identity-unclear"))
    about = site.ask(lambda queries: queries.explain(case["discrepancy_id"]))
    assert pair_of(site) in about["evidence"] and len(about["records"]) == 2
    assert case["state"] == "raised" and case["due_on"] > case["raised_on"]
    site.say(pair_of(site), "different")
    site.close()
    assert unclear(site) == [("settled", "corrected")]
    site.close()
    site.say_again("withdrawn")
    site.close()
    assert unclear(site) == [("raised", None)], "back at once, it goes on with its case"


@pytest.mark.parametrize("how", ["same", "evidence", "withdrawn"])
def test_a_pair_that_is_no_question_any_more_settles_its_case(site, how):
    if how == "same":
        site.say(pair_of(site), "same")
        site.close()
    elif how == "evidence":
        # The number is that of the other, copied right by now.
        site.publish(("A", TWO | {"操作": "变更"}))
    else:
        site.publish(("B", TWO | {"操作": "撤销"}))
    assert unclear(site) == [("settled", "corrected")] and queue(site) == []


def test_the_case_of_a_pair_does_not_depend_on_who_came_first(tmp_path):
    found = []
    for number, rows in enumerate(([("A", ONE), ("B", TWO)], [("B", TWO), ("A", ONE)])):
        site = Site(tmp_path / str(number))
        site.publish(*rows)
        found.append((site.digests(), unclear(site)))
        site.hub.close()
    assert found[0] == found[1] and found[0][1] == [("raised", None)]
