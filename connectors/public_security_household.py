"""The household register of public security, as the daily CSV its station exports.

GB18030 with Chinese headings, one row per changed entry; 操作 says whether an entry is
new, changed or taken back.
"""

from pathlib import Path

from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import Folder, folder_of
from hub.connect.sources import delimited


def connector(feed: Feed, root: Path) -> Connector:
    """The drops under `<root>/public_security/household_entry/`."""
    return Folder(feed, folder_of(feed, root), (".csv",), delimited.read)
