"""Cases over HTTP on loopback: the same path as by the command line; nothing without a token."""

import asyncio
import hashlib
import json
import re
import socket
import threading
import time

import pytest
import urllib3
from sqlalchemy import text as sql
from structlog.testing import capture_logs

from hub.api.cases import read_tokens, server
from hub.app import Hub
from hub.errors import SettingsError
from hub.matching.numbers import to_18
from tests.casework.story import BAD, COUNTY, OTHER_TOWN, TOWN, Site, entry

POLICE = "public_security"
HOLDERS = {"town": (POLICE, TOWN), "other": (POLICE, OTHER_TOWN), "police": (POLICE, COUNTY),
           "health": ("health", COUNTY), "commerce": ("commerce", COUNTY),
           "former": ("health", COUNTY)}  # fmt: skip


class Client:
    """Asks a real server, as one of the token holders."""

    def __init__(self, port):
        self.http = urllib3.PoolManager(retries=False)
        self.address = f"http://127.0.0.1:{port}"

    def __call__(self, who, method, path, status=200, **body):
        said = {"authorization": f"Bearer secret-{who}"} if who else {}
        content = json.dumps(body).encode() if body else None
        answer = self.http.request(method, self.address + path, body=content, headers=said)
        assert answer.status == status, (answer.status, answer.data)
        return json.loads(answer.data)


def write_tokens(path):
    for name, (department, place) in HOLDERS.items():
        digest = hashlib.sha256(f"secret-{name}".encode()).hexdigest()
        with path.open("a", encoding="utf-8") as file:
            file.write(
                f'[[token]]\nsha256 = "{digest}"\ndepartment = "{department}"\nrole = "registrar"\n'
                f'jurisdiction = "{place}"\npurpose = "record-reconciliation"\n'
            )
            if name == "former":
                file.write("until = 2020-01-31\n")
    return path


@pytest.fixture
def site(tmp_path):
    made = Site(tmp_path)
    yield made
    made.hub.close()


@pytest.fixture
def client(site):
    tokens = read_tokens(write_tokens(site.folder / "tokens.toml"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = []

    def work() -> None:
        hub = Hub(site.settings)
        made = server(hub, tokens, port)
        started.append(made)
        asyncio.run(made.serve())
        hub.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not (started and started[0].started):
        assert time.monotonic() < deadline and thread.is_alive()
        time.sleep(0.02)
    made = Client(port)
    yield made
    made.http.clear()
    started[0].should_exit = True
    thread.join(30)
    assert not thread.is_alive()


def in_both(title):
    """Whether a title speaks Chinese and English."""
    return re.search("[\u4e00-\u9fff]", title) and re.search("[a-z]{3}", title)


def test_a_case_goes_from_raised_to_archived_over_http_too(site, client):
    site.close_day(entry(1, 1))
    [found] = client("town", "GET", "/cases?state=open&kind=number-invalid")
    case = found["case"]

    def act(who, action, **more):
        seen = client("health", "GET", f"/cases/{case}")["version"]
        more.setdefault("seen", seen)
        said = client(who, "POST", f"/cases/{case}/actions", 202, action=action, **more)
        site.run()
        return said

    assert act("town", "accept")["refused"] is None
    assert act("health", "accept", seen=0)["refused"] == "case-changed-meanwhile"
    act("town", "hand-over", details={"place": OTHER_TOWN})
    act("other", "take-over")
    record = client("other", "GET", f"/cases/{case}")["records"][0]["record"]
    act("other", "ask", details={"record": record, "field": "number", "question": "?"})
    [asked] = client("police", "GET", "/requests")
    assert asked["record_id"] == record
    act("police", "answer", details={"request": "1", "answer": "corrected", "record_version": "2"})
    site.close_day(entry(1, 2, number=to_18("990101680818001")))
    act("other", "archive")
    told = client("other", "GET", f"/cases/{case}/timeline")
    assert told[-1]["said"]["state"] == "archived" and "CaseActionRefused" in {e["event"] for e in told}
    assert BAD not in str(told)
    site.replays()


def test_nothing_is_answered_without_a_token_or_beyond_it(site, client):
    site.close_day(entry(1, 1))
    case = site.cli("cases")[0]["case"]
    for who in (None, "stranger"):
        for method, path in (("GET", "/cases"), ("GET", f"/cases/{case}"), ("POST", f"/cases/{case}/actions"),
                             ("GET", "/nothing"), ("DELETE", "/cases")):  # fmt: skip
            assert client(who, method, path, 401)["type"] == "unauthorized"
    assert client("commerce", "GET", "/cases") == []
    said = client("commerce", "GET", f"/cases/{case}", 404)
    assert said["type"] == "not-found" and in_both(said["title"])
    client("commerce", "POST", f"/cases/{case}/actions", 404, action="accept")


def test_what_cannot_be_read_is_refused_with_the_reason(site, client):
    site.close_day(entry(1, 1))
    case = site.cli("cases")[0]["case"]
    for path in (
        "/cases?limit=0",
        "/cases?limit=x",
        "/cases?colour=red",
        "/cases?kind=none",
        "/cases?level=x",
        "/cases?state=x",
        "/cases?overdue=perhaps",
    ):
        assert in_both(client("health", "GET", path, 400)["title"])
    for body in ({"action": "dance"}, {"seen": 1}, {"action": "accept", "seen": "x"},
                 {"action": "accept", "more": 1}, {"action": "accept", "seen": 10**20}, {"action": "accept", "seen": -1},
                 {"action": "hand-over", "details": {"place": TOWN, "department": "polise"}},
                 {"action": "comment", "note": "她是否已上环"}):  # fmt: skip
        assert in_both(client("health", "POST", f"/cases/{case}/actions", 400, **body)["title"])
    assert site.cli("cases", "show", case)["version"] == 0


def test_whoever_holds_a_token_learns_what_is_wrong_with_a_request(site, client):
    site.close_day(entry(1, 1))
    case = site.cli("cases")[0]["case"]
    large = {"action": "comment", "note": "x" * 100_000}
    assert client("health", "POST", f"/cases/{case}/actions", 413, **large)["type"] == "too-large"
    assert client("health", "GET", "/nothing", 404)["type"] == "no-such-path"
    assert client("health", "DELETE", "/cases", 405)["type"] == "no-such-method"


def test_what_nobody_expected_is_a_problem_too_without_a_traceback(site, client):
    site.close_day(entry(1, 1))
    with site.hub.projection() as db:
        db.execute(sql("UPDATE cases SET asking = 'no json'"))
        db.commit()
    with capture_logs() as told:
        said = client("health", "GET", "/cases", 500)
    assert (said["type"], said["status"]) == ("hub-error", 500) and in_both(said["title"])
    assert [(one["event"], one.keys()) for one in told] == [
        ("request_failed", {"event", "error_type", "log_level"})
    ]


def test_a_token_that_ran_out_is_told_so_and_answers_nothing(site, client):
    for path in ("/cases", "/requests"):
        said = client("former", "GET", path, 401)
        assert said["type"] == "token-expired" and "2020-01-31" in said["title"]


@pytest.mark.parametrize(
    "text", ["", "x", "[[token]]\nsha256 = 'ab'\n", "[[token]]\nsha256 = 'ab'\ndepartment = 'd'\nrole = 'r'\n"
             "jurisdiction = '99'\npurpose = 'p'\n"],
)  # fmt: skip
def test_a_file_of_tokens_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "tokens.toml").write_text(text)
    with pytest.raises(SettingsError, match=r"tokens\.toml"):
        read_tokens(tmp_path / "tokens.toml")
    with pytest.raises(SettingsError):
        read_tokens(tmp_path / "absent.toml")
