"""The last look at the machine and the site, and one look at a time: it reads the whole audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from varde.store.site import Site
from varde.web.lanes import Lane
from varde.workflows.check_health import HealthCheck, check_health


@dataclass(frozen=True, slots=True)
class Look:
    """What was found, and when."""

    at: datetime
    checks: tuple[HealthCheck, ...]


class Health:
    """Looks when somebody asks for it.

    Attributes:
        last: None until somebody has asked.
    """

    def __init__(self) -> None:
        """Has not looked yet; called inside the event loop."""
        self.last: Look | None = None
        self._lane = Lane(1, 0)

    async def look(self, site: Site, at: datetime) -> Look:
        """Returns what is found now.

        Raises:
            HTTPException: 503, if somebody else has just asked.
        """
        checks = await self._lane.run(check_health, site)
        self.last = Look(at, tuple(checks))
        return self.last
