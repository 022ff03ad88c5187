"""What is odd about a feed: rare where nothing is, found where something was planted, over when it is over."""

import random
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.domain.watching import FIGURES, KINDS, Delivery, Watched
from hub.domain.watching import thresholds as t
from hub.domain.watching.content import BIRTHS, DAY_SHARES, LAST, chi_sigma, heap, whipple
from hub.domain.watching.findings import KINDS_OF, verdict
from hub.domain.watching.months import ages, months
from hub.domain.watching.rhythm import longest_gap

START, YEARS = 19_723, 3


def poisson(chance, mean):
    limit, count, product = exp(-min(mean, 500)), 0, chance.random()
    while product > limit:
        count, product = count + 1, product * chance.random()
    return count


def story(seed, *, mean=40, weekend=0.5, days=365 * YEARS, refused=0.03):
    """A feed that comes daily, less at weekends, with its digits as the calendar has them."""
    chance = random.Random(seed)
    found = [Delivery(START, rows=20_000, accepted=20_000)]
    for day in range(START + 1, START + days):
        rows = poisson(chance, mean * (weekend if (day + 3) % 7 >= 5 else 1))
        if rows:
            aside = sum(chance.random() < refused for _ in range(rows))
            born, last = [0] * 31, [0] * 10
            for digit in chance.choices(range(31), DAY_SHARES, k=rows):
                born[digit] += 1
            for _ in range(rows):
                last[chance.randrange(10)] += 1
            digits = {f"birth_date/{BIRTHS}": born, f"phone/{LAST}": last}
            found.append(
                Delivery(
                    day,
                    rows=rows,
                    accepted=rows - aside,
                    quarantined=aside,
                    versions=rows,
                    fresh=rows,
                    digits=digits,
                )
            )
    return found


def watch(deliveries, first=START, due=None):
    """Day by day what began and what ended: (day, kind, subject, began)."""
    told, standing = [], set()
    for today in range(first, deliveries[-1].day + 1 if due is None else due):
        history = [d for d in deliveries if today - t.LOOKBACK_DAYS.value < d.day <= today]
        if history:
            found = verdict(Watched(history, today, None, standing))
            told += [(today, each.kind, each.subject, True) for each in found.begun]
            told += [(today, *key, False) for key in found.over]
            standing = standing - set(found.over) | {(e.kind, e.subject) for e in found.begun}
    return told


@pytest.fixture(scope="module")
def usual():
    return story(5)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_quiet_feed_raises_at_most_one_false_alarm_in_a_year(seed):
    assert sum(began for *_, began in watch(story(seed))) <= YEARS


def planted(deliveries, change):
    """Two years of a story as they were, and the third with a fault; a day of which nothing is left has no delivery."""
    first = START + 730
    changed = [d if d.day < first else change(d) for d in deliveries]
    return first, [d for d in changed if d is not None]


def begun(told, kind, first):
    return [day - first for day, each, _, began in told if each == kind and began and day >= first]


def test_a_silent_week_is_noticed_within_it_and_over_with_the_next_delivery(usual):
    first, faulty = planted(usual, lambda d: None if d.day < START + 737 else d)
    told = watch(faulty, first - 30)
    assert begun(told, "feed-silent", first)[0] <= 7
    assert [day for day, kind, _, began in told if kind == "feed-silent" and not began] == [first + 7]


def test_half_of_the_rows_are_noticed_within_four_weeks(usual):
    first, faulty = planted(usual, lambda d: d._replace(rows=d.rows // 2))
    assert begun(watch(faulty, first - 30), "feed-volume", first)[0] <= 28


def test_one_birth_in_ten_on_the_fifteenth_is_noticed_and_its_digit_is_named(usual):
    def made_up(delivery):
        name = f"birth_date/{BIRTHS}"
        counts = list(delivery.digits[name])
        moved = sum(counts) // 10
        counts = [n - n * moved // max(1, sum(counts)) for n in counts]
        counts[14] += moved
        return delivery._replace(digits={name: counts})

    first, faulty = planted(usual, made_up)
    assert begun(watch(faulty, first - 30), "digits-heaped", first)[0] <= 90
    recent = [d.digits[f"birth_date/{BIRTHS}"] for d in faulty if d.day >= first]
    assert heap([sum(column) for column in zip(*recent, strict=True)], DAY_SHARES)["digit"] == 15


def test_rows_set_aside_far_more_often_than_usual_are_noticed(usual):
    first, faulty = planted(usual, lambda d: d._replace(quarantined=d.rows // 4))
    assert begun(watch(faulty, first - 30), "quarantine-high", first)[0] <= 7


def test_columns_that_changed_stand_until_they_are_back_or_have_become_usual(usual):
    first, faulty = planted(usual, lambda d: d._replace(columns=["-phone", "+telephone"]))
    told = [each for each in watch(faulty, first - 30) if each[1] == "columns-changed"]
    assert told[0] == (first, "columns-changed", "", True)
    assert told[1][3] is False and told[1][0] - first <= 10


def test_a_repeated_run_and_a_copied_number_stand_for_four_weeks(usual):
    first, faulty = planted(
        usual, lambda d: d._replace(repeated=20, copied={"phone/phone": 40}) if d.day == START + 730 else d
    )
    told = watch(faulty, first - 3)
    for kind, subject in (("rows-repeated", ""), ("values-copied", "phone")):
        assert [(day, began) for day, k, s, began in told if (k, s) == (kind, subject)] == [
            (first, True), (first + 28, False),
        ]  # fmt: skip


def test_what_comes_each_half_year_is_usual_the_second_time():
    """Contributions are confirmed each January and July: twenty times the rows of other months."""
    story = [Delivery(START + 30 * n, rows=2_000 if n % 6 == 0 else 95 + n % 7) for n in range(40)]
    told = watch(story)
    assert [day for day, kind, *_ in told if kind == "feed-volume" and day > START + 30 * 14] == []


def test_a_contract_says_when_a_feed_is_late():
    history = [Delivery(START + n, rows=5) for n in range(3)]
    assert verdict(Watched(history, START + 5, START + 5, ())).begun == []
    (late,) = verdict(Watched(history, START + 6, START + 5, ())).begun
    assert (late.kind, late.evidence["by_contract"]) == ("feed-silent", 1)


def test_a_weekly_feed_is_silent_when_half_a_week_more_has_passed():
    assert longest_gap([Delivery(START + 7 * n) for n in range(20)]) == 12
    assert longest_gap([Delivery(START + 7 * n) for n in range(5)]) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=10, max_size=10).filter(any), st.integers(0, 9))
def test_heaps_are_about_shares_and_do_not_care_which_digit(counts, turn):
    turned = counts[turn:] + counts[:turn]
    found, again = heap(counts, [0.1] * 10), heap(turned, [0.1] * 10)
    assert bool(found) == bool(again)
    assert not found or found["share"] == again["share"] >= 0.15


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=60),
    st.integers(0, 90),
)
def test_any_history_has_a_verdict_and_the_same_one_each_time(gaps, later):
    day, history = START, []
    for gap, rows, aside in gaps:
        day += gap + 1
        history.append(Delivery(day, rows=rows, quarantined=min(rows, aside)))
    seen = Watched(history, day + later, None, {("feed-volume", "")})
    first = verdict(seen)
    assert first == verdict(seen)
    assert not ({e.kind for e in first.begun} - KINDS.keys())
    assert all(e.evidence.keys() <= FIGURES.keys() for e in first.begun)
    assert all(key in seen.standing for key in first.over)


def test_whipple_is_a_hundred_where_ages_are_even_and_five_hundred_where_all_end_in_0_and_5():
    assert whipple([100] * 10) == {}
    assert whipple([500, 0, 0, 0, 0, 500, 0, 0, 0, 0])["whipple"] == 500
    assert abs(chi_sigma(30, 30)) < 0.2


def test_every_look_has_a_kind_that_is_explained_in_both_languages():
    assert set(KINDS_OF.values()) == set(KINDS)
    for kind in KINDS.values():
        assert all(kind) and not kind.zh.isascii() and kind.en.isascii()
    lines = [value for value in vars(t).values() if isinstance(value, t.Line)]
    assert len(lines) > 25 and all(len(line.why) > 15 for line in lines)


def test_months_count_what_was_late_corrected_and_is_waiting():
    first = START  # 2024-01-01
    found = months(
        [
            Delivery(first, rows=10, accepted=8, quarantined=2, versions=8, filled={"name": 8, "phone": 2}, reasons={"bad-date": 2}),
            Delivery(first + 40, rows=4, accepted=4, versions=4, filled={"name": 4}, corrected={"2024-01": 3}),
        ],
        lambda day: day + 31, [first, first],
    )  # fmt: skip
    january, february = found
    assert (january.month, january.late, january.corrected, january.waiting) == ("2024-01", 0, 3, 2)
    assert (february.late, february.late_days_max, february.received) == (1, 9, 4)
    assert january.completeness(["name", "phone"]) == {"name": 1.0, "phone": 0.25}
    assert (january.accepted_share, january.quarantined_share) == (0.8, 0.2)
    assert ages([first, first + 4], first + 10) == {"rows": 2, "median_days": 8}
