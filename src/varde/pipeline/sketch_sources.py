"""Sketches of sensor noise while processing: whether they are wanted, and where they are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from varde.camera.middle import find_middle
from varde.core.content import Content
from varde.core.source_sketch import SKETCH_METHOD, SourceSketch
from varde.store import source_sketches
from varde.store.database import PATIENCE_S
from varde.store.settings import SketchUse
from varde.store.site import Site
from varde.store.sketch_files import NewSketch, SketchFiles

_PAGE: Final = 5_000


@dataclass(frozen=True, slots=True)
class SketchSetup:
    """What a run needs to keep sketches.

    Attributes:
        files: where they go.
        clock: gives the time they are recorded with.
    """

    files: SketchFiles
    clock: Callable[[], datetime]

    def keep(self, contents: Iterable[Content]) -> None:
        """Keeps the sketches of contents on disk; to be called before the database learns of them."""
        self.files.append(
            NewSketch(one.digests.sha256, sketch.height_px, sketch.width_px, find_shape(sketch), sketch.outcome)
            for one in contents
            if (sketch := one.sketch) is not None and isinstance(sketch.outcome, bytes)
        )


def open_files(site: Site) -> SketchFiles:
    """Returns the files of a site's sketches."""
    return SketchFiles(site.folder / "sketches", SKETCH_METHOD.version)


def find_shape(sketch: SourceSketch) -> tuple[int, int]:
    """Returns rows and columns of the part that a sketch covers."""
    middle = find_middle(sketch.height_px, sketch.width_px)
    return middle.height_px, middle.width_px


def find_sketch_setup(site: Site, clock: Callable[[], datetime], *, asked: bool) -> SketchSetup | None:
    """Returns how sketches are kept; None where nobody wants any.

    Args:
        site: whose settings decide.
        clock: for the record.
        asked: whether a person asked for them, which counts where the setting is ``auto``.
    """
    use = site.settings.camera.sketch
    wanted = use is SketchUse.ALWAYS or (use is SketchUse.AUTO and (asked or _has_cameras(site)))
    return SketchSetup(open_files(site), clock) if wanted else None


def forget_lost(site: Site) -> int:
    """Removes from the database what it says of sketches whose bits are gone, and returns how many: they are made anew.

    Call it while holding the processing lock.
    """
    files, places, lost, after = open_files(site), dict[tuple[int, int], set[bytes]](), list[int](), 0
    while True:
        with site.database.read() as connection:
            page = source_sketches.list_sketched(connection, after, _PAGE)
        if not page:
            break
        after = page[-1][0]
        for content_id, sha256, height, width in page:
            middle = find_middle(height, width)
            shape = (middle.height_px, middle.width_px)
            if shape not in places:
                places[shape] = set(files.open(shape, 8 * middle.words).places)
            if sha256 not in places[shape]:
                lost.append(content_id)
    if lost:
        with site.database.write(patience_s=PATIENCE_S) as connection:
            source_sketches.forget_sketches(connection, lost)
    return len(lost)


def _has_cameras(site: Site) -> bool:
    with site.database.read() as connection:
        return source_sketches.has_cameras(connection)
