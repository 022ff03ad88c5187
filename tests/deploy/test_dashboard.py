"""The dashboard asks only for what a worker gives."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from hub.processing.metrics import STATES, Metrics
from hub.processing.worker import STANDBY, Status

DASHBOARD = Path(__file__).parents[2] / "deploy/grafana/workers.json"


@pytest.fixture(scope="module")
def dashboard():
    return json.loads(DASHBOARD.read_text("utf-8"))


def names_in(dashboard) -> set[str]:
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [variable["query"] for variable in dashboard["templating"]["list"]]
    return set(re.findall(r"\bhub_[a-z_]+", " ".join(asked)))


def test_every_metric_of_the_dashboard_exists_and_every_one_of_a_worker_is_shown(dashboard):
    metrics = Metrics(lambda: Status(STANDBY, 0, 0, 0, 0, 0, 0.0))
    families = list(text_string_to_metric_families(generate_latest(metrics.registry).decode()))
    samples = {sample.name for family in families for sample in family.samples}
    assert names_in(dashboard) <= samples
    for family in families:
        if family.name.startswith("hub_worker_") and not family.name.endswith("_created"):
            assert any(name.startswith(family.name) for name in names_in(dashboard)), family.name


def test_states_and_places_on_the_dashboard_are_real(dashboard):
    text = DASHBOARD.read_text("utf-8")
    for said in re.findall(r'state=~?\\"([a-z|]+)\\"', text):
        assert set(said.split("|")) <= set(STATES)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    cells = [
        (x, y)
        for panel in dashboard["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24
