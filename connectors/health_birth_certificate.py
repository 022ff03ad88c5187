"""Medical birth certificates, as JSON Lines from the facilities' platform.

A reissued certificate names the one it replaces; a void one is published again as void.
"""

from pathlib import Path

from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import Folder, folder_of
from hub.connect.sources import jsonl


def connector(feed: Feed, root: Path) -> Connector:
    """The drops under `<root>/health/birth_certificate/`."""
    return Folder(feed, folder_of(feed, root), (".jsonl",), jsonl.read)
