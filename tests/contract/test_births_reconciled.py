"""BirthReconciled v2 says more than v1, and what was written by v1 is read for ever."""

from hub.domain.events import BirthReconciled
from hub.log.codec import Codec
from tests.test_repository import ROOT

V1, V2 = (
    (ROOT / f"schemas/events/BirthReconciled.{version}.avsc").read_text("utf-8") for version in ("v1", "v2")
)
TWIN = BirthReconciled(
    "p1", "matched", 19_800, "990101101201", "female", 19_810, 10, "c1", "e1", None,
    mother_local=True, plurality=2, in_facility=True,
)  # fmt: skip


def test_what_was_written_by_the_first_version_is_read_without_what_it_did_not_say():
    old = Codec([V1]).encode(TWIN)
    read = Codec([V1, V2]).decode(old)
    assert (read.plurality, read.in_facility) == (None, None)
    assert (read.person, read.outcome, read.mother_local) == ("p1", "matched", True)


def test_the_second_version_keeps_all_of_it():
    codec = Codec([V1, V2])
    assert codec.decode(codec.encode(TWIN)) == TWIN
