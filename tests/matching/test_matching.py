"""Numbers, profiles, weights and clusters."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.matching import Profile, default_model, profile_of
from hub.matching.clusters import resolve
from hub.matching.numbers import (
    canonical_number,
    check_digit,
    credit_check,
    number_birth_date,
    number_sex,
    number_valid,
    to_18,
)  # fmt: skip
from hub.matching.profile import one_delivery
from hub.matching.quality import Band, bands, bcubed, intervals, pairwise

MODEL = default_model()
names = st.sampled_from(["王伟", "王玮", "李芳", "李娜", "欧阳明", "阿依古丽·买买提", ""])
dates = st.sampled_from(["1990-01-02", "1990-02-01", "1990-01-03", "2024-05-06", ""])
numbers = st.sampled_from(["990101199001020015", "99010119900102004X", "9901011990010200", ""])
attributes = st.fixed_dictionaries({
    "name": names, "birth_date": dates, "number": numbers, "sex": st.sampled_from(["male", "female", ""]),
    "place": st.sampled_from(["990101101201", "990101101202", "990202101201", ""]),
    "phone": st.sampled_from(["10012345678", "10087654321", ""]),
    "certificate_no": st.sampled_from(["X000000001", "X000000002", ""]),
    "plurality": st.sampled_from(["1", "2", ""]),
    "mother_number": st.sampled_from(["990101198001020011", ""]),
})  # fmt: skip
profiles = attributes.map(profile_of)


def test_check_digits_of_the_standards_samples():
    assert (check_digit("11010519491231002"), check_digit("44052418800101001")) == ("X", "4")
    assert credit_check("91350100M000100Y4") == "3"


@given(st.integers(0, 16), st.integers(1, 9))
def test_every_single_digit_slip_fails_the_check(place, step):
    number = "11010519491231002X"
    wrong = number[:place] + str((int(number[place]) + step) % 10) + number[place + 1 :]
    assert number_valid(number) and not number_valid(wrong)


def test_old_numbers_full_width_and_blanks_become_one_form():
    assert to_18("110105491231002") == "11010519491231002X"
    assert canonical_number("１１０１０５４９１２３１００２") == "11010519491231002X"
    assert canonical_number(" 11010519491231002x ") == "11010519491231002X"
    assert number_birth_date("11010519491231002X") == "1949-12-31"
    assert number_sex("11010519491231002X") == "female"


@given(profiles)
def test_a_profile_survives_its_own_dump(profile):
    assert Profile.load(profile.dump()) == profile


@given(profiles, profiles)
def test_the_weight_is_symmetric(a, b):
    assert MODEL.weight(a, b) == MODEL.weight(b, a) == pytest.approx(MODEL.compare(a, b).weight)


@given(attributes, profiles)
def test_a_missing_field_is_never_compared(stated, other):
    level_names = {
        level.comparison for level in MODEL.compare(profile_of(stated | {"phone": ""}), other).levels
    }
    assert "phone" not in level_names


@settings(max_examples=60)
@given(st.lists(profiles, min_size=2, max_size=7, unique_by=lambda p: p.id), st.integers(0, 1000))
def test_clusters_do_not_depend_on_order(members, seed):
    shuffled = random.Random(seed).sample(members, len(members))
    anchors = {p.id: f"{index}|{p.id}" for index, p in enumerate(members)}
    one = resolve({p.id: p for p in members}, anchors, MODEL)
    assert one == resolve({p.id: p for p in shuffled}, anchors, MODEL)


NEWBORN = {
    "birth_date": "2024-05-06",
    "sex": "male",
    "mother_name": "李芳",
    "mother_number": "990101199001020023",
}


def linked(a: dict[str, str], b: dict[str, str]) -> bool:
    return MODEL.weight(profile_of(a), profile_of(b)) >= MODEL.link


def test_twins_stay_apart_and_a_second_certificate_does_not_make_twins():
    twin = NEWBORN | {"plurality": "2"}
    first = twin | {"certificate_no": "X000000001", "birth_order": "1"}
    assert not linked(first, twin | {"certificate_no": "X000000002", "birth_order": "2"})
    single = NEWBORN | {"plurality": "1", "certificate_no": "X000000001"}
    assert linked(single, single | {"certificate_no": "X000000002"})


def test_an_unnamed_newborn_is_found_by_mother_and_day():
    assert linked(NEWBORN, NEWBORN | {"name": "王伟", "number": "99010120240506001X"})


def test_two_people_under_one_number_stay_apart():
    owner = {"name": "王伟", "birth_date": "1990-01-02", "sex": "male", "number": "990101199001020015"}
    other = {"name": "李娜", "birth_date": "1985-07-09", "sex": "female", "number": "990101199001020015"}
    assert not linked(owner, other)


def test_quality_counts_pairs_and_records():
    truth = {"a": "1", "b": "1", "c": "2", "d": "2"}
    assert pairwise(truth, {"a": "x", "b": "x", "c": "x", "d": "y"}) == (1 / 3, 1 / 2, 0.4)
    assert bcubed(truth, dict(truth)) == (1.0, 1.0, 1.0)


def test_intervals_hold_the_figure_and_shrink_with_more_people():
    def town(people):
        truth = {f"{n}-{copy}": str(n) for n in range(people) for copy in "ab"}
        return truth, {
            record: record if int(person) % 10 == 0 else person for record, person in truth.items()
        }

    widths = []
    for people in (100, 1_000):
        truth, said = town(people)
        found = intervals(truth, said)
        for name, measured in (("pairwise", pairwise(truth, said)), ("bcubed", bcubed(truth, said))):
            assert found[name].f1.low < measured.f1 < found[name].f1.high
            assert found[name].recall.low < measured.recall < found[name].recall.high
            assert found[name].precision == (1.0, 1.0)
        widths.append(found["pairwise"].f1.high - found["pairwise"].f1.low)
    assert widths[1] < widths[0] / 2


def test_precision_is_told_by_band_of_weight():
    weights, same = np.array([30.0, 22.0, 21.0, 12.0, 3.0]), np.array([True, True, False, False, True])
    assert bands(weights, same, (20, 10)) == [Band(20, 3, pytest.approx(2 / 3)), Band(10, 1, 0.0)]


def test_a_delivery_lasts_over_midnight_but_not_for_days():
    one = Profile(1, mother_number="m", birth_date="20240229")
    assert one_delivery(one, one._replace(birth_date="20240301"))
    assert not one_delivery(one, one._replace(birth_date="20240302"))
    assert not one_delivery(one, one._replace(mother_number="n"))
    assert not one_delivery(one._replace(birth_date="2024"), one._replace(birth_date="2024"))
    assert one_delivery(
        Profile(1, father_number="f", birth_date="20240229"),
        Profile(2, father_number="f", birth_date="20240229"),
    )
