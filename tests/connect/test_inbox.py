"""Batches that departments post, over real sockets: what is taken, what is refused, and what a dying process had promised."""

import base64
import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from hub.api.inbox import Service, bound
from hub.connect import inbox as shelf
from hub.connect.inbox import Inbox
from hub.connect.odcs import load_contract
from hub.connect.signature import Check, Said, signature_of
from hub.domain.events import RecordPublished
from hub.errors import InboxFullError, SettingsError
from hub.settings import InboxSettings, Settings, load
from tests.connect.samples import CONTRACT, command, complaints, events, ingest
from tests.connect.test_sources import hub_of
from tests.inboxes import Department, inbox_of, lines, new_secret

HEADINGS = ("id", "given_name", "surname", "dob")
ROWS = [(f"m{n}", "Anna", "Berg", "1990-01-02") for n in range(5)]
BODY = lines(ROWS, HEADINGS)
FEED = "town.members"


@pytest.fixture
def site(tmp_path):
    """A folder with settings of a posted feed, and the secret it is signed with."""
    secret = new_secret(tmp_path / "secrets")
    hub_of(tmp_path, 'secrets_file = "secrets"').close()
    return tmp_path, secret


@pytest.fixture
def town(site):
    """The department, before an inbox that answers."""
    folder, secret = site
    with inbox_of(load(folder / "hub.toml", {})) as port:
        yield Department(port, secret)


def files(folder) -> list[str]:
    found = folder / "data/inbox" / FEED
    return sorted(path.name for path in found.iterdir() if not path.name.startswith(".k"))


def read(folder):
    with closing(hub_of(folder, 'secrets_file = "secrets"')) as hub:
        receipts = ingest(hub, None, FEED)
        return [(r.accepted, r.unchanged, r.quarantined) for r in receipts], len(events(hub, RecordPublished))


# --- taken --------------------------------------------------------------------------------------


def test_a_batch_is_a_drop_before_it_is_answered_and_its_receipt_can_be_fetched(site, town):
    folder, _ = site
    answer = town.post(BODY, "batch-1")
    assert answer.status == 202 and answer.headers["location"] == answer.said["receipt"]
    (name,) = files(folder)
    stored = (folder / "data/inbox" / FEED / name).read_bytes()
    assert list(map(json.loads, stored.splitlines())) == list(map(json.loads, BODY.splitlines()))
    assert town.receipt(answer.said["receipt"]).said == {"batch": answer.said["batch"], "state": "waiting"}
    assert read(folder) == ([(5, 0, 0)], 5)
    receipt = town.receipt(answer.said["receipt"])
    assert receipt.status == 200
    counts = {"received": 5, "accepted": 5, "unchanged": 0, "quarantined": 0, "warnings": 0}
    assert receipt.said == {"batch": answer.said["batch"], "state": "taken", "reasons": []} | counts


def test_a_receipt_says_why_rows_were_set_aside_and_nothing_of_what_they_said(site, town):
    body = lines([*ROWS, ("m9", "Canary", "Berg", "1990-02-30")], HEADINGS)
    place = town.post(body, "batch-1").said["receipt"]
    read(site[0])
    said = town.receipt(place).said
    assert (said["accepted"], said["quarantined"]) == (5, 1)
    assert [(r["code"], r["count"]) for r in said["reasons"]] == [("impossible-date", 1)]
    assert "日期不存在" in said["reasons"][0]["why"] and "Canary" not in str(said)


def test_csv_is_taken_beside_json_lines(site, town):
    rows = "id,given_name,surname,dob\nm8,伟,王,1990-01-02\n".encode()
    assert town.post(rows, "a", Content_Type="text/csv; charset=utf-8").status == 202
    assert town.post(BODY, "b").status == 202
    assert sorted(read(site[0])[0]) == [(1, 0, 0), (5, 0, 0)]


def test_of_a_batch_only_what_its_contract_names_ever_lies_on_disk(site, town):
    wide = {"id": "m1", "given_name": "A", "surname": "B", "dob": "1990-01-02"}
    wide |= {"pregnancy_week": "canary", "extra": {"deep": "canary"}}
    text = json.dumps(wide).encode() + b'\n{"id": "canary"\n\n["canary"]\n'
    assert town.post(text, "a").status == 202
    table = b'id,extra,surname,given_name,dob\nm2,canary,B,A,1990-01-02\nm3,canary\nm4,x,B,A,"1990-01-02"\n'
    assert town.post(table, "b", Content_Type="text/csv").status == 202
    assert town.post(b"id,extra\n\xff,canary\n", "c", Content_Type="text/csv").status == 202
    stored = b"".join(path.read_bytes() for path in (site[0] / "data").rglob("*") if path.is_file())
    assert b"canary" not in stored and b"pregnancy_week" in stored
    with closing(hub_of(site[0], 'secrets_file = "secrets"')) as hub:
        receipts = ingest(hub, None, FEED)
        assert [(r.accepted, r.quarantined) for r in receipts] == [(1, 2), (2, 1), (0, 1)]
        assert list(receipts[0].refused_columns) == ["pregnancy_week"]
        assert [(row, code) for row, _, code in complaints(receipts)] == [
            (2, "bad-json"), (4, "bad-json"), (3, "ragged-row"), (0, "wrong-encoding"),
        ]  # fmt: skip


def test_the_same_again_is_answered_the_same_and_taken_once(site, town):
    first = town.post(BODY, "batch-1")
    assert town.post(BODY, "batch-1")[0::2] == first[0::2]
    assert read(site[0]) == ([(5, 0, 0)], 5)
    assert town.post(BODY, "batch-1").said == first.said
    assert read(site[0]) == ([], 5)
    other = town.post(BODY + b"\n", "batch-1")
    assert (other.status, other.said["type"]) == (422, "idempotency-key-reused")
    assert len(files(site[0])) == 1


def test_a_secret_can_be_replaced_without_a_gap(site, town):
    folder, _ = site
    kept = (folder / "secrets").read_text()
    new = new_secret(folder / "secrets")
    assert town.post(BODY, "a").status == 401
    (folder / "secrets").write_text(f"# the next\n{(folder / 'secrets').read_text()}{kept}  # until Friday\n")
    assert town.post(BODY, "a").status == 202
    town.secret = new
    assert town.post(BODY, "b").status == 202


# --- refused ------------------------------------------------------------------------------------


def tampered(town):
    good = town.headers(BODY, "k")
    other = Department(town.port, b"x" * 32).headers(BODY, "k")
    return {
        "no signature": (town.place, good | {"webhook-signature": ""}, BODY),
        "another secret": (town.place, other, BODY),
        "another body": (town.place, good, BODY + b"{}\n"),
        "another id": (town.place, good | {"webhook-id": "l", "Idempotency-Key": "l"}, BODY),
        "another moment": (town.place, good | {"webhook-timestamp": str(int(good["webhook-timestamp"]) + 1)}, BODY),
        "no moment": (town.place, good | {"webhook-timestamp": "now"}, BODY),
        "long ago": (town.place, town.headers(BODY, "k", at=datetime.now(UTC).timestamp() - 400), BODY),
        "not yet": (town.place, town.headers(BODY, "k", at=datetime.now(UTC).timestamp() + 400), BODY),
        "an id of signs": (town.place, town.headers(BODY, "../../k"), BODY),
        "no such feed": ("/feeds/town.others/batches", good, BODY),
        "no such path": ("/", good, BODY),
    }  # fmt: skip


def test_whatever_is_wrong_with_a_signature_the_answer_is_the_same_and_nothing_stays(site, town):
    answers = [town.ask("POST", *request) for request in tampered(town).values()]
    assert {answer.status for answer in answers} == {401}
    assert len({str(answer.said) for answer in answers}) == 1
    assert files(site[0]) == []
    assert town.ask("GET", town.post(BODY, "k").said["receipt"], {}).status == 401


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Idempotency_Key": ""}, 400), ({"Idempotency_Key": "other"}, 400), ({"Content_Type": "text/html"}, 415),
        ({"Content_Type": "text/csv; charset=gbk"}, 415), ({"Content_Encoding": "gzip"}, 415),
    ],
)  # fmt: skip
def test_a_batch_of_another_kind_is_refused(site, town, changed, status):
    assert town.post(BODY, "k", **changed).status == status
    assert files(site[0]) == []


def test_only_ones_own_batches_can_be_asked_for(site, town):
    assert town.receipt(f"{town.place}/{'0' * 32}").status == 404
    assert town.receipt(f"{town.place}/..%2Fsecrets").status in (401, 404)
    place = town.post(BODY, "k").said["receipt"]
    town.secret = b"y" * 32
    assert town.receipt(place).status == 401


def raw(town, headers, *pieces: bytes) -> bytes:
    """A request by hand, its body in pieces; what was answered."""
    with socket.create_connection(("127.0.0.1", town.port), timeout=30) as line:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        line.sendall(f"POST {town.place} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        for piece in pieces:
            line.sendall(piece)
        return line.recv(65_536)


def test_a_body_that_is_too_large_is_refused_whether_it_says_so_or_not(site, town):
    headers = town.headers(BODY, "k")
    assert b" 413 " in raw(town, headers | {"Content-Length": str(10 << 20)})
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    assert b" 413 " in raw(town, headers | {"Transfer-Encoding": "chunked"}, *[chunk] * 17)
    assert files(site[0]) == []


def test_a_body_that_is_too_slow_is_given_up_and_one_that_breaks_off_leaves_nothing(site):
    folder, secret = site
    with inbox_of(load(folder / "hub.toml", {}), body_seconds=0.3) as port:
        town = Department(port, secret)
        headers = town.headers(BODY, "k") | {"Content-Length": str(len(BODY))}
        assert b" 408 " in raw(town, headers, BODY[:10])
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(f"POST {town.place} HTTP/1.1\r\nContent-Length: 99\r\n\r\n".encode() + BODY[:10])
        assert town.post(BODY, "k").status == 202
    assert len(files(folder)) == 1


def test_while_a_batch_is_being_taken_the_same_one_has_to_wait(site, town):
    half, rest = BODY[:20], BODY[20:]
    headers = town.headers(BODY, "k") | {"Content-Length": str(len(BODY))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(("127.0.0.1", town.port), timeout=30) as line:
        line.sendall(f"POST {town.place} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode() + half)
        while not any(name.startswith(".part-") for name in files(site[0])):
            pass
        busy = town.post(BODY, "k")
        assert (busy.status, busy.headers["retry-after"]) == (409, "5")
        line.sendall(rest)
        assert b" 202 " in line.recv(65_536)
    assert town.post(BODY, "k").status == 202
    assert len(files(site[0])) == 1


def test_one_batch_posted_by_many_at_once_is_one_drop(site, town):
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(town.post(BODY, "k").status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {202, 409} and 202 in answers
    assert len(files(site[0])) == 1


# --- room ---------------------------------------------------------------------------------------


def inbox_at(folder, place, finished):
    (folder / "members.yaml").write_text(CONTRACT)
    return Inbox(load_contract(folder / "members.yaml"), place, finished)


def fill(folder, count):
    for n in range(count):
        (folder / f"2024-01-01T{n:06d}.jsonl").touch()


def test_a_full_inbox_says_when_to_come_back_and_empties_as_it_is_read(site, town):
    fill(site[0] / "data/inbox" / FEED, shelf.WAITING_MAX)
    answer = town.post(BODY, "k")
    assert (answer.status, answer.headers["retry-after"], answer.said["type"]) == (503, "600", "inbox-full")
    with pytest.raises(InboxFullError):
        inbox_at(site[0], site[0] / "data/inbox" / FEED, lambda _: ()).upload()
    read(site[0])
    assert town.post(BODY, "k").status == 202


def test_what_was_read_long_ago_is_taken_away_and_what_waits_never(tmp_path):
    finished: list[str] = []
    inbox = inbox_at(tmp_path, tmp_path / "inbox", lambda _: finished)
    now = datetime(2024, 3, 1, tzinfo=UTC)
    for key, age in (("old", 40), ("unread", 40), ("new", 1)):
        upload = inbox.upload()
        upload.add(BODY)
        kept = inbox.accept(upload, inbox.batch_of(key), ".jsonl", now - timedelta(days=age))
        upload.discard()
        finished += [kept.drop] * (key != "unread")
    assert inbox.clear(now - timedelta(days=30)) == 1
    assert inbox.kept(inbox.batch_of("old")) is None
    assert len([path for path in (tmp_path / "inbox").iterdir() if path.is_file()]) == 2


# --- dying --------------------------------------------------------------------------------------

DYING = """
import os, signal, sys
from hub.connect.inbox import Inbox
from hub.cli import main
step = {!r}
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def dying(method, before):
    def run(self, *given):
        before and die()
        method(self, *given)
        die()
    return run
if step == "reading":
    from hub.connect import inbox
    inbox.Upload.add = die
elif step != "never":
    name, _, when = step.partition(" ")
    setattr(Inbox, name, dying(getattr(Inbox, name), when == "before"))
sys.argv = ["hub", "inbox", "--port", "0", "--json"]
main()
"""


@contextlib.contextmanager
def started(folder, step):
    """`hub inbox`, dying at a step, and the port it answers at."""
    process = subprocess.Popen(
        [sys.executable, "-c", DYING.format(step)], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield process, json.loads(process.stdout.readline())["port"]
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("step", "left"),
    [
        ("reading", 0),
        ("_remember before", 0),
        ("_remember after", 0),
        ("_place before", 0),
        ("_place after", 1),
    ],
)
def test_a_process_that_dies_has_promised_nothing_and_the_same_batch_is_taken_once(site, step, left):
    folder, secret = site
    with started(folder, step) as (process, port):
        with pytest.raises(OSError):
            Department(port, secret).post(BODY, "k")
        assert process.wait(30) == -signal.SIGKILL
    assert len([name for name in files(folder) if not name.startswith(".")]) == left
    read(folder)
    with started(folder, "never") as (process, port):
        assert Department(port, secret).post(BODY, "k").status == 202
        assert Department(port, secret).post(BODY + b"\n", "k").status == 422
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) in (0, -signal.SIGTERM)
    assert len(files(folder)) == 1
    assert read(folder)[1] == 5


def test_a_second_inbox_over_the_same_folder_waits(site):
    with started(site[0], "never"):
        said = command(site[0], "inbox", "--port", "0", expect=3).stderr
        assert "another process is working on the inbox" in said


# --- settings -----------------------------------------------------------------------------------


def test_without_a_posted_feed_there_is_no_inbox(tmp_path):
    hub_of(tmp_path, 'path = "."').close()
    assert "name a secrets_file" in command(tmp_path, "inbox", expect=2).stderr


@pytest.mark.parametrize(
    ("secrets", "refusal"),
    [
        ("", "holds 1 to 8"),
        ("whsec_AAAA", "24 bytes or more"),
        ("whsec_!", "is no secret"),
        (None, "cannot be read"),
    ],
)
def test_secrets_that_are_none_are_refused_at_once(tmp_path, secrets, refusal):
    if secrets is not None:
        (tmp_path / "secrets").write_text(secrets)
    hub_of(tmp_path, 'secrets_file = "secrets"').close()
    with pytest.raises(SettingsError, match=refusal) as refused:
        Service(load(tmp_path / "hub.toml", {}))
    assert "AAAA" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"host": "0.0.0.0"}, "name certificate_file"),
        ({"certificate_file": "x"}, "belong together"),
        ({"host": "192.0.2.1", "behind_proxy": True}, "cannot be listened at"),
    ],
)
def test_records_never_travel_in_the_clear_beyond_loopback_unless_a_proxy_is_named(said, refusal):
    with pytest.raises(SettingsError, match=refusal):
        bound(Settings(inbox=InboxSettings(port=0, **said)))


def test_the_scheme_is_that_of_the_standard():
    # Worked by hand: HMAC-SHA-256 of the text id.timestamp.body, in base64 behind its version.
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature_of(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    headers = {"webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330"}
    said = Said.of(headers | {"webhook-signature": f"v2,x v1,! {made}"}, 1614265330)
    check = Check(said, [b"y" * 32, secret])
    for piece in (b'{"test": ', b"2432232314}"):
        check.add(piece)
    assert check.ok


def test_a_feed_without_the_server_is_read_all_the_same(site):
    with closing(hub_of(site[0], 'secrets_file = "secrets"')) as hub:
        (connector,) = hub.connectors(None, (FEED,))
        assert list(connector.drops()) == list(connector.strays()) == []
    two = 'secrets_file = "secrets"\npath = "x"'
    with closing(hub_of(site[0], two)) as hub, pytest.raises(SettingsError, match="name one of"):
        hub.connectors(None, (FEED,))
