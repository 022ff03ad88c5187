"""A span for each step of a worker, by OpenTelemetry; off unless a setting says so.

Where spans go is said by OpenTelemetry's own environment variables
(`OTEL_EXPORTER_OTLP_ENDPOINT` and so on). A span holds counts and the code of an
error, never an id of a record or a person. Attribute names are those of the
semantic conventions for messaging; what they have no name for begins with `hub.`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

from hub.processing.worker import Observer, Turn

SERVICE = "county-hub-worker"
SYSTEM = "messaging.system"
OPERATION, OPERATION_TYPE = "messaging.operation.name", "messaging.operation.type"
COUNT, ERROR = "messaging.batch.message_count", "error.type"
DECISIONS, BEHIND = "hub.decisions", "hub.behind_events"


def observer_of(provider: TracerProvider, system: str) -> Observer:
    """Makes a span of each turn that did or met something, after the fact: nothing waits for it."""
    tracer = provider.get_tracer("hub.processing")

    def observe(turn: Turn) -> None:
        span = tracer.start_span(
            "process step",
            kind=SpanKind.CONSUMER,
            start_time=turn.began_ns,
            attributes={SYSTEM: system, OPERATION: "step", OPERATION_TYPE: "process", BEHIND: turn.behind},
        )
        if turn.result is not None:
            span.set_attributes({COUNT: turn.result.events, DECISIONS: turn.result.decisions})
        if turn.trouble:
            span.set_attribute(ERROR, turn.trouble)
            span.set_status(Status(StatusCode.ERROR))
        span.end(turn.ended_ns)

    return observe


@contextmanager
def exported(system: str) -> Iterator[Observer]:
    """Send spans to the collector that the environment names; what is left is sent at the end."""
    # A name that the environment gives (OTEL_SERVICE_NAME) goes before ours.
    resource = Resource.create({SERVICE_NAME: SERVICE}).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield observer_of(provider, system)
    finally:
        provider.shutdown()
