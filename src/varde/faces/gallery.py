"""A gallery of face embeddings of one model on disk: searched exactly where it lies, grown by appending, and deletable.

How a search works is told in `varde.faces.gallery_scan`, how codes bound scores in `varde.faces.gallery_codes`.

A deletion is a segment that lists ids: they are gone from the segments before it for every search that starts after it,
in every process. `compact` then rewrites the segments that hold them and removes their files, so that no byte of them
is left in the folder. A segment has a bounded size, and that bounds what one deletion costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import WrongUse
from varde.faces.gallery_codes import MOST_DIMENSIONS, check_vectors
from varde.faces.gallery_pieces import NO_IDS, OpenGallery, open_segments
from varde.faces.gallery_rows import (
    GONE_KIND,
    ROWS_KIND,
    Ids,
    Vectors,
    count_most_rows,
    describe_gone,
    describe_rows,
)
from varde.faces.gallery_scan import LEAST, Found, search_rows
from varde.segments.folder import FolderWriter
from varde.segments.manifest import Listed
from varde.segments.merging import choose_run, choose_tail


class Gallery:
    """Embeddings by id; of one model only.

    One process writes at a time, any number search meanwhile. A kill at any moment leaves the gallery as it was before
    or after the call (a long `append` may be there in part: the same call again adds the rest).
    """

    def __init__(self, folder: Path, dimensions: int, model_sha256: bytes) -> None:
        """Names the folder; nothing is read or made until it is used.

        Args:
            folder: of the gallery.
            dimensions: of every vector.
            model_sha256: digest of the model that made them.

        Raises:
            WrongUse: if there are too many dimensions.
        """
        if not 0 < dimensions <= MOST_DIMENSIONS:
            raise WrongUse(f"a gallery's vectors have 1 to {MOST_DIMENSIONS} dimensions, not {dimensions}")
        self._dimensions = dimensions
        self._model = model_sha256.hex()
        self._segments = open_segments(folder)
        self._rows = OpenGallery(self._segments, dimensions, self._model)

    @property
    def size(self) -> int:
        """How many vectors there are, deleted ones not counted.

        Raises:
            IntegrityFailure, WrongUse: as `search`.
        """
        return sum(len(each.rows) - each.dead for each in self._rows.refresh())

    @property
    def marks(self) -> dict[str, int]:
        """What its owner noted with the last changes; see `append`.

        Raises:
            IntegrityFailure, WrongUse: as `search`.
        """
        facts = self._segments.read_manifest().facts
        self._rows.check_facts(facts)
        return {name[1:]: int(value) for name, value in facts.items() if name.startswith("+")}

    def append(self, ids: Ids, vectors: Vectors, *, marks: Mapping[str, int] | None = None) -> int:
        """Adds vectors and returns how many were new; searches that begin afterwards, in any process, find them.

        Ids that are there already are left out, so that the same call twice, or by two processes, adds them once.

        Args:
            ids: (N,) uint64, none twice.
            vectors: (N, D) float32 of length 1.
            marks: numbers to be kept with the change, by name.

        Raises:
            WrongUse: if types, shapes or ids do not fit, or a vector is not finite or not of length 1.
            SiteBusy: if another process is writing for long.
            IntegrityFailure: if a segment to be merged is damaged.
        """
        check_vectors(vectors, self._dimensions)
        ids = self._check_ids(ids, len(vectors))
        order = np.argsort(ids)
        ids, vectors = ids[order], vectors[order]
        with self._segments.writer() as writer:
            self._rows.check_facts(writer.manifest.facts)
            is_new = ~self._find_present(ids)
            added = int(is_new.sum())
            if added < len(ids):
                ids, vectors = ids[is_new], vectors[is_new]
            self._add(writer, ids, vectors)
            self._note(writer, marks)
        return added

    def delete(self, ids: Ids, *, marks: Mapping[str, int] | None = None) -> int:
        """Deletes vectors and returns how many there were: searches that start afterwards find none.

        Their bytes are in the files until `compact`.

        Args:
            ids: (N,) uint64; those that are not there are left out.
            marks: as for `append`.

        Raises:
            SiteBusy, IntegrityFailure, WrongUse: as `append`.
        """
        with self._segments.writer() as writer:
            self._rows.check_facts(writer.manifest.facts)
            present = np.unique(ids)
            present = present[self._find_present(present)]
            if len(present):
                last = [each for each in writer.manifest.listed[-1:] if each.facts["kind"] == GONE_KIND]
                before = [np.asarray(self._rows.get(each.name)) for each in last]
                staged = self._segments.stage(*describe_gone(np.unique(np.concatenate([*before, present]))))
                writer.commit([staged], [each.name for each in last], self._facts(writer))
            self._note(writer, marks)
        return len(present)

    def compact(self) -> int:
        """Removes every byte of deleted vectors, merges small segments, and returns how many vectors it removed.

        Appends and deletions wait meanwhile, searches do not. Memory: that of one segment, some 150 MB.

        Raises:
            SiteBusy, IntegrityFailure, WrongUse: as `append`.
        """
        if not self._segments.read_manifest().listed:
            return 0
        with self._segments.writer() as writer:
            self._rows.check_facts(writer.manifest.facts)
            removed = 0
            for each in self._rows.refresh():
                if each.dead:
                    removed += each.dead
                    self._replace(writer, [each.name])
            if gone := [each.name for each in writer.manifest.listed if each.facts["kind"] == GONE_KIND]:
                writer.commit(remove=gone)
            most = count_most_rows(self._dimensions)
            while run := choose_run(writer.manifest.listed, most):
                self._replace(writer, [each.name for each in run])
        return removed

    def search(
        self, probes: Vectors, k: int, *, allowed: NDArray[np.generic] | None = None, at_least: float = LEAST
    ) -> list[Found]:
        """Returns the closest vectors of each probe, exactly: ids and scores, closest first, of equal scores by id.

        Scores are cosine similarities: float64 sums of products, rounded to float32; larger is closer.

        Args:
            probes: (P, D) float32 of length 1.
            k: how many at most for each, at least 1.
            allowed: only these: ids (uint64), or truth values by id (bool; ids beyond their end are not allowed).
            at_least: the least score that counts.

        Raises:
            WrongUse: if types or shapes do not fit, a probe is not of length 1, or the gallery is another model's.
            IntegrityFailure: naming a segment that is damaged or missing.
        """
        check_vectors(probes, self._dimensions)
        if k < 1:
            raise WrongUse(f"a search returns at least one face, not {k}")
        opened = self._rows.refresh()
        k = min(k, max(1, sum(len(each.rows) for each in opened)))
        return search_rows([(each.rows, each.mask(allowed)) for each in opened], probes, k, at_least)

    def list_ids(self) -> Ids:
        """Returns all ids, rising.

        Raises:
            IntegrityFailure, WrongUse: as `search`.
        """
        parts = [each.rows.ids[each.list_alive()] for each in self._rows.refresh()]
        return np.sort(np.concatenate([NO_IDS, *parts]))

    def read(self, ids: Ids) -> tuple[Ids, Vectors]:
        """Returns those of the ids that are there, and their vectors, in no order."""
        found, vectors = [NO_IDS], [np.empty((0, self._dimensions), np.float32)]
        for each in self._rows.refresh():
            rows = each.find(ids)
            found.append(each.rows.ids[rows])
            vectors.append(each.rows.vectors.read(rows))
        return np.concatenate(found), np.concatenate(vectors)

    def verify(self) -> int:
        """Returns the number of segments after reading every byte of the gallery.

        Raises:
            IntegrityFailure: naming the first segment that is damaged or missing.
        """
        return self._segments.verify()

    def check(self) -> None:
        """Opens all of it, verified where that is due.

        Raises:
            IntegrityFailure, WrongUse: as `search`.
        """
        self._rows.refresh()

    def discard(self) -> None:
        """Removes everything, damaged or not, so that it can be filled again."""
        self._segments.discard()
        self._rows.forget()

    def _find_present(self, ids: Ids) -> NDArray[np.bool_]:
        present = np.zeros(len(ids), bool)
        for each in self._rows.refresh():
            present |= np.isin(ids, each.rows.ids[each.find(ids)])
        return present

    def _add(self, writer: FolderWriter, ids: Ids, vectors: Vectors) -> None:
        """Appends rows, merged with the small segments before them; a long append counts segment by segment."""
        most = count_most_rows(self._dimensions)
        tail = choose_tail(_after_deletions(writer.manifest.listed), len(ids)) if len(ids) < most else []
        names = [each.name for each in tail]
        if names:
            ids, vectors = self._join(names, ids, vectors)
        staged = []
        for first in range(0, len(ids), most):
            some = slice(first, first + most)
            staged.append(self._segments.stage(*describe_rows(ids[some], vectors[some])))
            if not names:  # else rows that count already are spread over all of them
                writer.commit(staged, facts=self._facts(writer))
                staged = []
        if staged:
            writer.commit(staged, names, self._facts(writer))

    def _replace(self, writer: FolderWriter, names: Sequence[str]) -> None:
        """Writes what is alive of some neighbouring segments as one."""
        ids, vectors = self._join(names, NO_IDS, np.empty((0, self._dimensions), np.float32))
        staged = [self._segments.stage(*describe_rows(ids, vectors))] if len(ids) else []
        writer.commit(staged, names)

    def _join(self, names: Sequence[str], ids: Ids, vectors: Vectors) -> tuple[Ids, Vectors]:
        """Returns what is alive in segments and some more, in the order of their ids."""
        all_ids, all_vectors = [ids], [vectors]
        for each in self._rows.refresh():
            if each.name in names:
                rows = each.list_alive()
                all_ids.append(each.rows.ids[rows])
                all_vectors.append(each.rows.vectors.read(rows))
        joined = np.concatenate(all_ids)
        order = np.argsort(joined)
        return joined[order], np.concatenate(all_vectors)[order]

    def _facts(self, writer: FolderWriter) -> dict[str, int | str]:
        return writer.manifest.facts | {"dimensions": self._dimensions, "model": self._model}

    def _note(self, writer: FolderWriter, marks: Mapping[str, int] | None) -> None:
        facts = self._facts(writer)
        for name, value in (marks or {}).items():
            facts[f"+{name}"] = value
        if facts != writer.manifest.facts:
            writer.commit(facts=facts)

    def _check_ids(self, ids: Ids, count: int) -> Ids:
        if ids.shape != (count,) or ids.dtype != np.uint64:
            raise WrongUse(f"ids must be ({count},) uint64, not {ids.shape} {ids.dtype}")
        if len(np.unique(ids)) != count:
            raise WrongUse("an id is given twice")
        return ids


def _after_deletions(listed: Sequence[Listed]) -> Sequence[Listed]:
    """Returns the segments of rows after the last deletion: only those may be merged with new rows."""
    start = len(listed)
    while start and listed[start - 1].facts["kind"] == ROWS_KIND:
        start -= 1
    return listed[start:]
