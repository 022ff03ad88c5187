"""What a neighbour was told, a fold of the letters in the log; and the letters that tell it the rest.

A letter is an event before it is a file. Whatever the log holds and the neighbour has not seen yet
lies in the outbox after each round, so a crash between the two is healed by the next one.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from hub.domain import notices
from hub.domain.events import ACTIONS, LetterSent
from hub.domain.notices import ANSWER
from hub.log import Envelope, EventLog, derive_id
from hub.log.subscription import Subscription
from hub.neighbours import NOTICES_MAX, Letter, digest, notices_of, write
from hub.neighbours.standing import Names, Standing
from hub.projections import records
from hub.signing import Signer

PAGE_EVENTS = 5_000


class Told(NamedTuple):
    """What one neighbour was told so far."""

    number: int
    """Of the last letter; 0 before the first."""
    seen: int
    """The number of the neighbour's letter up to which ours have said that they were read."""
    standing: dict[Names, Mapping[str, Any]]
    letters: dict[int, bytes]


def told(log: EventLog, neighbour: str) -> Told:
    """Fold the letters to a neighbour."""
    number, seen, letters = 0, 0, {}
    standing: dict[Names, Mapping[str, Any]] = {}
    source = Subscription(log, (ACTIONS,), {})
    while page := source.take(PAGE_EVENTS).events:
        for recorded in page:
            event = recorded.envelope.event
            if isinstance(event, LetterSent) and event.receiver == neighbour:
                number, seen = max(number, event.number), max(seen, event.seen)
                letters[event.number] = event.content
                for notice in notices_of(event.content):
                    if notice.fields is None:
                        standing.pop(notice[:2], None)
                    else:
                        standing[notice[:2]] = notice.fields
    return Told(number, seen, standing, letters)


def compose(before: Told, now: Standing, blank: Letter, signer: Signer, actor: str) -> list[Envelope]:
    """The letters that tell a neighbour what has changed, or that its own were read.

    `blank` says from whom, to whom, of which day, and up to which number the neighbour's were read.
    """
    known = {name: fields for name, fields in before.standing.items() if name[0] in now.kinds}
    new = notices.changes(known, now.said)
    blank = blank._replace(seen=max(blank.seen, before.seen))
    pages = [new[start : start + NOTICES_MAX] for start in range(0, len(new), NOTICES_MAX)]
    if not pages and blank.seen > before.seen:
        pages = [[]]
    envelopes = []
    for number, page in enumerate(pages, start=before.number + 1):
        content = write(blank._replace(number=number, notices=page), signer)
        subjects = sorted({now.records[n[:2]] for n in page if n[:2] in now.records})
        event = LetterSent(
            blank.receiver,
            number,
            blank.seen,
            blank.day,
            digest(content),
            content,
            subjects,
            now.cited,
            actor,
        )
        envelopes.append(Envelope(
            event, derive_id("letter", blank.receiver, number), blank.receiver,
            f"/hub/neighbours/{blank.receiver}", str(number), actor=actor,
        ))  # fmt: skip
    return envelopes


class Posted(NamedTuple):
    """What one round told one neighbour."""

    neighbour: str
    letters: list[str]
    """The names of the files that were laid in the outbox."""
    notices: int
    waiting: int
    """Letters that the neighbour has not read yet."""


def post(
    log: EventLog, now: Standing, blank: Letter, folder: Path, answered: int, signer: Signer, actor: str
) -> Posted:
    """One round with one neighbour, which has read our letters up to `answered`."""
    before = told(log, blank.receiver)
    made = compose(before, now, blank, signer, actor)
    if made:
        log.append(made)
    fresh = {e.event.number: e.event.content for e in made if isinstance(e.event, LetterSent)}
    letters = {n: content for n, content in (before.letters | fresh).items() if n > answered}
    names = deliver(letters, blank, folder)
    return Posted(blank.receiver, names, sum(len(notices_of(c)) for c in fresh.values()), len(letters))


def deliver(letters: Mapping[int, bytes], blank: Letter, folder: Path) -> list[str]:
    """Have these letters, and no others to this neighbour, lie in the folder; the names of the new ones."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {blank._replace(number=number).name: content for number, content in sorted(letters.items())}
    for path in folder.glob(f"{blank.sender}-{blank.receiver}-*"):
        if path.name not in wanted:
            path.unlink()
    new = [name for name in wanted if not (folder / name).exists()]
    for name in new:
        part = folder / f"{name}.part"
        part.write_bytes(wanted[name])
        part.replace(folder / name)
    return new


def states(db: Connection, before: Told, neighbour: str) -> dict[Names, str]:
    """How far each notice has come that stands with a neighbour; answers are none of them."""
    said = answers(db, neighbour)
    return {
        (kind, key): said.get(f"{kind}/{key}", notices.OFFERED)
        for kind, key in before.standing
        if kind != ANSWER
    }


def answers(db: Connection, neighbour: str) -> dict[str, str]:
    """What a neighbour has answered so far: kind and key of a notice, as one text, to its state."""
    query = select(records.c.source_key, records.c.fields).where(
        records.c.feed == notices.feed_of(ANSWER), records.c.live,
        records.c.source_key.startswith(f"{neighbour}/", autoescape=True),
    )  # fmt: skip
    return {
        key.partition("/")[2]: str(fields["state"])
        for key, fields in db.execute(query)
        if fields.get("state") is not None
    }
