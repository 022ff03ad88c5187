"""A worker in numbers, for Prometheus: `hub_…`, base units, no ids and no persons.

Counts are read from the worker when they are asked for, so they cannot be old;
only durations are gathered, one observation a turn.
"""

from collections.abc import Callable, Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hub.processing.worker import IDLE, PAUSED, STANDBY, WORKING, Status, Turn

STATES = (STANDBY, WORKING, IDLE, PAUSED)
TROUBLES = ("log-unavailable", "projection-unavailable", "busy", "other")
"""The values of the label `code`: the errors that mean try later."""
SECONDS = (0.005, 0.02, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


def trouble_of(code: str) -> str:
    """An error's code as a label: what is not on the list does not make a new series."""
    return code if code in TROUBLES else TROUBLES[-1]


class Metrics(Collector):
    """All metrics of one worker; `status` is asked for at each scrape."""

    def __init__(self, status: Callable[[], Status]) -> None:
        self._status = status
        self._waits = dict.fromkeys(TROUBLES, 0)
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(namespace="hub", registry=self.registry)
        self._seconds = Histogram(
            "hub_worker_step_duration_seconds", "how long a step took, commit and decisions included",
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip

    def observe(self, turn: Turn) -> None:
        """Take in one turn of the worker's."""
        if turn.trouble:
            self._waits[trouble_of(turn.trouble)] += 1
        if turn.result is not None:
            self._seconds.observe((turn.ended_ns - turn.began_ns) / 1e9)

    def collect(self) -> Iterator[Metric]:
        """What Prometheus is told, besides durations."""
        now = self._status()
        for name, said, count in (
            ("hub_worker_events", "events of records and actions that were decided on", now.events),
            ("hub_worker_decisions", "decisions that followed from them", now.decisions),
            ("hub_worker_steps", "steps that were committed", now.steps),
        ):
            yield CounterMetricFamily(name, said + ", since this worker started", value=count)
        waits = CounterMetricFamily(
            "hub_worker_waits", "turns that ended with: try later, by error code", labels=["code"]
        )
        for code, count in self._waits.items():
            waits.add_metric([code], count)
        yield waits
        yield GaugeMetricFamily(
            "hub_worker_behind_events", "events in the log that the owner has not handled", value=now.behind
        )
        yield GaugeMetricFamily(
            "hub_worker_lag_seconds", "how long ago the oldest of them was seen there", value=now.lag_seconds
        )
        state = GaugeMetricFamily("hub_worker_state", "1 for the state the worker is in", labels=["state"])
        for name in STATES:
            state.add_metric([name], name == now.state)
        yield state
        build = GaugeMetricFamily("hub_build_info", "1, labelled with the version", labels=["version"])
        build.add_metric([version("county-hub")], 1)
        yield build
