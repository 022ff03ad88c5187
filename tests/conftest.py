"""One small county for the whole suite, hubs that have worked through it, and one Kafka broker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from hub.app import Hub
from hub.settings import HubSettings, LogSettings, ProjectionSettings, SecretsSettings, Settings
from hub.simulate import simulate
from tests.brokers import AnyBroker, end_broker, start_broker
from tests.databases import new_database, running_mariadb, running_postgres

KEY = b"a key for tests only, 32 bytes !"


def settings_for(folder: Path, partitions: int = 1, projection: str = "", **log: object) -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key").write_bytes(KEY)
    return Settings(
        hub=HubSettings(data=str(folder / "data")),
        log=LogSettings(partitions=partitions, **log),
        projection=ProjectionSettings(url=projection),
        secrets=SecretsSettings(pseudonym_key_file=str((folder / "key").absolute())),
    )


def kafka_settings(
    folder: Path, broker: AnyBroker, partitions: int = 4, projection: str = "", **log: object
) -> Settings:
    """Settings of a hub whose log is alone under its own prefix on the broker."""
    url = f"kafka://{broker.address}/t{uuid4().hex[:12]}"
    said = {"url": url, "accept_single_copy": True, "wait_seconds": 20} | log
    return settings_for(folder, partitions, projection, **said)


def work_through(hub: Hub, source: Path) -> list:
    receipts = []
    with hub.ingest() as work:
        work.run(hub.connectors(source, ()), receipts.append, close_days=True)
    with hub.runner() as runner:
        runner.run()
    return receipts


@pytest.fixture(scope="session")
def broker(tmp_path_factory) -> Iterator[AnyBroker]:
    """A real Kafka broker; whoever stops it starts it again."""
    started = start_broker(tmp_path_factory.mktemp("kafka"))
    yield started
    end_broker(started)


@pytest.fixture(scope="session")
def county(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("county")
    simulate(folder, persons=500, months=14, seed=3, noise=2)
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A real PostgreSQL server."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Any]:
    """A real MariaDB server, as a department has one."""
    with running_mariadb() as server:
        yield server


def settings_of(variant: str, folder: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings of a fresh hub on one pair of log and projection."""
    if variant == "kafka-postgres":
        url = new_database(request.getfixturevalue("postgres"))
        return kafka_settings(folder, request.getfixturevalue("broker"), projection=url)
    return settings_for(folder, 4 if variant == "sqlite-4-partitions" else 1)


VARIANTS = ["sqlite", "sqlite-4-partitions", pytest.param("kafka-postgres", marks=pytest.mark.kafka)]


@pytest.fixture(scope="session", params=VARIANTS)
def worked(request, tmp_path_factory, county):
    """A hub that has worked through the county, on each pair of log and projection."""
    hub = Hub(settings_of(request.param, tmp_path_factory.mktemp("worked"), request))
    hub.receipts = work_through(hub, county)
    yield hub
    hub.close()
