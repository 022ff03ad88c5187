"""The doctor: every check of every store that the settings name, whatever state it is in.

Opens no hub, since a hub refuses to start on a store that is not safe: here
that is the answer, not an error. Nothing is created, nothing is changed.
"""

from collections.abc import Callable, Iterable, Iterator

from hub.checks import Check
from hub.errors import RetryableError
from hub.log.by_url import log_checks
from hub.projections.databases import database_of
from hub.settings import Settings


def examine(settings: Settings, deep: bool = False) -> list[Check]:
    """All checks; `deep` reads every page of every SQLite file and compares its indexes."""
    log = "kafka" if settings.log.url else "sqlite"
    projection = "postgres" if settings.projection.url else "sqlite"
    database = database_of(settings)
    return [
        *_asked(log, lambda: log_checks(settings.log, settings.data, settings.folder, deep)),
        *_asked(projection, lambda: database.checks(deep)),
    ]


def _asked(store: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """A store that does not answer is one more finding, beside those of the other."""
    try:
        yield from checks()
    except RetryableError as error:
        yield Check(
            f"{store}-answers", store, False, "The store answers", "存储可以访问", str(error),
            "nothing can be written or read until it does", "see that it runs and that the address is right",
            later=True,
        )  # fmt: skip
