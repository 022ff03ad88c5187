"""Which of several stated values to go by, and why the others lost."""

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.golden import AUTHORITY, CIVIL, WHY, Statement, golden
from hub.matching import profile_of
from hub.matching.numbers import to_18
from hub.matching.profile import ATTRIBUTES

TODAY = 20_000
SOUND, OTHER = to_18("990101680818001"), to_18("990101700101001")


def stated(kind, key="1", day=10_000, fields=None, **said):
    return Statement(
        f"{kind}/{key}", kind, f"{kind}-{key}", day, fields or {}, said, profile_of(said)._asdict()
    )


def one(attribute, *statements):
    return next(found for found in golden(statements, TODAY) if found.attribute == attribute)


def test_the_household_register_names_and_the_certificate_tells_the_birth():
    entry = stated("household_entry", name="王伟", birth_date="2024-01-02")
    certificate = stated("birth_certificate", day=19_000, name="王玮", birth_date="2024-01-01")
    name, born = one("name", entry, certificate), one("birth_date", entry, certificate)
    assert (name.value, name.source) == ("王伟", "household_entry/1")
    assert [(o.value, o.why) for o in name.others] == [("王玮", "authority")]
    assert (born.value, born.others[0].value) == ("2024-01-01", "2024-01-02")


def test_where_somebody_lives_is_told_by_a_stay_while_it_lasts():
    entry = stated("household_entry", place="990101101201")
    stay = {"registered_on": 19_000}
    assert one("place", entry, stated("residence", place="990101101202", fields=stay)).value == "990101101202"
    over = stated("residence", place="990101101202", fields=stay | {"left_on": TODAY})
    found = one("place", entry, over)
    assert (found.value, found.others[0].why) == ("990101101201", "ended")


def test_a_sound_number_goes_before_authority():
    wrong = stated("household_entry", number="99010119680818001X", birth_date="1968-08-18")
    odd = stated("household_entry", "2", number=OTHER, birth_date="1968-08-18")
    right = stated("employment", number=SOUND, birth_date="1968-08-18", sex="male")
    found = one("number", wrong, odd, right)
    assert found.value == SOUND and [other.why for other in found.others] == ["check", "check"]
    assert (
        one(
            "mother_number",
            stated("child_record", mother_number=SOUND),
            stated("birth_certificate", mother_number="1"),
        ).value
        == SOUND
    )


def test_the_later_legal_day_then_the_later_publication():
    early = stated("residence", "1", name="王伟", fields={"registered_on": 100}, day=19_999)
    late = stated("residence", "2", name="王玮", fields={"registered_on": 200})
    assert one("name", early, late).others[0].why == "legal-day"
    old, new = (
        stated("employment", "1", phone="10012345678"),
        stated("business", "2", day=11_000, phone="10087654321"),
    )
    assert one("phone", old, new).value == "10087654321"


def test_where_all_else_is_alike_more_records_decide():
    alike = [stated("employment", key, name=name) for key, name in (("1", "甲"), ("2", "乙"), ("3", "乙"))]
    found = one("name", *alike)
    assert (found.value, found.agreeing, found.others[0].why) == ("乙", 2, "support")
    assert one("name", *alike[:2]).others[0].why == "tie"


def test_forms_of_one_value_agree_and_a_void_certificate_counts_last():
    a, b = stated("household_entry", number="990101680818001"), stated("employment", number=SOUND.lower())
    found = one("number", a, b)
    assert found.agreeing == 2 and found.others == ()
    void = stated("birth_certificate", name="甲", fields={"status": "void"})
    assert one("name", void, stated("business", name="乙")).others[0].why == "ended"


kinds = st.sampled_from([*CIVIL, "person"])
statements = st.lists(
    st.builds(
        lambda kind, key, day, name, number, ended: stated(
            kind, str(key), day, {"left_on": 1} if ended else {}, name=name, number=number
        ),
        kinds, st.integers(1, 99), st.integers(1, 5), st.sampled_from(["王伟", "王玮", ""]),
        st.sampled_from([SOUND, OTHER, "123", ""]), st.booleans(),
    ),
    max_size=6, unique_by=lambda s: s.record_id,
)  # fmt: skip


@given(statements, st.randoms())
def test_order_does_not_matter_and_no_value_is_dropped(stating, chance):
    found = golden(stating, TODAY)
    assert found == golden(chance.sample(stating, len(stating)), TODAY)
    for said in found:
        values = {s.normal[said.attribute] for s in stating if s.normal[said.attribute]}
        assert len(values) == 1 + len(said.others)
        assert all(other.why in WHY and other.zh and other.en for other in said.others)


def test_authority_names_only_attributes_there_are():
    assert AUTHORITY.keys() <= set(ATTRIBUTES)
