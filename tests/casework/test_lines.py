"""What people read of pages: a few columns in both languages, a word where there is nothing, a reason for a slip."""

import json
from typing import get_args

import pytest
from click.testing import CliRunner

from hub.cli import cli
from hub.cli.cases import HAPPENED
from hub.domain.cases import CaseEvent
from hub.errors import SettingsError
from tests.casework.story import TOWN, Site, entry


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    site = Site(tmp_path_factory.mktemp("site"))
    site.close_day(entry(1, 1), entry(2, 1, name="林晓", birth_date=99))

    def answer(*said):
        return CliRunner().invoke(
            cli, ["--config", str(site.folder / "hub.toml"), *said], env={"COLUMNS": "160"}
        )

    yield answer
    site.hub.close()


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("discrepancies", ("公民身份号码格式或校验位错误", "number-invalid", "public_security 990101101201", "malformed")),
        ("cases", ("公民身份号码格式或校验位错误", "number-invalid", "raised v0", TOWN)),
        ("residents", ("户籍 resident", "990101101201")),
    ],
)  # fmt: skip
def test_a_page_is_read_in_both_languages(ask, page, expected):
    shown = ask(page).output
    assert all(words in shown for words in expected), shown


@pytest.mark.parametrize(
    "page", [("births",), ("households",), ("cases", "requests"), ("cases", "--offered")]
)
def test_where_there_is_nothing_that_is_said(ask, page):
    assert "无 none" in ask(*page).output


@pytest.mark.parametrize(
    "slip",
    [("births", "--outcome"), ("residents", "--status"), ("discrepancies", "--kind"), ("discrepancies", "--status"),
     ("cases", "--state"), ("cases", "--kind"), ("cases", "bulk", "accept", "--state")],
)  # fmt: skip
def test_a_filter_that_could_never_choose_anything_is_refused(ask, slip):
    refused = ask(*slip, "standin").exception
    assert isinstance(refused, SettingsError) and "standin" in str(refused) and "known: " in str(refused)


def test_days_are_days_wherever_they_stand(ask):
    assert '"returns":["2024-03-01"]' in ask("discrepancies", "--json").output
    assert "2,0" not in ask("status").output


@pytest.mark.parametrize("page", ["residents", "discrepancies"])
def test_pages_follow_each_other(ask, page):
    def asked(*more):
        return json.loads(ask(page, "--json", "--limit", "1", *more).output)

    key = "person" if page == "residents" else "discrepancy_id"
    [first] = asked()
    [second] = asked("--after", first[key])
    assert first[key] < second[key] and asked("--after", second[key]) == []


def test_a_timeline_says_in_words_what_happened_and_why_not(ask):
    case = json.loads(ask("cases", "--json", "--limit", "1").output)[0]["case"]
    ask("cases", "accept", case, "--seen", "7")
    assert ask("run", "--until-caught-up").exit_code == 0
    shown = ask("cases", "timeline", case).output
    assert "立案 CaseRaised" in shown and "拒绝 CaseActionRefused" in shown
    assert "look at it again" in " ".join(shown.split())
    assert set(HAPPENED) == {one.__name__ for one in get_args(CaseEvent)}
