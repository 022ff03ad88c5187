"""Sources as they really are: encodings, markers, and tables of a PostgreSQL read by what changed."""

import hashlib
from contextlib import closing

import asyncssh
import psycopg
import pytest

from hub.app import Hub
from hub.connect.sources.encodings import detect
from hub.domain.days import iso
from hub.domain.events import DayClosed, RecordPublished
from hub.errors import SettingsError, SourceUnavailableError, UnreadableSourceError
from hub.settings import load
from tests.connect.samples import CONTRACT, complaints, events, ingest
from tests.databases import new_database

HEAD = "id,given_name,surname,dob\n"
ROWS = "1,伟,王,19900102\n2,娜,李,19910203\n"


def hub_of(folder, said: str, contract: str = CONTRACT) -> Hub:
    (folder / "members.yaml").write_text(contract)
    (folder / "hub.toml").write_text(
        f'[hub]\ndata = "data"\n[feeds."town.members"]\ncontract = "members.yaml"\n{said}\n'
    )
    return Hub(load(folder / "hub.toml", {}))


def take(hub) -> list[tuple[int, int, int]]:
    return [(r.accepted, r.unchanged, r.quarantined) for r in ingest(hub, None, "town.members")]


# --- encodings ----------------------------------------------------------------------------------

ENCODED = {
    "utf-8": HEAD.encode() + ROWS.encode(), "utf-8-sig": (HEAD + ROWS).encode("utf-8-sig"),
    "gb18030": (HEAD + ROWS).encode("gb18030"), "utf-16": (HEAD + ROWS).encode("utf-16"),
    "utf-16-le": (HEAD + ROWS).encode("utf-16-le"), "utf-16-be": (HEAD + ROWS).encode("utf-16-be"),
}  # fmt: skip


@pytest.mark.parametrize("encoding", ENCODED)
def test_each_encoding_is_found_and_told_and_the_receipt_stays_clean(tmp_path, encoding):
    (tmp_path / "m.csv").write_bytes(ENCODED[encoding])
    assert detect(tmp_path / "m.csv").encoding == encoding
    with closing(hub_of(tmp_path, 'path = "m.csv"\nencoding = "auto"')) as hub:
        (receipt,) = ingest(hub, None, "town.members")
        assert (receipt.accepted, receipt.warnings, receipt.clean) == (2, 0, True)
        assert complaints([receipt]) == [(0, "", "encoding-detected")]
        assert receipt.rows[0]["message"].startswith(f"read as {encoding}: ")
        assert {event.fields["family_name"] for event in events(hub, RecordPublished)} == {"王", "李"}


@pytest.mark.parametrize(
    "content",
    ["héé\xe9,\xff".encode("latin-1"), bytes(range(128, 256)) * 4, b"\x81"],
)
def test_what_shows_no_encoding_is_refused_not_guessed(tmp_path, content):
    (tmp_path / "m.csv").write_bytes(content)
    with pytest.raises(UnreadableSourceError, match="cannot be told"):
        detect(tmp_path / "m.csv")
    with closing(hub_of(tmp_path, 'path = "m.csv"\nencoding = "auto"')) as hub:
        assert complaints(ingest(hub, None, "town.members")) == [(0, "", "wrong-encoding")]


def test_korean_in_its_own_encoding_is_not_taken_for_chinese(tmp_path):
    (tmp_path / "m.csv").write_bytes(
        "id,given_name,surname,dob\n1,지우,김,19900102\n2,서연,박,19910203\n".encode("euc_kr")
    )
    with pytest.raises(UnreadableSourceError, match="as Korean in EUC-KR as well as Chinese"):
        detect(tmp_path / "m.csv")
    with closing(hub_of(tmp_path, 'path = "m.csv"\nencoding = "euc_kr"')) as hub:
        assert take(hub) == [(2, 0, 0)]


# --- markers ------------------------------------------------------------------------------------


def test_a_file_is_read_once_its_marker_says_it_is_complete(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/2024-01-01.csv").write_text(HEAD + ROWS)
    with closing(hub_of(tmp_path, 'path = "in"\nmarker = ".done"')) as hub:
        assert complaints(ingest(hub, None, "town.members")) == [(0, "", "incomplete-drop")]
        (tmp_path / "in/2024-01-01.csv.done").touch()
        assert take(hub) == [(2, 0, 0)]
        assert take(hub) == []


def test_a_file_that_is_not_what_its_checksum_says_is_refused_until_one_of_them_is_mended(tmp_path):
    (tmp_path / "in").mkdir()
    path, sums = tmp_path / "in/2024-01-01.csv", tmp_path / "in/2024-01-01.csv.sha256"
    path.write_text(HEAD + ROWS)
    sums.write_text("0" * 64 + "  2024-01-01.csv\n")
    with closing(hub_of(tmp_path, 'path = "in"\nmarker = ".sha256"')) as hub:
        assert complaints(ingest(hub, None, "town.members")) == [(0, "", "wrong-checksum")]
        assert take(hub) == []
        sums.write_text(hashlib.sha256(path.read_bytes()).hexdigest().upper() + "  2024-01-01.csv\n")
        assert take(hub) == [(2, 0, 0)]


def test_a_server_that_does_not_answer_stops_no_other_feed_and_closes_no_day(tmp_path):
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "key")
    (tmp_path / "hosts").touch()
    (tmp_path / "m.csv").write_text(HEAD + ROWS)
    (tmp_path / "other.yaml").write_text(CONTRACT.replace("town.members", "town.others"))
    other = '[feeds."town.others"]\ncontract = "other.yaml"\npath = "m.csv"'
    said = f'url = "sftp://me@127.0.0.1:9/x"\nkey_file = "key"\nknown_hosts = "hosts"\n{other}'
    with closing(hub_of(tmp_path, said)) as hub:
        told = []
        with (
            hub.ingest() as work,
            pytest.raises(SourceUnavailableError, match="its SFTP server does not give it"),
        ):
            work.run(hub.connectors(None, ()), told.append, close_days=True)
        assert [(receipt.feed, receipt.accepted) for receipt in told] == [("town.others", 2)]
        assert events(hub, DayClosed) == []
        (tmp_path / "key").write_text("x")
        with hub.ingest() as work, pytest.raises(SettingsError, match="key_file or known_hosts"):
            work.run(hub.connectors(None, ()), told.append, close_days=True)


# --- PostgreSQL ---------------------------------------------------------------------------------


@pytest.fixture
def table(postgres, tmp_path):
    """A table of people in a real PostgreSQL, and a hub that may read it."""
    url = new_database(postgres)
    (tmp_path / "url").write_text(url.replace("postgresql://", "postgresql+psycopg://"))
    db = psycopg.connect(url, autocommit=True)
    db.execute(
        "CREATE TABLE members (id int, given_name text, surname text, dob date, changed_at timestamp, seq bigint)"
    )
    yield db
    db.close()


def add(db, *keys, day="2024-01-01", seq=1, surname="B"):
    for key in keys:
        db.execute("DELETE FROM members WHERE id = %s", (key,))
        db.execute("INSERT INTO members VALUES (%s, 'A', %s, '1990-01-02', %s, %s)", (key, surname, day, seq))


def test_of_a_table_only_the_days_are_read_on_which_something_changed(tmp_path, table):
    add(table, 1, 2)
    add(table, 3, day="2024-01-02 10:00")
    add(table, 4, day=None)
    with closing(
        hub_of(tmp_path, 'url_file = "url"\ntable = "members"\ncursor = "changed_at"\nday = "2023-01-01"')
    ) as hub:
        assert take(hub) == [(1, 0, 0), (2, 0, 0), (1, 0, 0)]
        assert take(hub) == []
        add(table, 1, day="2024-01-03", surname="C")
        assert take(hub) == [(0, 1, 0), (1, 0, 0)]
        add(table, 5, day="2024-01-02 09:00")
        assert take(hub) == [(1, 1, 0)]
        said = {(e.source_key, e.version): iso(e.published_on) for e in events(hub, RecordPublished)}
        assert said["1", 2] == "2024-01-03" and said["4", 1] == "2023-01-01" and said["5", 1] == "2024-01-02"
        table.execute("DELETE FROM members WHERE id = 3")
        assert take(hub) == [(0, 1, 0)]


def test_of_a_table_only_the_ranges_of_numbers_are_read_in_which_something_changed(tmp_path, table):
    add(table, 1, 2, seq=5)
    add(table, 3, seq=100_001)
    with closing(hub_of(tmp_path, 'url_file = "url"\ntable = "public.members"\ncursor = "seq"')) as hub:
        assert take(hub) == [(2, 0, 0), (1, 0, 0)]
        add(table, 2, seq=200_000, surname="C")
        assert take(hub) == [(0, 1, 0), (1, 0, 0)]
        assert take(hub) == []


def test_the_owner_of_a_table_goes_on_writing_while_it_is_read(tmp_path, table):
    add(table, *range(50))
    with closing(hub_of(tmp_path, 'url_file = "url"\ntable = "members"')) as hub:
        (connector,) = hub.connectors(None, ["town.members"])
        (drop,) = connector.drops()
        _, rows = connector.read(drop)
        next(rows)
        table.execute("SET lock_timeout = '2s'")
        table.execute("UPDATE members SET surname = 'X'")
        assert sum(1 for _ in rows) == 49


def test_a_database_that_is_away_is_tried_later_and_a_column_that_is_not_there_is_named(tmp_path, table):
    add(table, 1)
    with closing(hub_of(tmp_path, 'url_file = "url"\ntable = "members"\ncursor = "nothing"')) as hub:
        (receipt,) = ingest(hub, None, "town.members")
        assert "has no column nothing" in receipt.rows[0]["message"]
    (tmp_path / "url").write_text("postgresql+psycopg://nobody@127.0.0.1:9/x")
    with (
        closing(hub_of(tmp_path, 'url_file = "url"\ntable = "members"\ncursor = "seq"')) as hub,
        pytest.raises(SourceUnavailableError, match="does not answer"),
    ):
        ingest(hub, None, "town.members")
