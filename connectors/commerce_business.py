"""Self-employed people from the commerce register, as its monthly CSV.

UTF-8 with a byte order mark, as the register's office suite writes it.
"""

from pathlib import Path

from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import Folder, folder_of
from hub.connect.sources import delimited


def connector(feed: Feed, root: Path) -> Connector:
    """The drops under `<root>/commerce/business_registration/`."""
    return Folder(feed, folder_of(feed, root), (".csv",), delimited.read)
