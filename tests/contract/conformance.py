"""What every connector must keep, as one suite: a connector's tests inherit it and say how to deliver.

Each test delivers to a source as its department would, lets a whole hub read it,
and looks at what the log holds.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from hub.app import Hub
from hub.connect import Connector, Drop
from hub.connect.reconcile import reconcile
from hub.domain.events import BatchReceived, RecordPublished, RecordQuarantined
from hub.settings import load
from tests.connect.samples import CONTRACT, events

FEED = "town.members"
HEADINGS = ("id", "given_name", "surname", "dob")
CONTRACT_TEXT = CONTRACT + "customProperties: [{property: source, value: {table: members}}]\n"
ROWS = tuple((f"m{n:02d}", "Anna", f"Berg{n}", "1990-01-02") for n in range(30))


class Source(Protocol):
    """A source system under test."""

    said: str
    """What hub.toml says of the feed, beside its contract."""

    def deliver(self, rows: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS) -> None:
        """Publish these rows, and these alone, as the next delivery."""


class StopError(Exception):
    """The process dies here."""


class Dying:
    """A connector whose process dies at a row."""

    def __init__(self, connector: Connector, row: int) -> None:
        self._connector, self._row = connector, row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def read(self, drop: Drop) -> Any:
        report, rows = self._connector.read(drop)

        def until() -> Any:
            for count, row in enumerate(rows):
                if count == self._row:
                    rows.close()
                    raise StopError
                yield row
            raise StopError

        return report, until()


class DyingLog:
    """A log whose writer dies before or after an append is durable."""

    def __init__(self, log: Any, after: bool) -> None:
        self._log, self._after = log, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def append(self, envelopes: Any) -> Any:
        if self._after:
            self._log.append(envelopes)
        raise StopError


def hub_in(folder: Path, said: str) -> Hub:
    (folder / "members.yaml").write_text(CONTRACT_TEXT)
    (folder / "hub.toml").write_text(
        f'[hub]\ndata = "data"\n[feeds."{FEED}"]\ncontract = "members.yaml"\n{said}\n'
    )
    return Hub(load(folder / "hub.toml", {}))


def read_in(
    hub: Hub, wrap: Callable[[Connector], Any] = lambda connector: connector
) -> list[tuple[int, int, int]]:
    receipts: list[Any] = []
    with hub.ingest() as work:
        work.run(map(wrap, hub.connectors(None, (FEED,))), receipts.append, close_days=False)
    for receipt in receipts:
        assert receipt.received == receipt.accepted + receipt.unchanged + receipt.quarantined
    return [(r.accepted, r.unchanged, r.quarantined) for r in receipts if r.received]


def published(hub: Hub) -> list[tuple[str, int, str]]:
    return sorted(
        (e.source_key, e.version, e.fields.get("family_name", "")) for e in events(hub, RecordPublished)
    )


def whole(hub: Hub) -> None:
    """Both balances hold, ids are unique, and the source is in the log."""
    door, inside = hub.intake.balance()[FEED], hub.intake.quarantine_balance().get(FEED, {})
    assert door["received"] == door["accepted"] + door["unchanged"] + door["quarantined"]
    settled = ("waiting", "accepted", "unchanged", "replaced", "discarded")
    assert door["quarantined"] == sum(inside.get(name, 0) for name in settled)
    assert door["accepted"] <= len(events(hub, RecordPublished))
    versions = [(event.record_id, event.version) for event in events(hub, RecordPublished)]
    assert len(versions) == len(set(versions))
    assert all(each.ok for each in reconcile(hub.connectors(None, (FEED,)), hub.log, hub.keys.pseudonyms()))


class Conformance:
    """Inherit it, and give a fixture `source`."""

    @pytest.fixture
    def hub(self, tmp_path, source):
        made = hub_in(tmp_path, source.said)
        if page := getattr(source, "page", None):
            # A page of its own, in place of what settings say.
            made.connectors = lambda *_: [page(made.feeds[FEED])]
        yield made
        made.close()

    def test_what_is_delivered_is_in_the_log(self, hub, source):
        source.deliver(ROWS)
        assert sum(accepted for accepted, _, _ in read_in(hub)) == len(ROWS)
        assert [key for key, _, _ in published(hub)] == [row[0] for row in ROWS]
        whole(hub)

    def test_a_second_look_finds_nothing_new(self, hub, source):
        source.deliver(ROWS)
        read_in(hub)
        head = hub.log.head()
        assert read_in(hub) == []
        assert hub.log.head() == head

    def test_a_delivery_that_says_the_same_in_another_order_publishes_nothing(self, hub, source):
        source.deliver(ROWS)
        read_in(hub)
        source.deliver(ROWS[::-1])
        assert sum(accepted for accepted, _, _ in read_in(hub)) == 0
        assert len(published(hub)) == len(ROWS)
        whole(hub)

    def test_a_delivery_with_the_same_row_twice_publishes_it_once(self, hub, source):
        source.deliver([*ROWS[:5], *ROWS[:5]])
        read_in(hub)
        assert [(key, version) for key, version, _ in published(hub)] == [(row[0], 1) for row in ROWS[:5]]
        whole(hub)

    def test_a_change_is_the_next_version(self, hub, source):
        source.deliver(ROWS)
        read_in(hub)
        source.deliver([*ROWS[:-1], (*ROWS[-1][:2], "Holm", ROWS[-1][3])])
        assert sum(accepted for accepted, _, _ in read_in(hub)) == 1
        assert published(hub)[-1] == (ROWS[-1][0], 2, "Holm")
        whole(hub)

    @pytest.mark.parametrize("row", [0, 1, 17, 29, 30])
    def test_a_crash_while_reading_neither_loses_nor_doubles(self, hub, source, row):
        source.deliver(ROWS)
        with pytest.raises(StopError):
            read_in(hub, lambda connector: Dying(connector, row))
        read_in(hub)
        assert [(key, version) for key, version, _ in published(hub)] == [(row[0], 1) for row in ROWS]
        whole(hub)

    @pytest.mark.parametrize("after", [False, True])
    def test_a_crash_at_the_log_neither_loses_nor_doubles(self, hub, source, after):
        source.deliver(ROWS)
        genuine = hub.log
        hub.log = DyingLog(genuine, after)
        with pytest.raises(StopError):
            read_in(hub)
        hub.log = genuine
        read_in(hub)
        assert [(key, version) for key, version, _ in published(hub)] == [(row[0], 1) for row in ROWS]
        assert hub.intake.balance()[FEED]["received"] == len(ROWS)
        whole(hub)

    def test_a_hub_that_lost_what_it_remembered_reads_nothing_twice(self, hub, source):
        source.deliver(ROWS)
        read_in(hub)
        for kept in hub.data.glob("intake.db*"):
            kept.unlink()
        assert read_in(hub) == []
        assert len(published(hub)) == len(ROWS)
        whole(hub)

    def test_bad_rows_are_set_aside_with_their_reasons_and_the_rest_goes_on(self, hub, source):
        source.deliver([*ROWS[:5], ("m90", "A", "B", "1990-02-30"), ("m91", "A" * 5_000, "B", ""), *ROWS[5:]])
        read_in(hub)
        assert len(published(hub)) == len(ROWS)
        reasons = {r["code"] for event in events(hub, RecordQuarantined) for r in event.reasons}
        assert reasons == {"impossible-date", "too-long"}
        whole(hub)

    def test_drift_is_told_and_what_is_new_or_forbidden_is_kept_nowhere(self, hub, source, capfd):
        wider = [(*row, "canary-new", "canary-forbidden") for row in ROWS]
        source.deliver(wider, (*HEADINGS, "extra", "pregnancy_week"))
        read_in(hub)
        assert len(published(hub)) == len(ROWS)
        for receipt in events(hub, BatchReceived):
            assert "extra" in receipt.ignored_columns and receipt.refused_columns == ["pregnancy_week"]
        stored = b"".join(path.read_bytes() for path in hub.data.rglob("*") if path.is_file())
        assert b"canary" not in stored and b"Berg7" in stored
        said = capfd.readouterr()
        assert "canary" not in said.out + said.err and "Berg" not in said.out + said.err

    def test_a_lost_required_column_refuses_the_delivery_and_the_next_one_is_read(self, hub, source):
        source.deliver([row[1:] for row in ROWS], HEADINGS[1:])
        read_in(hub)
        assert published(hub) == []
        assert events(hub, RecordQuarantined)
        source.deliver(ROWS)
        read_in(hub)
        assert len(published(hub)) == len(ROWS)
        whole(hub)
