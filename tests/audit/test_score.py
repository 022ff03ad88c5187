"""When a found discrepancy counts as a true one."""

import pytest

from hub.audit.score import FOR_EVER, GRACE_DAYS, Stood, by_kind, matches
from hub.cli.simulated import show_score

TRUE = Stood("name-differs", frozenset({"e1", "e2"}), 100, 200)


@pytest.mark.parametrize(
    ("found", "same"),
    [
        (TRUE._replace(people=frozenset({"e2", "e9"}), first=150, last=FOR_EVER), True),
        (TRUE._replace(kind="number-conflict"), False),
        (TRUE._replace(people=frozenset({"e9"})), False),
        (TRUE._replace(first=200 + GRACE_DAYS, last=FOR_EVER), True),
        (TRUE._replace(first=201 + GRACE_DAYS, last=FOR_EVER), False),
        (TRUE._replace(first=0, last=100 - GRACE_DAYS), True),
        (TRUE._replace(first=0, last=99 - GRACE_DAYS), False),
    ],
)
def test_kind_people_and_days_have_to_agree(found, same):
    assert matches(found, TRUE) is same
    assert matches(TRUE, found) is same


def test_precision_counts_found_ones_and_recall_detectable_true_ones():
    hidden = Stood("name-differs", frozenset({"e3"}), 100, 200, detectable=False)
    missed = Stood("name-differs", frozenset({"e4"}), 100, 200)
    wrong = Stood("name-differs", frozenset({"e5"}), 100, 200)
    assert by_kind([TRUE, hidden, wrong], [TRUE, hidden, missed]) == {
        "name-differs": {
            "detected": 3, "right": 2, "true": 2, "found": 1, "undetectable": 1,
            "precision": pytest.approx(2 / 3), "recall": 0.5,
        }
    }  # fmt: skip


def test_a_kind_that_neither_knows_is_not_scored():
    assert by_kind([], []) == {}


def test_a_score_is_printed_one_row_a_kind(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "160")
    share = {"true": 10, "agreed": 9, "agree": 0.9, "by": {"matched": {"true": 10, "agreed": 9}}}
    show_score({
        "pairwise": {"precision": 1.0, "recall": 0.5, "f1": 0.667}, "bcubed": {"precision": 1.0, "recall": 0.75, "f1": 0.857},
        "discrepancies": by_kind([TRUE], [TRUE, TRUE._replace(kind="number-conflict")]), "births": {"found": 1, **share},
    })  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    [differs] = [line for line in lines if "name-differs" in line]
    [conflict] = [line for line in lines if "number-conflict" in line]
    assert "姓名不一致" in differs and differs.count("1.000") == 2
    assert conflict.count("0.000") == 1, "recall, beside the precision of nothing found"
    assert any("9 / 10 = 0.9000" in line for line in lines) and any("bcubed" in line for line in lines)
