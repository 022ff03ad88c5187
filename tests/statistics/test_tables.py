"""Tables of births and their publication: counts, figures, places, and what is withheld with what."""

from births_made import COUNTY, OTHER_TOWN, TOWN, birth, births

from hub.domain.days import day_of
from hub.reference import load_limits
from hub.statistics.agreement import agreement, exchange
from hub.statistics.completeness import Linkage
from hub.statistics.lines import DeliveredLine, FeedLine
from hub.statistics.places import place_of
from hub.statistics.publication import Family, Safety, publish
from hub.statistics.sex_ratio import sex_ratio
from hub.statistics.tables import Key
from hub.statistics.tables.births import birth_tables
from hub.statistics.tables.exchange import exchange_table
from tests.test_repository import ROOT

AS_OF = day_of("2024-12-31")
OPEN = Safety(threshold=1)


def published(lines, safety=OPEN, **more):
    tables = birth_tables(lines, COUNTY, AS_OF, load_limits(ROOT / "schemas/limits/china.toml"), **more)
    return {one.key: one for table in publish([Family(tables)], safety).tables for one in table.observations}


def test_counts_by_residence_occurrence_sex_and_month():
    lines = [*births(40, 3, 2), *births(20, 0, 1, start=100, sex="male", residence=OTHER_TOWN + "202")]
    found = published(lines)
    assert found[Key("BIRTHS", COUNTY, "2024")].value == 66
    assert found[Key("BIRTHS", COUNTY, "2024-03", "M")].value == 21
    assert found[Key("BIRTHS", OTHER_TOWN, "2024")].value == 21
    assert found[Key("BIRTHS_OCCURRED", COUNTY + "103", "2024")].value == 66
    assert found[Key("LIST_1", TOWN, "2024")].value == 43
    assert found[Key("COHORT", COUNTY, "2024-03")].value == 66
    assert found[Key("OUTCOME", COUNTY, "2024", by="only-police")].value == 3


def test_births_of_mothers_from_elsewhere_count_where_they_happened_alone_and_in_no_estimate():
    lines = [*births(40, 3, 2), *births(0, 0, 9, start=90, mother="other", residence="990202101201")]
    lines += births(0, 4, 0, start=150)
    lines[-4:] = [line._replace(outcome="expected-elsewhere") for line in lines[-4:]]
    found = published(lines)
    assert found[Key("BIRTHS", COUNTY, "2024")].value == 49
    assert Key("BIRTHS", "_X", "2024") not in found
    occurred = [one.value for key, one in found.items() if key[0::2][:2] == ("BIRTHS_OCCURRED", "2024")]
    assert sum(occurred) == 58
    assert found[Key("LIST_2", COUNTY, "2024")].value == 42


def test_a_figure_is_withheld_with_the_counts_it_was_made_from():
    found = published(
        [*births(60, 2, 9), *births(60, 9, 9, start=200, residence=OTHER_TOWN + "201")], Safety()
    )
    outcome = found[Key("OUTCOME", COUNTY, "2024", by="only-police")]
    assert outcome.value == 11
    hidden = {key for key, one in found.items() if one.obs_status == "Q"}
    assert hidden
    for key in hidden:
        assert found[key][2:5] == (None, None, None)
        assert found[key].conf_status == "C"
    share = found[Key("COMPLETENESS_1", TOWN, "2024")]
    needed = {Key(name, TOWN, "2024") for name in ("LIST_2", "BOTH")}
    assert (share.obs_status == "Q") == bool(needed & hidden)


def test_rounded_counts_withhold_figures_of_few_births():
    found = published(
        [*births(60, 2, 9), *births(900, 9, 104, start=200, residence=OTHER_TOWN + "201")], Safety(base=3)
    )
    counts = [x for x in found.values() if x.unit == "COUNT" and x.decimals == 0 and x.obs_status != "L"]
    assert all(one.value % 3 == 0 for one in counts)
    assert found[Key("COMPLETENESS_1", TOWN, "2024")].obs_status == "Q"
    assert found[Key("COMPLETENESS_1", OTHER_TOWN, "2024")].value == 89.6
    # Of its 909 entries 9 have no certificate: the share would tell how many, exactly.
    assert found[Key("COMPLETENESS_2", OTHER_TOWN, "2024")].obs_status == "Q"


def test_periods_that_still_grow_are_provisional_and_nothing_is_ratio_of_few():
    found = published(births(40, 3, 2, born_on=day_of("2024-11-01"), registered_on=day_of("2024-11-05")))
    assert found[Key("BIRTHS", COUNTY, "2024-11")].obs_status == "P"
    assert found[Key("TOTAL_BIRTHS", COUNTY, "2024-11", by="OR1")].obs_status == "P"
    assert found[Key("SEX_RATIO", COUNTY, "2024")].obs_status == "L"
    assert found[Key("REGISTERED_WITHIN", COUNTY, "2024-11", by="30D")].value is not None
    assert found[Key("REGISTERED_WITHIN", COUNTY, "2024-11", by="60D")].obs_status == "L"


def test_linkage_and_a_third_list_have_figures_of_their_own():
    third = [
        birth(900 + n, health=False, police=False, registered_on=None, third=True, outcome="third-list-only")
        for n in range(3)
    ]
    lines = [*births(80, 9, 7, third=True), *births(20, 6, 5, start=200), *third]
    found = published(lines, linkage=Linkage(0.98, 1.0), with_third=True)
    assert (
        found[Key("TOTAL_BIRTHS", COUNTY, "2024", by="OR1-ADJUSTED")].value
        < found[Key("TOTAL_BIRTHS", COUNTY, "2024", by="OR1")].value
    )
    assert found[Key("LIST_3", COUNTY, "2024")].value == 99
    (total,) = (
        one
        for key, one in found.items()
        if key.indicator == "TOTAL_BIRTHS_3" and key[1:3] == (COUNTY, "2024")
    )
    assert total.value > 130
    assert found[Key("BIRTHS", COUNTY, "2024")].value == 127


def test_sex_ratio_needs_births_enough():
    boys, girls = births(107, 0, 0, sex="male"), births(100, 0, 0)
    found = sex_ratio([*boys, *girls, birth(sex="unknown")])
    assert (found.boys, found.girls, found.unknown, found.value) == (107, 100, 1, 107.0)
    assert found.interval.low < 100 < 107 < found.interval.high
    assert sex_ratio(girls[:50]).value is None
    assert sex_ratio(boys).value is None


def test_a_place_is_a_town_here_or_outside_or_unknown():
    assert [place_of(place, COUNTY) for place in (TOWN + "201", "990202101201", "_U")] == [TOWN, "_X", "_U"]


def test_agreement_asks_only_what_both_say():
    found = agreement([birth(agree={"sex": True}), birth(1, agree={"sex": False, "name": True}), birth(2)])
    assert (found["sex"].hits, found["sex"].n, found["name"].value) == (1, 2, 1.0)


def test_delivery_is_scored_from_the_first_on_and_by_the_agreed_rhythm():
    feeds = [FeedLine("a", 10, 7, 2, 1), FeedLine("b", 0, 0, 0, 0), FeedLine("c", 5, 5, 0, 0, days=31)]
    delivered = [DeliveredLine("a", 100, 20, 50), DeliveredLine("a", 108, 101, 3), DeliveredLine("a", 120, 101, 1),
                 DeliveredLine("c", 130, 130, 1), DeliveredLine("c", 160, 131, 1)]  # fmt: skip
    found = exchange(feeds, delivered)
    assert (found["a"].accepted.hits, found["a"].accepted.n) == (9, 10)
    assert (found["a"].on_time.hits, found["a"].on_time.n) == (3, 4)
    assert found["b"].accepted.value is None
    assert found["c"].on_time.value == 1.0
    table = exchange_table(feeds, delivered, COUNTY, AS_OF)
    shown = {figure.key.by + figure.key.indicator: figure.value for figure in table.figures}
    assert shown["aSHARE_ACCEPTED"] == 90.0
    assert shown["bSHARE_ON_TIME"] is None
    said = {
        one.key.by + one.key.indicator: one.obs_status
        for one in publish([Family([table])], Safety()).tables[0].observations
    }
    assert (said["aROWS_QUARANTINED"], said["aSHARE_ACCEPTED"], said["cSHARE_ACCEPTED"]) == ("Q", "Q", "A")
