"""Tables that another version of the hub made are refused with what to do, and the log gives everything back."""

import pytest

from hub.app import Hub
from hub.audit import replay
from hub.domain.events import DayClosed, RecordPublished
from hub.errors import SettingsError
from hub.log import Envelope, derive_id
from hub.projections import VERSION
from hub.projections.position import NO_VERSION, load_progress, progress, save_progress
from tests.conftest import settings_for
from tests.databases import new_database


@pytest.fixture(params=["sqlite", "postgres"])
def filled(tmp_path, request):
    """A hub of one person on either projection."""
    url = new_database(request.getfixturevalue("postgres")) if request.param == "postgres" else ""
    hub = Hub(settings_for(tmp_path, 1, url))
    said = {"name": "林晓", "sex": "1", "birth_date": 19_000}
    record = RecordPublished("r1", "health.child_record", 1, 19_100, "1", said)
    hub.log.append([Envelope(record, derive_id("r1", 1), "r1", "/test", "r1")])
    hub.log.append([Envelope(DayClosed(19_100), "day", "19100", "/test")])
    run(hub)
    yield hub
    hub.close()


def run(hub):
    with hub.runner() as runner:
        runner.run()


def digests(hub):
    with hub.projection() as db:
        return replay.digests(db)


def test_a_projection_says_which_version_made_it(filled):
    with filled.projection() as db:
        assert load_progress(db, "version", NO_VERSION) == VERSION


@pytest.mark.parametrize("version", [VERSION - 1, VERSION + 1, None])
def test_tables_of_another_version_are_refused_and_come_back_from_the_log(filled, version):
    before = digests(filled)
    with filled.projection() as db:
        if version is None:
            db.execute(progress.delete().where(progress.c.name == "version"))
        else:
            save_progress(db, "version", version)
        db.commit()
    with pytest.raises(SettingsError, match="remove it, and `hub run` fills it again"), filled.projection():
        pass
    filled.database.drop()
    run(filled)
    assert digests(filled) == before
