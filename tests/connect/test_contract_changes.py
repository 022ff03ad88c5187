"""Contract changes: what breaks for whom is told before, and nothing that breaks anybody slips in by an edit."""

import json
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.connect.odcs import load_contract
from hub.connect.terms import digest_of, terms_of, unreadable_under
from hub.domain.agreements import Agreement
from hub.domain.amendments import STEPS, Consumer, amendments, is_right, needed, stepped
from hub.domain.events import RECORDS, ContractAccepted, RecordPublished
from hub.log.subscription import Subscription
from hub.settings import load
from tests.connect.samples import command, events

BASE = """
apiVersion: v3.1.0
kind: DataContract
id: town.members
version: 1.0.0
status: active
schema:
- name: members
  properties:
  - {name: member_no, physicalName: id, required: true, primaryKey: true, classification: internal}
  - {name: family_name, physicalName: surname, required: true, classification: personal, customProperties: [{property: attribute, value: family_name}]}
  - {name: born, physicalName: dob, logicalType: date, classification: personal, customProperties: [{property: attribute, value: birth_date}]}
  - {name: sex, classification: personal, customProperties: [{property: kind, value: code}, {property: codes, value: {m: male, f: female}}]}
  - {name: stay, logicalType: integer, classification: internal, customProperties: [{property: unit, value: months}]}
  - {name: moved_in, logicalType: date, classification: internal}
  quality:
  - {type: custom, engine: hub, implementation: {rule: in-order, fields: [born, moved_in]}}
"""
SIGNED = """agreement = "members-health"
feed = "town.members"
receiver = "health"
purpose = "vital-statistics"
legal_basis = "数据共享条例第八条"
share_class = "conditional"
fields = ["member_no", "stay", "moved_in"]
jurisdictions = ["990101"]
from = 2024-01-01
until = 2099-12-31
"""
HEALTH = Agreement(
    "members-health", 1, "town.members", "other", "health", "vital-statistics", "law", "conditional",
    ("member_no", "stay", "moved_in"), ("990101",), 0, 99_999,
)  # fmt: skip
CITED = Consumer("agreement", "members-health@1 → health")


def terms(tmp_path, text):
    path = tmp_path / "c.yaml"
    path.write_text(text)
    return load_contract(path)


def changed(tmp_path, *pairs):
    text = BASE
    for said, instead in pairs:
        assert text.count(said) == 1, said
        text = text.replace(said, instead)
    before, after = terms(tmp_path, BASE), terms(tmp_path, text)
    cannot = unreadable_under(after, [terms_of(before)])
    return [
        (a.what, a.field, a.breaks) for a in amendments(terms_of(before), terms_of(after), [HEALTH], cannot)
    ]


STAY = "  - {name: stay, logicalType: integer, classification: internal, customProperties: [{property: unit, value: months}]}\n"


@pytest.mark.parametrize(("pairs", "found"), [
    ([(STAY, "")], [("removed", "stay", (CITED,))]),
    ([("name: moved_in, logicalType", "name: came, physicalName: moved_in, logicalType"), ("[born, moved_in]", "[born, came]")],
     [("renamed", "moved_in", (CITED,)), ("quality-added", "born", ()), ("quality-removed", "born", (CITED,))]),
    ([("value: months", "value: days")], [("unit", "stay", (CITED,))]),
    ([("name: stay, logicalType: integer", "name: stay")],
     [("kind", "stay", (CITED,)), ("schema", "", (Consumer("readers", ""),)), ("schema", "", (Consumer("readers", ""),))]),
    ([("value: {m: male, f: female}", "value: {m: female, f: female, x: other}")],
     [("codes-added", "sex", ()), ("codes-changed", "sex", (Consumer("rules", "sex"),))]),
    ([("value: {m: male, f: female}", "value: {m: male}")], [("codes-removed", "sex", ())]),
    ([("surname, required: true", "surname")], [("optional", "family_name", (Consumer("identity", "family_name"),))]),
    ([("dob, logicalType", "dob, required: true, logicalType")], [("required", "born", ())]),
    ([("months}]}\n  - {name: moved_in, logicalType: date, classification: internal",
       "months}]}\n  - {name: moved_in, logicalType: date, classification: sensitive")], [("classification", "moved_in", (CITED,))]),
    ([("value: birth_date", "value: number")], [("attribute", "born", (Consumer("identity", "birth_date"),))]),
    ([("required: true, primaryKey: true", "required: true"), ("dob, logicalType: date", "dob, primaryKey: true, logicalType: date")],
     [("key", "", (Consumer("records", ""),))]),
    ([("[born, moved_in]}}", "[born, moved_in]}, severity: warn}")], [("quality-changed", "born", (CITED,))]),
    ([("physicalName: surname", "physicalName: last")], [("heading", "family_name", ())]),
    ([("  quality", "  - {name: note, classification: internal, description: x}\n  quality")], [("added", "note", ())]),
    ([("1.0.0", "1.0.1"), ("name: members\n", "name: people\n")], []),
])  # fmt: skip
def test_each_change_is_named_with_those_it_breaks(tmp_path, pairs, found):
    assert changed(tmp_path, *pairs) == found


@pytest.mark.parametrize(("before", "after", "step"), [
    ("1.0.0", "2.0.0", "major"), ("1.2.3", "1.3.0", "minor"), ("1.2.3", "1.2.4", "patch"), ("1.2.3", "1.2.3", "none"),
    ("2.0.0", "1.9.9", "back"), ("1.9.0", "1.10.0", "minor"),
])  # fmt: skip
def test_a_step_is_that_of_the_first_number_that_grew(before, after, step):
    assert stepped(before, after) == step


VERSION = st.tuples(*[st.integers(0, 3)] * 3)


@given(VERSION, VERSION)
def test_a_lower_version_is_never_right_and_a_major_one_always(before, after):
    step = stepped(".".join(map(str, before)), ".".join(map(str, after)))
    assert (step == "back") == (after < before)
    assert step in (*STEPS, "back")
    assert is_right([], step) == (step != "back")
    assert needed([]) == "none"


# --- at the door ------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path):
    (tmp_path / "members.yaml").write_text(BASE)
    (tmp_path / "hub.toml").write_text('[feeds."town.members"]\ncontract = "members.yaml"\npath = "in"\n')
    (tmp_path / "signed.toml").write_text(SIGNED)
    (tmp_path / "in").mkdir()
    drop(tmp_path, "2024-02-01", "1")
    command(tmp_path, "agreements", "sign", "signed.toml")
    command(tmp_path, "ingest")
    return tmp_path


def drop(folder, day, key):
    (folder / f"in/{day}.csv").write_text(
        f"id,surname,dob,sex,stay,moved_in\n{key},Berg,19900102,m,3,20200101\n"
    )


def told(folder):
    (receipt,) = json.loads(command(folder, "ingest", "--json", expect=1).stdout)
    return receipt["rows"][0]["code"]


def accepted(folder):
    with closing(Hub(load(folder / "hub.toml", {}))) as hub:
        cited = [
            r.envelope.agreement for r in Subscription(hub.log, (RECORDS,), {}).take(1000).events
            if isinstance(r.envelope.event, RecordPublished)
        ]  # fmt: skip
        return [(e.version, e.actor) for e in events(hub, ContractAccepted)], cited


def test_an_edit_that_breaks_a_receiver_is_not_read_until_it_took_a_major_step_and_was_accepted(site):
    broken = BASE.replace("value: months", "value: days")
    drop(site, "2024-02-02", "2")
    for version in ("1.0.0", "2.0.0"):
        (site / "members.yaml").write_text(broken.replace("1.0.0", version))
        assert told(site) == "contract-changed"
    (site / "new.yaml").write_text(broken.replace("1.0.0", "1.1.0"))
    said = command(
        site, "feeds", "change", "new.yaml", "--accept", "--reason", "days are finer", expect=1
    ).stdout
    assert "单位改变" in said and "需要 it needs major, 实际 it takes minor" in said
    (site / "new.yaml").write_text(broken.replace("1.0.0", "2.0.0"))
    answer = json.loads(command(site, "feeds", "change", "new.yaml", "--json", expect=1).stdout)
    assert answer["version"] == {
        "in_force": "1.0.0",
        "new": "2.0.0",
        "needed": "major",
        "taken": "major",
        "right": True,
    }
    assert answer["changes"][0]["breaks"] == [{"kind": "agreement", "name": "members-health@1 → health"}]
    assert "--reason" in command(site, "feeds", "change", "new.yaml", "--accept", expect=2).stderr
    assert (
        "已确认 accepted"
        in command(site, "feeds", "change", "new.yaml", "--accept", "--reason", "days are finer").stdout
    )
    command(site, "ingest")
    assert accepted(site) == (
        [("1.0.0", "hub"), ("2.0.0", "health/analyst")], ["members-health@1,1.0.0", "members-health@1,2.0.0"],
    )  # fmt: skip
    assert "没有改动" in command(site, "feeds", "change", "new.yaml").stdout
    (site / "members.yaml").write_text(BASE)
    drop(site, "2024-02-03", "3")
    assert told(site) == "contract-changed"


def test_an_edit_that_breaks_nobody_is_read_and_put_on_record(site):
    (site / "members.yaml").write_text(
        BASE.replace("  quality", "  - {name: note, classification: internal}\n  quality").replace(
            "1.0.0", "1.1.0"
        )
    )
    assert json.loads(command(site, "feeds", "change", "members.yaml", "--json").stdout)["ok"]
    drop(site, "2024-02-02", "2")
    command(site, "ingest", expect=1)
    command(site, "ingest")
    assert accepted(site) == (
        [("1.0.0", "hub"), ("1.1.0", "hub")],
        ["members-health@1,1.0.0", "members-health@1,1.1.0"],
    )


def test_what_was_accepted_is_folded_from_the_log_again(site):
    with closing(Hub(load(site / "hub.toml", {}))) as hub:
        before = hub.intake.contracts_of("town.members")
        for kept in hub.data.glob("intake.db*"):
            kept.unlink()
        with hub.ingest():
            pass
        assert hub.intake.contracts_of("town.members") == before
        (row,) = before
        assert row.digest == digest_of(row.terms) == digest_of(terms_of(hub.feeds["town.members"]))


def test_before_anything_was_read_a_change_is_compared_with_the_file_of_the_feed(tmp_path):
    (tmp_path / "members.yaml").write_text(BASE)
    (tmp_path / "new.yaml").write_text(BASE.replace("physicalName: dob", "physicalName: day"))
    (tmp_path / "hub.toml").write_text('[feeds."town.members"]\ncontract = "members.yaml"\npath = "in"\n')
    assert "列名改变 heading" in command(tmp_path, "feeds", "change", "new.yaml", expect=1).stdout
    (tmp_path / "new.yaml").write_text(BASE.replace("town.members", "town.others"))
    assert "has no contract yet" in command(tmp_path, "feeds", "change", "new.yaml", expect=2).stderr
