"""Compares files with an enrolled camera. What comes out are findings, kept and audited: a person links, not Varde."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from varde.camera.calibration import SourceCalibration
from varde.core.camera import FingerprintKind, SearchExtent
from varde.core.camera_comparison import CameraComparison, CompareOrder
from varde.core.case import Case
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.read_residuals import ResidualReader
from varde.pipeline.weigh_source import SourceScale, WeighedSource, choose_fingerprint
from varde.store import camera_leads, cameras, cases
from varde.store.cameras import Camera, StoredFingerprint
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.calibrate_camera import find_calibration
from varde.workflows.record_comparisons import Compared, ComparedWith, record_comparisons
from varde.workflows.take_sources import SourceFile, TakenSource, find_sources, read_source

WIDEST: Final = SearchExtent.ROTATED
"""How far a file is looked for where nobody says how far."""

_AT_ONCE: Final = 20
"""Files compared between two records: so many are compared again if the machine stops."""


def compare_camera(site: Site, actor: Actor, order: CompareOrder) -> Iterator[CameraComparison]:
    """Returns what comparing each file with a camera gives, in their order, kept and audited as they come.

    A file that cannot be opened, or not be assessed, is a result with its reason and stops nothing.

    Args:
        site, actor: where and who.
        order: what is compared with what.

    Raises:
        NotFound: if the camera, the case or an item is not there, or not for this person.
        Refused: if the camera was withdrawn.
        WrongUse: if nothing is to be compared.
        IntegrityFailure: if the fingerprint is not what was stored.
    """
    if not order.probes:
        raise WrongUse("say what is to be compared with the camera")
    with site.database.read() as connection:
        camera, stored = _find_camera(connection, order)
        case = None if order.case is None else _get_case(connection, order.case, order.case_ids)
        sources = find_sources(connection, order, case)
    in_force = find_calibration(site)
    compared_with = ComparedWith(camera, tuple(stored.values()), case, in_force.calibration_id)
    comparer = _Comparer(site, order, compared_with, in_force.calibration)
    return _compare_all(site, actor, comparer, sources)


def list_comparable_items(site: Site, case_name: str, *, case_ids: Collection[int] | None = None) -> list[int]:
    """Returns the pictures and videos of a case, one item of each content, by row number.

    Raises:
        NotFound: if there is no such case for this person.
    """
    found: list[int] = []
    with site.database.read() as connection:
        case = _get_case(connection, case_name, case_ids)
        while some := camera_leads.list_comparable_items(connection, case.case_id, after=found[-1] if found else 0):
            found += some
    return found


def _find_camera(
    connection: Connection, order: CompareOrder
) -> tuple[Camera, dict[FingerprintKind, StoredFingerprint]]:
    camera = cameras.get_camera(connection, order.camera, order.case_ids)
    if camera.withdrawn_at is not None:
        raise Refused(
            f"camera {camera.name} was withdrawn: {camera.withdrawn_because or 'no reason was given'}",
            advice="Enrol the camera again under another name, if it should be compared with.",
        )
    made = {kind: cameras.find_fingerprint(connection, camera.camera_id, kind) for kind in FingerprintKind}
    stored = {kind: one for kind, one in made.items() if one is not None}
    if not stored:
        raise NotFound(f"camera {camera.name} has no fingerprint", advice="`varde camera enrol` makes one.")
    return camera, stored


def _get_case(connection: Connection, name: str, case_ids: Collection[int] | None) -> Case:
    case = cases.get_case(connection, name)
    if case_ids is not None and case.case_id not in case_ids:
        raise NotFound(f"there is no case named {name!r}", advice="`varde case list` shows all cases.")
    return case


def _compare_all(
    site: Site, actor: Actor, comparer: _Comparer, sources: list[SourceFile]
) -> Iterator[CameraComparison]:
    with ResidualReader(site.settings) as reader:
        for start in range(0, len(sources), _AT_ONCE):
            made = [comparer.compare(reader, source) for source in sources[start : start + _AT_ONCE]]
            yield from record_comparisons(site, actor, comparer.compared_with, made)


@dataclass(slots=True)
class _Comparer:
    """A camera made ready: its fingerprints are read when the first file needs them."""

    site: Site
    order: CompareOrder
    compared_with: ComparedWith
    calibration: SourceCalibration
    _scales: dict[int, SourceScale] = field(default_factory=dict)

    def compare(self, reader: ResidualReader, source: SourceFile) -> Compared:
        """Returns what one file gives."""
        taken = read_source(self.site, reader, source, self.compared_with.case)
        stored = choose_fingerprint(self.compared_with.fingerprints, taken.record.kind or FingerprintKind.PHOTO)
        return Compared(taken, stored, self._weigh(taken, stored))

    def _weigh(self, taken: TakenSource, stored: StoredFingerprint | None) -> WeighedSource:
        residual = taken.record.outcome
        refused = residual if isinstance(residual, NotComparable) else self._refuse(taken, stored)
        if refused is not None or stored is None or isinstance(residual, NotComparable):
            refused = refused or NotComparable(Reason.NO_FINGERPRINT, "")
            return WeighedSource(refused, refused)
        return self._get_scale(stored).weigh(residual, self.order.extent or WIDEST)

    def _refuse(self, taken: TakenSource, stored: StoredFingerprint | None) -> NotComparable | None:
        """Returns why a file that can be read is not compared with this camera."""
        if stored is None:
            have = " and ".join(f"{one.kind.value}s" for one in self.compared_with.fingerprints)
            return NotComparable(Reason.NO_FINGERPRINT, f"The camera has a fingerprint from {have} only.")
        with self.site.database.read() as connection:
            if not cameras.is_reference(connection, stored.fingerprint_id, taken.record.sha256):
                return None
        detail = f"Version {stored.version} of the fingerprint was made from this very file, among {stored.used}."
        return NotComparable(Reason.IS_A_REFERENCE, detail)

    def _get_scale(self, stored: StoredFingerprint) -> SourceScale:
        if stored.fingerprint_id not in self._scales:
            scale = SourceScale(self.site, stored, self.calibration, case_ids=self.order.case_ids)
            self._scales[stored.fingerprint_id] = scale
        return self._scales[stored.fingerprint_id]
