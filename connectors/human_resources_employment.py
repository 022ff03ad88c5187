"""Employment and social insurance, as the monthly database its bureau hands over.

The view `v_employment` joins people, units and contracts under the ministry's
column codes; the contract says what each code means here.
"""

from collections.abc import Iterator
from pathlib import Path

from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import Folder
from hub.connect.rows import HeadingReport, Row
from hub.connect.sources import sql

VIEW = "v_employment"


def read(path: Path, feed: Feed) -> tuple[HeadingReport, Iterator[Row]]:
    """The rows of the view."""
    return sql.read_view(path, feed, VIEW)


def connector(feed: Feed, root: Path) -> Connector:
    """The drops under `<root>/human_resources/employment/`."""
    return Folder(feed, root, ".sqlite", read)
