"""A page that `hub connectors new` writes, in a copy of the project: it is registered, and its own test passes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hub.connect.scaffold import KINDS, scaffolded
from hub.errors import SettingsError

ROOT = Path(__file__).parents[2]
COPIED = ("connectors", "schemas", "tests", "hub", "deploy", "pyproject.toml")


@pytest.fixture
def checkout(tmp_path):
    """A copy of the project."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command that finds the copy's packages, and not those it was copied from."""
    environ = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, env=environ, timeout=280
    )


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_written_is_registered_and_its_test_passes(checkout, kind):
    code = "from hub.cli import main; main()"
    said = run(checkout, "-c", code, "connectors", "new", "education.pupils", "--kind", kind)
    assert said.returncode == 0, said.stderr
    assert "next: " not in said.stderr and "pytest tests/contract/test_education_pupils.py" in said.stdout
    done = run(
        checkout,
        "-m",
        "pytest",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "tests/contract/test_education_pupils.py",
    )
    assert done.returncode == 0, done.stdout[-3000:]
    asked = "from connectors import CONNECTORS; import hub; print(sorted(CONNECTORS), hub.__file__)"
    listed = run(checkout, "-c", asked).stdout
    assert "education.pupils" in listed and str(checkout) in listed
    for checker in (
        ["check", "--select", "I,E,F", "connectors", "tests/contract"],
        ["format", "--check", "connectors"],
    ):
        checked = subprocess.run(
            [Path(sys.executable).parent / "ruff", *checker], cwd=checkout, capture_output=True, text=True
        )
        assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", ["pupils", "Education.pupils", "a.b.c", "health.pregnancy"])
def test_a_name_that_cannot_be_a_feeds_is_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(SettingsError, match="cannot be a feed's name"):
        scaffolded(tmp_path, name, "jsonl")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over_and_nothing_outside_a_checkout(tmp_path):
    with pytest.raises(SettingsError, match="run it in a checkout"):
        scaffolded(tmp_path, "education.pupils", "jsonl")
    register = tmp_path / "connectors/__init__.py"
    register.parent.mkdir()
    register.write_text((ROOT / "connectors/__init__.py").read_text())
    scaffolded(tmp_path, "education.pupils", "jsonl")
    before = register.read_text()
    with pytest.raises(SettingsError, match="is there already"):
        scaffolded(tmp_path, "education.pupils", "excel")
    assert register.read_text() == before
