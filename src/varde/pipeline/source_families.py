"""The families of a case's sketches: pictures of one size, in which one sensor's can be found by comparing bits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from varde.camera.middle import Middle, find_middle
from varde.camera.sketch_rows import SketchRows
from varde.store.sketch_files import MappedSketches, SketchFiles
from varde.store.source_sketches import SketchedContent


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """Pictures of H x W pixels, and those of W x H.

    Attributes:
        height_px, width_px: of the wide ones.
        files: in the order of their digests.
        rows: their sketches, in that order.
        middle: that the sketches cover.
        damaged: files whose sketch is no longer what was written.
    """

    height_px: int
    width_px: int
    files: tuple[SketchedContent, ...]
    rows: SketchRows
    middle: Middle
    damaged: tuple[SketchedContent, ...]


def list_families(sketched: Iterable[SketchedContent]) -> dict[tuple[int, int], list[SketchedContent]]:
    """Returns the files that have a sketch by (shorter, longer side), the largest families first."""
    found: dict[tuple[int, int], list[SketchedContent]] = {}
    for one in sketched:
        if one.refused is None:
            sides = sorted((one.height_px, one.width_px))
            found.setdefault((sides[0], sides[1]), []).append(one)
    return dict(sorted(found.items(), key=lambda family: (-len(family[1]), family[0])))


def open_family(files: SketchFiles, size: tuple[int, int], members: list[SketchedContent]) -> Family:
    """Returns a family, its sketches mapped; those that are lost or damaged are left out and named."""
    middle = find_middle(*size)
    upright_shape = (middle.width_px, middle.height_px)
    wide = files.open((middle.height_px, middle.width_px), 8 * middle.words)
    upright = wide if middle.height_px == middle.width_px else files.open(upright_shape, 8 * middle.words)
    whole = [one for one in members if _is_whole(upright if _is_upright(one) else wide, one)]
    places = [(upright if _is_upright(one) else wide).places[one.sha256] for one in whole]
    is_upright = np.array([_is_upright(one) for one in whole], np.bool_)
    rows = SketchRows(wide.words, np.array(places, np.int64), upright.words, is_upright, middle)
    kept = {one.content_id for one in whole}
    damaged = tuple(one for one in members if one.content_id not in kept)
    return Family(*size, tuple(whole), rows, middle, damaged)


def _is_upright(one: SketchedContent) -> bool:
    return one.height_px > one.width_px


def _is_whole(mapped: MappedSketches, one: SketchedContent) -> bool:
    place = mapped.places.get(one.sha256)
    return place is not None and mapped.is_whole(place)
