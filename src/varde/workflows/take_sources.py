"""Takes the files and items that somebody wants to be compared with a camera: read in the sandbox, or why not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import Connection

from varde.camera.fingerprint import Fingerprint
from varde.core.camera_comparison import CompareOrder, FileToCompare, ItemToCompare
from varde.core.case import Case
from varde.core.errors import ExhibitChanged, ExhibitUnreachable, NotFound
from varde.core.locator import escape
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.read_residuals import ResidualReader, SourceRecord, advise_on_file
from varde.pipeline.sources import SpoolSource
from varde.store import camera_leads, cases, face_sights, pictures
from varde.store.camera_leads import ContentPlace
from varde.store.pictures import OriginalPlace
from varde.store.site import Site
from varde.workflows.show_original import open_verified

_OF_NOTHING: Final = hashlib.sha256(b"").digest()
_ADVICE: Final = {
    Reason.IS_A_REFERENCE: "Compare another file, or enrol the camera again without this one.",
    Reason.OTHER_SENSOR_SIZE: "Search further with --extent, or enrol the camera in the mode this file was taken in.",
    Reason.NO_FINGERPRINT: "Enrol the camera with files of this kind as well (`varde camera enrol --kind`).",
    Reason.NOT_CALIBRATED: "Find a larger or less changed copy, or calibrate for such files: `varde camera calibrate`.",
    Reason.STABILISED: "Compare photos of the same device instead, or a video that was taken without stabilisation.",
    Reason.NO_FRAMES: "Look whether the video is whole; a few seconds of it are needed.",
    Reason.TOO_DARK: "Compare a brighter file of the same series.",
    Reason.OVEREXPOSED: "Compare a darker file of the same series.",
    Reason.BLANK: "Compare a file of a real scene, as the camera wrote it.",
    Reason.NOT_A_PHOTOGRAPH: "Compare the file as the camera wrote it, not a screenshot or a drawing of it.",
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that is to be read.

    Attributes:
        name: as the person called it, or locator and number of the item.
        path: of a file from outside; None for an item.
        original: where an item's bytes lie; None for a file from outside.
        known: the item's content and case; None for a file from outside.
    """

    name: str
    path: Path | None
    original: OriginalPlace | None = None
    known: ContentPlace | None = None


@dataclass(frozen=True, slots=True)
class TakenSource:
    """A file that was read.

    Attributes:
        place: a content of the site with these very bytes, and the case of it; None where there is none.
        is_readable: False where it could not be opened at all.
        advice: what to do about that; "" where the reason says enough.
    """

    file: SourceFile
    record: SourceRecord
    place: ContentPlace | None
    is_readable: bool
    advice: str = ""


def advise(reason: Reason) -> str:
    """Returns what a person can do about a file that is not assessable; "" where there is nothing to say."""
    return _ADVICE.get(reason) or advise_on_file(reason)


def find_sources(connection: Connection, order: CompareOrder, case: Case | None) -> list[SourceFile]:
    """Returns what an order names, before anything of it is read.

    Raises:
        NotFound: if an item is not there, not of the case, or not for this person.
    """
    case_ids = order.case_ids if case is None else {case.case_id}
    return [
        SourceFile(escape(os.fsencode(probe.name)), probe.path)  # a name need not be text, and may be hostile
        if isinstance(probe, FileToCompare)
        else _find_item(connection, probe, case_ids)
        for probe in order.probes
    ]


def read_source(
    site: Site, reader: ResidualReader, file: SourceFile, case: Case | None, pattern: Fingerprint | None = None
) -> TakenSource:
    """Returns what was read of a file; one that cannot be opened is a result too.

    Args:
        site: where items are.
        reader: reads in the sandbox.
        file: which.
        case: that a file from outside is compared for; one with the bytes of an item of it counts as that item.
        pattern: that a video will be compared with: frames that were moved are aligned to it.

    Raises:
        IntegrityFailure: if the site's own copy of an item has changed.
    """
    try:
        record = _examine(site, reader, file, pattern)
    except (NotFound, ExhibitChanged, ExhibitUnreachable) as error:
        refused = NotComparable(Reason.NOT_DECODED, f"{error}.")
        return TakenSource(
            file, SourceRecord(file.name, b"", None, {}, refused), None, is_readable=False, advice=error.advice
        )
    place = file.known
    if place is None and case is not None and record.sha256:
        with site.database.read() as connection:
            place = camera_leads.find_content(connection, record.sha256, case.case_id)
    return TakenSource(file, record, place, is_readable=bool(record.sha256))


def drop_planes(taken: TakenSource) -> TakenSource:
    """Returns what was read without the planes of its residual: tens to hundreds of megabytes that are used up."""
    outcome = taken.record.outcome
    if isinstance(outcome, NotComparable):
        return taken
    nothing = np.empty((0, 0), np.float32)
    bare = replace(outcome, values=nothing, weights=nothing, luma=np.empty((0, 0), np.uint8))
    return replace(taken, record=replace(taken.record, outcome=bare))


def _examine(site: Site, reader: ResidualReader, file: SourceFile, pattern: Fingerprint | None) -> SourceRecord:
    if file.original is None:
        path = file.path or Path()
        if not os.path.exists(path):  # noqa: PTH110 - the other one raises where a folder above is closed to us
            raise NotFound(
                "There is no such file", advice="Look whether its name is right, and whether you may read it."
            )
        record = reader.examine(path, pattern)
    else:
        with open_verified(site, file.original) as opened:
            record = reader.examine(SpoolSource(opened.descriptor, 0, opened.size_bytes), pattern)
    if record.sha256 == _OF_NOTHING:
        return replace(record, name=file.name, outcome=NotComparable(Reason.NOT_A_PICTURE, "The file is empty."))
    return replace(record, name=file.name)


def _find_item(connection: Connection, probe: ItemToCompare, case_ids: Collection[int] | None) -> SourceFile:
    content = face_sights.get_item_content(connection, probe.item_id, case_ids)
    original = pictures.find_original(connection, probe.item_id) if content.content_id is not None else None
    if original is None or content.content_id is None:
        raise NotFound(
            f"the bytes of item {probe.item_id} were never read", advice="`varde item show` says why; leave it out."
        )
    exhibit = original.exhibit
    case_name = next(one.name for one in cases.list_cases(connection) if one.case_id == exhibit.case_id)
    known = ContentPlace(content.content_id, exhibit.case_id)
    name = f"{original.locator} (item {probe.item_id} of {case_name}, exhibit {exhibit.number})"
    return SourceFile(name, None, original, known)
