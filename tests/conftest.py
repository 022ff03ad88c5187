"""One small county for the whole suite, and hubs that have worked through it."""

from pathlib import Path

import pytest

from hub.app import Hub
from hub.settings import HubSettings, LogSettings, SecretsSettings, Settings
from hub.simulate import simulate

KEY = b"a key for tests only, 32 bytes !"


def settings_for(folder: Path, partitions: int = 1) -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key").write_bytes(KEY)
    return Settings(
        hub=HubSettings(data=str(folder / "data")),
        log=LogSettings(partitions=partitions),
        secrets=SecretsSettings(pseudonym_key_file=str((folder / "key").absolute())),
    )


def work_through(hub: Hub, source: Path) -> list:
    receipts = []
    with hub.ingest() as work:
        work.run(hub.connectors(source, ()), receipts.append, close_days=True)
    with hub.runner() as runner:
        runner.run()
    return receipts


@pytest.fixture(scope="session")
def county(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("county")
    simulate(folder, persons=500, months=14, seed=3, noise=2)
    return folder


@pytest.fixture(scope="session", params=[1, 4], ids=["sqlite", "sqlite-4-partitions"])
def worked(request, tmp_path_factory, county):
    """A hub that has worked through the county."""
    hub = Hub(settings_for(tmp_path_factory.mktemp(f"worked{request.param}"), request.param))
    hub.receipts = work_through(hub, county)
    yield hub
    hub.close()
