"""A kind is flagged only where it is surely under its target, and then where everybody looks."""

import pytest
from click.testing import CliRunner

from hub.casework.precision import JUDGED_MIN, of_kind
from hub.cli import cli
from tests.casework.story import Site, entry

NAMES = ("苏义", "林晓", "周平", "吴广", "郑和", "王朗")


@pytest.mark.parametrize(
    ("counts", "under"),
    [
        ({"confirmed-right": 1}, False),
        ({"confirmed-right": JUDGED_MIN - 1}, False),
        ({"confirmed-right": JUDGED_MIN}, True),
        ({"corrected": 19, "confirmed-right": 1}, False),
        ({"corrected": 80, "confirmed-right": 20}, True),
        ({"lapsed": 100, "unjudged": 100, "not-found": 9}, None),
    ],
)
def test_a_kind_is_flagged_where_its_whole_interval_lies_under_the_target(counts, under):
    found = of_kind("number-invalid", counts)
    assert found["under_target"] is under
    assert (found["precision"] is None) == (found["judged"] == 0)


def test_status_names_the_kinds_under_their_target(tmp_path):
    site = Site(tmp_path)
    site.close_day(*(entry(n, 1, name=name, birth_date=400 * n) for n, name in enumerate(NAMES, 1)))
    assert site.cli("status")["under_target"] == {}
    site.cli("cases", "bulk", "accept")
    site.run()
    site.cli("cases", "bulk", "settle", "--outcome", "confirmed-right")
    site.run()
    [(kind, said)] = site.cli("status")["under_target"].items()
    assert (kind, said["judged"], said["precision"]) == ("number-invalid", 6, 0.0)
    site.cli("discrepancies", "precision", code=1)
    shown = CliRunner().invoke(cli, ["--config", str(tmp_path / "hub.toml"), "status"])
    assert "准确率不足 under target: number-invalid" in shown.stdout
    site.hub.close()
