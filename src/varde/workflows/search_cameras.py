"""Searches all cameras with one file. What comes out are candidates, each kept as a comparison: a person links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from varde.camera.residual import Residual
from varde.core.audit import Act
from varde.core.camera import FingerprintKind
from varde.core.camera_comparison import CompareOrder
from varde.core.camera_search import (
    CameraCandidate,
    CameraSearch,
    CameraSearchOrder,
    CamerasElsewhere,
    FamilySearched,
    NotSearched,
    NotSearchedReason,
)
from varde.core.case import Case
from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable
from varde.pipeline.camera_scope import INDEXED, Scope, describe_left_out, estimate_cost, find_scope, list_wider
from varde.pipeline.rank_cameras import rank_cameras
from varde.pipeline.read_residuals import ResidualReader
from varde.pipeline.weigh_cameras import Watch, WeighedCamera, keep_best, list_fingerprint_ids, weigh_cameras
from varde.store import audit, camera_families, cameras, cases
from varde.store.camera_families import EnrolledFingerprint
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.calibrate_camera import CalibrationInForce, find_calibration
from varde.workflows.camera_search_words import explain_empty, list_notes, write_cost
from varde.workflows.keep_comparison import Compared, keep_comparison, keep_lead
from varde.workflows.read_searches import find_contacts
from varde.workflows.take_sources import TakenSource, find_sources, read_source

MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class _Searched:
    """What was compared, before anything of it is kept."""

    scope: Scope
    families: tuple[FamilySearched, ...]
    best: list[WeighedCamera]
    z: dict[int, float]
    references: tuple[EnrolledFingerprint, ...]


def search_cameras(
    site: Site,
    actor: Actor,
    order: CameraSearchOrder,
    *,
    watch: Watch | None = None,
    reader: ResidualReader | None = None,
) -> CameraSearch:
    """Returns the cameras that may have taken a file, closest first, kept and audited; or why there is none to name.

    Args:
        site, actor: where and who.
        order: what is searched with, and how far.
        watch: is told how many of how many cameras were compared, where each is compared by itself.
        reader: reads the file; None starts one for this search, which takes a second.

    Raises:
        NotFound: if the file, the item or the case is not there, or not for this person.
        WrongUse: if the number of candidates is out of range, or the search would take longer than the order allows.
        IntegrityFailure: if a fingerprint's file is not what was stored.
        SiteBusy: if another process is filling an index for long.
    """
    if not 1 <= order.most <= MOST_LISTED:
        raise WrongUse(f"a search lists 1 to {MOST_LISTED} cameras, not {order.most}")
    with site.database.read() as connection:
        case = cases.get_case(connection, order.case, order.case_ids) if order.case is not None else None
        source = find_sources(connection, CompareOrder("", (order.probe,), None, order.case, order.case_ids), case)[0]
    in_force = find_calibration(site)
    with ResidualReader(site.settings) if reader is None else nullcontext(reader) as reading:
        taken = read_source(site, reading, source, case)
    residual, kind = taken.record.outcome, taken.record.kind or FingerprintKind.PHOTO
    if isinstance(residual, NotComparable):
        found = _Searched(Scope((), (), (), 0, 0), (), [], {}, ())
    else:
        found = _search(site, order, taken, residual, kind, in_force, watch)
    return _keep(site, actor, order, case, taken, found, in_force)


def _check_cost(scope: Scope, order: CameraSearchOrder) -> None:
    cost_s, most_s = estimate_cost(scope.compared, order.extent), order.most_cost_s
    if most_s is not None and cost_s > most_s:
        raise WrongUse(
            f"so wide a search takes about {write_cost(cost_s)} of CPU; here at most {write_cost(most_s)} are allowed",
            advice=f"On the command line it may take that long: `varde camera search --extent {order.extent.value}`.",
        )


def _search(
    site: Site,
    order: CameraSearchOrder,
    taken: TakenSource,
    residual: Residual,
    kind: FingerprintKind,
    in_force: CalibrationInForce,
    watch: Watch | None,
) -> _Searched:
    """Returns what comparing the file with every camera in scope gives: by the index, or each by itself."""
    height, width = residual.values.shape
    with site.database.read() as connection:
        scope = find_scope(connection, kind, (height, width), order.extent)
        _check_cost(scope, order)
        references = camera_families.list_made_from(connection, taken.record.sha256)
        made_from = tuple(camera_families.load_fingerprints(connection, references).values())
        ranking = rank_cameras(site, connection, residual, scope.indexed, left_out=references)
    if order.extent in INDEXED:
        numbers = [each.fingerprint_id for each in ranking.ranked[: order.most]]
        families, watch = ranking.searched, None
    else:
        numbers = list_fingerprint_ids(site, scope.compared, references)
        families = tuple(FamilySearched(one.kind, one.height_px, one.width_px, one.cameras) for one in scope.compared)
    weighed = weigh_cameras(
        site, residual, numbers, order.extent, in_force.calibration, case_ids=order.case_ids, watch=watch
    )
    z = {each.fingerprint_id: each.z for each in ranking.ranked}
    return _Searched(scope, families, keep_best(weighed, order.most), z, made_from)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What of a search was kept, and for whom."""

    candidates: list[CameraCandidate]
    elsewhere: tuple[CamerasElsewhere, ...]
    leads: int


def _keep(
    site: Site,
    actor: Actor,
    order: CameraSearchOrder,
    case: Case | None,
    taken: TakenSource,
    found: _Searched,
    in_force: CalibrationInForce,
) -> CameraSearch:
    """Keeps comparisons, leads and the event about them in one transaction, and returns the search."""
    at, record = actor.clock(), taken.record
    residual, kind = record.outcome, record.kind or FingerprintKind.PHOTO
    size_px = None if isinstance(residual, NotComparable) else (residual.values.shape[0], residual.values.shape[1])
    not_searched = _list_not_searched(found)
    with site.database.write() as connection:
        compared = [
            (one, Compared(taken, camera, one.stored, one.weighed, in_force.calibration_id, case))
            for one in found.best
            for camera in [cameras.get_camera_by_id(connection, one.stored.camera_id, None)]
            if camera.withdrawn_at is None  # it may have been meanwhile
        ]
        kept = _keep_all(connection, site, actor, order, compared, found.z, at)
        wider = list_wider(connection, kind, size_px, order.extent) if size_px else []
        reason = explain_empty(residual, found.scope, not_searched, kept.elsewhere, wider)
        empty = None if kept.candidates else replace(reason, advice=taken.advice or reason.advice)
        subject: dict[str, str | int | None] = {
            "case": case.name if case else None,
            "extent": order.extent.value,
            "cameras": sum(one.cameras for one in found.families),
            "not_searched": sum(one.cameras for one in not_searched),
            "candidates": len(kept.candidates),
            "elsewhere": sum(one.cameras for one in kept.elsewhere),
            "leads": kept.leads,
            "reason": empty.reason.value if empty else None,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.CAMERA_SEARCHED, subject=subject)
    return CameraSearch(
        name=taken.file.name,
        sha256=record.sha256 or None,
        size_px=size_px,
        kind=record.kind,
        extent=order.extent,
        searched_at=at,
        person=actor.person,
        searched=found.families,
        not_searched=tuple(not_searched),
        wider=tuple(wider),
        candidates=tuple(kept.candidates),
        elsewhere=kept.elsewhere,
        empty=empty,
        notes=list_notes(found.families, kept.candidates, [one for one in found.references if _is_seen(one, order)]),
        stated=record.facts,
        is_readable=taken.is_readable,
    )


def _keep_all(
    connection: Connection,
    site: Site,
    actor: Actor,
    order: CameraSearchOrder,
    compared: list[tuple[WeighedCamera, Compared]],
    z: Mapping[int, float],
    at: datetime,
) -> _Kept:
    """Keeps every comparison that is shown, or that somebody else should hear of."""
    candidates: list[CameraCandidate] = []
    leads, elsewhere = 0, Counter[int]()
    for weighed, one in compared:
        case_id = one.camera.case_id
        is_hidden = order.case_ids is not None and case_id is not None and case_id not in order.case_ids
        if is_hidden and (weighed.log10_lr or 0) <= 0:
            continue
        kept = keep_comparison(connection, one, person=actor.person, at=at)
        is_lead = keep_lead(connection, kept, least_log10_lr=site.settings.camera.lead_log10_lr, at=at)
        leads += is_lead
        if is_hidden and case_id is not None:
            elsewhere[case_id] += 1
            continue
        place = len(candidates) + 1, z.get(one.stored.fingerprint_id)
        whose = one.camera.case or "", one.camera.make, one.camera.model
        candidates.append(CameraCandidate(*place, kept, *whose, is_lead=is_lead))
    others = tuple(CamerasElsewhere(find_contacts(connection, one), count) for one, count in elsewhere.items())
    return _Kept(candidates, others, leads)


def _is_seen(one: EnrolledFingerprint, order: CameraSearchOrder) -> bool:
    return order.case_ids is None or one.case_id is None or one.case_id in order.case_ids


def _list_not_searched(found: _Searched) -> list[NotSearched]:
    left_out = describe_left_out(found.scope)
    if found.references:
        detail = "Their fingerprint was made from this very file: comparing it with that would prove nothing."
        left_out.append(NotSearched(NotSearchedReason.IS_A_REFERENCE, len(found.references), detail))
    return left_out
