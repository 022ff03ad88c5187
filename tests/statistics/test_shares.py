"""No figure gives away a count that is not protected: of each share both sides are counts, of all others what they are of."""

from births_made import COUNTY, OTHER_TOWN, birth, births
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from tables_made import families, of_births

from hub.statistics.publication import Family, Safety, publish
from hub.statistics.spans import month
from hub.statistics.tables import NOT_OBSERVABLE, PERCENT, Key

ESTIMATES = "TOTAL_BIRTHS", "COMPLETENESS_UNION", "TOTAL_BIRTHS_3"
"""What they are of follows from a model and from strata that are not published, not from their counts alone."""
QUANTILE, RATE, RATIO = "DAYS", "PERCENT_A_YEAR", "RATIO"


def observed(tables):
    return [x for table in tables for x in table.figures if x.status != NOT_OBSERVABLE]


def test_of_each_share_both_sides_are_protected_counts_or_sums_of_them():
    checked = set()
    for tables in families():
        values = {key: table.value(key) for table in tables for key in table.counts}
        for figure in observed(tables):
            assert figure.of and set(figure.of) <= values.keys(), figure.key
            if figure.unit != PERCENT or figure.key.indicator in ESTIMATES:
                continue
            assert figure.parts is not None and set(figure.parts.all) <= set(figure.of), figure.key
            part, rest, whole = (sum(values[key] for key in keys) for keys in figure.parts)
            assert whole in (0, part + rest)
            assert figure.value == approx(100 * part / (part + rest)), figure.key
            checked.add(figure.key.indicator)
    assert checked == {
        "AGREEMENT", "COMPLETENESS_1", "COMPLETENESS_2", "REGISTERED_WITHIN", "SHARE_ACCEPTED", "SHARE_ON_TIME",
    }  # fmt: skip


def test_every_other_figure_is_of_a_kind_that_is_known():
    for tables in families():
        for figure in observed(tables):
            known = figure.unit in (PERCENT, QUANTILE, RATE, RATIO) or figure.key.indicator in ESTIMATES
            assert known, figure.key


def test_a_share_is_withheld_where_few_are_on_either_side():
    found = {
        x.key: x
        for table in publish([Family(one) for one in families()], Safety()).tables
        for x in table.observations
    }
    for name in ("AGREEMENT", "PAIRS_DIFFER"):
        assert found[Key(name, COUNTY, "2024", by="sex")].obs_status == "Q"
    assert found[Key("SHARE_ON_TIME", COUNTY, "2025-06-30", by="a")].obs_status == "Q"
    assert found[Key("NOT_WITHIN", COUNTY, "2024-03", by="365D")].obs_status == "Q"
    assert found[Key("REGISTERED_WITHIN", COUNTY, "2024-03", by="365D")].obs_status == "Q"


def test_delays_of_few_are_not_told():
    def told(born, name):
        tables = of_births(births(born, 0, 0), [month("2024-03")._replace(whole=True)])
        return {x.key: x for x in observed(tables)}.get(Key("DELAY_DAYS", COUNTY, "2024-03", by=name))

    assert told(9, "MEDIAN") is None and told(10, "MEDIAN").value == 10
    assert told(49, "P90") is None and told(50, "P90").value == 10


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 400))
def test_what_is_shown_of_a_share_never_tells_a_small_side(same, other, far):
    fields = [{"sex": True}] * (same + far) + [{"sex": False}] * other
    tables = of_births([birth(n, agree=said) for n, said in enumerate(fields)])
    for figure in (
        publish([Family(tables)], Safety()).tables[5].observations
        + publish([Family(tables)], Safety()).tables[6].observations
    ):
        if figure.key.indicator == "AGREEMENT" and figure.value is not None:
            hits = round(figure.value * len(fields) / 100)
            assert 0 in (hits, len(fields) - hits) or min(hits, len(fields) - hits) >= 5


def test_completeness_is_kept_where_a_town_can_be_withheld_instead():
    """Two towns hide their few behind each other, not behind the county's births, certificates and entries."""
    lines = [*births(90, 12, 3), *births(80, 9, 14, start=500, residence=OTHER_TOWN + "201")]
    found = {
        x.key: x
        for table in publish([Family(of_births(lines))], Safety(), "2024").tables
        for x in table.observations
    }
    assert found[Key("ONLY_2", COUNTY + "101", "2024")].obs_status == "Q"
    for name in ("BIRTHS", "LIST_2", "BOTH", "COMPLETENESS_1"):
        assert found[Key(name, COUNTY, "2024")].value is not None, name


def test_a_count_behind_a_key_figure_is_withheld_after_others():
    lines = [*births(47, 2, 3), *births(52, 5, 2, start=500, residence=OTHER_TOWN + "201")]
    found = {
        x.key: x
        for table in publish([Family(of_births(lines))], Safety(), "2024").tables
        for x in table.observations
    }
    hidden = [
        name
        for name in ("BIRTHS", "BOTH", "LIST_1", "LIST_2")
        if found[Key(name, COUNTY, "2024")].value is None
    ]
    assert hidden == ["LIST_1", "LIST_2"]
