"""Finds which pictures of a case one sensor took: by sketches, and by whole pictures where there are not too many."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.cluster_reference import make_reference
from varde.camera.clustering import METHOD, Grouping, group_rows
from varde.camera.clustering_batches import group_sketches
from varde.camera.residual import METHOD as RESIDUAL
from varde.camera.residual import Residual
from varde.camera.source_pairs import make_row, score_rows
from varde.core.errors import ExhibitChanged, ExhibitUnreachable, NotFound
from varde.core.outcome import NotComparable, Reason
from varde.core.source_cluster import SourceCluster, SourceMember, Unclustered
from varde.core.source_sketch import SKETCH_METHOD
from varde.pipeline.source_cameras import EnrolledSigns
from varde.pipeline.source_families import Family, list_families, open_family
from varde.store.sketch_files import SketchFiles
from varde.store.source_sketches import SketchedContent

Read = Callable[[SketchedContent], Residual | NotComparable]
Progress = Callable[[str, int, int], None]

EXACT_FILES: Final = 300
"""Files of one size that are read again and compared whole; more are compared by their sketches."""

CLUSTER_METHOD: Final = f"{METHOD}+{SKETCH_METHOD}+{RESIDUAL}"

_MOST_MODELS: Final = 10


@dataclass(frozen=True, slots=True)
class SourceClusters:
    """What clustering gave.

    Attributes:
        clusters: the largest first, numbered from 1.
        members: every file that a sketch was tried of.
        facts: figures of the whole.
    """

    clusters: tuple[SourceCluster, ...]
    members: tuple[SourceMember, ...]
    facts: dict[str, object]


@dataclass(slots=True)
class _Found:
    """A cluster before it has a number."""

    files: list[SketchedContent]
    fits: list[float]
    facts: dict[str, object]


@dataclass(slots=True)
class _Work:
    files: SketchFiles
    read: Read
    exact_files: int
    spool: Path
    cameras: EnrolledSigns
    progress: Progress
    found: list[_Found] = field(default_factory=list)
    without: dict[int, str] = field(default_factory=dict)
    compared: int = 0
    not_compared: int = 0
    exact: int = 0
    notes: list[str] = field(default_factory=list)


def cluster_sources(
    sketched: list[SketchedContent],
    files: SketchFiles,
    *,
    read: Read,
    spool: Path,
    cameras: EnrolledSigns,
    exact_files: int = EXACT_FILES,
    progress: Progress = lambda what, done, total: None,
) -> SourceClusters:
    """Returns which of a case's pictures one sensor took; the same pictures give the same.

    Args:
        sketched: every picture that sketching was tried of, in the order of their digests.
        files: the sketches.
        read: gives the whole residual of a file again, from the sandbox.
        spool: folder for whole residuals while they are compared, a byte a pixel; they have no name there.
        cameras: enrolled ones that clusters are compared with.
        exact_files: families of up to so many files are compared whole.
        progress: called with what is done, how far, and of how much.
    """
    work = _Work(files, read, exact_files, spool, cameras, progress)
    work.without = {one.content_id: one.refused.reason.value for one in sketched if one.refused}
    families = list_families(sketched)
    done, total = 0, sum(len(members) for members in families.values())
    for size, members in families.items():
        progress("linking", done, total)
        _cluster_family(work, open_family(files, size, members))
        done += len(members)
    progress("linking", total, total)
    return _number(work, {"files": len(sketched), "families": len(families)})


def _cluster_family(work: _Work, family: Family) -> None:
    for one in family.damaged:
        work.without[one.content_id] = Reason.NOT_EXAMINED.value
    if len(family.files) < 2:
        work.without |= {one.content_id: Unclustered.ONLY_OF_ITS_SIZE.value for one in family.files}
        return
    if len(family.files) <= work.exact_files:
        try:
            _cluster_whole(work, family)
            return
        except (NotFound, ExhibitChanged, ExhibitUnreachable, OSError) as error:
            why = (isinstance(error, OSError) and error.strerror) or str(error)
            work.notes.append(
                f"{family.width_px} x {family.height_px}: compared by sketches only, since not every file could be "
                f"read again ({why})."
            )
    _cluster_sketches(work, family)


def _cluster_whole(work: _Work, family: Family) -> None:
    """Compares whole pictures, read again.

    Raises:
        NotFound, ExhibitChanged, ExhibitUnreachable: if a file is not where it was, or not what it was.
        IntegrityFailure: if the site's own copy of one has changed.
    """
    kept: list[SketchedContent] = []
    refused: dict[int, str] = {}
    with _open_rows(work.spool, len(family.files), family.height_px, family.width_px) as rows:
        for number, one in enumerate(family.files):
            work.progress("reading", number, len(family.files))
            outcome = work.read(one)
            if isinstance(outcome, NotComparable):
                refused[one.content_id] = outcome.reason.value
                continue
            row = make_row(outcome)
            row = np.rot90(row) if row.shape != rows.shape[1:] else row
            if row.shape != rows.shape[1:]:
                refused[one.content_id] = Reason.OTHER_SENSOR_SIZE.value
                continue
            rows[len(kept)] = row
            kept.append(one)
        scores = score_rows(rows[: len(kept)])
    work.without |= refused
    work.exact += len(kept)
    work.compared += len(kept) * (len(kept) - 1) // 2
    _take(work, family, kept, group_rows(scores, family.height_px * family.width_px), is_exact=True)


def _cluster_sketches(work: _Work, family: Family) -> None:
    made = group_sketches(family.rows, family.middle)
    work.compared += made.compared
    work.not_compared += made.not_compared
    _take(work, family, list(family.files), made.grouping, is_exact=False)


@contextmanager
def _open_rows(spool: Path, count: int, height: int, width: int) -> Iterator[NDArray[np.int8]]:
    with tempfile.TemporaryFile(dir=spool) as file:
        os.posix_fallocate(file.fileno(), 0, count * height * width)  # a full disk would kill whoever writes to a map
        yield np.memmap(file, np.int8, "w+", shape=(count, height, width))


def _take(work: _Work, family: Family, files: list[SketchedContent], grouping: Grouping, *, is_exact: bool) -> None:
    """Keeps what grouping the files of a family gave."""
    for rows in grouping.list_clusters():
        fits = [round(float(grouping.fits[row]), 2) for row in rows]
        members = [files[row] for row in rows]
        facts: dict[str, object] = {
            "width_px": family.width_px,
            "height_px": family.height_px,
            "strength": round(float(np.median(fits)), 1),
            "least": min(fits),
            "joined_from": round(grouping.least_z, 2),
            "is_exact": is_exact,
            "models": _count_models(members),
            "cameras": _find_cameras(work, family, members, grouping, rows, is_exact=is_exact),
        }
        work.found.append(_Found(members, fits, facts))
    alone = np.flatnonzero(np.isnan(grouping.fits)).tolist()
    work.without |= {files[row].content_id: Unclustered.ALONE.value for row in alone}


def _count_models(members: list[SketchedContent]) -> list[dict[str, object]]:
    stated = Counter((str(one.facts.get("make", "")), str(one.facts.get("model", ""))) for one in members)
    ordered = sorted(stated.items(), key=lambda each: (-each[1], each[0]))[:_MOST_MODELS]
    return [{"make": make, "model": model, "files": files} for (make, model), files in ordered]


def _find_cameras(
    work: _Work,
    family: Family,
    members: list[SketchedContent],
    grouping: Grouping,
    rows: list[int],
    *,
    is_exact: bool,
) -> list[dict[str, object]]:
    """Returns the enrolled cameras whose fingerprint agrees with what the sketches of a cluster have in common."""
    if not work.cameras.has_any(family.height_px, family.width_px):
        return []
    places = {one.content_id: place for place, one in enumerate(family.files)}
    here = [places[one.content_id] for one in members]
    variants = [int(grouping.variants[row]) for row in rows]
    turned = _TURNED_OF_MIRRORED if is_exact else _TURNED
    plain = [(place, turned[variant]) for place, variant in zip(here, variants, strict=True) if variant in turned]
    if not plain:
        return []
    reference = make_reference(family.rows, [place for place, _ in plain], [turn for _, turn in plain], family.middle)
    return work.cameras.find(reference, family.height_px, family.width_px, family.middle)


_TURNED: Final = {0: 0, 1: 1}
_TURNED_OF_MIRRORED: Final = {0: 0, 3: 1}
"""Of the variants of each way of comparing: whether the sketch is turned; mirrored ones are left out."""


def _number(work: _Work, facts: dict[str, object]) -> SourceClusters:
    ordered = sorted(work.found, key=lambda one: (-len(one.files), one.files[0].sha256))
    clusters = tuple(SourceCluster(place, len(one.files), one.facts) for place, one in enumerate(ordered, 1))
    members = [
        SourceMember(file.content_id, place, None, fit)
        for place, one in enumerate(ordered, 1)
        for file, fit in zip(one.files, one.fits, strict=True)
    ]
    members += [SourceMember(content_id, None, reason, None) for content_id, reason in work.without.items()]
    members.sort(key=lambda one: one.content_id)
    facts |= {
        "clusters": len(clusters),
        "in_clusters": sum(one.files for one in clusters),
        "compared_whole": work.exact,
        "comparisons": work.compared,
        "not_compared": work.not_compared,
        "notes": work.notes,
    }
    return SourceClusters(clusters, tuple(members), facts)
