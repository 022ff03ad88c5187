"""A worker that decides its part of the steps that somebody else coordinates."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.errors import AbsentError, HubError
from hub.log import EventLog
from hub.processing import Decision, Rules
from hub.processing.history import covered
from hub.processing.poison import is_poison
from hub.processing.runner import StepResult, named
from hub.processing.sharing import (
    ANNOUNCE,
    DISSOLVED,
    DONE,
    FAILED,
    FRESH,
    GATHERED,
    GO,
    READY,
    VERDICT,
    VOID,
    WAIT_SECONDS,
    Announcement,
    Fresh,
    Gathered,
    Handed,
    Ready,
    Verdict,
    pack,
    step_name,
)  # fmt: skip
from hub.processing.sharing.part import Part
from hub.projections.exchange import Exchange
from hub.projections.position import PartRow, finish_part, load_checkpoint, pack_envelopes, save_checkpoint

REACH_SECONDS = 2.0
"""A closed day is written to all partitions at once: this late it comes no more."""
log = structlog.get_logger()


class Step(NamedTuple):
    """One announced step as this worker sees it."""

    attempt: str
    coordinator: str
    said: Announcement


class Participant:
    """One worker that is not the coordinator; used by one thread."""

    def __init__(self, log: EventLog, db: Connection, rules: Rules, exchange: Exchange) -> None:
        self._log, self._db, self._rules, self._exchange = log, db, rules, exchange
        self._part: Part | None = None
        self._company = ""
        exchange.join()

    def turn(self, seconds: float) -> StepResult | None:
        """Take part in a step; None when none was announced for so long, or it came to nothing."""
        deadline = time.monotonic() + seconds
        while (heard := self._exchange.newest(ANNOUNCE)) is None:
            if self._read_ahead():
                continue
            if (left := deadline - time.monotonic()) < 0:
                self._exchange.stay()
                return None
            self._exchange.pause(left)
        attempt, coordinator, body = heard
        said = msgspec.msgpack.decode(body, type=Announcement)
        if self._exchange.name not in said.homes:
            return None
        try:
            return self._take_part(Step(attempt, coordinator, said))
        except Exception as error:
            self._part = None
            log.warning("part_failed", error_type=type(error).__name__)
            with suppress(SQLAlchemyError, HubError):
                self._db.rollback()
                self._exchange.send(attempt, FAILED)
            # Where rules fail the coordinator decides this step alone, and finds on which event.
            if not isinstance(error, AbsentError) and not is_poison(error, self._db.dialect.loaded_dbapi):
                raise
            return None

    def _read_ahead(self) -> bool:
        """Use the time until the next step: read what it will be about."""
        if (heard := self._exchange.newest(GATHERED)) is not None:
            said = msgspec.msgpack.decode(heard[2], type=Gathered)
            if self._exchange.name in said.homes:
                self._member(said.company, said.homes)
        return self._part is not None and self._part.read_ahead()

    def _member(self, company: str, homes: Mapping[str, list[int]]) -> Part:
        """This worker's part in a company; remembered rows are worth nothing in another one."""
        if self._part is None or company != self._company:
            self._company, mine = company, homes[self._exchange.name]
            self._part = Part(self._log, self._db, self._rules, mine, load_checkpoint(self._db))
            self._db.rollback()
        return self._part

    def _take_part(self, step: Step) -> StepResult | None:
        said = step.said
        part = self._member(said.company, said.homes)
        found = self._refreshed(part) if said.refresh else self._decided(part, step)
        if found is None:
            return None
        decisions, handed = found
        part.shelves.flush()
        save_checkpoint(self._db, part.covered)
        envelopes = named(decisions, step_name(said), self._exchange.name)
        until = covered(part.covered)
        places = [(one.partition, one.offset) for one in handed]
        self._exchange.put_down(
            PartRow(self._exchange.name, said.number, False, False, until, places, pack_envelopes(envelopes))
        )
        ready = Ready(
            until, len(part.taken.events), handed, part.profiles, part.people,
            part.touched, part.stale, len(envelopes), part.share.processor.is_stale,
        )  # fmt: skip
        self._exchange.send(step.attempt, READY, pack(ready))
        if self._hear(step, GO) is None:
            return None
        finish_part(self._db, self._exchange.name, said.number)
        self._db.commit()
        self._log.append(envelopes)
        if not said.refresh:
            part.let_go()
            batches = self._exchange.receive(step.attempt, {FRESH}, said.homes, WAIT_SECONDS)
            part.hear(msgspec.msgpack.decode(body, type=Fresh) for _, body in batches.values())
            # What was read since the commit is over: an open transaction would stand in the way of a rebuild.
            self._db.rollback()
        self._exchange.send(step.attempt, DONE)
        return StepResult(said.number, len(part.taken.events), len(decisions))

    def _refreshed(self, part: Part) -> tuple[Sequence[Decision], list[Handed]]:
        part.rest()
        return list(part.share.processor.refresh()), []

    def _decided(self, part: Part, step: Step) -> tuple[Sequence[Decision], list[Handed]] | None:
        taken = part.take(step.said.through, step.said.limit, REACH_SECONDS)
        if taken is None:
            raise AbsentError("a partition lacks the closed day that others have")
        self._exchange.send(step.attempt, FRESH, pack(part.look(taken)))
        body = self._hear(step, VERDICT)
        if body is None:
            return None
        verdict = msgspec.msgpack.decode(body, type=Verdict)
        kept, handed = part.settle(verdict.crossing.get(self._exchange.name, ()))
        return part.share.decide(kept, part.people), handed

    def _hear(self, step: Step, kind: str) -> bytes | None:
        """What the coordinator says; None, and nothing is kept, where it gave the step up."""
        kinds = {kind, DISSOLVED, VOID}
        meanwhile = self._part.read_ahead if self._part else lambda: False
        said = self._exchange.receive(step.attempt, kinds, [step.coordinator], WAIT_SECONDS, meanwhile)
        found, body = said[step.coordinator]
        if found == kind:
            return body
        if found == DISSOLVED:
            self._part = None
        self._db.rollback()
        return None

    def close(self) -> None:
        """Be found no more."""
        self._exchange.close()
