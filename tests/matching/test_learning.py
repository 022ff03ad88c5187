"""Learning without labels, and what the learnt model does."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import SettingsError
from hub.matching import Model, profile_of
from hub.matching.clusters import Said, resolve
from hub.matching.columns import Columns
from hub.matching.linker import Linker
from hub.matching.quality import pairwise
from hub.matching.sampling import draw, plan_of
from hub.matching.training import BLOCK_MAX, learn, train
from tests.matching.town import town

STRANGERS = [(person, profile_of(stated)) for person, stated in town(1_200, 5, families=False)]
FAMILIES = [(person, profile_of(stated)) for person, stated in town(1_600, 6, families=True)]
MODELS = {name: Model(train((p for _, p in records), name))
          for name, records in (("strangers", STRANGERS), ("families", FAMILIES))}  # fmt: skip
picked = st.sampled_from([profile for _, profile in FAMILIES[:400]])
models = st.sampled_from(list(MODELS.values()))


def people_of(records, model, batch=10_000):
    """Who belongs together, as a set of sets of profile ids."""
    linker = Linker(model)
    for start in range(0, len(records), batch):
        linker.add([profile for _, profile in records[start : start + batch]])
    people = {}
    for pid, first in linker.people().items():
        people.setdefault(first, set()).add(pid)
    return {frozenset(members) for members in people.values()}


def test_finds_how_often_people_agree_with_themselves():
    columns = Columns()
    columns.add(profile for _, profile in STRANGERS)
    fit = learn(draw(columns, plan_of(columns, BLOCK_MAX), 1), relatives=False, twins=False)
    assert fit.converged
    # Records that are word for word the same share a profile and make no pair: the rest errs more often.
    twice = {}
    for person, profile in STRANGERS:
        twice.setdefault(person, {})[profile.id] = profile
    pairs = [tuple(found.values()) for found in twice.values() if len(found) == 2]
    for field, tolerance in (("birth_date", 0.01), ("sex", 0.01), ("address", 0.01), ("family_name", 0.01)):
        share = sum(getattr(a, field) == getattr(b, field) for a, b in pairs) / len(pairs)
        assert fit.same[field][0] == pytest.approx(share, abs=tolerance)
    assert fit.strangers["sex"][0] == pytest.approx(0.5, abs=0.01)
    assert fit.trail[-1] == pytest.approx(len(pairs), rel=0.01)


def test_relatives_are_a_class_of_their_own_only_where_there_are_any():
    assert MODELS["strangers"].document["kin"] is None
    assert MODELS["families"].document["learnt"]["relatives"] > 1_000


@pytest.mark.parametrize("name", ["strangers", "families"])
def test_what_was_learnt_links_the_town(name):
    records = {"strangers": STRANGERS, "families": FAMILIES}[name]
    linker = Linker(MODELS[name])
    linker.add([profile for _, profile in records])
    people = linker.people()
    truth = {str(index): person for index, (person, _) in enumerate(records)}
    said = {str(index): str(people[profile.id]) for index, (_, profile) in enumerate(records)}
    assert pairwise(truth, said).f1 > 0.99


def test_learns_the_same_from_records_in_any_order():
    profiles = [profile for _, profile in STRANGERS[:600]]
    shuffled = random.Random(1).sample(profiles, len(profiles))
    assert train(profiles, "a") == train(shuffled, "a")


def test_a_register_without_duplicates_is_learnt_from_in_peace():
    once = list(dict(STRANGERS).values())
    model = Model(train(once, "once"))
    assert all(len(members) == 1 for members in people_of([("", p) for p in once], model))
    with pytest.raises(SettingsError, match="too few"):
        train(once[:1], "one")


@settings(max_examples=60, deadline=None)
@given(models, picked, picked)
def test_the_weight_is_symmetric_and_the_sum_of_its_parts(model, a, b):
    found = model.compare(a, b)
    assert model.weight(a, b) == model.weight(b, a) == found.weight
    assert found.weight == pytest.approx(sum(level.weight for level in found.levels), abs=0.02)


@settings(max_examples=60, deadline=None)
@given(models, picked, picked, st.sampled_from(["sex", "birth_date", "address", "phone", "given_name"]))
def test_a_missing_field_changes_nothing_that_the_others_say(model, a, b, field):
    def said(x, y):
        return {level for level in model.compare(x, y).levels if level.comparison not in (field, "kin")}

    without = profile_of(
        {name: value for name, value in a._asdict().items() if value and name not in ("id", field)}
    )
    assert not {level.comparison for level in model.compare(without, b).levels} & {field}
    assert said(without, b) == {level for level in said(a, b) if "crossed" not in level.level}


def test_equality_of_a_rare_value_is_worth_more():
    model = MODELS["strangers"]
    weight = {
        name: model.weight(profile_of({"given_name": name}), profile_of({"given_name": name, "sex": "male"}))
        for name in ("anna", "xena", "waltraud")
    }
    assert weight["anna"] < weight["xena"] < weight["waltraud"]


def test_keys_do_not_depend_on_company():
    profiles = [profile for _, profile in FAMILIES[:200]]
    document = MODELS["families"].document
    together = Model(document).block_keys_of(profiles)
    alone = Model(document)
    assert [alone.block_keys(profile) for profile in reversed(profiles)] == together[::-1]


@pytest.mark.parametrize("seed", range(100))
def test_people_are_the_same_in_any_order_of_arrival(seed):
    records = FAMILIES[:160]
    shuffled = random.Random(seed).sample(records, len(records))
    assert people_of(shuffled, MODELS["families"], batch=1 + seed % 40) == PEOPLE


PEOPLE = people_of(FAMILIES[:160], MODELS["families"])


@settings(max_examples=40, deadline=None)
@given(st.lists(picked, min_size=2, max_size=12, unique_by=lambda p: p.id), st.randoms(), st.data())
def test_what_people_said_is_never_overridden(members, order, data):
    ids = sorted(p.id for p in members)
    pairs = st.sets(st.sampled_from([(a, b) for i, a in enumerate(ids) for b in ids[i + 1 :]]), max_size=3)
    said = Said(apart=data.draw(pairs), together=data.draw(pairs))
    anchors = {pid: str(pid) for pid in ids}
    mixed = {p.id: p for p in order.sample(members, len(members))}
    placed = resolve(mixed, anchors, MODELS["families"], said)
    assert all(placed[a].person_anchor != placed[b].person_anchor for a, b in said.apart)
    assert placed == resolve({p.id: p for p in members}, anchors, MODELS["families"], said)
    if not said.apart:
        assert all(placed[a].person_anchor == placed[b].person_anchor for a, b in said.together)


def test_not_the_same_holds_between_groups_that_people_joined():
    ids = sorted(profile.id for _, profile in FAMILIES[:4])
    members = {profile.id: profile for _, profile in FAMILIES[:4]}
    said = Said(apart={(ids[1], ids[3])}, together={(ids[0], ids[1]), (ids[2], ids[3])})
    placed = resolve(members, {pid: str(pid) for pid in ids}, MODELS["families"], said)
    anchors = [placed[pid].person_anchor for pid in ids]
    assert anchors[0] == anchors[1] != anchors[2] == anchors[3]


def test_a_link_taken_back_leaves_no_trace():
    members = {profile.id: profile for person, profile in FAMILIES if person in {"p1", "p2", "p3", "p9"}}
    anchors = {pid: str(pid) for pid in members}
    model = MODELS["families"]
    before = resolve(members, anchors, model)
    apart = [pid for pid in members if before[pid].via is not None][:1]
    pair = tuple(sorted((apart[0], before[apart[0]].via)))
    split = resolve(members, anchors, model, Said(apart={pair}))
    assert split[pair[0]].person_anchor != split[pair[1]].person_anchor
    assert resolve(members, anchors, model, Said()) == before


def test_dates_in_the_orders_in_which_registers_write_them():
    written = ["1966-05-06", "19660506", "05061966", "05/06/1966", "5/6/1966", "1966/5/6", "1966年5月6日"]
    assert {profile_of({"birth_date": text}).birth_date for text in written} == {"19660506"}
    assert profile_of({"birth_date": "25/06/1966"}).birth_date == "19660625"
    assert profile_of({"birth_date": "1966o506"}).birth_date == "1966o506"


def test_words_that_stand_for_no_name_say_nothing():
    stated = {"given_name": "Baby Boy", "family_name": "O'Neill-Müller", "name": "无名氏"}
    profile = profile_of(stated)
    assert (profile.given_name, profile.family_name, profile.name) == ("", "oneill muller", "")


def test_short_forms_of_names_are_known():
    def level(a, b):
        found = (
            MODELS["strangers"].compare(profile_of({"given_name": a}), profile_of({"given_name": b})).levels
        )
        return found[0].level

    assert level("Bob", "Robert") == level("Bill", "Liam") == level("Peggy", "Margaret") == "short form"
    assert level("Bob", "Margaret") == "different"
