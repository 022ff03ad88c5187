"""`hub worker`: running a worker."""

from contextlib import ExitStack

import click

from hub.app import Hub
from hub.cli.common import opened
from hub.errors import SettingsError
from hub.processing.worker import PAUSED, Observer, Status, Worker

try:
    from hub.processing import faust_app
except ImportError:
    # The worker is an extra that the embedded hub does without.
    faust_app = None  # type: ignore[assignment]


try:
    from hub.processing.metrics import Metrics
    from hub.processing.monitor import served
except ImportError:
    # So are metrics.
    Metrics = None  # type: ignore[assignment,misc]
try:
    from hub.processing import traces
except ImportError:
    # And traces.
    traces = None  # type: ignore[assignment]


class Seen:
    """The newest status of a worker: its own, unless it was told to pause."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self._paused = False

    def report(self, status: Status) -> None:
        """What the process around the worker says every few seconds."""
        self._paused = status.state == PAUSED

    def status(self) -> Status:
        """The status now."""
        assert self.worker is not None
        status = self.worker.status
        return status._replace(state=PAUSED) if self._paused else status


def run_worker(hub: Hub, metrics_port: int | None) -> None:
    """Work until told to stop; does not return. `metrics_port` overrides the setting."""
    said = hub.settings.worker
    port = said.metrics_port if metrics_port is None else metrics_port
    if faust_app is None:
        raise SettingsError("hub worker needs the extra: pip install 'county-hub[kafka]'")
    if not hub.settings.projection.url:
        raise SettingsError("projection.url: workers share a PostgreSQL projection; name it")
    if port and Metrics is None:
        raise SettingsError("worker.metrics_port needs the extra: pip install 'county-hub[metrics]'")
    if said.traces and traces is None:
        raise SettingsError("worker.traces needs the extra: pip install 'county-hub[traces]'")
    seen, observers = Seen(), list[Observer]()
    with ExitStack() as stack:
        if port:
            metrics = Metrics(seen.status)
            observers.append(metrics.observe)
        if said.traces:
            observers.append(stack.enter_context(traces.exported("kafka")))
        seen.worker = Worker(hub.coordinator, hub.participant, observers)
        if port:
            stack.enter_context(served(said.metrics_host, port, seen.status, metrics.registry))
        faust_app.run(hub.settings.log.url, seen.worker, seen.report)


@click.command()
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65_535),
    help="answer /metrics, /livez and /readyz there (default: as the settings say)",
)
@click.pass_context
def worker(context: click.Context, metrics_port: int | None) -> None:
    """Work on the projection, or stand by for the worker that does, until told to stop."""
    run_worker(opened(context), metrics_port)
