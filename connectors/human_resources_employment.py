"""Employment and social insurance, as the monthly database its bureau hands over.

Its view joins people, units and contracts under the ministry's column codes; the
contract names the view and says what each code means here.
"""

from pathlib import Path

from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import Folder, folder_of
from hub.connect.sources import sql


def connector(feed: Feed, root: Path) -> Connector:
    """The drops under `<root>/human_resources/employment/`."""
    return Folder(feed, folder_of(feed, root), (".sqlite",), sql.read)
