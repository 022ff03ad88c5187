"""A site of a few people whose records are put into the log by hand, and the command line of its departments."""

import json

from click.testing import CliRunner

from hub.app import Hub
from hub.audit import replay
from hub.cli import cli
from hub.domain.days import day_of
from hub.domain.events import DayClosed, RecordPublished, RecordWithdrawn
from hub.log import Envelope, derive_id
from hub.projections.databases import open_sqlite
from tests.conftest import settings_for

ENTRY, WORK = "public_security.household_entry", "human_resources.employment"
START = day_of("2024-03-01")
BAD = "990101680818001X"
"""An identity number that is too short by two."""
TOWN, OTHER_TOWN, COUNTY = "990101101", "990101102", "990101"


def entry(key, version, day=START, feed=ENTRY, **fields):
    """A person of a town whose household entry states a number that fails its check, unless told otherwise."""
    said = {"name": "苏义", "sex": "1", "birth_date": -501, "number": f"99010{key}{BAD[6:]}", "entry_date": 19_000,
            "place": f"{TOWN}201"} | fields  # fmt: skip
    return record(key, version, feed, day, **said)


def record(key, version, feed, day=START, **said):
    """A record of any feed that says this and nothing else."""
    event = RecordPublished(f"r{key}", feed, version, day, str(key), said)
    return Envelope(event, derive_id(f"r{key}", version), event.record_id, "/test", event.record_id)


def withdrawn(key, version, day, feed=ENTRY):
    event = RecordWithdrawn(f"r{key}", feed, version, day)
    return Envelope(event, derive_id(f"r{key}", version), event.record_id, "/test", event.record_id)


def closed(day):
    return Envelope(DayClosed(day), f"day-{day}", str(day), "/test")


class Site:
    """One hub and its departments' command lines."""

    def __init__(self, folder, partitions=1, projection=""):
        self.folder = folder
        self.settings = settings_for(folder, partitions, projection)
        self.hub = Hub(self.settings)
        self.day = START - 1
        config = f'[hub]\ndata = "data"\n[log]\npartitions = {partitions}\n'
        config += f'[projection]\nurl = "{projection}"\n' if projection else ""
        (folder / "hub.toml").write_text(config, encoding="utf-8")

    def close_day(self, *events, days=1):
        """So many days pass; what is published comes on the first of them. Everything is decided on."""
        self.hub.log.append(list(events))
        for _ in range(days):
            self.day += 1
            self.hub.log.append([closed(self.day)])
        self.run()

    def run(self):
        with self.hub.runner() as runner:
            runner.run()

    def cli(self, *arguments, department="health", place=COUNTY, code=0):
        """What a department's command line answers."""
        reader = {"HUB__READER__DEPARTMENT": department, "HUB__READER__JURISDICTION": place,
                  "HUB__READER__ROLE": "registrar"}  # fmt: skip
        said = ["--config", str(self.folder / "hub.toml"), *map(str, arguments), "--json"]
        done = CliRunner().invoke(cli, said, env=reader)
        assert done.exit_code == code, (done.exit_code, done.output, done.exception)
        return json.loads(done.stdout) if done.stdout.startswith(("{", "[")) else done

    def digests(self):
        with self.hub.projection() as db:
            return replay.digests(db)

    def replays(self):
        """The whole path replays: deciding again finds the same, folding gives the same tables."""
        with open_sqlite(":memory:").connect() as scratch:
            found = replay.verify(self.hub.log, scratch, self.hub.rules, lambda _: None)
            assert (found.differences, found.examples) == (0, [])
        with open_sqlite(":memory:").connect() as scratch:
            replay.refill(self.hub.log, scratch, self.hub.rules, lambda _: None)
            assert replay.digests(scratch) == self.digests()
