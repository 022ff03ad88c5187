"""Receipts as departments get them: balanced, signed, printed, verified by whoever holds them, told by month."""

import json
import re
from contextlib import closing
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.connect.issued import SIGNED_AS, canonical, issued, receipt_of, verified
from hub.domain.events import BatchReceived
from hub.errors import SettingsError
from hub.log.subscription import Subscription
from hub.projections.receipts import ReceiptRow, SetAside
from hub.reports.receipt import receipt_page
from hub.settings import load
from hub.signing import make_signer, read_signer, read_verifier
from tests.connect.samples import CONTRACT, GOOD, HOUSEHOLD, command, events, ingest, write

HEAD = "id,given_name,surname,dob\n"
SITE = '[hub]\nname = "青禾县数据平台"\n[feeds."town.members"]\ncontract = "members.yaml"\npath = "in"\n'


@pytest.fixture
def site(tmp_path):
    (tmp_path / "members.yaml").write_text(CONTRACT)
    (tmp_path / "hub.toml").write_text(SITE)
    (tmp_path / "in").mkdir()
    drop(tmp_path, "2024-01-31", "1,Anna,Berg,19900102\n2,Jon,Holm,1990-13-02\n,No,Key,19900102\n")
    drop(tmp_path, "2024-02-01", "1,Anna,Berg,19900102\n3,Ivo,Lund,19900103\n")
    drop(tmp_path, "2024-02-02", "id;given_name;surname;dob\n1;Anna;Berg;19900102\n", head="")
    command(tmp_path, "ingest", expect=1)
    return tmp_path


def drop(folder, day, rows, head=HEAD):
    (folder / f"in/{day}.csv").write_text(head + rows)


def opened(folder):
    return closing(Hub(load(folder / "hub.toml", {})))


def listed(folder, *arguments):
    return json.loads(command(folder, "receipts", "list", "--json", *arguments).stdout)


def signed(folder, batch):
    return command(folder, "receipts", "show", batch, "--json").stdout.encode()


def test_a_receipt_says_what_became_of_the_batch_and_where_the_log_says_so(site):
    (first, _, refused) = listed(site)["receipts"]
    receipt = json.loads(signed(site, first["batch"][:10]))["receipt"]
    with opened(site) as hub:
        (recorded, *_) = [
            r for r in Subscription(hub.log, ("records",), {}).take(1000).events
            if isinstance(r.envelope.event, BatchReceived)
        ]  # fmt: skip
        key_id = hub.keys.signer().verifier.key_id
    assert receipt == {
        "kind": "county-hub/receipt/v1", "hub": "青禾县数据平台", "county": "990101", "key": key_id,
        "department": "other", "feed": "town.members", "batch": first["batch"], "drop": "2024-01-31.csv",
        "attempt": 1, "day": "2024-01-31", "after": 0, "reached": "*",
        "counts": {"received": 3, "accepted": 1, "unchanged": 0, "quarantined": 2, "warnings": 0},
        "reasons": {"impossible-date": 1, "missing-key": 1},
        "set_aside": [
            {"row": 3, "reasons": [{"code": "impossible-date", "field": "born"}]},
            {"row": 4, "reasons": [{"code": "missing-key", "field": "member_no"}]},
        ],
        "columns": {"ignored": [], "refused": []}, "contract": "1.0.0", "agreements": [],
        "log": {"event": recorded.envelope.id, "partition": str(recorded.position.partition),
                "offset": recorded.position.offset},
    }  # fmt: skip
    whole = json.loads(signed(site, refused["batch"]))["receipt"]
    assert (whole["reached"], whole["set_aside"][0]["row"]) == ("!", 0)
    assert "✗" not in command(site, "receipts", "show", first["batch"]).stdout
    assert "no receipt of that number" in command(site, "receipts", "show", "nothing", expect=1).stderr


def test_made_from_the_log_again_it_is_the_same_to_the_byte(site):
    before = {each["batch"]: signed(site, each["batch"]) for each in listed(site)["receipts"]}
    with opened(site) as hub:
        for kept in hub.data.glob("intake.db*"):
            kept.unlink()
        with hub.ingest():
            pass
    assert {each["batch"]: signed(site, each["batch"]) for each in listed(site)["receipts"]} == before
    assert len(before) == 3


def test_whoever_holds_the_file_and_the_public_key_can_verify_it_and_tampering_is_told(site, tmp_path):
    (batch, *_) = listed(site)["receipts"]
    command(site, "receipts", "key", "--out", "hub.pub")
    desk = tmp_path / "desk"
    desk.mkdir()
    (desk / "hub.pub").write_text((site / "hub.pub").read_text())
    (desk / "r.json").write_bytes(signed(site, batch["batch"]))
    assert (
        "✓ 签名有效 the signature fits: 青禾县数据平台"
        in command(desk, "receipts", "verify", "r.json", "--key", "hub.pub").stdout
    )
    (desk / "r.json").write_bytes(signed(site, batch["batch"]).replace(b'"accepted":1', b'"accepted":2'))
    told = json.loads(
        command(desk, "receipts", "verify", "r.json", "--key", "hub.pub", "--json", expect=1).stdout
    )
    assert told["ok"] is False
    assert [problem.split()[0] for problem in told["problems"]] == [
        "签名不符：内容被改动或非本机构签发",
        "数目不平",
    ]
    assert sorted(each.name for each in desk.iterdir()) == ["hub.pub", "r.json"]
    (desk / "r.json").write_text("[]")
    assert (
        "the file is no receipt"
        in command(desk, "receipts", "verify", "r.json", "--key", "hub.pub", expect=1).stdout
    )
    assert (
        "no public key" in command(desk, "receipts", "verify", "r.json", "--key", "r.json", expect=2).stderr
    )


def test_the_key_is_made_once_for_its_owner_only_or_read_from_the_file_that_settings_name(site):
    made = site / "hub-data/signing.key"
    (first, *_) = listed(site)["receipts"]
    assert not made.exists()
    before = signed(site, first["batch"])
    assert made.stat().st_mode & 0o777 == 0o600
    made.rename(site / "ours.pem")
    (site / "hub.toml").write_text(SITE + '[secrets]\nsigning_key_file = "ours.pem"\n')
    assert signed(site, first["batch"]) == before
    assert not made.exists()
    (site / "ours.pem").write_text("nothing")
    assert "holds no private key" in command(site, "receipts", "key", expect=2).stderr
    (site / "ours.pem").unlink()
    assert "does not exist" in command(site, "receipts", "key", expect=2).stderr


def test_a_department_sees_its_own_history_by_month(site):
    found = listed(site, "--feed", "town.members")
    assert [(m["month"], m["batches"], m["received"], m["accepted"], m["unchanged"], m["quarantined"]) for m in found["months"]] == [
        ("2024-01", 1, 3, 1, 0, 2), ("2024-02", 2, 3, 1, 1, 1)]  # fmt: skip
    assert [r["day"] for r in listed(site, "--from", "2024-02-01")["receipts"]] == [
        "2024-02-01",
        "2024-02-02",
    ]
    assert [r["day"] for r in listed(site, "--from", "2024-02-01", "--to", "2024-02-01")["receipts"]] == [
        "2024-02-01"
    ]
    assert listed(site, "--feed", HOUSEHOLD) == {"months": [], "receipts": []}
    assert "没有回执" in command(site, "receipts", "list", "--feed", HOUSEHOLD).stdout
    assert (
        "unknown feed town.nothing"
        in command(site, "receipts", "list", "--feed", "town.nothing", expect=2).stderr
    )
    assert "2024-02" in command(site, "receipts", "list", "--page", "h.html", "--feed", "town.members").stdout
    page = (site / "h.html").read_text()
    assert_stands_alone(page)
    assert "<svg" in page and "2024-01-31 – 2024-02-02" in page and "报送历史 Receipts over time" in page


def assert_stands_alone(page):
    """No script and nothing fetched: the only addresses are the names of XML namespaces."""
    assert "<script" not in page and "@import" not in page and "url(" not in page
    assert set(re.findall(r'https?://[^"\s<]+', page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


@pytest.mark.parametrize(("language", "says", "silent"), [
    ("both", ["报送回执 Receipt", "日期不存在 no such day"], []),
    ("zh", ["报送回执", "日期不存在"], ["no such day", "Receipt", "set aside"]),
    ("en", ["Receipt", "no such day", "set aside"], ["报送", "日期不存在", "隔离"]),
])  # fmt: skip
def test_the_page_names_rows_fields_and_reasons_and_never_a_value(site, language, says, silent):
    (first, *_) = listed(site)["receipts"]
    command(site, "receipts", "print", first["batch"], "--out", "r.html", "--language", language)
    page = (site / "r.html").read_text()
    assert_stands_alone(page)
    assert all(each in page for each in says) and not any(each in page for each in silent)
    assert "dob" in page and first["batch"] in page and "@page { size: A4" in page
    assert not any(value in page for value in ("Anna", "Berg", "Jon", "Holm", "1990"))
    content = (site / "r.json").read_bytes()
    assert content == signed(site, first["batch"])
    assert json.loads(content)["signature"] in page


def test_rows_that_were_set_aside_stand_in_the_batch_that_took_them(tmp_path):
    """A drop of more rows than a batch takes: each receipt names its own, and they balance together."""
    rows = [GOOD | {"登记编号": f"HR{n}", "性别": "?" if n % 1000 == 999 else "男"} for n in range(5_500)]
    write(tmp_path / "county", rows)
    (tmp_path / "hub.toml").write_text("")
    with opened(tmp_path) as hub:
        told = ingest(hub, tmp_path / "county", HOUSEHOLD)
        found = [hub.issued(row.batch_id)[0] for row in hub.intake.receipts(HOUSEHOLD, None, None)]
        assert [r["counts"]["received"] for r in found] == [5_000, 500] == [r.received for r in told]
        assert [[row["row"] for row in r["set_aside"]] for r in found] == [[1001, 2001, 3001, 4001, 5001], []]
        assert [(r["after"], r["reached"]) for r in found] == [(0, "5001"), (5001, "*")]
        assert [e.quarantined for e in events(hub, BatchReceived)] == [5, 0]


def test_what_an_older_hub_remembered_is_filled_in_from_the_log(site):
    before = listed(site)
    with opened(site) as hub, hub.ingest() as work:
        for name in ("receipts", "receipt_rows", "contracts"):
            work.memory.db.exec_driver_sql(f"DROP TABLE {name}")
        work.memory.db.commit()
    assert listed(site) == {"months": [], "receipts": []}
    command(site, "ingest")
    assert listed(site) == before


# --- the document -----------------------------------------------------------------------------

ROW = ReceiptRow(
    "b" * 32, "town.members", "other", "2024-01-31.csv", "a" * 32, 1, 19_753, 0, "*", 3, 1, 1, 1, 0, {"bad-date": 1},
    ["备注"], [], "members-health@2,1.0.0", "e" * 32, "records-0", 7,
)  # fmt: skip
ASIDE = [SetAside("i", "a" * 32, 3, [{"field": "born", "code": "bad-date"}])]


@cache
def key_of(folder):
    return make_signer(folder / "key.pem")


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    return key_of(tmp_path_factory.mktemp("key"))


def document(signer):
    receipt = receipt_of(ROW, ASIDE, "hub", "990101", signer.verifier.key_id)
    return receipt, issued(receipt, signer)


def test_a_receipt_cites_its_contract_and_its_agreements(signer):
    receipt, content = document(signer)
    assert (receipt["contract"], receipt["agreements"]) == ("1.0.0", ["members-health@2"])
    assert verified(content, signer.verifier) == (receipt, ())
    assert document(signer)[1] == content


@given(st.data())
def test_no_byte_of_a_receipt_can_be_changed_unnoticed(signer, data):
    _, content = document(signer)
    at = data.draw(st.integers(0, len(content) - 2))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[at]))
    changed = content[:at] + bytes([other]) + content[at + 1 :]
    assert verified(changed, signer.verifier).problems


def test_what_reads_the_same_but_is_written_otherwise_is_told(signer, tmp_path):
    receipt, content = document(signer)
    for other in (
        json.dumps(json.loads(content), indent=1).encode(),
        content.replace(
            b'"counts":', b'"counts":{"received":0,"accepted":0,"unchanged":0,"quarantined":0},"counts":'
        ),
        content.replace(b"2024-01-31.csv", b"2024-01-31.\\u0063sv"),
    ):
        assert verified(other, signer.verifier).problems == (
            "文件写法被改动 the file is not written as it was issued",
        )
    stranger = make_signer(tmp_path / "other.pem")
    assert any("it names another key" in each for each in verified(content, stranger.verifier).problems)
    forged = issued(receipt, stranger)
    assert any("the signature does not fit" in each for each in verified(forged, signer.verifier).problems)
    assert verified(b"[" * 100_000, signer.verifier).problems == ("不是回执文件 the file is no receipt",)


def test_a_signature_of_something_else_is_none_of_a_receipt(signer):
    """The same words signed without saying that they are a receipt."""
    receipt, content = document(signer)
    assert not signer.verifier.fits(signer.sign(canonical(receipt)), SIGNED_AS + canonical(receipt))
    unbalanced = receipt | {"counts": receipt["counts"] | {"accepted": 2}}
    assert "it does not balance" in verified(issued(unbalanced, signer), signer.verifier).problems[0]
    assert content.endswith(b"\n")


def test_a_long_list_of_rows_is_cut_on_paper_and_whole_in_the_file(signer):
    aside = [SetAside(str(n), "a", n, [{"field": "born", "code": "bad-date"}]) for n in range(1, 502)]
    receipt = receipt_of(ROW, aside, "hub", "990101", signer.verifier.key_id)
    page = receipt_page(issued(receipt, signer), receipt, {}, "en")
    assert "101 more are in the signed file" in page and len(receipt["set_aside"]) == 501


def test_keys_are_kept_in_pem_and_no_other_kind_is_taken(tmp_path):
    made = make_signer(tmp_path / "a.pem")
    assert read_signer(tmp_path / "a.pem").verifier.key_id == made.verifier.key_id
    (tmp_path / "a.pub").write_text(made.verifier.pem)
    assert read_verifier(tmp_path / "a.pub").key_id == made.verifier.key_id
    with pytest.raises(FileExistsError):
        make_signer(tmp_path / "a.pem")
    with pytest.raises(SettingsError, match="no public key"):
        read_verifier(tmp_path / "a.pem")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_signer(tmp_path / "none.pem")
