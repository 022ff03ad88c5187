"""Workers of one projection, each on a thread of its own with a hub of its own."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress

from hub.app import Hub
from hub.audit import replay
from hub.errors import HubError
from hub.processing.sharing.participant import Participant
from hub.projections.databases import open_sqlite

PATIENCE_SECONDS = 60
TURN_SECONDS = 0.05


class DiedError(BaseException):
    """What nothing in the hub catches: the process ends here, and its sessions with it."""


def at_moment(owner: object, name: str, when: Callable[..., bool], what: Callable[[], None]) -> None:
    """The first time that `when` is true of a method's arguments, do something before it is called."""
    method, met = getattr(owner, name), []

    def called(*args):
        if not met and when(*args):
            met.append(args)
            what()
        return method(*args)

    setattr(owner, name, called)


def die() -> None:
    raise DiedError


class Helper(threading.Thread):
    """Takes part until it is told to leave; joins again where it was thrown out."""

    def __init__(self, settings, prepared: Callable[[Participant], None] = lambda _: None) -> None:
        """`prepared` sees each participant before its first turn."""
        super().__init__(daemon=True)
        self._settings, self._prepared = settings, prepared
        self._left = threading.Event()
        self.events = self.decisions = self.thrown_out = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            hub = Hub(self._settings)
            while not self._left.is_set():
                try:
                    self._take_part(hub)
                except (HubError, DiedError):
                    self.thrown_out += 1
            hub.close()
        except BaseException as failure:
            self.failure = failure

    def _take_part(self, hub: Hub) -> None:
        with hub.participant() as participant:
            self._prepared(participant)
            while not self._left.is_set():
                self._turn(participant)

    def _turn(self, participant: Participant) -> None:
        result = participant.turn(TURN_SECONDS)
        if result is not None:
            self.events += result.events
            self.decisions += result.decisions

    def leave(self) -> None:
        self._left.set()
        self.join(PATIENCE_SECONDS)
        assert not self.is_alive(), "it did not come to an end"
        assert self.failure is None, repr(self.failure)


@contextmanager
def helpers(settings, count: int):
    """So many helpers; those that are left at the end leave."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            helper = Helper(settings)
            helper.start()
            stack.callback(helper.leave)
            found.append(helper)
        yield found


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


def gathered(coordinator, count: int) -> None:
    """Wait until so many others are there, and have them looked for at once."""
    wait_for(lambda: len(coordinator._exchange.others()) == count, f"{count} helpers")
    coordinator._looked = coordinator._alone_until = 0.0


def work_through(coordinator, limit: int, between: Callable[[], None] = lambda: None) -> int:
    """Steps until nothing is left to read or to show; how many."""
    steps = 0
    while coordinator.step(limit) or coordinator.refresh():
        steps += 1
        between()
    with suppress(HubError):
        assert coordinator.step(limit) is None
    return steps


def digests(hub) -> dict[str, str]:
    with hub.projection() as db:
        return replay.digests(db)


def agrees_with_replay(hub) -> None:
    """Deciding again, all in one, finds the same decisions; folding them gives the same tables."""
    with open_sqlite(":memory:").connect() as scratch:
        found = replay.verify(hub.log, scratch, hub.rules, lambda _: None)
        assert (found.differences, found.examples) == (0, [])
    with open_sqlite(":memory:").connect() as scratch:
        replay.refill(hub.log, scratch, hub.rules, lambda _: None)
        assert replay.digests(scratch) == digests(hub)
