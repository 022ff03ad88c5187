"""`hub ingest` as a process that is killed at each step, on one source of each family: nothing is lost, nothing doubled."""

import signal
import subprocess
import sys
from contextlib import ExitStack, closing

import pytest

from hub.app import Hub
from hub.settings import load
from tests.brokers import AnyBroker
from tests.contract import test_conformance as sources
from tests.contract.conformance import FEED, ROWS, hub_in, published, whole
from tests.sftp import serving_files
from tests.topics import ChangeTopic
from tests.web import serving

STEPS = ("row 0", "row 17", "append before", "append after", "never")
KILLED = """
import os, signal, sys
from hub.app import Hub
from hub.cli import main
what, _, when = {!r}.partition(" ")
def die():
    os.kill(os.getpid(), signal.SIGKILL)
class Watched:
    def __init__(self, inner, **instead):
        self.__dict__.update(instead, _inner=inner)
    def __getattr__(self, name):
        return getattr(self._inner, name)
def reading(connector):
    def read(drop):
        report, rows = connector.read(drop)
        def until():
            for count, row in enumerate(rows):
                if count == int(when):
                    die()
                yield row
        return report, until()
    return Watched(connector, read=read)
def appending(log):
    def append(envelopes):
        when == "before" and die()
        log.append(envelopes)
        die()
    return Watched(log, append=append)
if what == "row":
    found = Hub.connectors
    Hub.connectors = lambda *given, **named: list(map(reading, found(*given, **named)))
if what == "append":
    made = Hub.__init__
    def init(self, settings):
        made(self, settings)
        self.log = appending(self.log)
    Hub.__init__ = init
sys.argv = ["hub", "ingest", "--json", "town.members"]
main()
"""


def csv(folder, stack, request):
    return sources.DatedFolder(folder / "source", ".csv", sources.as_csv, "")


def excel(folder, stack, request):
    return sources.DatedFolder(folder / "source", ".xlsx", sources.as_workbook, 'format = "excel"')


def lines(folder, stack, request):
    return sources.DatedFolder(folder / "source", ".jsonl", sources.as_lines, 'format = "jsonl"')


def sqlite(folder, stack, request):
    return sources.SqliteChanges(folder)


def postgres(folder, stack, request):
    return sources.PostgresTable(sources.new_database(request.getfixturevalue("postgres")), folder)


def mariadb(folder, stack, request):
    made = sources.MariadbChanges(request.getfixturevalue("mariadb"), folder)
    stack.callback(made.db.close)
    return made


def sftp(folder, stack, request):
    (folder / "server").mkdir()
    return sources.SftpFolder(
        folder / "source", folder, stack.enter_context(serving_files(folder / "server"))
    )


def http(folder, stack, request):
    return sources.HttpPages(stack.enter_context(serving()))


def posted(folder, stack, request):
    return sources.PostedBatches(folder, stack)


def topic(folder, stack, request):
    broker: AnyBroker = request.getfixturevalue("broker")
    return sources.KafkaTopic(stack.enter_context(ChangeTopic(broker.address)))


FAMILIES = [
    csv,
    excel,
    lines,
    sqlite,
    postgres,
    mariadb,
    sftp,
    http,
    posted,
    pytest.param(topic, marks=pytest.mark.kafka),
]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_process_that_is_killed_at_any_step_neither_loses_nor_doubles(tmp_path, family, request):
    with ExitStack() as stack:
        source = family(tmp_path, stack, request)
        hub_in(tmp_path, source.said).close()
        source.deliver(ROWS)
        for step in STEPS:
            done = subprocess.run(
                [sys.executable, "-c", KILLED.format(step)], cwd=tmp_path, capture_output=True, text=True
            )
            ends = (0,) if step == "never" else (-signal.SIGKILL,)
            assert done.returncode in ends, done.stderr
        with closing(Hub(load(tmp_path / "hub.toml", {}))) as hub:
            assert [(key, version) for key, version, _ in published(hub)] == [(row[0], 1) for row in ROWS]
            assert hub.intake.balance()[FEED]["received"] == len(ROWS)
            whole(hub)
