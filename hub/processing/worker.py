"""A worker: takes turns at one projection, in a process of its own, until it is told to stop.

Any number of workers may run; one owns the projection and works, the others
stand by and take over when it stops or dies (the database lets its lock go).
Whoever lost the projection without noticing is turned away inside its own
transaction (`hub.projections.position.advance`). So what is decided does not
depend on which worker decides it, nor on when.

Knows neither Faust nor Kafka: `faust_app` gives it its turns.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple

from hub.errors import BusyError
from hub.processing.runner import Runner, StepResult, tune_collector

REFRESH_AFTER_SECONDS = 0.2
"""Views follow in the middle of a day once there was nothing to read for so long."""
STANDBY, WORKING, IDLE = "standby", "working", "idle"


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

    def __init__(self, opened: Callable[[], AbstractContextManager[Runner]]) -> None:
        self._opened = opened
        self._stack = ExitStack()
        self._runner: Runner | None = None
        self._idle_since: float | None = None
        self._lag = Lag()
        self.status = Status(STANDBY, 0, 0, 0, 0, 0, 0.0)

    def turn(self) -> str:
        """Do one piece of work, if there is any, and say what there was to do.

        RetryableError: nothing is wrong with what was read; call again later.
        """
        try:
            if self._runner is None and not self._take_over():
                return STANDBY
            assert self._runner is not None
            result = self._runner.step() or self._rested(self._runner)
        except BaseException as error:
            # Those who opened the projection say what an error of its database means: a lost connection is
            # no end of the worker.
            stack = self._stack.pop_all()
            self.release()
            stack.__exit__(type(error), error, error.__traceback__)
            raise
        self._count(self._runner, result)
        return self.status.state

    def _take_over(self) -> bool:
        try:
            self._runner = self._stack.enter_context(self._opened())
        except BusyError:
            self.status = self.status._replace(state=STANDBY, behind=0, lag_seconds=0.0)
            return False
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
        self.status = Status(
            IDLE if result is None else WORKING,
            before.events + (result.events if result else 0),
            before.decisions + (result.decisions if result else 0),
            before.steps + (result is not None),
            result.number if result else before.step,
            max(0, head - done),
            self._lag.seconds(time.monotonic(), head, done),
        )

    def release(self) -> None:
        """Let the projection go; another worker may have it now."""
        self._runner = None
        self._idle_since = None
        self._stack.close()
        self.status = self.status._replace(state=STANDBY)
