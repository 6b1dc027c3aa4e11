"""The site's galleries of faces: copies of the database's embeddings, one for each model, made up to date when opened.

Each lies in a folder of its own under ``<site>/indexes/``, as other indexes do (see `varde.pipeline.site_indexes`),
and may be deleted at any time. What the database no longer holds is deleted from the files as well when next opened.
Which faces a case shows is asked of the database at each search, since a content may come to lie in another case at any
time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from varde.core.errors import IntegrityFailure, WrongUse
from varde.faces.gallery import Gallery
from varde.faces.gallery_codes import UNIT
from varde.pipeline.site_indexes import prepare
from varde.store.database import Database
from varde.store.face_vectors import (
    Embedded,
    VectorState,
    list_embedded,
    list_shown,
    list_vectors,
    load_vectors,
    read_state,
)
from varde.store.models import get_identity
from varde.store.site import Site

Found = tuple[NDArray[np.uint64], NDArray[np.float32]]

_BATCH: Final = 65_536
_UP_TO: Final = "up_to"
_CHANGES: Final = "changes"


class SiteGallery:
    """The embeddings by one model that a site's database held when it was opened."""

    def __init__(self, database: Database, gallery: Gallery | None) -> None:
        """Made by `open_gallery`; without a gallery there is no embedding."""
        self._database = database
        self._gallery = gallery

    def search(
        self, probes: NDArray[np.float32], k: int, case_ids: Collection[int] | None = None, *, at_least: float = -2.0
    ) -> list[Found]:
        """Returns the closest faces of each probe, exactly: numbers and cosine similarities, closest first.

        Args:
            probes: (P, D) float32 of length 1.
            k: how many at most for each.
            case_ids: only faces that items of these cases show now; None for all.
            at_least: the least similarity that counts.

        Raises:
            WrongUse: if the probes are not of this gallery's model's shape, or not of length 1.
            IntegrityFailure: if a segment was damaged since it was opened.
        """
        if self._gallery is None:
            return [(np.empty(0, np.uint64), np.empty(0, np.float32)) for _ in probes]
        return self._gallery.search(probes, k, allowed=self._list_allowed(case_ids), at_least=at_least)

    def count(self, case_ids: Collection[int] | None = None) -> int:
        """Returns how many faces a search looks at."""
        if self._gallery is None:
            return 0
        allowed = self._list_allowed(case_ids)
        return self._gallery.size if allowed is None else int(np.isin(allowed, self._gallery.list_ids()).sum())

    def _list_allowed(self, case_ids: Collection[int] | None) -> NDArray[np.uint64] | None:
        if case_ids is None:
            return None
        with self._database.read() as connection:
            return np.unique(np.frombuffer(list_shown(connection, case_ids), np.uint64))


def open_gallery(site: Site, model_id: int) -> SiteGallery:
    """Returns the gallery of the faces of items by a model, in step with the database.

    Args:
        site: whose faces.
        model_id: row number of the model that made the embeddings.

    Raises:
        NotFound: if there is no such model.
        SiteBusy: if another process is filling the gallery for long.
        VardeError: if the disk is full or cannot be written to.
    """
    return _open(site, Embedded.ITEMS, model_id)


def open_victim_gallery(site: Site, model_id: int) -> SiteGallery:
    """Returns the gallery of victims' enrolments by a model, in step with the database; as `open_gallery`.

    Its numbers are those of enrolments; it has no case scope, since whose they are the database says.
    """
    return _open(site, Embedded.VICTIMS, model_id)


def _open(site: Site, kind: Embedded, model_id: int) -> SiteGallery:
    with site.database.read() as connection:
        identity = get_identity(connection, model_id)
        state = read_state(connection, kind, model_id)
        place = site.indexes / f"faces-{kind}-{model_id}"
        if not state.dimensions and not place.exists():
            return SiteGallery(site.database, None)
        source = _Source(connection, kind, model_id, state)
        if not state.dimensions:  # all of them were deleted
            Gallery(place, 1, identity.sha256).discard()
            return SiteGallery(site.database, None)
        gallery = Gallery(place, state.dimensions, identity.sha256)
        _bring_up_to_date(gallery, source, place)
    return SiteGallery(site.database, gallery)


@dataclass(frozen=True, slots=True)
class _Source:
    """The embeddings of one kind by one model, as of one state of the database."""

    connection: Connection
    kind: Embedded
    model_id: int
    state: VectorState


@dataclass(frozen=True, slots=True)
class _Filled:
    """A gallery as the index that it is for `prepare`."""

    gallery: Gallery

    @property
    def last_id(self) -> int:
        return self.gallery.marks.get(_UP_TO, 0)

    def check(self) -> None:
        self.gallery.check()

    def discard(self) -> None:
        self.gallery.discard()


def _bring_up_to_date(gallery: Gallery, source: _Source, place: Path) -> None:
    state, marks = source.state, _read_marks(gallery)
    has_changed = bool(marks) and (source.kind is Embedded.VICTIMS or marks.get(_CHANGES) != state.changes)
    newest = max(state.newest, marks.get(_UP_TO, 0)) if has_changed else state.newest  # the newest may be what is gone
    last = prepare(source.connection, _Filled(gallery), place, newest)
    if last and has_changed:
        _compare(gallery, source)
    elif last < state.newest:
        for batch in _list_new(source, last):
            gallery.append(*_join(batch, state.dimensions), marks={_UP_TO: batch[-1][0], _CHANGES: state.changes})
        gallery.compact()
    wanted = {_UP_TO: state.newest, _CHANGES: state.changes}
    if gallery.marks != wanted:
        gallery.append(*_join([], state.dimensions), marks=wanted)


def _read_marks(gallery: Gallery) -> dict[str, int]:
    try:
        return gallery.marks
    except (IntegrityFailure, WrongUse):
        return {}  # `prepare` says so, and discards it


def _compare(gallery: Gallery, source: _Source) -> None:
    """Deletes what the database no longer holds, and adds what the gallery does not."""
    present = gallery.list_ids()
    wanted = np.frombuffer(list_embedded(source.connection, source.kind, source.model_id), np.uint64)
    gone, missing = np.setdiff1d(present, wanted), np.setdiff1d(wanted, present)
    gallery.delete(gone)
    for batch in _load(source, missing):
        gallery.append(*_join(batch, source.state.dimensions))
    gallery.compact()


def _list_new(source: _Source, after: int) -> Iterator[list[tuple[int, bytes]]]:
    while batch := list_vectors(source.connection, source.kind, source.model_id, after=after, limit=_BATCH):
        yield batch
        after = batch[-1][0]


def _load(source: _Source, ids: NDArray[np.uint64]) -> Iterator[list[tuple[int, bytes]]]:
    for first in range(0, len(ids), _BATCH):
        yield load_vectors(source.connection, source.kind, source.model_id, ids[first : first + _BATCH].tolist())


def _join(batch: list[tuple[int, bytes]], dimensions: int) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
    """Returns numbers and vectors without those that are no unit vectors: a damaged one hides itself, no other."""
    batch = [each for each in batch if len(each[1]) == 4 * dimensions]
    vectors = np.frombuffer(b"".join(vector for _, vector in batch), "<f4").reshape(-1, dimensions)
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors, dtype=np.float64))
    sound = np.abs(lengths - 1) <= UNIT
    return np.array([number for number, _ in batch], np.uint64)[sound], vectors[sound]
