"""Child health records, as JSON Lines from the community health platform.

Opened at the first home visit; the child's own number follows once it has one.
"""

from pathlib import Path

from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import Folder, folder_of
from hub.connect.sources import jsonl


def connector(feed: Feed, root: Path) -> Connector:
    """The drops under `<root>/health/child_record/`."""
    return Folder(feed, folder_of(feed, root), (".jsonl",), jsonl.read)
