"""Each check of the history catches the violation it is for, and is silent without it."""

import pytest

from hub.domain.events import StepCompleted
from tests.faults.history import (
    FAIL,
    INFO,
    OK,
    History,
    Seen,
    k1_lost_write,
    k2_phantom,
    k3_applied_twice,
    k4_offset_agreement,
    k5_key_order,
    k6_skipped_offset,
    k7_conservation,
    k8_digest,
    k11_liveness,
    outcomes,
)
from tests.faults.load import accounts


def seen(event_id: str, offset: int, key: str = "k", partition: str = "records-0", said: str = "") -> Seen:
    return Seen(partition, offset, event_id, key, said or event_id)


def lines(*calls: tuple[str, str | None], client: str = "w") -> list[dict]:
    """One call per pair: its ids as words, and its end (None: it never ended)."""
    found: list[dict] = []
    for number, (ids, end) in enumerate(calls):
        found.append({"call": number, "what": "invoke", "client": client, "ids": ids.split()})
        if end is not None:
            found.append({"call": number, "what": end})
    return found


def test_an_id_is_as_good_as_the_best_call_that_named_it():
    said = lines(("a b", OK), ("b c", INFO), ("c d", FAIL), ("e", None))
    assert outcomes(said) == {"a": OK, "b": OK, "c": INFO, "d": FAIL, "e": INFO}


def test_a_history_is_read_back_as_it_was_written(tmp_path):
    history = History(tmp_path / "history.jsonl")

    def broken():
        raise TimeoutError

    assert history.call("w", ["a"], lambda: None, TimeoutError)
    assert not history.call("w", ["b"], broken, TimeoutError)
    with pytest.raises(ZeroDivisionError):
        history.call("w", ["c"], lambda: 1 / 0, TimeoutError)
    history.close()
    assert outcomes(history.load()) == {"a": OK, "b": INFO, "c": INFO}


def test_k1_catches_an_acknowledged_event_that_is_not_in_the_log():
    said = lines(("a", OK), ("b", INFO), ("c", FAIL))
    assert k1_lost_write(said, [seen("a", 0)]) == []
    assert k1_lost_write(said, [seen("b", 0)]) == ["K1 acknowledged and lost: 1, such as ['a']"]


def test_k2_catches_a_refused_event_that_is_in_the_log():
    said = lines(("a", OK), ("b", INFO), ("c", FAIL))
    assert k2_phantom(said, [seen("a", 0), seen("b", 1)]) == []
    assert k2_phantom(said, [seen("a", 0), seen("c", 1)]) != []
    assert k2_phantom(said, [seen("nobody's", 0)]) != []


def test_k3_catches_a_second_effect():
    assert k3_applied_twice(["a", "b"]) == []
    assert k3_applied_twice(["a", "b", "a"]) == ["K3 applied twice: 1, such as ['a']"]


def test_k3_and_k7_catch_a_step_that_two_workers_completed():
    log = [seen(i, offset) for offset, i in enumerate("abbc")]
    first, second = StepCompleted(1, {"records-0": 1}, 0), StepCompleted(2, {"records-0": 3}, 0)
    effects, repeats = accounts(log, [second, first])
    assert (effects, repeats) == (["a", "b", "c"], 1)
    assert k7_conservation([s.id for s in log], len(effects), repeats, 0) == []
    effects, repeats = accounts(log, [first, second, StepCompleted(2, {"records-0": 2}, 0)])
    assert k3_applied_twice(effects) != []
    assert k7_conservation([s.id for s in log], len(effects), repeats, 0) != []
    effects, repeats = accounts(log, [first])
    assert k7_conservation([s.id for s in log], len(effects), repeats, 0) != []


def test_k4_catches_other_bytes_in_one_place():
    one, other = [seen("a", 0)], [seen("a", 0), seen("b", 7)]
    assert k4_offset_agreement([one, other]) == []
    assert k4_offset_agreement([one, [seen("b", 0)]]) != []
    assert k4_offset_agreement([one, [seen("a", 0, said="changed")]]) != []


def test_k5_catches_events_of_one_key_in_another_order():
    said = lines(("a b c", OK))
    read = [seen("a", 0), seen("b", 1), seen("c", 2)]
    assert k5_key_order(said, read) == []
    assert k5_key_order(said, [*read, seen("a", 3)]) == [], "a repeat behind is no event"
    assert k5_key_order(said, [read[1], read[0], read[2]]) != []
    other = [read[1]._replace(key="other"), read[0], read[2]]
    assert k5_key_order(said, other) == [], "across keys nothing is promised"


def test_k6_catches_what_one_reader_passed_over():
    log = [seen(i, offset) for offset, i in ((0, "a"), (1, "b"), (5, "c"))]
    assert k6_skipped_offset(log, log) == [], "offsets may be sparse"
    assert k6_skipped_offset(log[1:], log) == [], "a reader may start anywhere"
    assert k6_skipped_offset([log[0], log[2]], log) != []
    assert k6_skipped_offset([log[0], log[1], log[0]], log) != [], "going back is no going on"


def test_k7_catches_what_is_in_no_account():
    assert k7_conservation(["a", "b", "b", "c"], applied=2, skipped=1, set_aside=1) == []
    assert k7_conservation(["a", "b", "b", "c"], applied=2, skipped=1, set_aside=0) != []


def test_k8_catches_a_table_that_is_not_the_fold():
    assert k8_digest({"births": "1"}, {"births": "1"}) == []
    assert k8_digest({"births": "1"}, {"births": "2"}) != []
    assert k8_digest({"births": "1"}, {"births": "1", "people": "3"}) != []


def test_k11_catches_a_run_that_drains_too_late():
    assert k11_liveness(5, 60) == []
    assert k11_liveness(61, 60) != []
