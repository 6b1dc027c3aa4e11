"""When sessions were last used: noted at once, written down now and then, so that no request waits to write."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import anyio
from anyio.to_thread import run_sync

from varde.core.errors import VardeError
from varde.store import sessions
from varde.store.database import Database
from varde.store.sessions import Session
from varde.web.logs import get_logger

_EVERY: Final = timedelta(minutes=1)
_WRITE_EVERY_S: Final = 10.0


class Sightings:
    """What was seen since it was last written. After a kill at most a minute of it is lost, in favour of ending."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[int, datetime] = {}

    def find_last(self, session: Session) -> datetime:
        """Returns when a session was last used."""
        return max(session.seen_at, self._seen.get(session.session_id, session.seen_at))

    def note(self, session: Session, at: datetime) -> None:
        """Notes that a session is used now."""
        if at - self.find_last(session) >= _EVERY:
            self._seen[session.session_id] = at

    async def keep(self) -> None:
        """Writes what was noted down, again and again, until it is stopped."""
        while True:
            await anyio.sleep(_WRITE_EVERY_S)
            if self._seen:
                await run_sync(self.write, abandon_on_cancel=True)

    def write(self) -> None:
        """Writes what was noted down; while something else writes to the site, it stays noted."""
        written = dict(self._seen)
        try:
            with self._database.write() as connection:
                sessions.record_seen(connection, written)
        except VardeError as error:
            get_logger().warning("sightings", error=error.code)
            return
        for session_id, at in written.items():
            if self._seen.get(session_id) == at:
                self._seen.pop(session_id, None)
