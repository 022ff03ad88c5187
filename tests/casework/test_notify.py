"""Telling others of cases, to real servers on loopback: signed, once, tried again, and nothing of a person."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from hub.errors import RetryableError, SettingsError
from hub.notify import mail, outbox
from hub.notify.following import Follower
from hub.notify.outbox import Outbox
from hub.notify.signature import headers, read_keys
from hub.notify.webhooks import ATTEMPTS_MAX, PAUSE_SECONDS_MAX, Deliverer, Endpoint, endpoint, pause
from hub.projections.databases import open_sqlite
from tests.casework.story import BAD, COUNTY, TOWN, Site, entry, withdrawn

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
POLICE = "public_security"


class Receiver:
    """Takes what it is told, or answers as it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.extra: dict[str, str] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = receiver.answers.pop(0) if receiver.answers else 204
                if 200 <= status < 300:
                    receiver.got.append((dict(self.headers.items()), body))
                self.send_response(status)
                for name, value in receiver.extra.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hub"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.got]


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.hub.close()


@pytest.fixture
def box(tmp_path):
    engine = open_sqlite(tmp_path / "notify.db")
    with engine.connect() as db:
        yield Outbox(db)
    engine.dispose()


def to(receiver, name="portal"):
    return Endpoint(name, receiver.url, read_keys(SECRET, "test"))


def test_the_signature_is_the_one_that_the_standard_gives():
    said = headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', read_keys(SECRET, "x")
    )
    assert said["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    both = read_keys(f"whsec_{base64.b64encode(b'k' * 32).decode()}\n{SECRET}\n", "x")
    assert len(headers("m", 1, b"", both)["webhook-signature"].split()) == 2


@pytest.mark.parametrize("text", ["", "abc", "whsec_abc", "whsec_" + "A" * 200, "whsec_!", f"{SECRET}\n" * 3])
def test_a_secret_that_is_none_is_refused_and_not_repeated(text):
    with pytest.raises(SettingsError) as caught:
        read_keys(text, "webhooks.portal")
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "https://u:p@example.org", "ftp://localhost/x", "https://", "x"]
)
def test_messages_go_over_tls_unless_it_is_this_machine(tmp_path, url):
    (tmp_path / "secret").write_text(SECRET)
    with pytest.raises(SettingsError, match="webhooks"):
        endpoint("portal", url, tmp_path / "secret", None)
    assert endpoint("portal", "https://example.org/x", tmp_path / "secret", None).keys
    assert endpoint("portal", "http://[::1]:80/x", tmp_path / "secret", None).keys


def test_what_becomes_of_a_case_is_told_once_and_in_order_and_says_nothing_of_a_person(site, receiver):
    (site.folder / "secret").write_text(SECRET)
    with (site.folder / "hub.toml").open("a", encoding="utf-8") as config:
        config.write(f'[webhooks.portal]\nurl = "{receiver.url}"\nsecret_file = "secret"\n')
    site.close_day(entry(9, 1, name="林晓", birth_date=400))
    old = site.cli("cases")[0]["case"]
    assert site.cli("cases", "notify", "--once") == [
        {"endpoint": "portal", "delivered": 0, "waiting": 0, "dead": 0}
    ]
    site.close_day(entry(1, 1))
    [case] = {row["case"] for row in site.cli("cases")} - {old}
    site.cli("cases", "notify", "--once")
    site.cli("cases", "accept", case, "--seen", 0)
    site.cli("cases", "accept", old, "--seen", 0)
    site.cli("cases", "comment", case, "to be seen by nobody else")
    site.run()
    site.close_day(withdrawn(1, 2, site.day))
    for _ in range(2):
        [counts] = site.cli("cases", "notify", "--once")
    assert counts == {"endpoint": "portal", "delivered": 4, "waiting": 0, "dead": 0}
    told = [json.loads(body) for _, body in receiver.got]
    assert [(one["type"], one["data"]["case"], one["data"]["state"]) for one in told] == [
        ("case.raised", case, "raised"), ("case.moved", case, "accepted"), ("case.moved", old, "accepted"),
        ("case.moved", case, "settled"),
    ]  # fmt: skip
    assert all(one["data"].keys() == {"case", "kind", "state", "due_on"} for one in told)
    assert BAD not in str(told) and "苏义" not in str(told) and "pr1" not in str(told)
    ids = set()
    for said, body in receiver.got:
        said = {name.lower(): value for name, value in said.items()}
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        signed = f"{said['webhook-id']}.{said['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert said["webhook-signature"] == f"v1,{expected}"
        ids.add(said["webhook-id"])
    assert len(ids) == 4


def test_one_that_flaps_is_told_of_once_more_and_then_no_more(site, receiver, box):
    follower = Follower(site.hub.log, box, ["portal"])
    for turn in range(7):
        site.close_day(entry(1, 2 * turn + 1))
        site.close_day(withdrawn(1, 2 * turn + 2, site.day))
    follower.catch_up(0)
    Deliverer(box, [to(receiver)]).deliver(0)
    # Raised, twice gone and back, and marked: whatever it does after that is no news.
    assert receiver.types() == ["case.raised", *["case.moved"] * 6]


def test_a_receiver_that_is_down_is_tried_again_and_holds_up_nobody(site, receiver, box):
    down = Receiver()
    ends = [to(down, "down"), to(receiver)]
    down.close()
    follower, deliverer = Follower(site.hub.log, box, ["down", "portal"]), Deliverer(box, ends)
    site.close_day(entry(1, 1), entry(2, 1, name="林晓", birth_date=400))
    now = 1_000_000
    assert follower.catch_up(now) == 4
    assert deliverer.deliver(now) == 2
    for _ in range(30 * 86_400 // 600):
        now += 600
        deliverer.deliver(now)
    assert dict(box.counts(["down", "portal"])) == {
        "down": {"delivered": 0, "waiting": 0, "dead": 2},
        "portal": {"delivered": 2, "waiting": 0, "dead": 0},
    }
    assert box.revive("down", now) == 2 and dict(box.counts(["down"]))["down"]["waiting"] == 2


def test_pauses_grow_and_are_bounded():
    pauses = [pause(attempt) for attempt in range(1, 40)]
    assert pauses[:4] == [5, 10, 20, 40] and pauses == sorted(pauses) and pauses[-1] == PAUSE_SECONDS_MAX


@pytest.mark.parametrize(
    ("status", "seconds", "waiting"), [(503, 5, 2), (429, 5, 2), (400, 0, 1), (301, 5, 2), (500, 5, 2)]
)
def test_what_a_receiver_refuses(site, receiver, box, status, seconds, waiting):
    """A refusal of one message leaves the others; of a receiver that cannot, everything waits."""
    follower, deliverer = Follower(site.hub.log, box, ["portal"]), Deliverer(box, [to(receiver)])
    site.close_day(entry(1, 1), entry(2, 1, name="林晓", birth_date=400))
    follower.catch_up(0)
    receiver.answers = [status]
    deliverer.deliver(0)
    assert dict(box.counts(["portal"]))["portal"]["waiting"] == waiting
    deliverer.deliver(max(seconds, 5))
    assert dict(box.counts(["portal"]))["portal"] == {"delivered": 2, "waiting": 0, "dead": 0}


def test_a_receiver_that_asks_for_time_gets_it_and_one_that_is_gone_is_left(site, receiver, box):
    follower, deliverer = Follower(site.hub.log, box, ["portal"]), Deliverer(box, [to(receiver)])
    site.close_day(entry(1, 1))
    follower.catch_up(0)
    receiver.answers, receiver.extra = [429], {"retry-after": "60"}
    assert (deliverer.deliver(0), deliverer.deliver(59), deliverer.deliver(60)) == (0, 0, 1)
    site.close_day(entry(2, 1, name="林晓", birth_date=400))
    follower.catch_up(100)
    receiver.answers = [410]
    deliverer.deliver(100)
    assert dict(box.counts(["portal"]))["portal"]["dead"] == 1
    assert ATTEMPTS_MAX > 5


def test_cut_off_anywhere_nothing_is_told_twice_or_lost(site, receiver, tmp_path):
    """A follower that starts anew reads again what it may not have kept."""
    engine = open_sqlite(tmp_path / "again.db")
    with engine.connect() as db:
        Follower(site.hub.log, Outbox(db), ["portal"]).catch_up(0)
        for turn in range(4):
            site.close_day(entry(turn + 1, 1, name="苏林周吴"[turn], birth_date=400 * turn))
            Follower(site.hub.log, Outbox(db), ["portal"]).catch_up(0)
            # The file as it was before the place was kept.
            db.execute(outbox.places.update().values(offset=0))
            db.commit()
        Follower(site.hub.log, Outbox(db), ["portal"]).catch_up(0)
        assert Deliverer(Outbox(db), [to(receiver)]).deliver(0) == 4
    engine.dispose()
    assert len({json.loads(body)["data"]["case"] for _, body in receiver.got}) == 4


def test_what_waits_is_bounded(box, monkeypatch):
    monkeypatch.setattr(outbox, "WAITING_MAX", 3)
    monkeypatch.setattr(outbox, "DEAD_MAX", 2)
    for number in range(9):
        box.add("portal", f"m{number}", b"{}", 0)
    box.bound()
    assert dict(box.counts(["portal"]))["portal"] == {"delivered": 0, "waiting": 3, "dead": 2}
    assert [one.message_id for one in box.due("portal", 0, 10)] == ["m6", "m7", "m8"]


# --- the digest -------------------------------------------------------------------------------


class Postbox:
    """Keeps what a mail server is handed."""

    def __init__(self) -> None:
        self.kept = []

    async def handle_DATA(self, server, session, envelope):
        self.kept.append((envelope.rcpt_tos, envelope.content))
        return "250 OK"


def test_a_digest_counts_for_each_department_and_town_and_is_taken_by_a_mail_server(site):
    postbox = Postbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(postbox, hostname="127.0.0.1", port=port)
    controller.start()
    with (site.folder / "hub.toml").open("a", encoding="utf-8") as config:
        config.write(
            f'[mail]\nhost = "127.0.0.1"\nport = {port}\nfolder = "letters"\n'
            f'[mail.recipients]\n"public_security/{TOWN}" = "town@example.org"\n'
        )
    site.close_day(entry(1, 1), entry(2, 1, name="林晓", birth_date=400, place=f"{COUNTY}102202"), days=14)
    site.close_day(entry(3, 1, name="周平", birth_date=800), days=3)
    case = site.cli("cases", department=POLICE, place=TOWN)[0]["case"]
    site.cli("cases", "accept", case, "--seen", 1)
    site.run()
    record = site.cli("cases", "show", case)["records"][0]["record"]
    site.cli("cases", "ask", case, "--seen", 2, "--record", record, "--field", "number", "--question", "?")
    site.run()
    told = site.cli("cases", "digest")
    controller.stop()
    assert [(one["place"], one["open"], one["overdue"], one["sent"]) for one in told] == [
        (TOWN, 2, 0, True), (f"{COUNTY}102", 1, 0, False),
    ]  # fmt: skip
    [(recipients, content)] = postbox.kept
    message = email.message_from_bytes(content, policy=email.policy.default)
    text = message.get_content()
    assert recipients == ["town@example.org"] and TOWN in message["Subject"]
    for words in ("未办结 open: 2", "oldest raised on: 2024-03-01", "escalated (county, supervision): 1",
                  "questions to this department: 1", "公民身份号码", "number-invalid: 2"):  # fmt: skip
        assert words in text
    for secret in (BAD, "苏义", "周平", "pr1", case):
        assert secret not in text
    files = sorted(path.name for path in (site.folder / "letters").iterdir())
    assert files == [f"2024-03-17-{POLICE}-{TOWN}.eml", f"2024-03-17-{POLICE}-{COUNTY}102.eml"]


def test_a_mail_server_that_is_down_is_tried_later_and_without_settings_nothing_is_sent(site):
    site.close_day(entry(1, 1))
    site.cli("cases", "digest", code=1)
    server = Receiver()
    port = server.server.server_port
    server.close()
    with site.hub.projection() as db:
        [one] = mail.digests(db, site.day, site.hub.calendar)
    with pytest.raises(RetryableError):
        mail.send([mail.written(one, "hub@localhost", "a@b")], mail.Server(host="127.0.0.1", port=port))
    mail.send([], mail.Server(host="127.0.0.1", port=port))
    with pytest.raises(SettingsError):
        mail.send(
            [mail.written(one, "hub@localhost", "a@b")],
            mail.Server(host="127.0.0.1", port=port, user="hub"),
        )
