"""Models that were adopted, and what changes with one: the blocks of all profiles."""

from collections.abc import Iterator
from itertools import islice

from sqlalchemy import Connection, select

from hub.domain.events import ModelAdopted
from hub.matching import Model
from hub.matching.document import read_model, unpacked
from hub.projections import ModelRow, ProfileRow, Shelves, models
from hub.projections.identity import put_in_blocks

PROFILES_AT_ONCE = 5_000


def adopted_content(db: Connection) -> bytes | None:
    """The file of the model in force, as it was adopted; None while none was."""
    last = select(models.c.content).order_by(models.c.number.desc()).limit(1)
    content = db.execute(last).scalar()
    return None if content is None else unpacked(bytes(content))


def adopted_model(db: Connection) -> Model | None:
    """The model in force; None while none was adopted."""
    content = adopted_content(db)
    return None if content is None else read_model(content)


def pages(shelves: Shelves) -> Iterator[list[ProfileRow]]:
    """All profiles in order of their ids, as they were last flushed."""
    rows = shelves.profiles.every()
    while page := list(islice(rows, PROFILES_AT_ONCE)):
        yield page


def apply_adoption(shelves: Shelves, event: ModelAdopted, model: Model) -> None:
    """Another model: every profile goes under its keys, and nothing is held for people until that says so.

    The shelves must have been flushed: an adoption is a step of its own.
    """
    number = 1
    while shelves.models.get(number) is not None:
        number += 1
    shelves.models.put(
        ModelRow(number, event.version, event.digest, event.content, event.reason, event.actor)
    )
    shelves.held.clear()
    shelves.held_with.clear()
    shelves.blocks.clear()
    shelves.fat_blocks.clear()
    for page in pages(shelves):
        keys = model.block_keys_of([row.values for row in page])
        shelves.blocks.load({key for mine in keys for key in mine})
        for row in page:
            put_in_blocks(shelves, row.values, row.home, model)
        shelves.blocks.flush()
