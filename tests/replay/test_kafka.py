"""The same county through SQLite and through a real Kafka gives the same hub."""

import pytest

from hub.app import Hub
from hub.audit import replay
from hub.projections.position import open_engine
from tests.conftest import kafka_settings, settings_for, work_through


@pytest.mark.kafka
def test_the_county_on_kafka_is_the_county_on_sqlite(broker, tmp_path, county):
    digests, receipts = [], []
    for settings in (settings_for(tmp_path / "sqlite"), kafka_settings(tmp_path / "kafka", broker)):
        hub = Hub(settings)
        receipts.append(work_through(hub, county))
        with hub.projection() as db:
            digests.append(replay.digests(db))
        with open_engine("sqlite:///:memory:").connect() as scratch:
            assert replay.verify(hub.log, scratch, hub.rules, lambda _: None).differences == 0
        hub.close()
    assert digests[0] == digests[1]
    assert receipts[0] == receipts[1]
