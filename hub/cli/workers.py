"""Running a worker: the hub's side of `hub worker`."""

from hub.app import Hub
from hub.errors import SettingsError
from hub.processing.worker import Worker

try:
    from hub.processing import faust_app
except ImportError:
    # The worker is an extra that the embedded hub does without.
    faust_app = None  # type: ignore[assignment]


def run_worker(hub: Hub) -> None:
    """Work until told to stop; does not return."""
    if faust_app is None:
        raise SettingsError("hub worker needs the extra: pip install 'county-hub[kafka]'")
    if not hub.settings.projection.url:
        raise SettingsError("projection.url: workers share a PostgreSQL projection; name it")
    faust_app.run(hub.settings.log.url, Worker(hub.runner), lambda status: None)
