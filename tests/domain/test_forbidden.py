"""The line that is never crossed, as a list: names of columns, words of cells, and what only looks like them."""

import pytest

from hub.domain.forbidden import ALONE, FORBIDDEN, VALUES, refuse, refuse_value
from tests.domain.forbidden_names import FORBIDDEN_NAMES, LOOKALIKE_NAMES


def test_the_lists_are_long_enough_to_mean_something():
    assert len(FORBIDDEN_NAMES) + len(VALUES) >= 300
    assert len(LOOKALIKE_NAMES) >= 50


@pytest.mark.parametrize("name", FORBIDDEN_NAMES)
def test_a_forbidden_name_is_refused_however_it_is_dressed(name):
    for dressed in (
        name,
        name.upper(),
        f" {name}* ",
        f"{name}_1",
        f"本人{name}",
        f"{name[:2]}\u200b{name[2:]}",
        f"x.{name}",
    ):
        assert refuse(dressed), dressed


@pytest.mark.parametrize("name", LOOKALIKE_NAMES)
def test_what_only_looks_like_it_passes(name):
    assert refuse(name) is None
    assert not refuse_value(name)


def test_no_false_friend_opens_a_door():
    for words in FORBIDDEN.values():
        for word in words:
            assert refuse(word) and refuse(f"{word}x") and refuse(f"x{word}"), word
    assert all(map(refuse, ALONE))


def test_a_cell_is_refused_for_what_it_says_whole_not_for_a_word_in_an_address():
    assert all(map(refuse_value, VALUES)) and refuse_value("Pregnant")
    assert not refuse_value("计划生育服务站家属院2号")
