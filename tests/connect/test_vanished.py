"""Records that a full snapshot lists no more: proposed, decided by a person, never withdrawn in silence."""

import json

import pytest

from hub.app import Hub
from hub.connect.odcs import load_contract
from hub.domain.events import RECORDS, RecordPublished, RecordWithdrawn, VanishedProposed, VanishedReturned
from hub.domain.vanished import SHRANK, TOO_MANY, Limits
from hub.errors import SettingsError
from hub.log.subscription import Subscription
from hub.settings import load
from tests.connect.samples import CONTRACT, command, events, ingest

FEED = "town.members"
SNAPSHOT = CONTRACT + "customProperties:\n- {property: snapshot, value: {share_max: 0.05, rows_min: 0.8}}\n"


@pytest.fixture
def site(tmp_path):
    (tmp_path / "members.yaml").write_text(SNAPSHOT)
    (tmp_path / "hub.toml").write_text('[feeds."town.members"]\ncontract = "members.yaml"\npath = "in"\n')
    (tmp_path / "in").mkdir()
    return tmp_path


def row(n, name="Anna", born="19900102"):
    return f"{n},{name},Berg,{born}\n"


def drop(folder, day, rows):
    (folder / f"in/2024-01-{day:02}.csv").write_text("id,given_name,surname,dob\n" + "".join(rows))


def read(folder):
    """Ingest what is new; the codes that the receipts tell of, the proposals, and every event."""
    hub = Hub(load(folder / "hub.toml", {}))
    receipts = ingest(hub, None, FEED, close_days=True)
    codes = sorted({code for receipt in receipts for code in receipt.reasons})
    found = hub.intake.vanished()
    told = {
        kind: events(hub, kind)
        for kind in (RecordWithdrawn, RecordPublished, VanishedProposed, VanishedReturned)
    }
    hub.close()
    return codes, found[0] if found else None, told


def decide(folder, verb, proposal, *more, expect=0):
    arguments = ("feeds", "vanished", verb, FEED, proposal, "--reason", "asked the office", *more, "--json")
    done = command(folder, *arguments, expect=expect)
    return json.loads(done.stdout) if not expect else done.stderr


def test_few_that_are_missing_are_proposed_and_withdrawn_only_when_a_person_confirms(site):
    drop(site, 1, map(row, range(100)))
    assert read(site)[:2] == ([], None)
    drop(site, 2, (row(n) for n in range(100) if n not in (7, 8)))
    codes, found, told = read(site)
    assert codes == ["vanished-proposed"]
    assert (found.state, found.left, found.proposal.held, found.proposal.rows) == ("open", 2, 100, 98)
    assert told[RecordWithdrawn] == []
    shown = json.loads(command(site, "feeds", "vanished", "show", FEED, "--json").stdout)
    assert len(shown["records"]) == 2
    assert decide(site, "confirm", shown["proposal"][:8])["withdrawn"] == 2
    _, after, told = read(site)
    assert {e.record_id for e in told[RecordWithdrawn]} == {r["record"] for r in shown["records"]}
    assert (after.state, after.left) == ("confirmed", 0)
    assert "nothing is left to decide" in decide(site, "confirm", shown["proposal"], expect=1)
    # One that was withdrawn and is listed again is a new version of its record.
    drop(site, 3, map(row, range(8)))
    drop(site, 3, (row(n) for n in range(100) if n != 8))
    _, _, told = read(site)
    assert [e.version for e in told[RecordPublished] if e.source_key == "7"] == [1, 3]


def test_a_withdrawal_names_the_proposal_as_its_cause(site):
    drop(site, 1, map(row, range(100)))
    drop(site, 2, map(row, range(99)))
    proposal = read(site)[1].proposal
    decide(site, "confirm", proposal.proposal_id)
    hub = Hub(load(site / "hub.toml", {}))
    every = [r.envelope for r in Subscription(hub.log, (RECORDS,), {}).take(10_000).events]
    hub.close()
    withdrawn = [e for e in every if isinstance(e.event, RecordWithdrawn)]
    assert [(e.causation_id, e.actor) for e in withdrawn] == [(proposal.proposal_id, "health/analyst")]
    assert any(e.id == proposal.proposal_id and isinstance(e.event, VanishedProposed) for e in every)


@pytest.mark.parametrize(("kept", "why"), [(94, TOO_MANY), (79, SHRANK), (0, SHRANK)])
def test_many_that_are_missing_are_refused_until_somebody_decides(site, kept, why):
    drop(site, 1, map(row, range(100)))
    drop(site, 2, [*map(row, range(kept))])
    codes, found, told = read(site)
    assert codes == ["vanished-refused"]
    assert (found.state, found.proposal.refused, found.left) == ("refused", why, 100 - kept)
    assert told[RecordWithdrawn] == []
    identity = found.proposal.proposal_id
    assert "--although-refused" in decide(site, "confirm", identity, expect=1)
    assert decide(site, "confirm", identity, "--although-refused")["withdrawn"] == 100 - kept


def test_records_that_come_back_cancel_their_part(site):
    drop(site, 1, map(row, range(100)))
    drop(site, 2, map(row, range(96)))
    first = read(site)[1].proposal.proposal_id
    # Two come back, one of them changed.
    drop(site, 3, [*map(row, range(97)), row(97, "Ana")])
    _, found, told = read(site)
    assert (found.state, found.left) == ("open", 2)
    assert sum(len(event.records) for event in told[VanishedReturned]) == 2
    assert "later snapshot" in decide(site, "confirm", first, expect=1)
    drop(site, 4, map(row, range(100)))
    codes, found, _ = read(site)
    assert (codes, found.state, found.left) == ([], "returned", 0)


def test_what_was_rejected_is_not_proposed_again_until_it_was_listed_once_more(site):
    drop(site, 1, map(row, range(100)))
    drop(site, 2, map(row, range(98)))
    assert decide(site, "reject", read(site)[1].proposal.proposal_id)["kept"] == 2
    drop(site, 3, map(row, range(98)))
    codes, found, _ = read(site)
    assert (codes, found.state) == ([], "rejected")
    drop(site, 4, map(row, range(100)))
    drop(site, 5, map(row, range(98)))
    codes, found, told = read(site)
    assert (codes, found.state, found.left) == (["vanished-proposed"], "open", 2)
    assert told[RecordWithdrawn] == []


def test_a_row_in_quarantine_counts_as_listed_and_one_that_says_no_key_lets_the_proposal_wait(site):
    drop(site, 1, map(row, range(100)))
    drop(site, 2, [*map(row, range(97)), row(97, born="19901340"), row("", "Lost")])
    _, found, _ = read(site)
    # 97 is in quarantine, 98 and 99 are missing, and one row is somebody's.
    assert (found.state, found.left, found.unread) == ("waiting", 2, 1)
    identity = found.proposal.proposal_id
    assert "could not be read" in decide(site, "confirm", identity, expect=1)
    assert "could not be read" in decide(site, "confirm", identity, "--although-refused", expect=1)
    waiting = json.loads(command(site, "quarantine", "list", "--json").stdout)["rows"]
    lost = next(r["id"] for r in waiting if r["reasons"][0]["code"] == "missing-key")
    # It was number 98, and says what is held already: it is unchanged, and has not vanished.
    command(site, "quarantine", "fix", lost, "--set", "id=98", "--set", "given_name=Anna")
    command(site, "quarantine", "retry", lost)
    shown = json.loads(command(site, "feeds", "vanished", "show", FEED, "--json").stdout)
    assert (shown["state"], shown["left"], shown["unread"]) == ("open", 1, 0)
    assert decide(site, "confirm", identity)["withdrawn"] == 1


def test_a_late_snapshot_and_one_that_cannot_be_read_to_its_end_propose_nothing(site):
    drop(site, 5, map(row, range(100)))
    read(site)
    drop(site, 2, map(row, range(98)))
    assert read(site)[1] is None
    (site / "in/2024-01-06.csv").write_bytes(
        b"id,given_name,surname,dob\n" + row(1).encode() * 3 + b"\xff\xfe\n"
    )
    assert read(site)[1] is None


def test_both_languages_say_what_it_is_and_what_to_do(site):
    drop(site, 1, map(row, range(100)))
    drop(site, 2, map(row, range(50)))
    said = command(site, "ingest", expect=1).stdout
    assert "未出现" in said and "are not in this snapshot" in said and "重新报送" in said
    listed = command(site, "feeds", "vanished", "list").stdout
    assert "待裁定" in listed and "refused until somebody decides" in listed


@pytest.mark.parametrize("value", ["maybe", "{share: 0.1}", "{share_max: 2}", "{count_max: -1}", "[1]"])
def test_a_contract_that_cannot_be_followed_is_named(tmp_path, value):
    path = tmp_path / "members.yaml"
    path.write_text(CONTRACT + f"customProperties:\n- {{property: snapshot, value: {value}}}\n")
    with pytest.raises(SettingsError, match="snapshot"):
        load_contract(path)


def test_limits_hold_share_count_and_length_at_once():
    limits = Limits(0.02, 500, 0.9)
    assert limits.objection(100_000, 500, 99_500, 100_000) == ""
    assert limits.objection(100_000, 501, 99_499, 100_000) == TOO_MANY
    assert limits.objection(100, 3, 97, 100) == TOO_MANY
    assert limits.objection(100, 0, 89, 100) == SHRANK
    assert limits.objection(0, 0, 0, 0) == ""
