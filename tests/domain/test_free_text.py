"""What free text may not hold: numbers of people, and what the hub refuses altogether."""

import pytest

from hub.domain.free_text import why_refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("母亲身份证号990101199001011234", "an identity number"),
        ("number 99010119900101123x, by phone", "an identity number"),
        ("９９０１０１１９９００１０１１２３４", "an identity number"),
        ("990101 19900101 1234", "an identity number"),
        ("990101900101123", "an identity number"),
        ("rang 13800138000", "a telephone number"),
        ("rang +86 138-0013-8000", "a telephone number"),
        ("是否已上环", "contraception"),
    ],
)
def test_a_number_of_a_person_is_told(text, expected):
    assert expected in why_refused(text)
    assert not any(digits in why_refused(text) for digits in ("19900101", "13800138000"))


@pytest.mark.parametrize(
    "text",
    ["", "two digits are missing", "见 health.birth_certificate/X000013473", "registered in 990101101203 by now",
     "entered 2024-03-01, not 2024-03-02", "record 707264c5efbac52937dd8aa6", "case 07405eaf60ddd15854c567910001",
     "10 of 12 on 2024-03-01 2024-04-01 2024-05-01"],
)  # fmt: skip
def test_records_days_and_places_may_be_written_down(text):
    assert why_refused(text) is None
