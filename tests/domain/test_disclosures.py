"""Who may see what."""

import pytest

from hub.domain.disclosures import PURPOSES, Reader, may_see, refusal

COUNTY = "990101"
TOWN = Reader("health", "analyst", "990101101", "record-reconciliation")
AUDITOR = Reader("audit", "auditor", COUNTY, "audit")


@pytest.mark.parametrize(
    ("reader", "department", "jurisdiction", "expected"),
    [
        (TOWN, None, "990101101201", True),
        (TOWN, "health", "990101101", True),
        (TOWN, "public_security", "990101101201", False),
        (TOWN, None, "990101102201", False),
        (TOWN, None, "990101", False),
        (TOWN, None, "", False),
        (TOWN._replace(jurisdiction=""), None, "990101101201", False),
        (TOWN._replace(purpose="curiosity"), None, "990101101201", False),
        (TOWN._replace(purpose="audit"), "health", "990101101201", False),
        (AUDITOR, "public_security", "990101101201", True),
        (AUDITOR, None, "990202101201", False),
    ],
)
def test_a_reader_sees_the_own_department_and_jurisdiction(reader, department, jurisdiction, expected):
    assert may_see(reader, department, jurisdiction) is expected


@pytest.mark.parametrize(
    ("reader", "view", "reason"),
    [
        (TOWN, "births", None),
        (AUDITOR, "births", None),
        (TOWN._replace(purpose="curiosity"), "births", "the purpose curiosity is not registered"),
        (TOWN._replace(purpose="audit"), "births", "the purpose audit is not granted to health"),
        (TOWN._replace(jurisdiction="990202"), "births", "the reader's jurisdiction lies outside this county"),
        (TOWN._replace(department="public_security"), "links", "the view links is not granted to public_security"),
        (TOWN._replace(department="commerce"), "births", "the view births is not granted to commerce"),
        (TOWN._replace(department="commerce"), "cases", None),
        (TOWN._replace(purpose="vital-statistics"), "people", "not granted to health for vital-statistics"),
        (TOWN, "secrets", "nobody may read it"),
    ],
)  # fmt: skip
def test_a_refusal_says_which_why_and_what_to_do(reader, view, reason):
    said = refusal(reader, COUNTY, view)
    assert said is None if reason is None else reason in said and ": " in said and not said.isascii()


def test_every_purpose_was_granted_to_somebody():
    assert all(PURPOSES.values())
