"""Keeps comparisons with a camera, the leads among them, and the event about them: all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from varde.camera.propositions import make_propositions
from varde.core.audit import Act
from varde.core.camera import LikelihoodRatio
from varde.core.camera_comparison import CameraComparison
from varde.core.case import Case
from varde.pipeline.source_notes import list_notes
from varde.pipeline.weigh_source import WeighedSource
from varde.store import audit, camera_comparisons, camera_leads
from varde.store.camera_comparisons import NewComparison
from varde.store.cameras import Camera, StoredFingerprint
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.take_sources import TakenSource, advise


@dataclass(frozen=True, slots=True)
class ComparedWith:
    """What files were compared with.

    Attributes:
        fingerprints: in force, one of each kind.
        case: that it was done for; None for none.
        calibration_id: of the site's own calibration; None where the shipped one is in force.
    """

    camera: Camera
    fingerprints: tuple[StoredFingerprint, ...]
    case: Case | None
    calibration_id: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A file that was compared.

    Attributes:
        stored: the fingerprint; None where the camera has none for it.
    """

    taken: TakenSource
    stored: StoredFingerprint | None
    weighed: WeighedSource


def record_comparisons(
    site: Site, actor: Actor, compared_with: ComparedWith, made: list[Compared]
) -> list[CameraComparison]:
    """Returns comparisons as they were kept; a file whose bytes could not be read is told and not kept."""
    at = actor.clock()
    with site.database.write() as connection:
        shown = [_keep(connection, actor, compared_with, one, at) for one in made]
        leads = sum(_keep_lead(site, connection, one, at) for one in shown)
        subject: dict[str, str | int | None] = {
            "camera": compared_with.camera.name,
            "case": compared_with.case.name if compared_with.case else None,
            "fingerprints": ", ".join(f"{one.kind.value} {one.version}" for one in compared_with.fingerprints),
            "files": len(shown),
            "assessable": sum(one.is_assessable for one in shown),
            "leads": leads,
            "unreadable": sum(not one.is_readable for one in shown),
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.CAMERA_COMPARED, subject=subject)
    return shown


def _keep(
    connection: Connection, actor: Actor, compared_with: ComparedWith, one: Compared, at: datetime
) -> CameraComparison:
    new = _describe(compared_with, one)
    if not one.taken.record.sha256:
        return _show_unkept(compared_with, one, new, actor.person, at)
    kept = camera_comparisons.record_comparison(connection, new, person=actor.person, at=at)
    return camera_comparisons.load_comparisons(connection, [kept])[kept]


def _keep_lead(site: Site, connection: Connection, one: CameraComparison, at: datetime) -> bool:
    """Keeps a lead where an item of a case speaks for the camera strongly enough; returns whether it is new."""
    weighed, number = one.likelihood, one.comparison_id
    if not isinstance(weighed, LikelihoodRatio) or one.content_id is None or number is None:
        return False
    if weighed.log10_lr < site.settings.camera.lead_log10_lr:
        return False
    return camera_leads.record_lead(
        connection, camera_id=one.camera_id, content_id=one.content_id, comparison_id=number, at=at
    )


def _describe(compared_with: ComparedWith, one: Compared) -> NewComparison:
    camera, record, place = compared_with.camera, one.taken.record, one.taken.place
    fingerprint = one.stored or compared_with.fingerprints[0]
    case_id = compared_with.case.case_id if compared_with.case else (place.case_id if place else None)
    name, weighed = one.taken.file.name, one.weighed
    new = NewComparison(
        fingerprint_id=fingerprint.fingerprint_id,
        case_id=case_id,
        content_id=place.content_id if place else None,
        sha256=record.sha256,
        name=name,
        outcome=weighed.outcome,
        likelihood=weighed.likelihood,
        stated=record.facts,
        notes=weighed.notes + list_notes(record.facts, camera, fingerprint, record.kind, weighed.outcome),
    )
    if isinstance(weighed.likelihood, LikelihoodRatio):
        words = make_propositions(name, camera.name, f"{camera.make} {camera.model}".strip())
        return replace(new, same=words.same, other=words.other, calibration_id=compared_with.calibration_id)
    return replace(new, advice=advise(weighed.likelihood.reason))


def _show_unkept(
    compared_with: ComparedWith, one: Compared, new: NewComparison, person: str, at: datetime
) -> CameraComparison:
    case = compared_with.case
    return CameraComparison(
        comparison_id=None,
        camera_id=compared_with.camera.camera_id,
        camera=compared_with.camera.name,
        fingerprint=None,
        name=new.name,
        sha256=None,
        content_id=None,
        case_id=new.case_id,
        case=case.name if case else "",
        outcome=new.outcome,
        likelihood=new.likelihood,
        compared_at=at,
        person=person,
        advice=new.advice,
        is_readable=False,
    )
