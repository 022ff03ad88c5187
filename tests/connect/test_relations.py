"""Quality rules of a contract between fields, and its rhythm: told, set aside, refused where they cannot be followed."""

import json
from contextlib import closing

import pytest

from hub.connect.odcs import load_contract, load_contracts
from hub.domain.days import day_of
from hub.domain.findings.places import STATED
from hub.errors import SettingsError
from hub.matching.numbers import check_digit
from tests.connect.samples import CONTRACT, command, complaints, ingest
from tests.connect.test_sources import hub_of
from tests.test_repository import ROOT

FIELDS = """\
  - {name: number, classification: sensitive, customProperties: [{property: kind, value: identity_number}]}
  - {name: sex, classification: personal, customProperties: [{property: kind, value: code}, {property: codes, value: {m: male, f: female}}]}
  - {name: moved_in, logicalType: date, classification: internal}
  - {name: moved_out, logicalType: date, classification: internal}
  quality:
  - {type: custom, engine: hub, implementation: {rule: number-agrees, fields: [number, born, sex]}, severity: warn}
  - {type: custom, engine: hub, implementation: {rule: in-order, fields: [born, moved_in, moved_out]}}
  - {type: sql, query: none of ours}
slaProperties: [{property: frequency, value: 5, unit: workingDays}]
"""
QUALITY = CONTRACT + FIELDS
NUMBER = "99010119900102001"
NUMBER += check_digit(NUMBER)


def row(key, born="1990-01-02", number=NUMBER, sex="m", moved_in="2020-01-01", moved_out=""):
    return f"{key},A,B,{born},{number},{sex},{moved_in},{moved_out}\n"


HEAD = "id,given_name,surname,dob,number,sex,moved_in,moved_out\n"


def test_rows_that_contradict_themselves_are_told_or_set_aside_as_the_contract_says(tmp_path):
    rows = [
        row("1"), row("2", sex="f"), row("3", born="1991-01-02"), row("4", moved_out="2019-01-01"),
        row("5", moved_in="", moved_out="1980-01-01"), row("6", number=""), row("7", number="", moved_out="2020-01-01"),
    ]  # fmt: skip
    (tmp_path / "m.csv").write_text(HEAD + "".join(rows))
    with closing(hub_of(tmp_path, 'path = "m.csv"', QUALITY)) as hub:
        (receipt,) = receipts = ingest(hub, None, "town.members")
        assert complaints(receipts) == [
            (3, "number", "number-disagrees"), (4, "number", "number-disagrees"),
            (5, "moved_out", "dates-out-of-order"), (6, "moved_out", "dates-out-of-order"),
        ]  # fmt: skip
        assert (receipt.accepted, receipt.quarantined, receipt.warnings) == (5, 2, 2)


def test_a_feed_that_is_late_is_told(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/2024-03-01.csv").write_text(HEAD + row("1"))
    with closing(hub_of(tmp_path, 'path = "in"', QUALITY)) as hub:
        ingest(hub, None, "town.members", close_days=True)
        # A Friday, and five working days.
        assert hub.intake.rhythm() == {
            "town.members": {"last": "2024-03-01", "due": "2024-03-08", "late": False}
        }
        with hub.ingest() as work:
            work.close_days(day_of("2024-03-09"))
            work.flush()
    assert "迟报 late: town.members" in command(tmp_path, "status").stdout
    assert json.loads(command(tmp_path, "status", "--json").stdout)["rhythm"]["town.members"]["late"]


def test_working_days_pass_over_holidays_and_a_year_without_notice_is_told(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/2024-09-27.csv").write_text(HEAD + row("1"))
    with closing(hub_of(tmp_path, 'path = "in"', QUALITY)) as hub:
        ingest(hub, None, "town.members", close_days=True)
        # The Sunday behind this Friday is worked, the week from Tuesday on is not.
        assert hub.intake.rhythm()["town.members"]["due"] == "2024-10-10"
        assert hub.intake.holidays_missing() is None
        with hub.ingest() as work:
            work.close_days(day_of("2026-12-20"))
            work.flush()
        assert hub.intake.holidays_missing() == 2027
    assert "缺少2027年节假日安排" in command(tmp_path, "status").stdout
    (tmp_path / "ours.toml").write_text(
        '[[notice]]\nyear = 2027\nknown_on = 2026-12-01\nsource = "the county"\nmade_up = []\nholidays = {}\n'
    )
    settings = tmp_path / "hub.toml"
    settings.write_text(settings.read_text().replace("[hub]", '[hub]\ncalendar = "ours.toml"'))
    assert json.loads(command(tmp_path, "status", "--json").stdout)["holidays_missing"] is None


@pytest.mark.parametrize(
    ("said", "instead", "refusal"),
    [
        ("rule: in-order", "rule: in-step", "the unknown rule in-step; known: in-order, number-agrees"),
        ("[born, moved_in, moved_out]", "[born, sex]", "sex, which is no field of kind date"),
        ("[born, moved_in, moved_out]", "[born]", "1 fields, where in-order takes 2 to 8"),
        ("[number, born, sex]", "[born, number]", "born, which is no field of kind identity_number"),
        ("severity: warn", "severity: shout", "the unknown severity shout"),
        ("value: 5", "value: often", "frequency is a whole number"), ("workingDays", "moons", "d or workingDays"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_followed_says_why(tmp_path, said, instead, refusal):
    assert said in QUALITY
    (tmp_path / "members.yaml").write_text(QUALITY.replace(said, instead))
    with pytest.raises(SettingsError, match=r"contract members\.yaml") as refused:
        load_contract(tmp_path / "members.yaml")
    assert refusal in str(refused.value)


PLACES = """\
  - {name: place, classification: personal, customProperties: [{property: kind, value: place_code}]}
  quality:
  - {type: custom, engine: hub, implementation: {rule: place-at-date, fields: [place, moved_in]}}
"""


def test_a_place_code_is_valid_on_its_day_or_told(tmp_path):
    """Abolished in 2019: right for what happened before, told of what happened after, silent beyond the table."""
    contract = CONTRACT + FIELDS.replace("  quality:\n", PLACES)
    said = {"1": "990101207201,2019-06-30", "2": "990101207201,2019-07-01", "3": "990101106209,2019-06-30",
            "4": "990909101201,2019-07-01", "5": "990101101299,", "6": ",2020-01-01"}  # fmt: skip
    rows = [
        f"{key},A,B,1990-01-02,,m,{cells.split(',')[1]},,{cells.split(',')[0]}\n"
        for key, cells in said.items()
    ]
    (tmp_path / "m.csv").write_text(HEAD.replace("moved_out\n", "moved_out,place\n") + "".join(rows))
    with closing(hub_of(tmp_path, 'path = "m.csv"', contract)) as hub:
        (receipt,) = receipts = ingest(hub, None, "town.members")
        assert complaints(receipts) == [(3, "place", "place-not-valid"), (4, "place", "place-not-valid")]
        assert (receipt.accepted, receipt.warnings, receipt.quarantined) == (6, 2, 0)


def test_no_shipped_contract_tells_at_the_door_what_is_a_discrepancy_later():
    """A department hears of one wrong place code once."""
    feeds = load_contracts(ROOT / "schemas/contracts").values()
    for feed in feeds:
        judged = {one.field for one in STATED.get(feed.kind, ())}
        # Where somebody came from or went to is stated on a day on which it may just have ended, mostly elsewhere.
        places = {field.name for field in feed.fields if field.kind == "place_code"} - {
            "came_from",
            "moved_to",
        }
        asked = {one.fields[0] for one in feed.relations if one.rule == "place-at-date"}
        assert not asked & judged, feed.name
        assert places == judged or feed.department == "neighbour", (
            "every place code is judged by one of the two"
        )
