"""The history of a run under faults, and the checks that it must pass after heal and drain.

Modelled on the queue workload of Jepsen: clients write down every call before
they make it and what became of it, one JSON object a line: `invoke`, then `ok`
(done), `fail` (surely not done) or `info` (unknown: it may be there or not,
never twice). Readers write down what they read where. Each check takes lists
and returns what is wrong in words; none reads the hub, so none can share its
mistakes.
"""

import json
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

SHOWN_MAX = 5
INVOKE, OK, FAIL, INFO = "invoke", "ok", "fail", "info"


class Seen(NamedTuple):
    """One event where a reader found it, in the order of reading."""

    partition: str
    offset: int
    id: str
    key: str
    bytes: str
    """A digest of all that was read there."""


class History:
    """A file of calls, written by any number of threads; kept after the run."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock, self._calls = path, threading.Lock(), 0
        self._file = path.open("a", encoding="utf-8")

    def _write(self, **line: Any) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()

    def invoke(self, client: str, ids: Sequence[str]) -> int:
        """A call begins; its number."""
        with self._lock:
            self._calls += 1
            self._write(call=self._calls, what=INVOKE, client=client, ids=list(ids))
            return self._calls

    def ended(self, call: int, what: str) -> None:
        """What became of a call."""
        with self._lock:
            self._write(call=call, what=what)

    def call(
        self, client: str, ids: Sequence[str], action: Callable[[], object], unknown: type[Exception]
    ) -> bool:
        """Make a call and write down what became of it; whether it was acknowledged."""
        number = self.invoke(client, ids)
        try:
            action()
        except unknown:
            self.ended(number, INFO)
            return False
        self.ended(number, OK)
        return True

    def load(self) -> list[dict[str, Any]]:
        """All lines, as they lie in the file."""
        return [json.loads(line) for line in self._path.read_text("utf-8").splitlines()]

    def close(self) -> None:
        self._file.close()


def outcomes(lines: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Event id to the best that any call said of it; a call without an end is `info`."""
    ids: dict[int, list[str]] = {}
    ends: dict[int, str] = {}
    for line in lines:
        if line["what"] == INVOKE:
            ids[line["call"]] = line["ids"]
        else:
            ends[line["call"]] = line["what"]
    rank = (FAIL, INFO, OK)
    found: dict[str, str] = {}
    for call, called in ids.items():
        for event_id in called:
            found[event_id] = max(found.get(event_id, FAIL), ends.get(call, INFO), key=rank.index)
    return found


def told(what: str, items: Iterable[object]) -> list[str]:
    """A finding with a few examples; none where there are no items."""
    items = list(items)
    return [f"{what}: {len(items)}, such as {items[:SHOWN_MAX]}"] if items else []


def k1_lost_write(lines: Iterable[Mapping[str, Any]], log: Iterable[Seen]) -> list[str]:
    """What was acknowledged is in the log."""
    there = {seen.id for seen in log}
    return told(
        "K1 acknowledged and lost",
        (i for i, what in outcomes(lines).items() if what == OK and i not in there),
    )


def k2_phantom(lines: Iterable[Mapping[str, Any]], log: Iterable[Seen]) -> list[str]:
    """What surely failed, or nobody wrote, is not in the log."""
    known = outcomes(lines)
    return told("K2 in the log though it was refused", (s.id for s in log if known.get(s.id, FAIL) == FAIL))


def k3_applied_twice(effects: Iterable[str]) -> list[str]:
    """Each event has one effect: `effects` are the ids of what was handled, however often."""
    return told("K3 applied twice", (i for i, times in Counter(effects).items() if times > 1))


def k4_offset_agreement(readers: Iterable[Iterable[Seen]]) -> list[str]:
    """No two readers, nor one at two times, see different bytes in one place."""
    found: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
    for reader in readers:
        for seen in reader:
            found[seen.partition, seen.offset].add((seen.id, seen.bytes))
    return told("K4 different bytes in one place", (place for place, said in found.items() if len(said) > 1))


def k5_key_order(lines: Iterable[Mapping[str, Any]], read: Iterable[Seen]) -> list[str]:
    """Events of one key that one client wrote are read in the order of writing; repeats count once."""
    written: dict[str, int] = {}
    clients: dict[str, str] = {}
    for line in lines:
        if line["what"] == INVOKE:
            for event_id in line["ids"]:
                written.setdefault(event_id, len(written))
                clients.setdefault(event_id, line["client"])
    last: dict[tuple[str, str], int] = {}
    wrong: list[str] = []
    met: set[str] = set()
    for seen in read:
        if seen.id in met or seen.id not in written:
            continue
        met.add(seen.id)
        stream = seen.key, clients[seen.id]
        if written[seen.id] < last.get(stream, -1):
            wrong.append(seen.id)
        last[stream] = max(written[seen.id], last.get(stream, -1))
    return told("K5 read out of the order of its key", wrong)


def k6_skipped_offset(reader: Iterable[Seen], log: Iterable[Seen]) -> list[str]:
    """Inside one reader's run each partition goes on where it stood: nothing between is passed over.

    Offsets may be sparse, so what lies between is what the whole log holds there.
    """
    offsets: dict[str, list[int]] = defaultdict(list)
    for seen in log:
        offsets[seen.partition].append(seen.offset)
    following = {
        (partition, before): after
        for partition, found in offsets.items()
        for before, after in zip(sorted(set(found)), sorted(set(found))[1:], strict=False)
    }
    at: dict[str, int] = {}
    wrong: list[tuple[str, int]] = []
    for seen in reader:
        expected = following.get((seen.partition, at[seen.partition])) if seen.partition in at else None
        if seen.partition in at and seen.offset != expected:
            wrong.append((seen.partition, seen.offset))
        at[seen.partition] = seen.offset
    return told("K6 passed over what lies before", wrong)


def k7_conservation(accepted: Sequence[str], applied: int, skipped: int, set_aside: int) -> list[str]:
    """Everything in the log was applied, skipped as a repeat, or set aside."""
    if len(accepted) == applied + skipped + set_aside:
        return []
    return [f"K7 {len(accepted)} accepted, but {applied} applied, {skipped} repeats, {set_aside} set aside"]


def k8_digest(projection: Mapping[str, str], fold: Mapping[str, str]) -> list[str]:
    """The projection is the fold of its log."""
    names = projection.keys() | fold.keys()
    return told("K8 not the fold of the log", sorted(n for n in names if projection.get(n) != fold.get(n)))


def k11_liveness(seconds: float, limit: float) -> list[str]:
    """Drained within its time after heal."""
    return [] if seconds <= limit else [f"K11 drained {seconds:.0f} s after heal, not within {limit:.0f} s"]
