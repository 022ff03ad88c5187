"""The household register of public security, as the daily CSV its station exports.

GB18030 with Chinese headings, one row per changed entry; 操作 says whether an entry is
new, changed or taken back. A row that ends by moving out names the village moved to (迁往地代码), as the
migration certificate does, and one that moved in from another county the village it came
from (由何地迁来本县): a neighbouring county is told of moves by these two, which older exports lack.
"""

from pathlib import Path

from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import Folder, folder_of
from hub.connect.sources import delimited


def connector(feed: Feed, root: Path) -> Connector:
    """The drops under `<root>/public_security/household_entry/`."""
    return Folder(feed, folder_of(feed, root), (".csv",), delimited.read)
