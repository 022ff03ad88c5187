"""Dates: every real day in every agreed spelling, and a reason for everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.connect.dates import day, parser_of
from hub.connect.reasons import REASONS, CellError
from hub.domain.days import iso


@given(st.dates())
def test_every_real_day_is_read_back_in_each_spelling(value):
    if 1880 <= value.year <= 2199:
        for text in (
            value.isoformat(),
            value.strftime("%Y%m%d"),
            f"{value.year}年{value.month}月{value.day}日",
        ):
            assert iso(day(text)) == value.isoformat()


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("MM/dd/yyyy", "03/09/1990"),
        ("MM/DD/YYYY", "03/09/1990"),
        ("M/d/yyyy", "3/9/1990"),
        ("dd.MM.yyyy", "09.03.1990"),
        ("yyyyMMdd", "19900309"),
        ("yyyy-MM-dd'T'HH:mm", "1990-03-09T04:05"),
        ("yyyy年M月d日", "1990年3月9日"),
        ("MM/dd/yyyy", "０３/０９/１９９０"),
        ("MM/dd/yyyy", "1990-03-09"),
        ("MM/dd/yyyy", "1990-03-09 00:00:00"),
    ],
)
def test_a_contracts_format_is_followed_and_iso_passes_beside_it(format, text):
    assert iso(parser_of(format)(text)) == "1990-03-09"


@pytest.mark.parametrize(
    ("format", "text", "code"),
    [
        ("MM/dd/yyyy", "31/12/1990", "impossible-date"),
        ("MM/dd/yyyy", "3/9/1990", "bad-date"),
        ("MM/dd/yyyy", "19900309", "bad-date"),
        ("MM/dd/yyyy", "03/09/90", "two-digit-year"),
        ("dd.MM.yyyy", "31.02.1990", "impossible-date"),
        ("", "03/09/1990", "bad-date"),
        ("", "900309", "two-digit-year"),
        ("", "90年3月9日", "two-digit-year"),
        ("", "1879-12-31", "impossible-date"),
    ],
)
def test_other_dates_are_refused_with_a_reason(format, text, code):
    with pytest.raises(CellError) as bad:
        parser_of(format)(text)
    assert bad.value.code == code


@given(st.text(max_size=12), st.sampled_from(["", "MM/dd/yyyy"]))
def test_no_text_breaks_the_date_parser(text, format):
    try:
        parser_of(format)(text)
    except CellError as bad:
        assert bad.code in REASONS
