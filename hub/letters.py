"""The letters of this hub: whose are read, and what each neighbour is told."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection

from hub.connect.contracts import Feed
from hub.domain.days import from_date
from hub.domain.limits import Limits
from hub.domain.notices import KINDS, feed_of
from hub.intake import Intake
from hub.keys import Keys
from hub.log import EventLog
from hub.neighbours import Letter
from hub.neighbours.between import Between, between
from hub.neighbours.inbox import Sender, answered, seen
from hub.neighbours.opener import Opener
from hub.neighbours.outbox import Posted, post, told
from hub.neighbours.standing import standing
from hub.projections.databases import Database, locked
from hub.projections.position import load_progress
from hub.settings import Settings
from hub.signing import Verifier, read_verifier


class Letters:
    """The letters to and from the neighbours that settings name."""

    def __init__(
        self, settings: Settings, feeds: Mapping[str, Feed], log: EventLog, intake: Intake, keys: Keys
    ) -> None:
        self._settings, self._feeds, self._log = settings, feeds, log
        self._intake, self._keys = intake, keys
        self._openers: dict[tuple[str, str], Opener] = {}

    def senders(self) -> tuple[Sender, ...]:
        """The neighbours whose letters are read."""
        read = {kind: self._intake.finished(feed_of(kind)) for kind in KINDS}
        folder = self._settings.folder
        return tuple(
            Sender(code, folder / said.inbox, self._opener(code, read_verifier(folder / said.key_file)), read)
            for code, said in sorted(self._settings.neighbours.items())
        )

    def _opener(self, neighbour: str, verifier: Verifier) -> Opener:
        """One for all feeds that read its letters, until its key is another."""
        county = self._settings.hub.county
        return self._openers.setdefault((neighbour, verifier.key_id), Opener(neighbour, county, verifier))

    def between(self, db: Connection, limits: Limits) -> dict[str, Between]:
        """By neighbour whoever is out of one register and not yet on the other, on the last closed day."""
        today, agreements = load_progress(db, "today", -1), self._intake.agreements()
        return {
            code: between(db, self._feeds, agreements, told(self._log, code), code, limits, today)
            for code in sorted(self._settings.neighbours)
        }

    def write(self, database: Database) -> list[Posted]:
        """Tell every neighbour what has changed since its last letter."""
        settings, today = self._settings, from_date(date.today())
        county, who = settings.hub.county, settings.reader.actor
        agreements, signer, posted = self._intake.agreements(), self._keys.signer(), []
        with locked(settings.data / "letters.lock", "letters"), database.connect() as db:
            day = load_progress(db, "today", -1)
            for sender in self.senders():
                now = standing(db, self._feeds, agreements, sender.county, today)
                blank = Letter(county, sender.county, 0, day, seen(sender, county), ())
                outbox = settings.folder / settings.neighbours[sender.county].outbox
                posted.append(post(self._log, now, blank, outbox, answered(sender, county), signer, who))
        return posted
