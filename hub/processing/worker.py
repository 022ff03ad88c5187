"""A worker: takes turns at one projection, in a process of its own, until it is told to stop.

Any number of workers may run. One owns the projection and shares steps out,
the others decide their parts of them (`hub.processing.sharing`), stand by when
there is none for them, and take over when the owner stops or dies (the
database lets its lock go). Whoever lost the projection without noticing is
turned away inside its own transaction (`hub.projections.position.advance`).
So what is decided does not depend on which worker decides it, nor on when.

Knows neither Faust nor Kafka: `faust_app` gives it its turns.
"""

import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple, TypeVar

from hub.collector import tune_collector
from hub.errors import BusyError, RetryableError
from hub.processing.runner import Runner, StepResult
from hub.processing.sharing.participant import Participant

REFRESH_AFTER_SECONDS = 0.2
"""Views follow in the middle of a day once there was nothing to read for so long."""
LOOK_AFTER_SECONDS = 5.0
"""An owner asks its database so often whether it is still there and still its own: nothing else would."""
HELP_SECONDS = 0.5
"""A participant waits so long for a step, then looks whether anybody owns the projection."""
STANDBY, WORKING, IDLE, PAUSED = "standby", "working", "idle", "paused"


class Status(NamedTuple):
    """What a worker says of itself; counts are since it started."""

    state: str
    events: int
    decisions: int
    steps: int
    step: int
    behind: int
    """Events in the log that this worker has not handled."""
    lag_seconds: float
    """How long ago the oldest of them was seen there."""
    turns: int = 0
    """Turns that ended well, since it started."""
    trouble: str = ""
    """The error code of the last turn, which will be tried again; empty where it ended well."""


class Turn(NamedTuple):
    """One turn that did or met something, for those who observe."""

    began_ns: int
    """Since 1970, like the next."""
    ended_ns: int
    result: StepResult | None
    behind: int
    trouble: str = ""


Observer = Callable[[Turn], None]
Kind = TypeVar("Kind")
Opened = Callable[[], AbstractContextManager[Kind]]


class Lag:
    """How far behind a reader is, as time: by which look at the log's head it has passed."""

    LOOKS_MAX = 4_096

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque(maxlen=self.LOOKS_MAX)

    def seconds(self, now: float, head: int, done: int) -> float:
        """`head` and `done` count events; both only grow."""
        if not self._looks or head > self._looks[-1][1]:
            self._looks.append((now, head))
        while self._looks and self._looks[0][1] <= done:
            self._looks.popleft()
        return now - self._looks[0][0] if self._looks else 0.0


class Worker:
    """One worker; used by one thread at a time."""

    def __init__(
        self, owner: Opened[Runner], participant: Opened[Participant], observers: Sequence[Observer] = ()
    ) -> None:
        """Opens the projection as its `owner` where nobody else has it, else as a `participant`."""
        self._owner, self._participant, self._observers = owner, participant, observers
        self._stack = ExitStack()
        self._runner: Runner | None = None
        self._helping: Participant | None = None
        self._heard = 0.0
        self._idle_since: float | None = None
        self._looked = 0.0
        self._lag = Lag()
        self.status = Status(STANDBY, 0, 0, 0, 0, 0, 0.0)

    def turn(self) -> str:
        """Do one piece of work, if there is any, and say what there was to do.

        RetryableError: nothing is wrong with what was read; call again later.
        """
        began = time.time_ns()
        try:
            result = self._work()
        except RetryableError as error:
            self.status = self.status._replace(trouble=error.code)
            self._tell(began, None)
            raise
        self.status = self.status._replace(turns=self.status.turns + 1, trouble="")
        if result is not None:
            self._tell(began, result)
        return self.status.state

    def _tell(self, began: int, result: StepResult | None) -> None:
        turn = Turn(began, time.time_ns(), result, self.status.behind, self.status.trouble)
        for observe in self._observers:
            observe(turn)

    def _work(self) -> StepResult | None:
        try:
            self._open()
            if self._runner is None:
                return self._help()
            result = self._runner.step() or self._rested(self._runner)
            self._count(self._runner, result)
            self._look(self._runner)
        except BaseException:
            self._give_up()
            raise
        return result

    def _look(self, runner: Runner) -> None:
        now = time.monotonic()
        if now - self._looked >= LOOK_AFTER_SECONDS:
            runner.look()
            self._looked = now

    def _open(self) -> None:
        """Own the projection if nobody else does, or take part."""
        if self._runner is None and not self._take_over() and self._helping is None:
            self._helping = self._stack.enter_context(self._participant())
            tune_collector()

    def _help(self) -> StepResult | None:
        """Decide a part of what the owner shares out, if it does."""
        assert self._helping is not None, "whoever owns nothing takes part"
        result = self._helping.turn(HELP_SECONDS)
        if result is not None:
            self._heard = time.monotonic()
        self._count_part(result)
        return result

    def _give_up(self) -> None:
        """Let the projection go, and let those who opened it say what the error means."""
        self._runner = self._helping = self._idle_since = None
        self.status = self.status._replace(state=STANDBY)
        self._stack.__exit__(*sys.exc_info())

    def _take_over(self) -> bool:
        """Own the projection, unless somebody else does; whoever shared a step out a moment ago still does."""
        if self._helping is not None and time.monotonic() - self._heard < HELP_SECONDS:
            return False
        with ExitStack() as tried:
            try:
                runner = tried.enter_context(self._owner())
            except BusyError:
                return False
            self._helping = None
            self._stack.close()
            self._stack = tried.pop_all()
        self._runner = runner
        tune_collector()
        return True

    def _rested(self, runner: Runner) -> StepResult | None:
        """Nothing to read: after a while, show on the views what was read."""
        now = time.monotonic()
        if self._idle_since is None:
            self._idle_since = now
        return runner.refresh() if now - self._idle_since >= REFRESH_AFTER_SECONDS else None

    def _count(self, runner: Runner, result: StepResult | None) -> None:
        if result is not None and result.events:
            self._idle_since = None
        head, done = runner.progress()
        before = self.status
        self.status = before._replace(
            state=IDLE if result is None else WORKING,
            events=before.events + (result.events if result else 0),
            decisions=before.decisions + (result.decisions if result else 0),
            steps=before.steps + (result is not None),
            step=result.number if result else before.step,
            behind=max(0, head - done),
            lag_seconds=self._lag.seconds(time.monotonic(), head, done),
        )

    def _count_part(self, result: StepResult | None) -> None:
        before = self.status
        self.status = before._replace(
            state=WORKING if result else STANDBY, behind=0, lag_seconds=0.0,
            events=before.events + (result.events if result else 0),
            decisions=before.decisions + (result.decisions if result else 0),
            steps=before.steps + (result is not None), step=result.number if result else before.step,
        )  # fmt: skip

    def release(self) -> None:
        """Let the projection go; another worker may have it now."""
        self._runner = self._helping = None
        self._idle_since = None
        self._stack.close()
        self.status = self.status._replace(state=STANDBY)
