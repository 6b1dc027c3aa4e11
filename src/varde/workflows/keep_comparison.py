"""Keeps one comparison with a camera, and the lead that it may be: the same for comparing, searching and hunting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from varde.camera.propositions import make_propositions
from varde.core.camera import LikelihoodRatio
from varde.core.camera_comparison import CameraComparison
from varde.core.case import Case
from varde.pipeline.source_notes import list_notes
from varde.pipeline.weigh_source import WeighedSource
from varde.store import camera_comparisons, camera_leads
from varde.store.camera_comparisons import NewComparison
from varde.store.cameras import Camera, StoredFingerprint
from varde.workflows.take_sources import TakenSource, advise


@dataclass(frozen=True, slots=True)
class Compared:
    """A file that was compared with a fingerprint.

    Attributes:
        stored: the fingerprint, or, where the camera has none for such a file, one that it has.
        calibration_id: of the site's own calibration; None where the shipped one is in force.
        case: that it was done for; None for none, and then an item counts for its own.
    """

    taken: TakenSource
    camera: Camera
    stored: StoredFingerprint
    weighed: WeighedSource
    calibration_id: int | None
    case: Case | None


def keep_comparison(connection: Connection, one: Compared, *, person: str, at: datetime) -> CameraComparison:
    """Returns a comparison as it was kept for good; one whose bytes could not be read is told and not kept."""
    new = describe_compared(one)
    if not new.sha256:
        return _show_unkept(one, new, person, at)
    kept = camera_comparisons.record_comparison(connection, new, person=person, at=at)
    return camera_comparisons.load_comparisons(connection, [kept])[kept]


def keep_lead(connection: Connection, one: CameraComparison, *, least_log10_lr: float, at: datetime) -> bool:
    """Keeps a lead where an item of a case speaks for a camera strongly enough; returns whether it is a new one.

    So does a ratio that is as high as its calibration bears: the true one lies further out.
    """
    weighed, number = one.likelihood, one.comparison_id
    if not isinstance(weighed, LikelihoodRatio) or one.content_id is None or number is None:
        return False
    if weighed.log10_lr < least_log10_lr and not (weighed.is_bounded and weighed.log10_lr > 0):
        return False
    return camera_leads.record_lead(
        connection, camera_id=one.camera_id, content_id=one.content_id, comparison_id=number, at=at
    )


def describe_compared(one: Compared) -> NewComparison:
    """Returns a comparison as it is kept, with propositions, notes and advice in words."""
    camera, record, place = one.camera, one.taken.record, one.taken.place
    name, weighed = one.taken.file.name, one.weighed
    new = NewComparison(
        fingerprint_id=one.stored.fingerprint_id,
        case_id=one.case.case_id if one.case else (place.case_id if place else None),
        content_id=place.content_id if place else None,
        sha256=record.sha256,
        name=name,
        outcome=weighed.outcome,
        likelihood=weighed.likelihood,
        stated=record.facts,
        notes=weighed.notes + list_notes(record.facts, camera, one.stored, record.kind, weighed),
        surface=weighed.surface,
    )
    if isinstance(weighed.likelihood, LikelihoodRatio):
        words = make_propositions(name, camera.name, f"{camera.make} {camera.model}".strip())
        return replace(new, same=words.same, other=words.other, calibration_id=one.calibration_id)
    return replace(new, advice=one.taken.advice or advise(weighed.likelihood.reason))


def _show_unkept(one: Compared, new: NewComparison, person: str, at: datetime) -> CameraComparison:
    return CameraComparison(
        comparison_id=None,
        camera_id=one.camera.camera_id,
        camera=one.camera.name,
        fingerprint=None,
        name=new.name,
        sha256=None,
        content_id=None,
        case_id=new.case_id,
        case=one.case.name if one.case else "",
        outcome=new.outcome,
        likelihood=new.likelihood,
        compared_at=at,
        person=person,
        advice=new.advice,
        is_readable=False,
    )
