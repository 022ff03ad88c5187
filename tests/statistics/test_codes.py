"""What codes in exported statistics mean, what places are called, and periods as SDMX writes them."""

from tables_made import families

from hub.domain.days import day_of
from hub.domain.divisions import STATISTICAL, STILL, Division, Divisions
from hub.domain.provinces import PROVINCES
from hub.reports.codes import codes_of
from hub.reports.observations import sdmx_period
from hub.reports.periodic.sections import alike
from hub.reports.periodic.texts import Language
from hub.reports.places import NAMELESS, Places
from hub.statistics.periods import period
from hub.statistics.publication import Family, Safety, publish

DAY = day_of("2024-06-30")
OLD = Division(STATISTICAL, "990101101", "柳河乡", 0, DAY, "renamed", ("990101101",))
NEW = Division(STATISTICAL, "990101101", "柳河镇", DAY + 1, STILL, "", ())
DIVISIONS = Divisions.of([OLD, NEW])


def test_a_place_is_called_what_it_was_called_that_day():
    assert Places(DIVISIONS, DAY).label("990101101") == "柳河乡 990101101"
    assert Places(DIVISIONS, DAY + 1).label("990101101") == "柳河镇 990101101"
    assert Places(Divisions.of([OLD]), DAY + 1).name("990101101") == "柳河乡"
    assert (Places().label("510100"), Places().label("51"), Places().label("99")) == (
        "510100",
        "四川 51",
        "99",
    )


def test_provinces_are_those_of_the_standard():
    assert len(PROVINCES) == len(set(PROVINCES.values())) == 34
    assert all(len(code) == 2 and code.isdigit() for code in PROVINCES)


def test_a_report_says_names_in_either_language():
    for language in ("zh", "en"):
        words = Language(language, Places(DIVISIONS, DAY))
        assert words.place("990101101") == "柳河乡 990101101"
        assert words.place("_X") in ("县外", "outside the county")


def test_every_code_of_every_table_is_explained_in_both_languages():
    for safety in (Safety(), Safety(threshold=1), Safety(base=5)):
        tables = publish([Family(one) for one in families()], safety).tables
        codes = codes_of((one for table in tables for one in table.observations), NAMELESS)
        unnamed = {code.code for code in codes if not (code.zh and code.en)}
        # Places that no table names, and the feed of a site's own.
        assert unnamed <= {"a"} | {code.code for code in codes if code.column == "REF_AREA"}
        assert len({code[:2] for code in codes}) == len(codes)
        said = {code[:2]: (code.zh, code.en) for code in codes}
        assert said["BREAKDOWN", "OR2-ADJUSTED"][1].startswith("odds ratio 2 ")
        assert said["BREAKDOWN", "migrant/outside"] == ("流动人口，县外", "migrants, outside the county")
        assert said["BREAKDOWN", "51"] == ("四川", "四川")


def test_sdmx_has_its_own_way_of_writing_half_years_and_half_months():
    written = {
        "2026": "2026", "2026-06": "2026-06", "2026-06-30": "2026-06-30", "2026-H1": "2026-S1",
        "2026-06-1": "2026-06-01/P15D", "2026-06-2": "2026-06-16/P15D", "2024-02-2": "2024-02-16/P14D",
    }  # fmt: skip
    assert {name: sdmx_period(name) for name in written} == written


def test_a_chart_holds_one_kind_of_period():
    assert alike(period("year", "2024"))[1] == ["2023", "2024"]
    assert alike(period("half-year", "2024-H1"))[1] == ["2023-H1", "2024-H1"]
    (months,) = alike(period("month", "2024-06"))
    assert (months[0], months[-1], len(months)) == ("2023-06", "2024-06", 13)
    assert [len(group) for group in alike(period("year", "2024"))] == [24, 2]
