"""Change events on a real broker: what becomes of each kind of message, and of a stream that repeats, forgets or empties."""

import json
from contextlib import closing

import pytest
from kafka import KafkaAdminClient

from hub.domain.days import iso
from hub.domain.events import RecordPublished, RecordQuarantined, RecordWithdrawn
from hub.errors import SettingsError, SourceUnavailableError
from tests.connect.samples import command, complaints, events, ingest
from tests.connect.test_sources import hub_of, take
from tests.topics import ChangeTopic, millis

pytestmark = pytest.mark.kafka


@pytest.fixture
def topic(broker):
    with ChangeTopic(broker.address) as made:
        yield made


def hub_at(folder, topic, said=""):
    return hub_of(folder, f"{topic.said}\n{said}")


def person(key, surname="Berg", dob="1990-01-02", **more):
    return {"id": key, "given_name": "Anna", "surname": surname, "dob": dob, **more}


def said_of(hub):
    """Key, version, surname and day of each version; a withdrawn one has no surname."""
    kinds = (RecordPublished, RecordWithdrawn)
    found = {e.record_id: e.source_key for e in events(hub, RecordPublished)}
    return [
        (found.get(e.record_id, "?"), e.version, getattr(e, "fields", {}).get("family_name", "-"), iso(e.published_on))
        for e in events(hub, kinds)
    ]  # fmt: skip


@pytest.mark.parametrize("wrapped", [False, True])
def test_each_change_becomes_a_version_and_a_deletion_takes_the_record_back(tmp_path, topic, wrapped):
    topic.wrapped = wrapped
    with closing(hub_at(tmp_path, topic)) as hub:
        topic.say("r", person(1))
        topic.say("c", person("2"))
        assert take(hub) == [(2, 0, 0)]
        topic.day = "2024-01-06"
        topic.say("u", person(1, "Holm"), before=person(1))
        topic.say("d", person("2"))
        receipts = ingest(hub, None, "town.members")
        assert [(r.accepted, r.quarantined, r.clean) for r in receipts] == [(2, 0, True)]
        assert receipts[0].rows[0]["message"] == "1 tombstones"
        assert take(hub) == []
        assert said_of(hub) == [
            ("1", 1, "Berg", "2024-01-05"), ("2", 1, "Berg", "2024-01-05"),
            ("1", 2, "Holm", "2024-01-06"), ("2", 2, "-", "2024-01-06"),
        ]  # fmt: skip


def test_a_deletion_of_which_only_the_messages_key_says_what_it_is_about(tmp_path, topic):
    topic.say("c", person("1"))
    said = topic.envelope("d", person("1"))
    said["payload" if "payload" in said else "before"] = None
    topic.put(said, json.dumps({"schema": {}, "payload": {"id": "1"}}).encode())
    with closing(hub_at(tmp_path, topic)) as hub:
        assert take(hub) == [(1, 0, 0)]
        assert [version[1:3] for version in said_of(hub)] == [(1, "-")]


def test_what_is_about_no_row_is_counted_and_what_cannot_be_read_is_set_aside_with_its_place(tmp_path, topic):
    topic.put({"ts_ms": 1})
    topic.say("c", person("1"))
    topic.put({"source": {}, "databaseName": "x", "ddl": "CREATE …", "tableChanges": []})
    topic.put({"status": "BEGIN", "id": "7", "event_count": None, "data_collections": None})
    topic.put(topic.envelope("m", {}))
    bad = [topic.put(value) for value in (b"{", b"\xff", [1], {"id": "2"}, {"op": "c", "after": 3})]
    topic.put(None, b"1")
    with closing(hub_at(tmp_path, topic)) as hub:
        (receipt,) = ingest(hub, None, "town.members")
        assert receipt.received == 1 + len(bad) == receipt.accepted + receipt.quarantined
        notes = [row["message"] for row in receipt.rows if row["severity"] == "note"]
        assert notes == [
            "1 heartbeats", "1 messages of the database", "1 schema changes", "1 tombstones",
            "1 transaction marks", f"no change event at the offsets {', '.join(map(str, bad))}",
        ]  # fmt: skip
        aside = events(hub, RecordQuarantined)
        assert [(e.row - 1, e.reasons[0]["code"]) for e in aside] == [(n, "no-envelope") for n in bad]
        assert all(event.drop.startswith(f"{topic.name}/0 ") for event in aside)
        assert receipt.received + 5 == bad[-1] + 2


def test_messages_said_again_and_a_stream_that_was_rewound_change_nothing(tmp_path, topic):
    def stretch():
        for surname in ("Berg", "Holm", "Lind"):
            topic.say("u", person("1", surname))
        topic.say("d", person("2"))
        topic.say("c", person("2"))

    with closing(hub_at(tmp_path, topic)) as hub:
        stretch()
        (receipt,) = ingest(hub, None, "town.members")
        assert receipt.accepted == 2
        assert "3 earlier changes to the same records" in [row["message"] for row in receipt.rows]
        topic.day = "2024-01-02"
        stretch()
        stretch()
        assert take(hub) == [(0, 2, 0)]
        assert [version[:3] for version in said_of(hub)] == [("1", 1, "Lind"), ("2", 1, "Berg")]
        for kept in hub.data.glob("intake.db*"):
            kept.unlink()
        assert take(hub) == []


def test_each_day_is_a_drop_and_no_day_goes_back(tmp_path, topic):
    for day, surname in (("2024-01-05", "A"), ("2024-01-07", "B"), ("2024-01-06", "C")):
        topic.day = day
        topic.say("u", person("1", surname))
    topic.say("u", person("2") | {"surname": "B"})
    with closing(hub_at(tmp_path, topic)) as hub:
        assert take(hub) == [(1, 0, 0), (2, 0, 0)]
        assert said_of(hub) == [
            ("1", 1, "A", "2024-01-05"), ("1", 2, "C", "2024-01-07"), ("2", 1, "B", "2024-01-07"),
        ]  # fmt: skip


def test_a_moment_after_the_message_was_written_is_no_day_of_its_own(tmp_path, topic):
    topic.day = "2999-01-01"
    topic.say("c", person("1"))
    with closing(hub_at(tmp_path, topic)) as hub:
        assert take(hub) == [(1, 0, 0)]
        assert said_of(hub)[0][3] < "2999"


def test_nothing_is_committed_to_the_broker(tmp_path, topic):
    topic.say("c", person("1"))
    with closing(hub_at(tmp_path, topic)) as hub:
        assert take(hub) == [(1, 0, 0)]
    admin = KafkaAdminClient(bootstrap_servers=topic.address)
    try:
        assert not [group for group in admin.list_groups() if "town.members" in str(group)]
    finally:
        admin.close()


def test_what_a_transaction_took_back_is_never_read(tmp_path, broker):
    with ChangeTopic(broker.address, transactional=True) as topic, closing(hub_at(tmp_path, topic)) as hub:
        topic.producer.init_transactions()
        for key, end in (("1", topic.producer.commit_transaction), ("2", topic.producer.abort_transaction)):
            topic.producer.begin_transaction()
            topic.say("c", person(key))
            end()
        assert take(hub) == [(1, 0, 0)]
        assert [version[0] for version in said_of(hub)] == ["1"]
        head = hub.log.head()
        assert take(hub) == [] and hub.log.head() == head


# --- deletions ----------------------------------------------------------------------------------


def deleted_in_a_burst(folder, topic, said=""):
    hub = hub_at(folder, topic, said)
    for n in range(40):
        topic.say("c", person(f"p{n:02d}"))
    assert take(hub) == [(40, 0, 0)]
    for n in range(30):
        topic.say("d", person(f"p{n:02d}"))
    topic.say("u", person("p39", "Holm"))
    return hub


def test_a_burst_of_deletions_takes_nothing_back_until_somebody_says_so(tmp_path, topic):
    with closing(deleted_in_a_burst(tmp_path, topic)) as hub:
        (receipt,) = ingest(hub, None, "town.members")
        assert (receipt.accepted, receipt.quarantined) == (1, 30)
        assert {code for _, _, code in complaints([receipt])} == {"mass-deletion", "passed-over"}
        assert events(hub, RecordWithdrawn) == []
    said = command(tmp_path, "quarantine", "list", "--code", "mass-deletion", "--limit", "1").stdout
    assert "too many records deleted at once" in said
    command(tmp_path, "quarantine", "discard", "--code", "mass-deletion", "--reason", "a slip")
    with closing(hub_at(tmp_path, topic)) as hub:
        assert events(hub, RecordWithdrawn) == []


def test_a_burst_that_was_meant_is_taken_again_and_what_came_back_meanwhile_stays(tmp_path, topic):
    with closing(deleted_in_a_burst(tmp_path, topic)) as hub:
        ingest(hub, None, "town.members")
        topic.say("c", person("p00", "Lind"))
        assert take(hub) == [(1, 0, 0)]
    command(tmp_path, "quarantine", "retry")
    with closing(hub_at(tmp_path, topic)) as hub:
        assert len(events(hub, RecordWithdrawn)) == 29
        assert ("p00", 2, "Lind", "2024-01-05") in said_of(hub)


def test_how_many_are_a_burst_can_be_said(tmp_path, topic):
    with closing(deleted_in_a_burst(tmp_path, topic, "withdrawals_max = 90")) as hub:
        assert take(hub) == [(31, 0, 0)]
        assert len(events(hub, RecordWithdrawn)) == 30


def test_what_was_made_and_deleted_before_anybody_read_it_is_no_burst(tmp_path, topic):
    for n in range(30):
        topic.say("c", person(f"p{n}"))
        topic.say("d", person(f"p{n}"))
    with closing(hub_at(tmp_path, topic)) as hub:
        assert take(hub) == [(30, 0, 0)]


def test_a_table_that_was_emptied_takes_nothing_back(tmp_path, topic):
    topic.say("c", person("1"))
    topic.put(
        {"op": "t", "before": None, "after": None, "source": {"ts_ms": millis("2024-01-05")}, "ts_ms": 1}
    )
    with closing(hub_at(tmp_path, topic)) as hub:
        (receipt,) = ingest(hub, None, "town.members")
        assert complaints([receipt]) == [(2, "", "table-truncated")]
        assert (receipt.accepted, events(hub, RecordWithdrawn)) == (1, [])


# --- values -------------------------------------------------------------------------------------


def test_dates_come_as_the_schema_says_or_as_their_size_shows(tmp_path, topic):
    day = 7306  # 1990-01-02
    for n, number in enumerate((day, day * 86_400_000, day * 86_400_000_000, day * 86_400 * 10**9, 19900102)):
        topic.say("c", person(f"plain{n}", dob=number))
    topic.say("c", person("bad", dob=10**9))
    topic.wrapped = True
    for name, number in (
        ("io.debezium.time.Date", day),
        ("org.apache.kafka.connect.data.Timestamp", day * 86_400_000),
    ):
        said = topic.envelope("c", person(name, dob=number))
        said["schema"]["fields"][0]["fields"].append({"field": "dob", "type": "int32", "name": name})
        topic.put(said)
    with closing(hub_at(tmp_path, topic)) as hub:
        assert take(hub) == [(7, 0, 1)]
        assert {iso(event.fields["born"]) for event in events(hub, RecordPublished)} == {"1990-01-02"}


def test_a_value_that_the_database_did_not_send_is_no_value(tmp_path, topic):
    topic.say("u", person("1", surname="__debezium_unavailable_value"))
    with closing(hub_at(tmp_path, topic)) as hub:
        assert complaints(ingest(hub, None, "town.members")) == [(1, "family_name", "value-not-sent")]
        stored = b"".join(path.read_bytes() for path in hub.data.rglob("*") if path.is_file())
        assert b"__debezium" not in stored


# --- what a broker no longer has ------------------------------------------------------------------


def test_messages_that_were_dropped_before_they_were_read_are_on_record(tmp_path, topic):
    with closing(hub_at(tmp_path, topic)) as hub:
        topic.say("c", person("1"))
        assert take(hub) == [(1, 0, 0)]
        for n in range(5):
            topic.say("c", person(f"lost{n}"))
        topic.forget(0, 5)
        (receipt,) = ingest(hub, None, "town.members")
        assert (receipt.accepted, receipt.quarantined) == (1, 1)
        assert complaints([receipt])[0] == (2, "", "messages-lost")
        assert take(hub) == []


def test_a_topic_that_was_made_anew_is_not_read_as_if_it_were_the_old_one(tmp_path, topic):
    with closing(hub_at(tmp_path, topic)) as hub:
        for n in range(3):
            topic.say("c", person(str(n)))
        assert take(hub) == [(3, 0, 0)]
        admin = KafkaAdminClient(bootstrap_servers=topic.address)
        admin.delete_topics([topic.name])
        admin.create_topics(
            {topic.name: {"num_partitions": 1, "replication_factor": 1}}, wait_for_metadata=True
        )
        admin.close()
        with pytest.raises(
            SourceUnavailableError, match=r"was read up to 2: it was made anew|no topic|did not"
        ):
            take(hub)


def test_brokers_that_do_not_answer_and_a_topic_that_is_not_there_are_tried_later(tmp_path, topic, broker):
    topic.name = "nothing"
    with (
        closing(hub_of(tmp_path, f'topic = "nothing"\nbrokers = "{broker.address}"')) as hub,
        pytest.raises(SourceUnavailableError, match="there is no topic nothing"),
    ):
        take(hub)


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ('topic = "a/b"\nbrokers = "x:1"', "a topic's name"),
        ('topic = "a"', "write them as host:port"),
        ('topic = "a"\nbrokers = "x"', "write them as host:port"),
        ('topic = "a"\nbrokers = "x:1"\nwithdrawals_max = 101', "0 to 100"),
        ('topic = "a"\nbrokers = "x:1"\nuser = "me"\npassword_file = "nowhere"', "nowhere cannot be read"),
        ('path = "."\nformat = "debezium"', "name topic and brokers"),
        ('path = "."\ntopic = "a"', "name one of path, url, url_file, topic and secrets_file"),
    ],
)
def test_a_setting_that_cannot_be_followed_says_which(tmp_path, said, refusal):
    with closing(hub_of(tmp_path, said)) as hub, pytest.raises(SettingsError, match=refusal):
        hub.connectors(None, ())
