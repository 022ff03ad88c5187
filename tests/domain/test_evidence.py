"""Evidence in Chinese: the same days, counts and departments as in the log's words."""

import re

import pytest

from hub.domain.evidence import SENTENCES, in_both, in_chinese


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("born 2025-11-09, no household entry by 2025-12-09", "2025-11-09出生，至2025-12-09未登记户口"),
        ("a delivery of 2 children, records of 1 by 2023-10-31", "一次分娩2名儿童，至2023-10-31仅有1名的记录"),
        ("residence is registered in towns 990101101 and 990101102 at once",
         "同时在乡镇990101101、990101102有有效居住登记"),
        ("issued_on 2022-03-23 lies before birth_date 2023-03-22 in health.birth_certificate",
         "health.birth_certificate中issued_on（2022-03-23）早于birth_date（2023-03-22）"),
    ],
)  # fmt: skip
def test_days_and_counts_stand_in_both(said, expected):
    assert in_chinese(said) == expected
    assert in_both(said) == f"{expected} · {said}"


def test_words_of_another_hub_are_shown_as_they_are():
    assert in_chinese("something else") is None
    assert in_both("something else") == "something else"


def test_whatever_the_english_tells_the_chinese_tells_too():
    for pattern, words in SENTENCES.items():
        assert re.compile(pattern).groups == len(set(re.findall(r"\\[0-9]", words))), pattern
