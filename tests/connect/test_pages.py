"""HTTP interfaces, on a real server: pages, conditions, waiting, refusals, and whom a token is shown."""

from contextlib import closing

import pytest

from hub.domain.events import RecordPublished
from hub.errors import SettingsError, SourceUnavailableError
from tests.connect.samples import complaints, events, ingest
from tests.connect.test_sources import hub_of, take
from tests.web import serving

RECORDS = [
    {"id": f"m{n}", "given_name": "Anna", "surname": "Berg", "dob": "1990-01-02", "remark": "canary"}
    for n in range(20)
]


@pytest.fixture
def interface():
    with serving() as made:
        made.records = list(RECORDS)
        yield made


def hub_at(folder, interface, said=""):
    return hub_of(folder, f'url = "{interface.address}/people"\n{said}')


@pytest.mark.parametrize("shape", ["list", "object", "lines"])
def test_all_pages_are_read_and_asked_for_again_only_by_conditions(tmp_path, interface, shape):
    interface.shape = shape
    with closing(hub_at(tmp_path, interface)) as hub:
        assert take(hub) == [(20, 0, 0)]
        assert interface.asked == [200, 200, 200]
        assert take(hub) == []
        assert interface.asked[3:] == [304, 304, 304]
        interface.records[15] = RECORDS[15] | {"surname": "Holm"}
        assert take(hub) == [(1, 19, 0)]
        assert len(events(hub, RecordPublished)) == 21
        stored = b"".join(path.read_bytes() for path in hub.data.rglob("*") if path.is_file())
        assert b"canary" not in stored


def test_an_interface_that_is_busy_is_waited_for_and_one_that_stays_so_is_tried_later(tmp_path, interface):
    interface.failures = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"})]
    with closing(hub_at(tmp_path, interface)) as hub:
        assert take(hub) == [(20, 0, 0)]
        assert interface.asked[:2] == [429, 503]
        interface.failures = [(503, {"Retry-After": "0"})] * 50
        with pytest.raises(SourceUnavailableError, match="answers 503"):
            take(hub)
        interface.failures.clear()
        assert take(hub) == []


def test_a_token_is_shown_to_the_interface_alone(tmp_path, interface):
    interface.token = "secret-token"
    with closing(hub_at(tmp_path, interface)) as hub:
        (receipt,) = ingest(hub, None, "town.members")
        assert receipt.rows[0]["message"] == "127.0.0.1 answers 401 instead of records"
        assert take(hub) == []
    (tmp_path / "token").write_text("secret-token\n")
    with closing(hub_at(tmp_path, interface, 'token_file = "token"')) as hub:
        assert take(hub) == [(20, 0, 0)]
        interface.records[0] = {}
        interface.address = "http://127.0.0.1:9"
        (receipt,) = ingest(hub, None, "town.members")
        assert "lies on another host" in receipt.rows[0]["message"]


def test_what_is_no_record_is_set_aside(tmp_path, interface):
    interface.records = [RECORDS[0], None, 3, {"id": {"deep": 1}}, RECORDS[1], {"id": ""}]
    with closing(hub_at(tmp_path, interface)) as hub:
        receipts = ingest(hub, None, "town.members")
        assert [(row, code) for row, _, code in complaints(receipts)] == [
            (2, "bad-json"), (3, "bad-json"), (4, "bad-json"), (6, "missing-key"),
        ]  # fmt: skip
        assert receipts[0].accepted == 2


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ('url = "http://me:secret@x/y"', "in a token_file"),
        ('url = "http://x/y"\ntoken_file = "t"', "travels by https"),
        ('url = "https://x/y"\ntoken_file = "nowhere"', "nowhere cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_followed_says_which(tmp_path, said, refusal):
    with closing(hub_of(tmp_path, said)) as hub, pytest.raises(SettingsError, match=refusal) as refused:
        hub.connectors(None, ())
    assert "secret" not in str(refused.value)
