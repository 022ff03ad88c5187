"""How Faust should hand over events: agents over `noack_take`, or a service that reads for itself.

Run by hand: `python tests/bench/faust_styles.py --events 60000`. Both decode
every event to an envelope and acknowledge only afterwards; nothing is decided.
Each runs in a process of its own; the clock goes from the first event to the
last, the processor time is that process's.
"""

import argparse
import asyncio
import multiprocessing
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import faust
import mode

from deploy.kafka.broker import Broker
from hub.app import Hub
from hub.collector import tune_collector
from hub.domain.events import RECORDS
from hub.log.cloudevents import envelope_of
from hub.settings import HubSettings, LogSettings, Settings
from tests.bench.kafka_log import envelopes

PAGE = 2_000
SPAWN = multiprocessing.get_context("spawn")


class Count:
    """Counts to a number, says what it took, and ends the process."""

    def __init__(self, wanted: int, said: Any) -> None:
        self._left, self._said = wanted, said
        self._began: tuple[float, float] | None = None

    def add(self, events: int) -> None:
        if self._began is None:
            self._began = time.perf_counter(), time.process_time()
            # What came with the first page was fetched before the clock began: it is not counted.
            self._skipped = events
        self._left -= events
        if self._left <= 0:
            seconds, processor = self._began
            self._said.put((self._skipped, time.perf_counter() - seconds, time.process_time() - processor))
            os.kill(os.getpid(), signal.SIGTERM)


def app_of(settings: Settings, name: str) -> tuple[faust.App, str]:
    brokers, _, prefix = settings.log.url.removeprefix("kafka://").partition("/")
    app = faust.App(
        f"{prefix}-{name}-{os.getpid()}", broker=f"kafka://{brokers}", store="memory://", value_serializer="raw",
        key_serializer="raw", topic_disable_leader=True, topic_allow_declare=False, web_enabled=False,
        agent_supervisor=mode.CrashingSupervisor, stream_wait_empty=False,
    )  # fmt: skip
    return app, prefix


def execute(app: faust.App, *services: Any) -> None:
    faust.Worker(
        app, *services, loglevel="ERROR", redirect_stdouts=False, quiet=True
    ).execute_from_commandline()


def agent(settings: Settings, wanted: int, said: Any) -> None:
    """`noack_take`, each event acknowledged after the page was handled."""
    hub, count = Hub(settings), Count(wanted, said)
    tune_collector()
    app, prefix = app_of(settings, "agent")

    @app.agent(app.topic(f"{prefix}.{RECORDS}"))
    async def work(stream: Any) -> None:
        async for events in stream.noack_take(PAGE, within=0.2):
            for event in events:
                message = event.message
                envelope_of(hub.codec.decode(message.value), message.key.decode(), message.headers)
            for event in events:
                await stream.ack(event)
            count.add(len(events))

    execute(app)


class Reading(mode.Service):
    """Reads by position through the log's port, on the executor's thread."""

    def __init__(self, hub: Hub, count: Count) -> None:
        super().__init__()
        self._hub, self._count = hub, count

    @mode.Service.task
    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        for partition in self._hub.log.partitions(RECORDS):
            after = -1
            while page := await loop.run_in_executor(None, self._hub.log.read, partition, after, PAGE):
                after = page[-1].position.offset
                self._count.add(len(page))


def service(settings: Settings, wanted: int, said: Any) -> None:
    """A service that owns its reader, as `hub worker` does."""
    hub, count = Hub(settings), Count(wanted, said)
    tune_collector()
    app, prefix = app_of(settings, "service")

    @app.agent(app.topic(f"{prefix}.actions"))
    async def idle(stream: Any) -> None:
        async for _ in stream.noack().events():
            pass

    execute(app, Reading(hub, count))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=60_000)
    wanted = parser.parse_args().events
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        broker = Broker(folder / "kafka").start()
        log = LogSettings(url=f"kafka://{broker.address}/styles", partitions=4, accept_single_copy=True)
        settings = Settings(hub=HubSettings(data=str(folder / "data")), log=log)
        hub = Hub(settings)
        try:
            sent = envelopes(wanted)
            for start in range(0, wanted, PAGE):
                hub.log.append(sent[start : start + PAGE])
            for entry in (service, agent) * 3:
                said = SPAWN.Queue()
                child = SPAWN.Process(target=entry, args=(settings, wanted, said))
                child.start()
                skipped, seconds, processor = said.get(timeout=300)
                child.join(60)
                events = wanted - skipped
                print(
                    f"{entry.__name__:8} {events / seconds:8,.0f} events/s, {events / processor:8,.0f} a processor second"
                )
        finally:
            hub.close()
            broker.stop()


if __name__ == "__main__":
    main()
