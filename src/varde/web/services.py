"""What the routes work with: one set of it for each running interface, none of it global."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from fastapi import Request

from varde.core.errors import IntegrityFailure, VardeError
from varde.core.finding import OperatingPoint
from varde.hashing import pdq
from varde.pipeline.lookup import Lookup
from varde.pipeline.run import count_cores
from varde.store.index_sizes import IndexSizes, find_newest_entry, measure
from varde.store.site import Site
from varde.web.counters import Counters
from varde.web.examiner import Examining
from varde.web.failed_attempts import FailedAttempts
from varde.web.lanes import Lane, Room

_READERS = 4
_MOST_SEARCHERS = 8
_MANY = 10_000


class Services:
    """Everything a request may need.

    Attributes:
        search: the known sets.
        examiner: hashes uploaded files in the sandbox.
        reading, searching, changing, fetching: lanes for work in threads: reading the database, searching, changing
            known sets, fetching files.
        uploads: room for files that are received or examined.
        failures: of callers without a valid token.
        counters: what was looked up and hashed, by token.
        clock: returns aware UTC times.
    """

    def __init__(self, site: Site, search: Lookup, examiner: Examining, clock: Callable[[], datetime]) -> None:
        """Prepares everything; called inside the event loop."""
        settings = site.settings.web
        self.site = site
        self.search = search
        self.examiner = examiner
        self.clock = clock
        self.reading = Lane(_READERS, _MANY)
        self.searching = Lane(min(settings.searches or count_cores(), _MOST_SEARCHERS), settings.waiting)
        self.changing = Lane(1, settings.waiting)
        self.fetching = Lane(settings.uploads, 0)
        self.uploads = Room(settings.uploads)
        self.failures = FailedAttempts(time.monotonic)
        self.counters = Counters(time.monotonic)
        self._distrust: IntegrityFailure | None = None
        self._sizes: IndexSizes | None = None

    @property
    def point(self) -> OperatingPoint:
        """The operating point of PDQ."""
        matching = self.site.settings.matching
        return OperatingPoint(pdq.METHOD, matching.pdq_max_distance, matching.pdq_min_quality)

    @property
    def is_ready(self) -> bool:
        """Whether the site can be trusted and files can be examined."""
        return self._distrust is None and self.examiner.is_working

    async def check(self) -> bool:
        """Returns whether requests can be served now: the database answers, and nothing is known to be broken."""
        if not self.is_ready:
            return False
        try:
            await self.reading.run(self.site.name)
        except VardeError:
            return False
        return True

    def measure_indexes(self) -> IndexSizes:
        """Returns how much there is to compare with; measured again only when entries have come."""
        with self.site.database.read() as connection:
            if self._sizes is None or self._sizes.newest_entry != find_newest_entry(connection):
                self._sizes = measure(connection)
            return self._sizes

    def stop_trusting(self, failure: IntegrityFailure) -> None:
        """Records that the site is not what it was: from now on it says that it is not ready."""
        self._distrust = failure


def get_services(request: Request) -> Services:
    """Returns what a request works with."""
    services: Services = request.app.state.services
    return services
