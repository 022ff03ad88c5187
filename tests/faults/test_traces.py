"""Spans of a worker's steps, gathered by the SDK's own in-memory exporter, and sent to a real collector's port."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import messaging_attributes as names
from opentelemetry.semconv.attributes import error_attributes
from opentelemetry.trace import SpanKind

from hub.app import Hub
from hub.processing import traces
from hub.processing.runner import StepResult
from hub.processing.worker import IDLE, Turn, Worker
from tests.conftest import settings_for

ALLOWED = {
    names.MESSAGING_SYSTEM, names.MESSAGING_OPERATION_NAME, names.MESSAGING_OPERATION_TYPE,
    names.MESSAGING_BATCH_MESSAGE_COUNT, error_attributes.ERROR_TYPE, "hub.decisions", "hub.behind_events",
}  # fmt: skip


def test_each_step_is_a_span_with_counts_only(tmp_path, county):
    hub = Hub(settings_for(tmp_path))
    with hub.ingest() as work:
        work.run(hub.connectors(county, ()), lambda _: None, close_days=True)
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    worker = Worker(hub.runner, hub.participant, [traces.observer_of(provider, "sqlite")])
    while worker.turn() != IDLE or worker.status.behind:
        pass
    done = worker.status
    worker.release()
    hub.close()
    spans = kept.get_finished_spans()
    assert len(spans) == done.steps > 0
    assert {span.kind for span in spans} == {SpanKind.CONSUMER}
    assert sum(span.attributes[traces.COUNT] for span in spans) == done.events
    assert sum(span.attributes[traces.DECISIONS] for span in spans) == done.decisions
    assert {name for span in spans for name in span.attributes} <= ALLOWED
    texts = {value for span in spans for value in span.attributes.values() if isinstance(value, str)}
    assert texts == {"sqlite", "step", "process"}
    assert all(span.start_time <= span.end_time for span in spans)


def test_a_turn_that_must_be_tried_again_is_an_error_with_its_code():
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    traces.observer_of(provider, "kafka")(Turn(1, 2, None, 5, "log-unavailable"))
    (span,) = kept.get_finished_spans()
    assert span.attributes[error_attributes.ERROR_TYPE] == "log-unavailable"
    assert not span.status.is_ok


@pytest.fixture
def collector():
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
        thread.join()


def test_spans_go_where_the_environment_says_and_none_is_left_behind(collector, monkeypatch):
    where, received = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", where)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "county-990101")
    with traces.exported("kafka") as observe:
        observe(Turn(1, 2, StepResult(1, 3, 2), 0))
    ((path, sent),) = received
    assert path == "/v1/traces"
    (resource,) = sent.resource_spans
    said = {a.key: a.value.string_value for a in resource.resource.attributes}
    assert said["service.name"] == "county-990101"
    assert [span.name for span in resource.scope_spans[0].spans] == ["process step"]
