"""Compares files with an enrolled camera. What comes out are findings, kept and audited: a person links, not Varde."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.camera import FingerprintKind
from varde.core.camera_comparison import CameraComparison, CompareOrder
from varde.core.case import Case
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.read_residuals import ResidualReader
from varde.pipeline.source_extent import choose_extent
from varde.pipeline.weigh_source import SourceScale, WeighedSource, choose_fingerprint, refuse
from varde.store import audit, camera_leads, cameras, cases
from varde.store.cameras import Camera, StoredFingerprint
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.calibrate_camera import CalibrationInForce, find_calibration
from varde.workflows.keep_comparison import Compared, keep_comparison, keep_lead
from varde.workflows.take_sources import SourceFile, TakenSource, drop_planes, find_sources, read_source

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
        Refused: if the camera was withdrawn, also meanwhile: what was not recorded by then is not kept.
        WrongUse: if nothing is to be compared.
        IntegrityFailure: if the fingerprint is not what was stored.
    """
    if not order.probes:
        raise WrongUse("say what is to be compared with the camera")
    with site.database.read() as connection:
        camera, stored = _find_camera(connection, order)
        case = None if order.case is None else cases.get_case(connection, order.case, order.case_ids)
        sources = find_sources(connection, order, case)
    comparer = _Comparer(site, order, camera, stored, case, find_calibration(site))
    return _compare_all(site, actor, comparer, sources)


def list_comparable_items(site: Site, case_name: str, *, case_ids: Collection[int] | None = None) -> list[int]:
    """Returns the pictures and videos of a case, one item of each content, by row number.

    Raises:
        NotFound: if there is no such case for this person.
    """
    found: list[int] = []
    with site.database.read() as connection:
        case = cases.get_case(connection, case_name, case_ids)
        while some := camera_leads.list_comparable_items(connection, case.case_id, after=found[-1] if found else 0):
            found += some
    return found


def _find_camera(connection: Connection, order: CompareOrder) -> tuple[Camera, tuple[StoredFingerprint, ...]]:
    camera = cameras.get_camera(connection, order.camera, order.case_ids)
    _refuse_withdrawn(camera)
    made = [cameras.find_fingerprint(connection, camera.camera_id, kind) for kind in FingerprintKind]
    stored = tuple(one for one in made if one is not None)
    if not stored:
        raise NotFound(f"camera {camera.name} has no fingerprint", advice="`varde camera enrol` makes one.")
    return camera, stored


def _refuse_withdrawn(camera: Camera) -> None:
    if camera.withdrawn_at is not None:
        raise Refused(
            f"camera {camera.name} was withdrawn on {camera.withdrawn_at:%Y-%m-%d}: "
            f"{camera.withdrawn_because or 'no reason was given'}",
            advice="Enrol the camera again under another name, if it should be compared with.",
        )


def _compare_all(
    site: Site, actor: Actor, comparer: _Comparer, sources: list[SourceFile]
) -> Iterator[CameraComparison]:
    with ResidualReader(site.settings) as reader:
        for start in range(0, len(sources), _AT_ONCE):
            made = [comparer.compare(reader, source) for source in sources[start : start + _AT_ONCE]]
            yield from _record(site, actor, comparer, made)


def _record(site: Site, actor: Actor, comparer: _Comparer, made: list[Compared]) -> list[CameraComparison]:
    """Returns comparisons as they were kept, with the leads among them and the event about them: all or nothing."""
    at, least = actor.clock(), site.settings.camera.lead_log10_lr
    with site.database.write() as connection:
        _refuse_withdrawn(cameras.get_camera_by_id(connection, comparer.camera.camera_id, None))
        shown = [keep_comparison(connection, one, person=actor.person, at=at) for one in made]
        leads = sum(keep_lead(connection, one, least_log10_lr=least, at=at) for one in shown)
        subject: dict[str, str | int | None] = {
            "camera": comparer.camera.name,
            "case": comparer.case.name if comparer.case else None,
            "fingerprints": ", ".join(f"{one.kind.value} {one.version}" for one in comparer.fingerprints),
            "files": len(shown),
            "assessable": sum(one.is_assessable for one in shown),
            "leads": leads,
            "unreadable": sum(not one.is_readable for one in shown),
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.CAMERA_COMPARED, subject=subject)
    return shown


@dataclass(slots=True)
class _Comparer:
    """A camera made ready: its fingerprints are read when the first file needs them."""

    site: Site
    order: CompareOrder
    camera: Camera
    fingerprints: tuple[StoredFingerprint, ...]
    case: Case | None
    in_force: CalibrationInForce
    _scales: dict[int, SourceScale] = field(default_factory=dict)

    def compare(self, reader: ResidualReader, source: SourceFile) -> Compared:
        """Returns what one file gives."""
        for_videos = choose_fingerprint(self.fingerprints, FingerprintKind.VIDEO)
        pattern = self._get_scale(for_videos).fingerprint if for_videos else None
        taken = read_source(self.site, reader, source, self.case, pattern)
        stored = choose_fingerprint(self.fingerprints, taken.record.kind or FingerprintKind.PHOTO)
        weighed = self._weigh(taken, stored)
        number = self.in_force.calibration_id
        return Compared(drop_planes(taken), self.camera, stored or self.fingerprints[0], weighed, number, self.case)

    def _weigh(self, taken: TakenSource, stored: StoredFingerprint | None) -> WeighedSource:
        residual = taken.record.outcome
        if isinstance(residual, NotComparable):
            return WeighedSource(residual, residual)
        if stored is None:
            have = " and ".join(f"{one.kind.value}s" for one in self.fingerprints)
            return refuse(Reason.NO_FINGERPRINT, f"The camera has a fingerprint from {have} only.")
        with self.site.database.read() as connection:
            is_reference = cameras.is_reference(connection, stored.fingerprint_id, taken.record.sha256)
        if is_reference:
            made_from = f"Version {stored.version} of the fingerprint was made from {stored.used} files"
            return refuse(Reason.IS_A_REFERENCE, f"{made_from}, and this is one of them.")
        files = len(self.order.probes)
        widest = self.order.extent or choose_extent(taken.record.facts, taken.record.kind, stored, files=files)
        video = taken.record.facts if taken.record.kind is FingerprintKind.VIDEO else None
        return self._get_scale(stored).weigh(residual, widest, video=video)

    def _get_scale(self, stored: StoredFingerprint) -> SourceScale:
        if stored.fingerprint_id not in self._scales:
            scale = SourceScale(self.site, stored, self.in_force.calibration, case_ids=self.order.case_ids)
            self._scales[stored.fingerprint_id] = scale
        return self._scales[stored.fingerprint_id]
