"""One person's residence: every spell, what speaks for it, and the class of each month; the look is on record."""

from click.testing import CliRunner

from hub.cli import cli
from hub.domain.days import day_of
from hub.domain.events import ACTIONS, DisclosureMade
from hub.log.subscription import Subscription
from tests.casework.story import OTHER_TOWN, TOWN, WORK, Site, record

REGISTRATION = "public_security.residence_registration"
PERSON = {"name": "周平", "sex": "1", "birth_date": -5_000}


def looks(site):
    events = [
        recorded.envelope.event for recorded in Subscription(site.hub.log, (ACTIONS,), {}).take(1_000).events
    ]
    return [event for event in events if isinstance(event, DisclosureMade) and event.query == "residence"]


def test_spells_evidence_and_the_half_year_are_shown_and_the_look_is_on_record(tmp_path):
    site = Site(tmp_path)
    site.close_day(
        record(1, 1, REGISTRATION, place=f"{TOWN}201", registered_on=day_of("2022-11-01"),
               arrival_date=day_of("2022-11-01"), left_on=day_of("2023-04-10"), **PERSON),
        record(2, 1, REGISTRATION, place=f"{OTHER_TOWN}202", registered_on=day_of("2023-04-10"),
               arrival_date=day_of("2023-04-10"), expires_on=day_of("2024-12-31"), **PERSON),
        record(3, 1, WORK, work_place=f"{OTHER_TOWN}202", started_on=day_of("2023-04-12"), last_month="202305", **PERSON),
    )  # fmt: skip
    found = site.cli("residents", "--person", f"{REGISTRATION}/2")
    person = found["person"]
    assert found["as_of"] == "2024-03-01" and site.cli("residents", "--person", person) == found
    first, second = found["spells"]
    assert (first["place"], first["left_on"], first["evidence"]) == (
        f"{TOWN}201",
        "2023-04-10",
        "registered-only",
    )
    assert (second["evidence"], second["evidence_zh"], second["heard_on"]) == (
        "gone-quiet",
        "失去音讯",
        "2023-05-31",
    )
    classes = {row["month"]: row["class"] for row in found["months"]}
    assert list(classes) == [*(f"2023-{month:02d}" for month in range(3, 13)), "2024-01", "2024-02"]
    assert [classes[f"2023-{month:02d}"] for month in (3, 4, 5, 6)] == ["migrant", "moved", "usual", "quiet"]
    assert [look.subjects for look in looks(site)] == [[person]] * 2
    shown = (
        CliRunner()
        .invoke(cli, ["--config", str(tmp_path / "hub.toml"), "residents", "--person", person])
        .stdout
    )
    assert "失去音讯" in shown and "居住满半年" in shown
    site.cli("residents", "--person", person, department="commerce", code=1)
    site.cli("residents", "--person", "pr9", code=1)
    site.cli("residents", "--person", person, department="public_security", place="990101103", code=1)
    assert len(looks(site)) == 3
    site.hub.close()
