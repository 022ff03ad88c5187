"""Letters between two counties: signed, numbered, read in order, none lost and none read twice."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hub.connect import Drop
from hub.connect.odcs import load_contracts
from hub.domain.days import day_of
from hub.domain.notices import ANSWER, BIRTH, KINDS, Notice, answer, changes, concerns, feed_of
from hub.errors import UnreadableSourceError
from hub.neighbours import LETTER_BYTES_MAX, Letter, read, write
from hub.neighbours.inbox import Inbox, Sender, answered, in_order, seen
from hub.neighbours.opener import Opener
from hub.neighbours.outbox import deliver
from hub.signing import Signer, Verifier
from tests.test_repository import ROOT

HERE, THERE = "990101", "990202"
SIGNER, ANOTHER = (Signer(Ed25519PrivateKey.from_private_bytes(seed * 32)) for seed in (b"a", b"b"))
FIELDS = {"certificate_no": "X000000001", "sex": "male", "birth_date": "2024-02-01"}


def letter(number, *notices, seen=0):
    return Letter(THERE, HERE, number, day_of("2024-03-01"), seen, notices)


def lay(folder, *letters, signer=SIGNER):
    folder.mkdir(exist_ok=True)
    for each in letters:
        (folder / each.name).write_bytes(write(each, signer))


def sender(folder, **names):
    opener = Opener(THERE, HERE, SIGNER.verifier)
    return Sender(THERE, folder, opener, {kind: set(names.get(kind, ())) for kind in KINDS})


texts = st.text(max_size=20)
fields = st.none() | st.dictionaries(st.sampled_from(sorted(FIELDS)), texts | st.integers(-(2**53), 2**53))
some_notices = st.lists(st.builds(Notice, st.sampled_from(KINDS), texts, fields), max_size=5)


@given(st.integers(1, 10**8), st.integers(0, 10**8), some_notices)
def test_a_letter_survives_its_bytes_and_they_are_always_the_same(number, seen, notices):
    said = letter(number, *notices, seen=seen)
    content = write(said, SIGNER)
    assert content == write(said, SIGNER)
    found = read(content, THERE, HERE, SIGNER.verifier)
    assert found == said._replace(notices=notices)


@given(st.data())
def test_whoever_changes_one_byte_is_found_out(data):
    content = write(letter(7, Notice(BIRTH, "X1", FIELDS)), SIGNER)
    place = data.draw(st.integers(0, len(content) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[place]))
    forged = content[:place] + bytes([byte]) + content[place + 1 :]
    try:
        found = read(forged, THERE, HERE, SIGNER.verifier)
    except UnreadableSourceError:
        return
    # Blanks between JSON's tokens say nothing, so they may differ.
    assert found == read(content, THERE, HERE, SIGNER.verifier)


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, write(letter(1), ANOTHER), b"x" * (LETTER_BYTES_MAX + 1)],
)
def test_what_is_no_letter_of_the_neighbour_is_refused(content):
    with pytest.raises(UnreadableSourceError):
        read(content, THERE, HERE, SIGNER.verifier)


def test_a_letter_to_somebody_else_is_refused():
    with pytest.raises(UnreadableSourceError):
        read(write(letter(1)._replace(receiver="990303"), SIGNER), THERE, HERE, SIGNER.verifier)


class Counting(Verifier):
    """Counts how often a signature was checked."""

    checked = 0

    def fits(self, signature, message):
        Counting.checked += 1
        return super().fits(signature, message)


def test_a_letter_is_verified_once_however_many_feeds_read_it(tmp_path):
    feeds = load_contracts(ROOT / "schemas/contracts")
    lay(tmp_path, letter(1, Notice(BIRTH, "X1", FIELDS)), letter(2, Notice(BIRTH, "X2", None)))
    opener = Opener(THERE, HERE, Counting(SIGNER.verifier._public))
    before = Counting.checked
    one = Sender(THERE, tmp_path, opener, {kind: set() for kind in KINDS})
    for kind in KINDS:
        inbox = Inbox(feeds[feed_of(kind)], HERE, (one,))
        assert [len(list(inbox.read(drop)[1])) for drop in inbox.drops()] == [kind == BIRTH] * 2 * (
            kind in (BIRTH, ANSWER)
        )
        assert list(inbox.strays()) == []
    assert Counting.checked - before == 2
    lay(tmp_path, letter(2, Notice(BIRTH, "X3", None)), signer=ANOTHER)
    assert [stray.code for stray in in_order(one, HERE).strays] == ["wrong-signature"]


def test_a_kind_of_notice_that_is_not_known_yet_waits_and_is_told_of(tmp_path):
    lay(tmp_path, letter(1, Notice("marriage", "M1", FIELDS)), letter(2))
    found = in_order(sender(tmp_path), HERE)
    assert (found.letters, [stray.code for stray in found.strays]) == ([], ["bad-letter"])


def test_letters_behind_a_missing_one_wait_for_it(tmp_path):
    lay(tmp_path, letter(1), letter(3), letter(4))
    found = in_order(sender(tmp_path), HERE)
    assert [each.number for _, each in found.letters] == [1]
    assert [(stray.code, "00000002" in stray.why) for stray in found.strays] == [("letter-missing", True)]
    lay(tmp_path, letter(2))
    assert [each.number for _, each in in_order(sender(tmp_path), HERE).letters] == [1, 2, 3, 4]


def test_the_first_letter_may_be_missing_too(tmp_path):
    lay(tmp_path, letter(2))
    assert in_order(sender(tmp_path), HERE).letters == []
    name = letter(1).name
    read_before = sender(tmp_path, **{kind: [name] for kind in KINDS})
    assert [each.number for _, each in in_order(read_before, HERE).letters] == [2]


def test_a_forged_letter_is_told_of_and_holds_up_what_is_behind_it(tmp_path):
    lay(tmp_path, letter(1), letter(3))
    lay(tmp_path, letter(2), signer=ANOTHER)
    found = in_order(sender(tmp_path), HERE)
    assert [each.number for _, each in found.letters] == [1]
    assert [stray.code for stray in found.strays] == ["wrong-signature"]


def test_a_letter_is_acknowledged_once_every_kind_in_it_was_read(tmp_path):
    first, second = letter(1, Notice(BIRTH, "X1", FIELDS)), letter(2, Notice(BIRTH, "X2", None), seen=5)
    lay(tmp_path, first, second)
    assert seen(sender(tmp_path), HERE) == 0
    assert seen(sender(tmp_path, **{ANSWER: [first.name]}), HERE) == 0
    assert seen(sender(tmp_path, **{ANSWER: [first.name], BIRTH: [first.name]}), HERE) == 1
    both = [first.name, second.name]
    assert seen(sender(tmp_path, **{ANSWER: both, BIRTH: both}), HERE) == 2
    assert answered(sender(tmp_path), HERE) == 5


def test_a_letter_without_notices_asks_for_no_answer(tmp_path):
    lay(tmp_path, letter(1), letter(2))
    names = [letter(1).name, letter(2).name]
    assert seen(sender(tmp_path, **dict.fromkeys(KINDS, names)), HERE) == 0


def test_the_outbox_holds_what_was_not_read_and_nothing_else(tmp_path):
    blank = letter(0)
    letters = {number: write(letter(number), SIGNER) for number in (1, 2, 3)}
    assert deliver(letters, blank, tmp_path) == [letter(n).name for n in (1, 2, 3)]
    (tmp_path / letter(2).name).unlink()
    (tmp_path / f"{letter(9).name}.part").write_bytes(b"cut off")
    assert deliver({2: letters[2], 3: letters[3]}, blank, tmp_path) == [letter(2).name]
    assert sorted(path.name for path in tmp_path.iterdir()) == [letter(2).name, letter(3).name]


def test_notices_become_rows_of_their_feed(tmp_path):
    feed = load_contracts(ROOT / "schemas/contracts")[feed_of(BIRTH)]
    lay(
        tmp_path,
        letter(
            1, Notice(BIRTH, "X1", FIELDS | {"wage": "9"}), Notice(ANSWER, "a", {}), Notice(BIRTH, "X2", None)
        ),
    )
    inbox = Inbox(feed, HERE, (sender(tmp_path),))
    assert list(inbox.drops()) == [Drop(letter(1).name, day_of("2024-03-01"))]
    _, rows = inbox.read(Drop(letter(1).name, 0))
    assert [(row.number, dict(row.kept)) for row in rows] == [
        (1, {"notice": f"{THERE}/X1"} | FIELDS),
        (3, {"notice": f"{THERE}/X2", "operation": "withdraw"}),
    ]


def test_only_what_concerns_a_neighbour_is_its_business():
    assert concerns("birth_certificate", {"mother_hukou_place": THERE + "101201"}, THERE)
    assert not concerns("birth_certificate", {"mother_hukou_place": HERE + "101201"}, THERE)
    assert not concerns("birth_certificate", {}, THERE)
    assert not concerns("employment", {"hukou_place": THERE}, THERE)


def test_an_answer_repeats_what_was_told_and_says_no_more_than_since_when():
    held = {"certificate_no": "X1", "sex": "male", "birth_date": 19_000, "mother_name": "王芳"}
    said = answer(BIRTH, "X1", held, True, 19_010)
    assert said == Notice(ANSWER, f"{BIRTH}/X1", {
        "certificate_no": "X1", "sex": "male", "birth_date": 19_000,
        "about": BIRTH, "state": "closed", "entered_on": 19_010,
    })  # fmt: skip


named = st.dictionaries(
    st.tuples(st.sampled_from(KINDS), texts), st.dictionaries(texts, texts, max_size=2), max_size=6
)


@given(named, named)
def test_telling_the_changes_leads_from_one_standing_to_the_other(before, now):
    after = dict(before)
    for notice in changes(before, now):
        if notice.fields is None:
            del after[notice[:2]]
        else:
            after[notice[:2]] = notice.fields
    assert after == now
    assert changes(now, now) == []
