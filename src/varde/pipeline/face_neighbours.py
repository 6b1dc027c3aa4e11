"""The lists of each face's neighbours, kept beside the indexes of a site so that only new faces are compared."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import IntegrityFailure, WrongUse
from varde.faces.clustering import Places
from varde.faces.neighbours import Neighbours, make_empty
from varde.segments.container import Array, Pieces, check_array, open_segment, verify_segment, write_segment

Marks = NDArray[np.uint32]

_KIND: Final = "face-neighbours"
_LAYOUT: Final = 1


def load_neighbours(path: Path, model_id: int, floor: float, ids: Places, marks: Marks) -> Neighbours:
    """Returns earlier lists of faces whose embeddings are the same now; none where there is no sound file."""
    try:
        verify_segment(path)
        segment = open_segment(path, _KIND, _LAYOUT)
        if segment.facts != {"model": model_id, "floor": f"{floor:.6f}"}:
            return make_empty(floor)
        old = np.array(check_array(segment, "ids", np.int64, None), np.int64)
        old_marks = check_array(segment, "marks", np.uint32, len(old))
        near = np.array(check_array(segment, "near", np.int32, len(old), None), np.int32)
        scores = np.array(check_array(segment, "scores", np.float32, len(old), None), np.float32)
    except (FileNotFoundError, IntegrityFailure, WrongUse, ValueError):
        return make_empty(floor)  # a copy of what the database holds: made again
    current = dict(zip(ids.tolist(), marks.tolist(), strict=True))
    is_same = np.array(
        [current.get(one, mark) == mark for one, mark in zip(old.tolist(), old_marks.tolist(), strict=True)], bool
    )
    old = np.where(is_same, old, -1 - old)  # another embedding now: as if that face were gone
    order = np.argsort(old, kind="stable")
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    near = np.where(near >= 0, back[near], -1)[order].astype(np.int32) if len(order) else near
    return Neighbours(old[order], near, scores[order], floor)


def save_neighbours(path: Path, model_id: int, neighbours: Neighbours, marks: Marks) -> None:
    """Writes the lists in place of earlier ones; a killed run leaves those.

    Args:
        path: of the segment.
        model_id: row number of the model that embedded the faces.
        neighbours: of all faces.
        marks: (N,) of their embeddings, to see later which have changed.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    facts: dict[str, int | str] = {"model": model_id, "floor": f"{neighbours.floor:.6f}"}
    arrays: dict[str, Array | Pieces] = {
        "ids": neighbours.ids,
        "near": neighbours.near,
        "scores": neighbours.scores,
        "marks": marks,
    }
    write_segment(new, _KIND, _LAYOUT, facts, arrays)
    new.replace(path)
