"""Amendments: how one version of a contract differs from another, and for whom that breaks something.

Who consumes a field: the agreements in force that name it, the identity of
people where it states an attribute, the rules where they read its name. What
breaks a consumer asks for a major step of the version and for somebody who
accepts it; what merely adds asks for a minor one; the rest for a patch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.domain.agreements import Agreement
from hub.domain.facts import READ

Terms = Mapping[str, Any]
"""What a contract says of its records: see `hub.connect.terms`."""
STEPS = ("none", "patch", "minor", "major")
BACK = "back"
WORDS: Mapping[str, tuple[str, str]] = {
    "added": ("新增字段", "field added"), "removed": ("删除字段", "field removed"), "renamed": ("字段改名", "field renamed"),
    "kind": ("类型改变", "type changed"), "unit": ("单位改变", "unit changed"), "codes-added": ("新增代码", "codes added"),
    "codes-removed": ("删除代码", "codes removed"), "codes-changed": ("代码含义改变", "codes mean something else"),
    "required": ("改为必填", "is required now"), "optional": ("不再必填", "is not required any more"),
    "classification": ("分级改变", "classification changed"), "attribute": ("身份属性改变", "attribute changed"),
    "severity": ("处置改变", "severity changed"), "heading": ("列名改变", "heading changed"),
    "format": ("日期格式改变", "date format changed"), "meaning": ("说明改变", "description changed"),
    "key": ("主键改变", "key changed"), "operation": ("操作列改变", "operation changed"),
    "quality-added": ("新增质量规则", "quality rule added"), "quality-removed": ("删除质量规则", "quality rule removed"),
    "quality-changed": ("质量规则改变", "quality rule changed"), "evidence": ("证据种类改变", "evidence changed"),
    "department": ("部门改变", "department changed"), "rhythm": ("报送周期改变", "frequency changed"),
    "later": ("后续行处理改变", "what becomes of later rows changed"), "schema": ("旧数据不可读", "earlier events cannot be read"),
    "agreement": ("协议", "agreement"), "identity": ("身份识别", "identity"), "rules": ("规则", "rules"),
    "records": ("全部记录", "every record"), "readers": ("日志读者", "readers of the log"),
}  # fmt: skip
PATCHES = frozenset(("meaning", "rhythm", "heading"))


class Consumer(NamedTuple):
    """Somebody or something that relies on a contract, by kind and name."""

    kind: str
    name: str


class Amendment(NamedTuple):
    """One difference: what, of which field, from what to what, and whom it breaks."""

    what: str
    field: str
    before: str
    after: str
    breaks: tuple[Consumer, ...] = ()

    @property
    def step(self) -> str:
        """The step of the version that it asks for."""
        return "major" if self.breaks else "patch" if self.what in PATCHES else "minor"


def amendments(
    before: Terms, after: Terms, agreements: Iterable[Agreement], unreadable: Sequence[str] = ()
) -> list[Amendment]:
    """How `after` differs from `before`, for the agreements in force; `unreadable`: what its schema cannot read."""
    signed = list(agreements)
    found = [
        *_of_feed(before, after),
        *_of_fields(before, after, signed),
        *_of_quality(before, after, signed),
    ]
    return found + [Amendment("schema", "", "", why, (Consumer("readers", ""),)) for why in unreadable]


def needed(found: Iterable[Amendment]) -> str:
    """The step of the version that these amendments ask for together."""
    return max((each.step for each in found), key=STEPS.index, default="none")


def stepped(before: str, after: str) -> str:
    """The step from one version to another, BACK where it is lower."""
    old, new = ([int(part) for part in version.split(".")] for version in (before, after))
    if new < old:
        return BACK
    return next((name for name, a, b in zip(STEPS[:0:-1], old, new, strict=True) if a != b), "none")


def is_right(found: Iterable[Amendment], step: str) -> bool:
    """Whether a step is large enough."""
    return step != BACK and STEPS.index(step) >= STEPS.index(needed(found))


def _of_feed(before: Terms, after: Terms) -> Iterator[Amendment]:
    whole = (Consumer("records", ""),)
    for what, breaks in (("key", whole), ("evidence", (Consumer("rules", str(before["evidence"])),)), ("department", ()),
                         ("operation", ()), ("rhythm", ()), ("later", ())):  # fmt: skip
        if before[what] != after[what]:
            yield Amendment(what, "", str(before[what]), str(after[what]), breaks)


def _of_fields(before: Terms, after: Terms, signed: Sequence[Agreement]) -> Iterator[Amendment]:
    old, new = ({field["name"]: field for field in terms["fields"]} for terms in (before, after))
    gone, fresh = (
        [old[name] for name in old if name not in new],
        {n: f for n, f in new.items() if n not in old},
    )
    for field in gone:
        heir = next((f["name"] for f in fresh.values() if _is_heir(field, f)), "")
        fresh.pop(heir, None)
        yield Amendment(
            "renamed" if heir else "removed", field["name"], field["name"], heir, _consumers(field, signed)
        )
        if heir:
            yield from _of_field(field, new[heir], signed)
    yield from (Amendment("added", name, "", name) for name in fresh)
    for name in old:
        if name in new:
            yield from _of_field(old[name], new[name], signed)


def _is_heir(gone: Terms, fresh: Terms) -> bool:
    """Whether a new field is an old one under another name: the same column, or the same thing to identity."""
    same_attribute = gone["attribute"] and gone["attribute"] == fresh["attribute"]
    return bool(gone["heading"] == fresh["heading"] or same_attribute)


def _consumers(
    field: Terms, signed: Sequence[Agreement], *, agreements_only: bool = False
) -> tuple[Consumer, ...]:
    name = field["name"]
    found = [Consumer("agreement", f"{a.cited} → {a.receiver}") for a in signed if name in a.fields]
    if field["attribute"] and not agreements_only:
        found.append(Consumer("identity", field["attribute"]))
    if name in READ and not agreements_only:
        found.append(Consumer("rules", name))
    return tuple(found)


def _of_field(old: Terms, new: Terms, signed: Sequence[Agreement]) -> Iterator[Amendment]:
    name, relying = new["name"], _consumers(old, signed)
    for what in ("kind", "unit"):
        if old[what] != new[what]:
            yield Amendment(what, name, old[what], new[what], relying)
    if old["required"] != new["required"]:
        breaks = relying if old["required"] else ()
        yield Amendment("required" if new["required"] else "optional", name, "", "", breaks)
    if old["classification"] != new["classification"]:
        named = _consumers(old, signed, agreements_only=True)
        yield Amendment("classification", name, old["classification"], new["classification"], named)
    if old["attribute"] != new["attribute"]:
        breaks = (Consumer("identity", old["attribute"]),) if old["attribute"] else ()
        yield Amendment("attribute", name, old["attribute"], new["attribute"], breaks)
    for what in ("severity", "heading", "format", "meaning"):
        if old[what] != new[what]:
            yield Amendment(what, name, old[what], new[what])
    yield from _of_codes(name, old["codes"], new["codes"], relying)


def _of_codes(
    name: str, old: Mapping[str, str], new: Mapping[str, str], relying: tuple[Consumer, ...]
) -> Iterator[Amendment]:
    if added := sorted(new.keys() - old.keys()):
        yield Amendment("codes-added", name, "", ", ".join(added))
    if removed := sorted(old.keys() - new.keys()):
        yield Amendment("codes-removed", name, ", ".join(removed), "")
    if changed := sorted(code for code in old.keys() & new.keys() if old[code] != new[code]):
        was, now = (", ".join(f"{code}: {codes[code]}" for code in changed) for codes in (old, new))
        yield Amendment("codes-changed", name, was, now, relying)


def _of_quality(before: Terms, after: Terms, signed: Sequence[Agreement]) -> Iterator[Amendment]:
    """A rule that is gone or became milder breaks those who were promised its fields."""
    old, new = (
        {(q["rule"], *q["fields"]): q["severity"] for q in terms["quality"]} for terms in (before, after)
    )
    for rule in sorted(old.keys() | new.keys()):
        said, field = f"{rule[0]}({', '.join(rule[1:])})", rule[1]
        promised = tuple(
            Consumer("agreement", f"{a.cited} → {a.receiver}")
            for a in signed
            if set(rule[1:]) & set(a.fields)
        )
        if rule not in old:
            yield Amendment("quality-added", field, "", said)
        elif rule not in new:
            yield Amendment("quality-removed", field, said, "", promised)
        elif old[rule] != new[rule]:
            milder = promised if new[rule] == "warn" else ()
            yield Amendment("quality-changed", field, f"{said}: {old[rule]}", f"{said}: {new[rule]}", milder)
