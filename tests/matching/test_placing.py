"""All profiles placed in one go, and models as files."""

import random

import pytest

from hub.errors import SettingsError
from hub.matching import Model, default_model, profile_of, words
from hub.matching.blocking import RECIPES
from hub.matching.clusters import UNSAID, Said
from hub.matching.columns import Columns
from hub.matching.comparisons import COMPARISONS
from hub.matching.document import level_weights, named, packed, read_model, unpacked, written
from hub.matching.linker import Linker
from hub.matching.placing import _portions, place_all
from hub.matching.profile import of_its_own
from hub.matching.sampling import VALUES_MAX, most_common
from hub.matching.training import Costs, train
from tests.matching.town import town

TOWN = [profile_of(stated) for _, stated in town(600, 6, families=True)]
MODEL = Model(train(TOWN, "town"))
ANCHORS = {profile.id: f"{profile.id:020d}" for profile in TOWN}


def placed(profiles, said=UNSAID):
    columns = Columns()
    columns.add(profiles)
    return place_all(columns, ANCHORS, MODEL, said)


def clusters(places):
    found = {}
    for pid, place in places.items():
        found.setdefault(place.person_anchor, set()).add(pid)
    return {frozenset(members) for members in found.values()}


def test_placing_all_at_once_ends_where_placing_one_by_one_does():
    linker = Linker(MODEL)
    for profile in TOWN:
        linker.add([profile])
    one_by_one = {}
    for pid, first in linker.people().items():
        one_by_one.setdefault(first, set()).add(pid)
    assert clusters(placed(TOWN).places) == {frozenset(members) for members in one_by_one.values()}


@pytest.mark.parametrize("seed", range(5))
def test_placing_does_not_depend_on_order(seed):
    assert placed(random.Random(seed).sample(TOWN, len(TOWN))) == placed(TOWN)


def test_near_misses_are_held_and_nothing_else():
    held = placed(TOWN).held
    assert held == sorted(held)
    assert all(left < right and MODEL.review <= weight < MODEL.link for left, right, weight in held)


def test_what_people_said_decides_and_taking_it_back_restores():
    before = placed(TOWN).places
    linked = next(pid for pid, place in before.items() if place.via is not None)
    pair = tuple(sorted((linked, before[linked].via)))
    others = [pid for pid in sorted(before) if before[pid].person_anchor != before[linked].person_anchor]
    joined = (min(linked, others[0]), max(linked, others[0]))
    said = placed(TOWN, Said(apart={pair}, together={joined})).places
    assert said[pair[0]].person_anchor != said[pair[1]].person_anchor
    assert said[joined[0]].person_anchor == said[joined[1]].person_anchor
    assert placed(TOWN, Said(apart={(1, 2)}, together={(3, 4)})).places == before


def test_a_model_is_named_after_its_content_and_survives_its_file():
    document = named(train(TOWN, "whatever"), "learnt")
    assert document == named(train(reversed(TOWN), ""), "learnt")
    model = read_model(written(document))
    assert model.document == document and model.version.startswith("learnt-")
    assert named(document | {"link": 1.0}, "learnt")["version"] != model.version


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{}", b'{"version": 1}', written(MODEL.document | {"format": 2}),
        written(MODEL.document | {"levels": {"shoe size": {}}}), written(MODEL.document | {"levels": {"sex": {"same": 1}}}),
        written(MODEL.document | {"version": ""}), written(MODEL.document | {"review": 99.0}),
        b" " * (17 << 20),
    ],
)  # fmt: skip
def test_a_file_that_is_no_model_is_refused(content):
    with pytest.raises(SettingsError):
        read_model(content)


def test_levels_that_nobody_showed_weigh_nothing():
    found = {(item.comparison, item.level): item for item in level_weights(MODEL)}
    assert found["phone", "same"].weight > 10 > 0 > found["phone", "different"].weight
    assert found["address", "same"].counted and found["sex", "same"].m > 0.9
    unseen = [item for item in found.values() if item.m == item.u]
    assert unseen and all(item.weight == 0 for item in unseen)


def test_a_model_set_by_hand_tells_its_weights_too():
    found = level_weights(default_model())
    assert found[0] == ("number", "same", None, None, 28.0, False)


def test_everything_has_its_words():
    for name, comparison in COMPARISONS.items():
        assert words.FIELDS[name].zh
        assert all(words.level(level).zh for level in comparison.levels)
    for recipe in RECIPES:
        assert words.key(recipe.parts).zh and words.key(recipe.narrower).en is not None


def test_a_model_keeps_the_commonest_values_only():
    counts = {value: 5 + value for value in range(VALUES_MAX + 3)}
    kept, dropped = most_common(counts)
    assert len(kept) == VALUES_MAX and min(kept.values()) == 8 and sorted(dropped) == [5, 6, 7]
    assert most_common({1: 9}) == ({1: 9}, [])


def test_the_lines_follow_from_costs_and_a_target():
    even, dear, sure = (
        Model(train(TOWN, "lines", costs=costs))
        for costs in (Costs(), Costs(false_link=8.0), Costs(precision=0.999))
    )
    assert dear.link == pytest.approx(even.link + 3) and dear.review == even.review
    assert sure.probability(sure.link) == pytest.approx(0.999) and even.probability(even.link) == 0.5


def test_what_is_packed_is_unpacked_and_never_more():
    assert unpacked(packed(b"model")) == b"model"
    with pytest.raises(SettingsError, match="larger"):
        unpacked(packed(bytes(17 << 20)))
    with pytest.raises(SettingsError, match="larger than an event"):
        packed(random.Random(1).randbytes(1 << 20))
    with pytest.raises(SettingsError, match="unpacked"):
        unpacked(b"not packed")
    with pytest.raises(SettingsError, match="cut off"):
        unpacked(packed(b"model" * 99)[:-4])


def test_the_keys_two_profiles_met_under_are_told():
    model = default_model()
    a = profile_of({"name": "王伟", "birth_date": "1990-01-02", "phone": "10012345678"})
    b = profile_of({"name": "王玮", "birth_date": "1990-02-01", "phone": "10012345678"})
    assert model.shared_keys(a, b) == [("name", "month day"), ("phone",)]
    assert model.shared_keys(a, profile_of({"name": "李芳"})) == []
    keys = {model.parts_of(a, key) for key in model.block_keys(a)}
    assert ("phone",) in keys and ("born",) in keys and model.parts_of(a, 1) == ()


def test_a_record_that_was_set_apart_has_a_profile_of_its_own():
    plain = profile_of({"name": "王伟"})
    own = of_its_own(plain, "r1")
    assert own.id != plain.id and own[1:] == plain[1:] and of_its_own(plain, "r2").id != own.id
    assert default_model().block_keys(own) == default_model().block_keys(plain)


def test_large_sets_are_weighed_in_portions():
    groups = [list(range(1_001)), [1, 2], list(range(1_001)), [3, 4]]
    assert [len(portion) for portion in _portions(groups)] == [1, 2, 1]
    assert list(_portions([])) == []
