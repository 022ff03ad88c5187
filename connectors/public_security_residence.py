"""Residence registrations of people who moved in, as the workbook the station sends.

One sheet, one row per new, renewed or ended registration; dates are date cells.
"""

from pathlib import Path

from hub.connect import Connector
from hub.connect.contracts import Feed
from hub.connect.drops import Folder, folder_of
from hub.connect.sources import excel


def connector(feed: Feed, root: Path) -> Connector:
    """The drops under `<root>/public_security/residence_registration/`."""
    return Folder(feed, folder_of(feed, root), (".xlsx",), excel.read)
