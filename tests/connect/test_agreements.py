"""Agreements: signed as events, cited by records, followed by delivery, and at an end when they are ended."""

import json
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.domain.agreements import Agreement, disclosed, objections, permitted
from hub.domain.events import ACTIONS, RECORDS, AgreementEnded, DisclosureMade, RecordPublished
from hub.log.subscription import Subscription
from hub.settings import load
from tests.connect.samples import CONTRACT, command, events

SIGNED = """agreement = "members-health"
feed = "town.members"
receiver = "health"
purpose = "vital-statistics"
legal_basis = "数据共享条例第八条"
share_class = "conditional"
fields = ["member_no", "born"]
jurisdictions = ["990101"]
from = 2024-01-01
until = 2099-12-31
"""
BASE = Agreement(
    "a", 1, "f", "p", "health", "vital-statistics", "law", "conditional", ("x",), ("990101",), 10, 20
)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT)
    (tmp_path / "hub.toml").write_text('[feeds."town.members"]\ncontract = "members.yaml"\npath = "in"\n')
    (tmp_path / "signed.toml").write_text(SIGNED)
    (tmp_path / "in").mkdir()
    drop(tmp_path, "2024-02-01", "1,Anna,Berg,19900102\n")
    return tmp_path


def drop(folder, day, rows):
    (folder / f"in/{day}.csv").write_text("id,given_name,surname,dob\n" + rows)


def deliver(folder, expect=0, receiver="health", purpose="vital-statistics"):
    arguments = ["--receiver", receiver, "--purpose", purpose]
    return command(folder, "agreements", "deliver", "town.members", "out.jsonl", *arguments, expect=expect)


def test_delivery_gives_the_named_fields_and_stops_at_the_moment_the_agreement_is_ended(site):
    assert "no agreement in force" in deliver(site, expect=1).stderr
    command(site, "agreements", "sign", "signed.toml")
    command(site, "ingest")
    assert "1 records in out.jsonl under members-health@1" in deliver(site).stdout
    assert [json.loads(line) for line in (site / "out.jsonl").read_text().splitlines()] == [
        {"member_no": "1", "born": "1990-01-02"}
    ]
    assert "no agreement" in deliver(site, expect=1, receiver="commerce").stderr
    assert "no agreement" in deliver(site, expect=1, purpose="record-reconciliation").stderr
    drop(site, "2024-02-02", "2,Jon,Holm,19700305\n")
    command(site, "agreements", "end", "members-health", "--reason", "the law changed")
    assert "no agreement in force" in deliver(site, expect=1).stderr
    (receipt,) = json.loads(command(site, "ingest", "--json", expect=1).stdout)
    assert (receipt["drop"], receipt["rows"][0]["code"]) == ("2024-02-02.csv", "no-agreement")
    (site / "signed.toml").write_text(SIGNED.replace('"born"]', '"born", "given_name"]'))
    command(site, "agreements", "sign", "signed.toml")
    command(site, "ingest")
    deliver(site)
    assert json.loads((site / "out.jsonl").read_text().splitlines()[1])["given_name"] == "Jon"
    with closing(Hub(load(site / "hub.toml", {}))) as hub:
        cited = [
            r.envelope.agreement for r in Subscription(hub.log, (RECORDS,), {}).take(100).events
            if isinstance(r.envelope.event, RecordPublished)
        ]  # fmt: skip
        assert cited == ["members-health@1,1.0.0", "members-health@2,1.0.0"]
        assert [event.reason for event in events(hub, AgreementEnded)] == ["the law changed"]
        looks = [r.envelope.event for r in Subscription(hub.log, (ACTIONS,), {}).take(100).events]
        assert next(e.subjects for e in looks if isinstance(e, DisclosureMade)) == [
            "all of town.members",
            "members-health@1",
        ]
        for kept in hub.data.glob("intake.db*"):
            kept.unlink()
        with hub.ingest():
            assert [(a.cited, a.ended) for a in hub.intake.agreements()] == [("members-health@2", False)]
    assert "members-health@2: town.members → health" in command(site, "agreements", "list").stdout


def test_a_drop_outside_the_days_of_the_agreement_waits_and_a_feed_without_any_goes_on(site):
    command(site, "ingest")
    (site / "signed.toml").write_text(SIGNED.replace("2099-12-31", "2024-02-02"))
    command(site, "agreements", "sign", "signed.toml")
    drop(site, "2024-02-02", "2,Jon,Holm,19700305\n")
    drop(site, "2024-02-03", "3,Jon,Holm,19700305\n")
    told = json.loads(command(site, "ingest", "--json", expect=1).stdout)
    assert [(r["drop"], r["accepted"]) for r in told] == [("2024-02-03.csv", 0), ("2024-02-02.csv", 1)]


@pytest.mark.parametrize(
    ("said", "instead", "refusal"),
    [
        ("vital-statistics", "curiosity", "purpose is one of"), ('"health"', '"commerce"', "is not granted to commerce"),
        ("conditional", "maybe", "share_class is one of"), ("数据共享条例第八条", " ", "names no law"),
        ('["990101"]', "[]", "jurisdictions are division codes"), ("2099-12-31", "2020-12-31", "ends before it begins"),
        ('"born"', '"wages"', "the feed has no field wages"), ("2024-01-01", '"2024-01-01"', "without quotes"),
        ("town.members", "town.nothing", "unknown feed town.nothing"), ('receiver = "health"\n', "", "missing receiver"),
        ("数据共享条例第八条", "计划生育条例", "which the hub refuses to hold"), ("until", "untill", "missing until"),
    ],
)  # fmt: skip
def test_an_agreement_that_cannot_be_signed_says_why(site, said, instead, refusal):
    (site / "signed.toml").write_text(SIGNED.replace(said, instead))
    assert refusal in command(site, "agreements", "sign", "signed.toml", expect=2).stderr


@given(
    st.lists(st.sets(st.sampled_from("abcd")), max_size=3), st.sets(st.sampled_from("abcd")),
    st.sampled_from(["990101", "990102", "9901", "99010120"]), st.sampled_from([None, "990101201201", "990102101101"]),
)  # fmt: skip
def test_no_agreement_ever_lets_out_a_field_it_does_not_name_or_a_place_it_does_not_reach(
    named, fields, code, place
):
    agreements = [BASE._replace(fields=tuple(each), jurisdictions=(code,)) for each in named]
    found = disclosed(dict.fromkeys(fields, 1), place, "990101", agreements)
    assert found.keys() <= set().union(*named) & fields
    if not (place or "990101").startswith(code):
        assert found == {}


def test_an_agreement_is_in_force_on_its_days_for_its_receiver_and_purpose_alone():
    assert [day for day in range(8, 23) if BASE.in_force(day)] == list(range(10, 21))
    assert permitted([BASE], "health", "vital-statistics", 10) == [BASE]
    assert permitted([BASE], "health", "vital-statistics", 21) == []
    assert permitted([BASE], "commerce", "vital-statistics", 10) == []
    assert permitted([BASE._replace(ended=True)], "health", "vital-statistics", 10) == []
    assert list(objections(BASE, ["x"], None)) == []
    assert list(objections(BASE, ["x"], BASE)) == ["version is the next one, 2"]
