"""How published values read on a page, and that charts can be read in black and white."""

from itertools import combinations

from hub.reports.charts import COLOURS
from hub.reports.periodic.figures import difference, text
from hub.reports.periodic.sections import Grid
from hub.reports.periodic.texts import Language
from hub.statistics.publication import Observation
from hub.statistics.tables import COUNT, FREE, NORMAL, NOT_OBSERVABLE, Key

EN, ZH = Language("en"), Language("zh")
GREYS_APART_MIN = 20


def one(value, indicator="BIRTHS", status=NORMAL, decimals=0):
    key = Key(indicator, "990101", "2026-06")
    return Observation("births", key, value, None, None, COUNT, decimals, status, FREE)


def test_thousands_are_told_apart_and_no_change_is_no_sign():
    assert text(one(18131), EN) == "18,131"
    assert difference(one(1613), one(1381), EN) == "−232"
    assert difference(one(15), one(15), EN) == "0"
    assert difference(one(71.96, decimals=1), one(72.04, decimals=1), EN) == "+0.1"
    assert difference(one(71.96, decimals=1), one(71.99, decimals=1), EN) == "0"


def test_a_sex_ratio_of_few_births_does_not_wait_for_time():
    assert text(one(None, "SEX_RATIO", NOT_OBSERVABLE), EN) == "too few births"
    assert text(one(None, "SEX_RATIO", NOT_OBSERVABLE), ZH) == "例数太少"
    assert text(one(None, "REGISTERED_WITHIN", NOT_OBSERVABLE), EN) == "not observable yet"


def test_rows_of_nothing_but_withheld_cells_are_named_below_the_table():
    grid = Grid("", ("town", "boys", "girls"), [("a", "…", "…"), ("b", "0", "…"), ("c", "…", "")], hidden="…")
    assert (grid.shown, grid.withheld) == ([("b", "0", "…")], ["a", "c"])
    assert Grid("", ("town", "boys"), [("a", "…")]).shown == [("a", "…")]


def test_feeds_have_words_and_those_of_a_site_its_code():
    assert (EN.feed("health.birth_certificate"), ZH.feed("health.birth_certificate")) == (
        "health: birth certificates",
        "卫健：出生医学证明",
    )
    assert ZH.feed("school.roll") == "school.roll"


def test_colours_differ_in_black_and_white():
    greys = [sum(w * int(c[i : i + 2], 16) for w, i in ((0.299, 1), (0.587, 3), (0.114, 5))) for c in COLOURS]
    assert min(abs(a - b) for a, b in combinations(greys, 2)) > GREYS_APART_MIN
