"""What the routes work with: one set of it for each running interface, none of it global."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import ParamSpec, TypeVar

import numpy as np
from fastapi import Request

from varde.core.errors import IntegrityFailure, VardeError
from varde.core.finding import OperatingPoint
from varde.hashing import pdq
from varde.pipeline.lookup import Lookup
from varde.pipeline.machine import count_cores
from varde.store.index_sizes import IndexSizes, find_newest_entry, measure
from varde.store.site import Site
from varde.web.counters import Counters
from varde.web.examiner import Examining
from varde.web.face_prober import FaceProber
from varde.web.failed_attempts import FailedAttempts
from varde.web.figures import FiguresCache
from varde.web.health import Health
from varde.web.jobs import Jobs
from varde.web.lanes import Lane, Room
from varde.web.logins import Logins
from varde.web.logs import get_logger
from varde.web.probe_shelf import ProbeShelf
from varde.web.renderer import Renderer
from varde.web.sightings import Sightings
from varde.web.stackings import Stackings

P = ParamSpec("P")
T = TypeVar("T")

_READERS = 2
_MOST_SEARCHERS = 8
_MANY = 10_000
_PATIENCE_S = 15.0
"""How long one who records something waits for others, such as for one act on 100,000 items."""


class Services:
    """Everything a request may need.

    Attributes:
        search: the known sets.
        examiner: hashes uploaded files in the sandbox.
        renderer: shows pictures, decoded in the sandbox.
        admitting, reading, writing, searching, probing, fetching: lanes for work in threads: looking up tokens, reading
            the database, recording what people do, searching, looking for faces in what people bring, fetching files.
        uploads: room for files that are received or examined.
        failures: of callers without a valid token.
        logins: of people, that are going on.
        sightings: when people's sessions were last used.
        health: of machine and site, as it was last looked at.
        counters: what was looked up and hashed, by token.
        jobs: what is done in the background.
        figures: of cases, counted in the background.
        stackings: of cases that have no stacks yet.
        faces: finds the faces in what people search with.
        probes: what people brought along to search with, while they choose a face of it.
        clock: returns aware UTC times.
    """

    def __init__(
        self, site: Site, search: Lookup, examiner: Examining, renderer: Renderer, clock: Callable[[], datetime]
    ) -> None:
        """Prepares everything; called inside the event loop."""
        settings = site.settings.web
        self.site = site
        self.search = search
        self.examiner = examiner
        self.renderer = renderer
        self.clock = clock
        self.admitting = Lane(1, _MANY)
        self.reading = Lane(_READERS, _MANY)
        self.writing = Lane(1, _MANY, patience_s=_PATIENCE_S)
        self.searching = Lane(min(settings.searches or count_cores(), _MOST_SEARCHERS), settings.waiting)
        self.probing = Lane(1, settings.waiting)
        self._changing = Lane(1, settings.waiting)
        self.fetching = Lane(settings.uploads, 0)
        self.uploads = Room(settings.uploads)
        self.failures = FailedAttempts(time.monotonic)
        self.logins = Logins(time.monotonic)
        self.sightings = Sightings(site.database)
        self.health = Health()
        self.counters = Counters(time.monotonic)
        self.jobs = Jobs(clock)
        self.figures = FiguresCache(site)
        self.stackings = Stackings(site)
        self.faces = FaceProber(site)
        self.probes = ProbeShelf(time.monotonic)
        self._distrust: IntegrityFailure | None = None
        self._sizes: IndexSizes | None = None
        self._is_open = False
        self._picture_secret = secrets.token_bytes(32)

    @property
    def point(self) -> OperatingPoint:
        """The operating point of PDQ."""
        matching = self.site.settings.matching
        return OperatingPoint(pdq.METHOD, matching.pdq_max_distance, matching.pdq_min_quality)

    async def open_index(self) -> None:
        """Opens the index of known hashes, so that no request has to wait for it; until then nothing is ready."""
        try:
            await self.searching.run(self.search.find_hashes, np.zeros((1, pdq.HASH_BYTES), np.uint8), self.point)
        except VardeError as error:
            get_logger().error("index", error=error.code)
            return
        self._is_open = True

    async def change(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """Returns what a function returned that changes known sets; changes come one after the other.

        Raises:
            HTTPException: 503 with ``Retry-After``, if too many changes wait.
            SiteBusy: if another process has been writing to the site for a minute.
        """
        act = partial(function, *arguments, **options)

        def change() -> T:
            with self.site.database.write():
                pass  # the workflows would wait for half an hour; whoever asks over a network does not
            return act()

        return await self._changing.run(change)

    async def find_fault(self) -> str:
        """Returns why requests cannot be served now, "" where they can."""
        if self._distrust is not None:
            return "INTEGRITY-FAILURE"
        if not self.examiner.is_working:
            return "NO-DECODERS"
        try:
            await self.reading.run(self.site.name)
        except VardeError:
            return "NO-DATABASE"
        return "" if self._is_open else "INDEX-NOT-LOADED"

    def measure_indexes(self) -> IndexSizes:
        """Returns how much there is to compare with; measured again only when entries have come."""
        with self.site.database.read() as connection:
            if self._sizes is None or self._sizes.newest_entry != find_newest_entry(connection):
                self._sizes = measure(connection)
            return self._sizes

    def make_picture_key(self, sha256: bytes) -> str:
        """Returns what the views of a content are addressed by while this server runs; it tells nothing of the digest.

        Args:
            sha256: raw digest of the content.
        """
        return hashlib.blake2b(sha256, key=self._picture_secret, digest_size=9).hexdigest()

    def stop_trusting(self, failure: IntegrityFailure) -> None:
        """Records that the site is not what it was: from now on it says that it is not ready."""
        self._distrust = failure


def get_services(request: Request) -> Services:
    """Returns what a request works with."""
    services: Services = request.app.state.services
    return services
