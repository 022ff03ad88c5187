"""The Faust application around a worker; the only file that knows Faust.

What Faust gives: the process with its signals and graceful stop, timers, and
the control topic. What it does not get: the events. Its agents acknowledge
what failed, its tables would be a second state, its consumer a second
position; so a service of ours gives a thread of its own its turns, and the
position lies in the projection's database, beside what was decided there.
"""

import asyncio
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faust
import mode
import msgspec
import structlog

from hub.errors import RetryableError, SettingsError
from hub.processing.worker import PAUSED, WORKING, Status, Worker

IDLE_SECONDS = 0.05
PAUSED_SECONDS = 0.5
RETRY_SECONDS_MAX = 15.0
STATUS_SECONDS = 5.0
TURN_SECONDS_MAX = 600.0
"""A turn that lasts longer is stuck: the process ends, and whoever stands by takes over."""
STOP_SECONDS_MAX = 20.0
"""A stop that lasts longer is cut short, before whoever asked for it loses patience (30 s, mostly)."""
EXIT_STUCK = 70
PAUSE, RESUME = "pause", "resume"
COMMANDS = (PAUSE, RESUME)
log = structlog.get_logger()


class Control(msgspec.Struct):
    """What the control topic carries."""

    command: str


class Deciding(mode.Service):
    """Gives the worker its turns, on a thread of its own."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker")
        self._turn_began = 0.0
        self.paused = False

    @mode.Service.task
    async def _work(self) -> None:
        failures = 0
        while not self.should_stop:
            try:
                done = await self._in_thread(self._worker.release if self.paused else self._worker.turn)
                failures = 0
            except RetryableError as error:
                failures += 1
                wait = min(RETRY_SECONDS_MAX, 0.1 * 2**failures)
                log.warning("worker_waits", code=error.code, seconds=wait)
                await self.sleep(wait)
                continue
            if done != WORKING:
                await self.sleep(PAUSED_SECONDS if done is None else IDLE_SECONDS)

    async def _in_thread(self, job: Callable[[], str | None]) -> str | None:
        self._turn_began = time.monotonic()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, job)
        finally:
            self._turn_began = 0.0

    async def on_stop(self) -> None:
        """The turn under way is finished first: it is one transaction."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._worker.release)
        self._thread.shutdown()

    @property
    def status(self) -> Status:
        """The worker's own status, or that it was paused."""
        status = self._worker.status
        return status._replace(state=PAUSED) if self.paused else status

    def cut_short(self) -> None:
        """End the process now: safe at any moment, since a turn is one transaction."""
        log.error("worker_cut_short", seconds=STOP_SECONDS_MAX)
        os._exit(EXIT_STUCK if self._turn_began else 0)

    def is_stuck(self) -> bool:
        """Whether a turn has lasted longer than any may."""
        return bool(self._turn_began) and time.monotonic() - self._turn_began > TURN_SECONDS_MAX


def app_of(url: str, deciding: Deciding, report: Callable[[Status], None], folder: str) -> faust.App:
    """The application of one worker: `url` as in the settings of the log, `folder` for what Faust lays down."""
    brokers, _, prefix = url.removeprefix("kafka://").partition("/")
    if not url.startswith("kafka://") or not prefix:
        raise SettingsError("log.url: workers need brokers: kafka://host:port[,host:port]/prefix")
    name = f"{prefix}-workers-{os.getpid()}"
    app = faust.App(
        name, broker=[f"kafka://{broker}" for broker in brokers.split(",")], store="memory://",
        value_serializer="raw", key_serializer="raw", topic_disable_leader=True, web_enabled=False,
        agent_supervisor=mode.CrashingSupervisor, stream_wait_empty=False, topic_allow_declare=True,
        datadir=folder, topic_replication_factor=1, consumer_auto_offset_reset="latest",
    )  # fmt: skip
    # Faust makes only topics that it calls internal; brokers make none.
    control = app.topic(f"{prefix}.control", partitions=1, retention=86_400.0, internal=True)

    # A command changes only whether we work: lost or repeated, it does no harm.
    @app.agent(control)
    async def obey(commands: Any) -> None:
        async for message in commands.noack().events():
            command = command_of(message.value)
            deciding.paused = command == PAUSE if command else deciding.paused
            log.info("worker_told", code=command or "not understood")
            await commands.ack(message)

    async def tell() -> None:
        status = deciding.status
        report(status)
        log.info("worker_status", code=status.state, step=status.step, events=status.events,
                 behind=status.behind, seconds=round(status.lag_seconds, 1))  # fmt: skip
        if deciding.is_stuck():
            log.error("worker_stuck", seconds=TURN_SECONDS_MAX)
            os._exit(EXIT_STUCK)

    app.timer(STATUS_SECONDS)(tell)
    return app


def command_of(raw: bytes) -> str | None:
    """The command in a message of the control topic; None for anything else."""
    try:
        command = msgspec.json.decode(raw, type=Control).command
    except (msgspec.DecodeError, TypeError):
        return None
    return command if command in COMMANDS else None


class Process(faust.Worker):
    """Faust's own process, whose farewell takes no longer than it may."""

    def __init__(self, app: faust.App, deciding: Deciding) -> None:
        super().__init__(app, deciding, loglevel="ERROR", redirect_stdouts=False, quiet=True)
        self._cut_short = deciding.cut_short

    def _schedule_shutdown(self, signal: signal.Signals) -> None:
        # Told to stop while it starts, Faust may wait for what will never come.
        deadline = threading.Timer(STOP_SECONDS_MAX, self._cut_short)
        deadline.daemon = True
        deadline.start()
        super()._schedule_shutdown(signal)


def run(url: str, worker: Worker, report: Callable[[Status], None]) -> None:
    """Work until told to stop; SystemExit with 0 after a graceful stop, an error else."""
    deciding = Deciding(worker)
    # Empty, since there are no tables; without a folder of its own it would lie about where the worker started.
    with tempfile.TemporaryDirectory(prefix="hub-worker-") as folder:
        Process(app_of(url, deciding, report, folder), deciding).execute_from_commandline()
