"""Comparisons as data: ordered levels, found for many pairs of profiles at once.

Level -1 means not evaluable: a side does not say, so nothing is learnt either
way. What a level weighs stands in the model, not here. Limits of likeness
follow common use: Jaro-Winkler for names (Winkler 1990), and one slip is a
letter more, less, other, or two that changed places (Damerau 1964).
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from hub.matching.columns import Mask, Pairs, Rows, measure
from hub.matching.normalise import MONTH, YEAR, day_number, has_nickname, is_chinese, nicknamed, pinyin

Levels = NDArray[np.int8]
YEARS_APART = 200 * YEAR
"""A distance beyond all."""


class Comparison(NamedTuple):
    """What is compared, its levels, and which value's share tells what equality is worth."""

    name: str
    levels: tuple[str, ...]
    find: Callable[[Pairs], Levels]
    counted: str = ""
    """The field whose values are counted; blank where equality is worth the same for all."""
    counted_levels: int = 1
    """So many of the first levels mean equality of that value."""
    value: Callable[[str], str] = str
    """What of the field is counted."""
    never: tuple[str, ...] = ()
    """Levels that by their meaning cannot be one person, whatever else agrees."""
    fields: tuple[str, ...] = ()
    """What it reads, where that is not the field of its name; one of them must be stated on both sides."""

    def levels_of(self, pairs: Pairs) -> Levels | None:
        """The level of each pair; None where no pair can be evaluated."""
        if pairs.stated.isdisjoint(self.fields or (self.name,)):
            return None
        levels = self.find(pairs)
        return levels if (levels >= 0).any() else None


def _start(pairs: Pairs, field: str, otherwise: int) -> tuple[Levels, Rows]:
    """Missing -1, same 0, else `otherwise`; and which pairs differ."""
    a, b = pairs.codes(field)
    levels = np.where((a == 0) | (b == 0), -1, np.where(a == b, 0, otherwise)).astype(np.int8)
    return levels, np.flatnonzero(levels == otherwise)


def _each(texts: tuple[list[str], list[str]], of: Callable[[str, str], bool]) -> Mask:
    return np.fromiter(map(of, *texts), bool, len(texts[0]))


def _crossed(pairs: Pairs) -> Mask:
    """Given and family name stand in each other's place."""
    (ga, gb), (fa, fb) = pairs.codes("given_name"), pairs.codes("family_name")
    one, two = (ga == fb) & (ga > 0), (fa == gb) & (fa > 0)
    whole = (one & two) | (one & ((fa == 0) | (gb == 0))) | (two & ((ga == 0) | (fb == 0)))
    crossed: Mask = whole & (ga != gb) & (fa != fb)
    return crossed


def _short_form(a: str, b: str) -> bool:
    return nicknamed(a, b) or a.startswith(b) or b.startswith(a)


def _share_word(a: str, b: str) -> bool:
    return not {*a.split(" ")}.isdisjoint(b.split(" "))


def _initial(name: str) -> str:
    return name[:1]


def _asked(pairs: Pairs, field: str, of: Rows, where: Mask, question: Callable[[str, str], bool]) -> Mask:
    """The answer for each pair of texts, asked only where it can be yes."""
    answer = np.zeros(len(of), np.bool_)
    asked = np.flatnonzero(where)
    answer[asked] = _each(pairs.texts(field, of[asked]), question)
    return answer


def given_name(pairs: Pairs) -> Levels:
    """Given names; two names that changed places are one finding, told here."""
    levels, differ = _start(pairs, "given_name", 7)
    texts = pairs.texts("given_name", differ)
    alike, slips = measure(texts, JaroWinkler.similarity, 0.8), measure(texts, OSA.distance, 1)
    (ia, ib), (la, lb) = (
        pairs.derived("given_name", "initial", _initial),
        pairs.numbers("given_name", "length", len),
    )
    least = np.minimum(la, lb)[differ]
    (na, nb) = pairs.numbers("given_name", "nickname", has_nickname)
    short = _asked(pairs, "given_name", differ, ((ia == ib) | (na + nb == 2))[differ], _short_form)
    rules = [short & (least == 1), (slips <= 1) & (least > 2), short, alike >= 0.9, alike >= 0.8]
    levels[differ] = np.select(rules, [4, 1, 2, 3, 5], 7)
    levels[_crossed(pairs)] = 6
    return levels


def family_name(pairs: Pairs) -> Levels:
    """Family names; not asked again where `given_name` found the names crossed."""
    levels, differ = _start(pairs, "family_name", 5)
    texts = pairs.texts("family_name", differ)
    alike, slips = measure(texts, JaroWinkler.similarity, 0.8), measure(texts, OSA.distance, 1)
    la, lb = pairs.numbers("family_name", "length", len)
    wa, wb = pairs.numbers("family_name", "words", lambda name: name.count(" "))
    part = _asked(pairs, "family_name", differ, ((wa + wb) > 0)[differ], _share_word)
    rules = [(slips <= 1) & (np.minimum(la, lb)[differ] > 2), part, alike >= 0.9, alike >= 0.8]
    levels[differ] = np.select(rules, [1, 2, 3, 4], 5)
    levels[_crossed(pairs)] = -1
    return levels


def middle_name(pairs: Pairs) -> Levels:
    """Middle names, of which many registers keep the first letter only."""
    levels, differ = _start(pairs, "middle_name", 4)
    ia, ib = pairs.derived("middle_name", "initial", _initial)
    sa, sb = pairs.numbers("middle_name", "single", lambda name: len(name) == 1)
    single = (levels >= 0) & ((sa + sb) > 0)
    levels[single] = np.where(ia == ib, 1, 3)[single]
    rest = differ[~single[differ]]
    alike = measure(pairs.texts("middle_name", rest), JaroWinkler.similarity, 0.88)
    levels[rest] = np.where(alike >= 0.88, 2, 4)
    return levels


def name(pairs: Pairs) -> Levels:
    """Full names, a former name counting as the name; not where both sides give the parts."""
    levels, differ = _start(pairs, "name", 10)
    (a, b), (fa, fb) = pairs.codes("name"), pairs.codes("former_name")
    la, _ = pairs.numbers("name", "characters", lambda n: len(n) if is_chinese(n) else 99)
    levels[(levels == 0) & (la <= 2)] = 1
    texts = pairs.texts("name", differ)
    alike = measure(texts, JaroWinkler.similarity)
    (sa, sb), (ca, cb) = pairs.derived("name", "sound", pinyin), pairs.derived("name", "family", _family)
    chinese = (ca > 0) & (cb > 0)
    one_off = _each(texts, lambda x, y: len(x) == len(y) > 1) & _slip(texts)
    turned = _each(texts, lambda x, y: " " in x and sorted(x.split(" ")) == sorted(y.split(" ")))
    chinese, family, sounds = chinese[differ], (ca == cb)[differ], (sa == sb)[differ]
    rules = [
        ((fa == b) & (fa > 0) | (fb == a) & (fb > 0))[differ], chinese & sounds, chinese & one_off & family,
        turned, chinese & one_off, ~chinese & (alike >= 0.92), alike >= 0.84, chinese & family,
    ]  # fmt: skip
    levels[differ] = np.select(rules, [2, 3, 4, 5, 9, 6, 7, 8], 10)
    (ga, gb), (ya, yb) = pairs.codes("given_name"), pairs.codes("family_name")
    levels[((ga > 0) | (ya > 0)) & ((gb > 0) | (yb > 0))] = -1
    return levels


def _family(name: str) -> str:
    return name[:1] if is_chinese(name) else ""


def birth_date(pairs: Pairs) -> Levels:
    """Birth dates as eight digits."""
    levels, differ = _start(pairs, "birth_date", 6)
    a, b = (side[differ] for side in pairs.numbers("birth_date", "day", day_number))
    (ya, ra), (yb, rb) = np.divmod(a, YEAR), np.divmod(b, YEAR)
    (ma, da), (mb, db) = np.divmod(ra, MONTH), np.divmod(rb, MONTH)
    dates = (a > 0) & (b > 0)
    apart = np.where(dates, np.abs(a - b), YEARS_APART)
    slips = measure(pairs.texts("birth_date", differ), OSA.distance, 1)
    two = dates & ((ya == yb).astype(np.int8) + (ma == mb) + (da == db) >= 2)
    rules = [dates & (ya == yb) & (ma == db) & (da == mb), slips <= 1, apart <= MONTH, two, apart <= YEAR]
    levels[differ] = np.select(rules, [1, 2, 3, 4, 5], 6)
    return levels


def number(pairs: Pairs) -> Levels:
    """National numbers, each weighed by what the rest of its record says of it."""
    levels, differ = _start(pairs, "number", 5)
    a, b = pairs.numbers("number_is", "doubtful", lambda state: state not in ("sound", "other", ""))
    sa, sb = pairs.numbers("number_is", "sound", lambda state: state == "sound")
    # Two numbers that both pass their check are two numbers, however alike: a slip would have failed it.
    both_sound, unsure = (sa + sb == 2)[differ], ((a + b > 0) | (sa != sb))[differ]
    slips = measure(pairs.texts("number", differ), OSA.distance, 2)
    levels[differ] = np.select([both_sound, slips <= 1, slips <= 2, unsure], [5, 2, 3, 4], 5)
    levels[(levels == 0) & ((a + b) > 0)] = 1
    return levels


def place(pairs: Pairs) -> Levels:
    """Division codes by prefix: village, town, county."""
    levels, differ = _start(pairs, "place", 3)
    ta, tb = pairs.derived("place", "town", lambda code: code[:9])
    ca, cb = pairs.derived("place", "county", lambda code: code[:6])
    levels[differ] = np.where(ta == tb, 1, np.where(ca == cb, 2, 3))[differ]
    return levels


def _in_order(text: str) -> str:
    return " ".join(sorted(text.split(" ")))


def address(pairs: Pairs) -> Levels:
    """Addresses as words in any order, where no division codes tell the same better."""
    levels, differ = _start(pairs, "address", 4)
    a, b = pairs.codes("place")
    levels[(a > 0) & (b > 0)] = -1
    differ = differ[levels[differ] >= 0]
    texts = pairs.made_texts("address", "words in order", _in_order, differ)
    alike = measure(texts, fuzz.ratio, 40)
    levels[differ] = np.select([alike >= 85, alike >= 65], [1, 3], 4)
    # One address may leave out a part of the other; the costly question is asked where it can be yes.
    open_ = np.flatnonzero((alike >= 40) & (alike < 85))
    part = measure(([texts[0][i] for i in open_], [texts[1][i] for i in open_]), fuzz.token_set_ratio)
    levels[differ[open_[part >= 95]]] = 2
    return levels


def _exact(field: str) -> Callable[[Pairs], Levels]:
    return lambda pairs: _start(pairs, field, 1)[0]


def _graded(field: str, alike: Callable[[tuple[list[str], list[str]]], Mask]) -> Callable[[Pairs], Levels]:
    def find(pairs: Pairs) -> Levels:
        levels, differ = _start(pairs, field, 2)
        levels[differ] = np.where(alike(pairs.texts(field, differ)), 1, 2)
        return levels

    return find


def email(pairs: Pairs) -> Levels:
    """E-mail addresses: the whole, then the part before the sign."""
    levels, differ = _start(pairs, "email", 4)
    a, b = (s[differ] for s in pairs.derived("email", "mailbox", lambda mail: mail.partition("@")[0]))
    texts = pairs.texts("email", differ)
    boxes = tuple([text.partition("@")[0] for text in side] for side in texts)
    alike = measure(texts, OSA.normalized_similarity)
    box = measure((boxes[0], boxes[1]), OSA.normalized_similarity)
    levels[differ] = np.select([a == b, alike >= 0.8, box >= 0.7], [1, 2, 3], 4)
    return levels


def certificate(pairs: Pairs) -> Levels:
    """Birth certificates: two numbers mean twins, or one child with a second certificate.

    The children of a delivery get numbers that follow each other, so one digit before the last is a slip of
    the pen, which says nothing. What bears another sex or name is not about the same child of them.
    """
    levels, differ = _start(pairs, "certificate_no", 3)
    a, b = (
        side[differ] for side in pairs.numbers("plurality", "count", lambda p: int(p) if p.isdigit() else 0)
    )
    several, single = (a > 1) | (b > 1), (a == 1) & (b == 1)
    levels[differ] = np.select([several, single, (a == 1) | (b == 1)], [4, 1, 2], 3)
    levels[differ[_each(pairs.texts("certificate_no", differ), _pen_slip)]] = -1
    levels[_another_child(pairs) & (levels < 0)] = 3
    oa, ob = pairs.codes("birth_order")
    levels[(oa > 0) & (ob > 0) & (oa != ob)] = 5
    return levels


def _pen_slip(a: str, b: str) -> bool:
    """One place differs, and it is not the last."""
    return len(a) == len(b) and a[-1] == b[-1] and sum(map(str.__ne__, a, b)) == 1


def _another_child(pairs: Pairs) -> Mask:
    """Another child of the delivery: of several, one of another sex, or whose name is no way of writing the other;
    and with or without a word of several, one of the same mother whose sound number is another."""
    pa, pb = pairs.numbers("plurality", "count", lambda p: int(p) if p.isdigit() else 0)
    (na, nb), (xa, xb), (ma, mb) = (pairs.codes(field) for field in ("name", "sex", "mother_number"))
    (ua, ub), (sa, sb) = pairs.codes("number"), pairs.numbers("number_is", "sound", "sound".__eq__)
    several = (pa > 1) | (pb > 1)
    numbered = (ma > 0) & (ma == mb) & (sa & sb > 0) & (ua != ub)
    unnamed = (na == 0) | (nb == 0)
    other: Mask = (several & (xa > 0) & (xb > 0) & (xa != xb)) | (numbered & unnamed)
    asked = np.flatnonzero((several | numbered) & ~unnamed & (na != nb))
    la, lb = (side[asked] for side in pairs.derived("name", "sound", pinyin))
    other[asked] |= (la != lb) & (measure(pairs.texts("name", asked), OSA.distance, 2) > 1)
    return other


def _parent(who: str) -> Callable[[Pairs], Levels]:
    def find(pairs: Pairs) -> Levels:
        """By number where both sides state it, else by name; one name with two numbers says nothing either way."""
        levels, differ = _start(pairs, f"{who}_name", 4)
        texts = pairs.texts(f"{who}_name", differ)
        a, b = pairs.derived(f"{who}_name", "sound", pinyin)
        alike = measure(texts, JaroWinkler.similarity) >= 0.92
        levels[differ] = np.where((a == b)[differ] | alike, 2, 4)
        levels[levels == 0] = 2
        by_number, differ = _start(pairs, f"{who}_number", 3)
        slips = measure(pairs.texts(f"{who}_number", differ), OSA.distance, 1)
        by_number[differ] = np.where(slips <= 1, 1, 3)
        torn = (by_number == 3) & (levels == 2)
        by_number[torn] = levels[torn] = -1
        return np.where(by_number >= 0, by_number, levels)

    return find


def _slip(texts: tuple[list[str], list[str]]) -> Mask:
    return measure(texts, OSA.distance, 1) <= 1


_PARENT = ("same number", "number, one slip", "same name", "different number", "different name")
COMPARISONS: Mapping[str, Comparison] = {c.name: c for c in (
    Comparison("number", ("same", "same, doubtful", "one slip", "two slips", "different, doubtful", "different"), number, "number"),
    Comparison("name", ("same", "same, short", "former name", "sounds the same", "one character", "other order", "very alike", "alike", "family name only", "family name differs", "different"), name, "name", 2),
    Comparison("given_name", ("same", "one slip", "short form", "very alike", "initial", "alike", "crossed", "different"), given_name, "given_name", fields=("given_name", "family_name")),
    Comparison("middle_name", ("same", "same initial", "alike", "other initial", "different"), middle_name, "middle_name", 2, lambda name: name[:1]),
    Comparison("family_name", ("same", "one slip", "a part", "very alike", "alike", "different"), family_name, "family_name"),
    Comparison("birth_date", ("same", "day and month swapped", "one slip", "within a month", "two parts", "within a year", "different"), birth_date, "birth_date"),
    Comparison("sex", ("same", "different"), _exact("sex")),
    Comparison("place", ("same village", "same town", "same county", "elsewhere"), place, "place"),
    Comparison("address", ("same", "very alike", "a part", "alike", "different"), address, "address"),
    Comparison("postcode", ("same", "one slip", "different"), _graded("postcode", _slip), "postcode"),
    Comparison("city", ("same", "alike", "different"), _graded("city", lambda texts: measure(texts, JaroWinkler.similarity, 0.88) >= 0.88), "city"),
    Comparison("region", ("same", "different"), _exact("region"), "region"),
    Comparison("phone", ("same", "one slip", "different"), _graded("phone", _slip), "phone"),
    Comparison("email", ("same", "same mailbox", "very alike", "alike", "different"), email, "email"),
    Comparison("employer", ("same", "alike", "different"), _graded("employer", lambda texts: measure(texts, fuzz.token_sort_ratio, 70) >= 70), "employer"),
    Comparison("certificate", ("same", "different, single birth", "different, one says single", "different", "different, of twins", "another child of the delivery"), certificate, never=("different, of twins", "another child of the delivery"), fields=("certificate_no", "birth_order", "mother_number")),
    Comparison("mother", _PARENT, _parent("mother"), fields=("mother_name", "mother_number")),
    Comparison("father", _PARENT, _parent("father"), fields=("father_name", "father_number")),
)}  # fmt: skip
"""In the order in which an explanation tells them."""
