"""A gallery's segments as they are open: rows, which of them are deleted, and which a search may find."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import IntegrityFailure, SiteBusy, WrongUse
from varde.faces.gallery_rows import GONE_KIND, GalleryRows, Ids, check_segment, open_rows
from varde.faces.gallery_scan import ALL, Mask
from varde.segments.container import Segment
from varde.segments.folder import SegmentFolder, Stamp

NO_IDS: Final = np.empty(0, np.uint64)

_KIND: Final = "faces"
_VERSION: Final = 1
_CHECK_EVERY_S: Final = 1.0
_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class Rows:
    """An open segment of rows.

    Attributes:
        name: of its file.
        rows: all that lie in it.
        alive: 0 for those that are deleted; `ALL` where none is.
    """

    name: str
    rows: GalleryRows
    alive: Mask

    @property
    def dead(self) -> int:
        """How many of its rows are deleted."""
        return int(len(self.alive) - np.count_nonzero(self.alive)) if len(self.alive) else 0

    def list_alive(self) -> NDArray[np.int64]:
        """Returns the rows that are not deleted."""
        return np.flatnonzero(self.alive) if len(self.alive) else np.arange(len(self.rows))

    def find(self, ids: Ids) -> NDArray[np.int64]:
        """Returns the rows, not deleted, of those of the ids that are here."""
        rows = self.rows.find(ids)
        return rows[self.alive[rows] > 0] if len(self.alive) else rows

    def mask(self, allowed: NDArray[np.generic] | None) -> Mask:
        """Returns which rows a search may find; see `varde.faces.gallery.Gallery.search`.

        Raises:
            WrongUse: if the allowed ones are of another type.
        """
        if allowed is None:
            return self.alive
        mask, ids = np.zeros(len(self.rows), np.uint8), self.rows.ids
        if allowed.dtype == np.bool_:
            inside = int(np.searchsorted(ids, np.uint64(len(allowed))))
            mask[:inside] = allowed[ids[:inside].astype(np.int64)]
        elif allowed.dtype == np.uint64:
            mask[self.rows.find(np.asarray(allowed, np.uint64))] = 1
        else:
            raise WrongUse(f"allowed faces are ids (uint64) or truth values by id (bool), not {allowed.dtype}")
        return mask & self.alive if len(self.alive) else mask


class OpenGallery:
    """What is open of a gallery's folder, kept until the folder changes."""

    def __init__(self, segments: SegmentFolder, dimensions: int, model: str) -> None:
        """Reads nothing yet.

        Args:
            segments: of the gallery.
            dimensions: of every vector.
            model: hexadecimal digest of the model that made them.
        """
        self._segments = segments
        self._dimensions = dimensions
        self._model = model
        self._known: dict[str, GalleryRows | Ids] = {}
        self._opened: tuple[Stamp, float, tuple[Rows, ...]] | None = None

    def refresh(self) -> tuple[Rows, ...]:
        """Returns the rows that count now; that the files are unchanged is looked at again once a second.

        Raises:
            IntegrityFailure: naming the segment that is damaged or missing.
            WrongUse: if the gallery is another model's.
        """
        now, opened, stamp = time.monotonic(), self._opened, self._segments.read_manifest_stamp()
        if opened is None or opened[0] != stamp or now - opened[1] > _CHECK_EVERY_S:
            opened = (stamp, now, self._open())
            self._opened = opened
        return opened[2]

    def get(self, name: str) -> GalleryRows | Ids:
        """Returns a segment that counts: rows, or the ids of deleted ones."""
        self.refresh()
        return self._known[name]

    def forget(self) -> None:
        """Closes what is open."""
        self._known, self._opened = {}, None

    def check_facts(self, facts: Mapping[str, int | str]) -> None:
        """Does nothing if a manifest with these facts is of this model.

        Raises:
            WrongUse: if it is of another.
        """
        found = facts.get("dimensions", self._dimensions), facts.get("model", self._model)
        if found != (self._dimensions, self._model):
            raise WrongUse(
                f"{self._segments.folder} holds {found[0]}-dimensional embeddings of another model than was asked for",
                advice="Embeddings of two models are never compared: open it with the model it was made with.",
            )

    def _open(self) -> tuple[Rows, ...]:
        for _ in range(_TRIES):
            snapshot = self._segments.snapshot()
            self.check_facts(snapshot.facts)
            try:
                self._known = {each.path.name: self._open_one(each) for each in snapshot.segments}
            except FileNotFoundError:
                continue  # rewritten in between
            return _mark_deleted(self._known)
        raise SiteBusy(f"{self._segments.folder} changes faster than it can be read")

    def _open_one(self, segment: Segment) -> GalleryRows | Ids:
        if segment.path.name in self._known:
            return self._known[segment.path.name]
        if segment.facts["kind"] == GONE_KIND:
            return np.array(segment.arrays["ids"], np.uint64)
        if segment.facts["dimensions"] != self._dimensions:
            raise IntegrityFailure(f"{segment.path} holds vectors of another length")
        return open_rows(segment)


def open_segments(folder: Path) -> SegmentFolder:
    """Returns the segments of a gallery of whatever model."""
    return SegmentFolder(folder, _KIND, _VERSION, check_segment)


def _mark_deleted(known: Mapping[str, GalleryRows | Ids]) -> tuple[Rows, ...]:
    """Returns the rows, each segment with which of them no later segment deletes."""
    marked, gone = [], NO_IDS
    for name, each in reversed(list(known.items())):
        if not isinstance(each, GalleryRows):
            gone = np.union1d(gone, each)
            continue
        here = Rows(name, each, ALL)
        if len(deleted := each.find(gone)):
            alive = np.ones(len(each), np.uint8)
            alive[deleted] = 0
            here = replace(here, alive=alive)
        marked.append(here)
    return tuple(reversed(marked))
