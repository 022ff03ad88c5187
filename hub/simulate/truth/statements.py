"""What one published version of a record states, whatever department wrote it.

Read from the rows as they were written, errors included: the truth of a
discrepancy is about what departments said, and whom they said it of.
"""

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from hub.domain.days import Day, day_of
from hub.matching.numbers import canonical_number
from hub.simulate.ledger import BUSINESS, CERTIFICATE, CHILD, EMPLOYMENT, HOUSEHOLD, RESIDENCE, Row


class Placed(NamedTuple):
    """A place code, the day it is stated of, and whether the record goes on to say so until it ends."""

    code: str
    day: Day
    lasts: bool


class Statement(NamedTuple):
    """One version of one record; what it leaves blank is an empty text or None."""

    feed: str
    name: str
    former_name: str = ""
    sex: str = ""
    born: Day | None = None
    number: str = ""
    parents: tuple[str, ...] = ()
    """Identity numbers stated for mother and father."""
    mother_name: str = ""
    certificate: str = ""
    """Its own number, or the one it cites."""
    replaces: str = ""
    void: bool = False
    several: bool = False
    """A birth of more than one child."""
    place: str = ""
    phone: str = ""
    begins: Day | None = None
    """Entered, registered or started on."""
    ends: Day | None = None
    """The first day on which it no longer holds."""
    expires: Day | None = None
    arrives: Day | None = None
    shown: Day | None = None
    """When the person last came to have the registration endorsed."""
    hukou: str = ""
    insured: Day | None = None
    """The first day of the last month insured."""
    of_birth: bool = False
    mother: str = ""
    father: str = ""
    plurality: int = 1
    died: bool = False
    """Ended by a death."""
    days: tuple[Day, ...] = ()
    """Days of the record that follow each other, as far as it states them."""
    placed: tuple[Placed, ...] = ()
    """All places that it states of a day."""


@lru_cache(65_536)
def day(written: str) -> Day | None:
    """A day as any department writes it."""
    return day_of(written) if written else None


@lru_cache(65_536)
def plain(name: str) -> str:
    """A name without what typing alone makes different: widths, blanks, dots."""
    folded = unicodedata.normalize("NFKC", name)
    return "".join(c for c in folded if c.isalpha() or c.isdigit())


def _sex(written: str) -> str:
    return {"男": "1", "女": "2"}.get(written, written)


def _household(row: Row) -> Statement:
    born, entered, ended = row["出生日期"], row["登记日期"], row["注销日期"]
    return Statement(
        HOUSEHOLD, plain(row["姓名"]), plain(row["曾用名"]), _sex(row["性别"]), day(row["出生日期"]),
        canonical_number(row["公民身份号码"]),
        _numbers(row["母亲身份号码"], row["父亲身份号码"]), plain(row["母亲姓名"]),
        certificate=row["出生医学证明编号"], place=row["地址代码"], phone=row["联系电话"],
        begins=day(row["登记日期"]), ends=day(row["注销日期"]), of_birth=row["登记类别"] == "出生",
        mother=canonical_number(row["母亲身份号码"]), father=canonical_number(row["父亲身份号码"]),
        died=row["注销原因"] == "死亡", days=_days(born, entered, ended),
        placed=(
            *_placed(row["地址代码"], entered, row["何时迁来本址"]), *_placed(row["出生地代码"], born, lasts=False),
            *(one._replace(day=one.day - 1) for one in _placed(row["由何地迁来"], row["何时迁来本址"], lasts=False)),
        ),
    )  # fmt: skip


def _residence(row: Row) -> Statement:
    return Statement(
        RESIDENCE, plain(row["姓名"]), "", _sex(row["性别"]), day(row["出生日期"]),
        canonical_number(row["公民身份号码"]), place=row["现住地代码"], phone=row["联系电话"],
        begins=day(row["登记日期"]), ends=day(row["离开日期"]), expires=day(row["有效期至"]),
        days=_days(row["出生日期"], row["来本地日期"], row["登记日期"], row["离开日期"]),
        arrives=day(row["来本地日期"]), shown=day(row["签注日期"]), hukou=row["户籍地代码"],
        placed=(
            *_placed(row["现住地代码"], row["来本地日期"], row["登记日期"]),
            *_placed(row["户籍地代码"], row["来本地日期"], row["登记日期"]),
        ),
    )  # fmt: skip


def _employment(row: Row) -> Statement:
    return Statement(
        EMPLOYMENT, plain(row["AAC003"]), "", row["AAC004"], day(row["AAC006"]),
        canonical_number(row["AAC002"]), phone=row["phone"], begins=day(row["started_on"]),
        ends=day(row["ended_on"]), days=_days(row["AAC006"], row["started_on"], row["ended_on"]),
        insured=day(row["last_month"] + "01"), placed=_placed(row["unit_place"], row["started_on"]),
    )  # fmt: skip


def _business(row: Row) -> Statement:
    return Statement(
        BUSINESS, plain(row["经营者姓名"]), "", _sex(row["经营者性别"]), day(row["经营者出生日期"]),
        canonical_number(row["经营者证件号码"]), place=row["经营场所代码"], phone=row["联系电话"],
        begins=day(row["成立日期"]), ends=day(row["注销日期"]),
        days=_days(row["经营者出生日期"], row["成立日期"], row["注销日期"]),
        placed=_placed(row["经营场所代码"], row["成立日期"]),
    )  # fmt: skip


def _certificate(row: Row) -> Statement:
    return Statement(
        CERTIFICATE, plain(row["newborn_name"]), "", row["sex"], day(row["born_on"]), "",
        _numbers(row["mother_number"], row["father_number"]), plain(row["mother_name"]),
        row["certificate_no"], row["replaces"], row["status"] == "void", row["plurality"] != "1",
        begins=day(row["issued_on"]), mother=canonical_number(row["mother_number"]),
        father=canonical_number(row["father_number"]), plurality=int(row["plurality"]),
        days=_days(row["born_on"], row["issued_on"]),
        placed=(
            *_placed(row["facility_place"], row["born_on"], lasts=False),
            *_placed(row["mother_hukou_place"], row["born_on"], lasts=False),
        ),
    )  # fmt: skip


def _child(row: Row) -> Statement:
    return Statement(
        CHILD, plain(row["name"]), "", row["sex"], day(row["born_on"]), canonical_number(row["number"]),
        _numbers(row["mother_number"]), plain(row["mother_name"]), row["certificate_no"],
        place=row["place"], phone=row["phone"], begins=day(row["established_on"]),
        mother=canonical_number(row["mother_number"]), days=_days(row["born_on"], row["established_on"]),
        placed=_placed(row["place"], row["established_on"]),
    )  # fmt: skip


def _days(*written: str) -> tuple[Day, ...]:
    return tuple(said for said in map(day, written) if said is not None)


def _placed(code: str, *written: str, lasts: bool = True) -> tuple[Placed, ...]:
    """A place of the latest of these days; none where either is left blank."""
    days = _days(*written)
    return (Placed(code, max(days), lasts),) if code and days else ()


def _numbers(*written: str) -> tuple[str, ...]:
    return tuple(canonical_number(number) for number in written if number)


READERS: Mapping[str, Callable[[Row], Statement]] = {
    HOUSEHOLD: _household, RESIDENCE: _residence, EMPLOYMENT: _employment, BUSINESS: _business,
    CERTIFICATE: _certificate, CHILD: _child,
}  # fmt: skip
