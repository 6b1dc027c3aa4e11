"""The one writer of a run: gathers outcomes and records them in batches, each batch in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from varde.pipeline.sketch_sources import SketchSetup
from varde.store import items
from varde.store.database import PATIENCE_S, Database
from varde.store.face_writing import FaceModels
from varde.store.items import ExaminedItem

_BATCH = 500
_MAX_AGE_S = 1.0


class Writer:
    """Records outcomes in the order they are handed over, so that an archive is never done before its members.

    While another process writes (a large import), it waits for up to half an hour, keeping what it was handed.
    """

    def __init__(
        self,
        database: Database,
        exhibit_id: int,
        *,
        patience_s: float = PATIENCE_S,
        face_models: FaceModels | None = None,
        sketches: SketchSetup | None = None,
    ) -> None:
        """Prepares a writer of one exhibit's outcomes.

        Args:
            database: the site's.
            exhibit_id: row number of the exhibit.
            patience_s: how long to try again for while another process writes.
            face_models: that look for faces.
            sketches: where sketches are kept; None where nobody wants any.
        """
        self._database = database
        self._patience_s = patience_s
        self._exhibit_id = exhibit_id
        self._face_models = face_models
        self._sketches = sketches
        self._examined: list[ExaminedItem] = []
        self._done: list[int] = []
        self._oldest = 0.0

    def add(self, examined: ExaminedItem) -> None:
        """Takes the outcome of one item."""
        self._oldest = self._oldest or time.monotonic()
        self._examined.append(examined)

    def add_done(self, archive_id: int) -> None:
        """Takes word that an archive is done: recorded with or after all outcomes handed over before."""
        self._oldest = self._oldest or time.monotonic()
        self._done.append(archive_id)

    def flush_if_due(self) -> None:
        """Records what is there if it is much, or old."""
        waiting = len(self._examined) + len(self._done)
        if waiting >= _BATCH or (waiting and time.monotonic() - self._oldest > _MAX_AGE_S):
            self.flush()

    def flush(self) -> None:
        """Records what is there.

        Raises:
            SiteBusy: if another process kept writing for longer than half an hour; what is there is kept.
        """
        if self._examined or self._done:
            with self.transaction():
                pass

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yields a write transaction that also records everything handed over before.

        Raises:
            SiteBusy: if another process kept writing for longer than half an hour; what is there is kept.
        """
        if self._sketches:
            self._sketches.keep(one.content for one in self._examined if one.content)
        with self._database.write(patience_s=self._patience_s) as connection:
            self._record(connection)
            yield connection
        self._forget()

    def _record(self, connection: Connection) -> None:
        if self._examined:
            at = self._sketches.clock() if self._sketches else None
            items.record_examined(connection, self._exhibit_id, self._examined, self._face_models, at)
        for archive_id in self._done:
            items.record_done(connection, archive_id)

    def _forget(self) -> None:
        self._examined.clear()
        self._done.clear()
        self._oldest = 0.0
