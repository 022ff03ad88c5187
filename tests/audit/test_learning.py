"""Models learnt from a hub's own records, and measured against labels."""

import csv
import json

import pytest
from click.testing import CliRunner

from hub.app import Hub
from hub.cli import cli
from hub.matching.document import read_model
from tests.conftest import settings_for, work_through


@pytest.fixture(scope="module")
def site(tmp_path_factory, county):
    """A hub that has worked through the county, and how to ask it on the command line."""
    folder = tmp_path_factory.mktemp("site")
    settings = settings_for(folder)
    hub = Hub(settings)
    work_through(hub, county)
    hub.close()
    config = folder / "hub.toml"
    config.write_text(
        f'[hub]\ndata = "{settings.hub.data}"\n[secrets]\npseudonym_key_file = "{folder / "key"}"\n'
    )
    return config


def said(site, *arguments, code=0):
    done = CliRunner().invoke(cli, ["--config", str(site), *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def test_a_model_is_learnt_without_labels_and_drawn(site, tmp_path):
    out = tmp_path / "model.json"
    found = json.loads(said(site, "identity", "train", "--out", out, "--json"))
    model = read_model(out.read_bytes())
    assert found["model"] == model.version and found["converged"]
    assert found["profiles"] > 500 and found["review"] < found["link"]
    weights = {(item["comparison"], item["level"]): item["weight"] for item in found["weights"]}
    assert weights["number", "same"] > 10 and weights["sex", "different"] < -3
    page = (tmp_path / "model.html").read_text("utf-8")
    assert page.count("<svg") == 2 and "身份号码 identity number" in page and "precision" not in page
    again = tmp_path / "again.json"
    said(site, "identity", "train", "--out", again)
    assert again.read_bytes() == out.read_bytes()


def test_links_in_force_and_a_models_own_are_measured(site, county, tmp_path):
    said(site, "identity", "train", "--out", tmp_path / "m.json")
    for more in ((), ("--model", tmp_path / "m.json")):
        found = json.loads(said(site, "identity", "evaluate", "--truth", county, *more, "--json"))
        for name in ("pairwise", "bcubed"):
            for part in ("precision", "recall", "f1"):
                figure = found[name][part]
                assert 0.97 <= figure["low"] <= figure["value"] <= figure["high"] <= 1
        assert [band["least"] for band in found["bands"]] == sorted(
            (band["least"] for band in found["bands"]), reverse=True
        )
        assert found["bands"][0]["precision"] > 0.99 and found["bands"][0]["decision"] == "link"
        assert found["blocking"]["loss"] < 0.01
    assert "F1" in said(site, "identity", "evaluate", "--truth", county)


def test_labels_may_be_a_feeds_own_keys(site, county, tmp_path):
    feed = "public_security.household_entry"
    with (county / "truth/records.csv").open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["record_id"].startswith(f"{feed}/")]
    labels = tmp_path / "labels.csv"
    with labels.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("record_id", "entity_id"))
        writer.writerows((row["record_id"].partition("/")[2], row["entity_id"]) for row in rows)
    found = json.loads(said(site, "identity", "evaluate", "--truth", labels, "--feed", feed, "--json"))
    assert 0 < found["records"] <= len(rows)


def test_no_quality_without_labels(site, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("record_id,entity_id\nnobody/1,a\n", "utf-8")
    runner = CliRunner()
    for truth in (labels, tmp_path):
        done = runner.invoke(cli, ["--config", str(site), "identity", "evaluate", "--truth", str(truth)])
        assert done.exit_code != 0 and "F1" not in done.output
