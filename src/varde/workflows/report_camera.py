"""Writes the report on a camera that a laboratory can sign: what was compared, how, and what it is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.camera import Reference, SourceScore
from varde.core.camera_comparison import CameraComparison
from varde.core.camera_report import CameraFacts, CameraReport, ReportedComparison, ReportedFingerprint
from varde.reports.camera import write_camera_report
from varde.reports.content import Written
from varde.store import audit, camera_comparisons, camera_leads, camera_links, cameras, cases
from varde.store.cameras import Camera, StoredFingerprint
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.report_calibration import read_reported
from varde.workflows.report_folder import check_folder, open_unfinished, publish

_AT_ONCE: Final = 500


def report_camera(
    site: Site,
    actor: Actor,
    camera_name: str,
    *,
    case_name: str | None = None,
    output: Path,
    case_ids: Collection[int] | None = None,
) -> Written:
    """Writes the report on a camera as HTML and JSON into a new folder and returns the files; audited.

    Args:
        site, actor: where and who.
        camera_name: which camera.
        case_name: only what was compared for this case; None for everything that the person may see.
        output: folder, made if needed; must be empty.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.

    Raises:
        NotFound: if the camera or the case is not there, or not for this person.
        WrongUse: if the folder holds files already.
        Refused: if it would lie in an exhibit.
    """
    check_folder(site, output)
    report = read_report(site, actor, camera_name, case_name=case_name, case_ids=case_ids)
    with open_unfinished(output) as folder:
        written = write_camera_report(report, folder)
        _record(site, actor, report, written)
        return publish(written, output)


def read_report(
    site: Site, actor: Actor, camera_name: str, *, case_name: str | None, case_ids: Collection[int] | None
) -> CameraReport:
    """Returns everything that a report on a camera says, read in one transaction.

    Raises:
        NotFound: as `report_camera`.
    """
    at = actor.clock()
    with site.database.read() as connection:
        camera = cameras.get_camera(connection, camera_name, case_ids)
        case = None if case_name is None else cases.get_case(connection, case_name, case_ids)
        case_id = case.case_id if case else None
        head = audit.get_head(connection)
        found = _list_comparisons(connection, camera, case_id, case_ids, actor.person)
        comparisons = _number(connection, camera, found)
        return CameraReport(
            site=site.name(),
            case=case.name if case else "",
            authorisation=case.authorisation.reference if case else "",
            report_id=f"{at:%Y%m%dT%H%M%SZ}-{head.number}",
            written_at=at,
            written_by=actor.person,
            varde_version=version("varde"),
            audit_number=head.number,
            audit_hash=head.event_hash.hex(),
            camera=_describe_camera(camera),
            fingerprints=_read_fingerprints(connection, camera, found),
            comparisons=comparisons,
            calibration=read_reported(site, [one.outcome for one in found if isinstance(one.outcome, SourceScore)]),
            decisions=tuple(
                camera_links.list_links(connection, case_ids=case_ids, camera_id=camera.camera_id, case_id=case_id)
            ),
            leads_waiting=camera_leads.count_waiting(connection, case_id=case_id, camera_id=camera.camera_id),
        )


def _list_comparisons(
    connection: Connection, camera: Camera, case_id: int | None, case_ids: Collection[int] | None, person: str
) -> list[CameraComparison]:
    """Returns all comparisons with a camera, newest first."""
    found: list[CameraComparison] = []
    while some := camera_comparisons.list_comparisons(
        connection,
        case_ids=case_ids,
        person=person,
        camera_id=camera.camera_id,
        case_id=case_id,
        before=found[-1].comparison_id if found else None,
        limit=_AT_ONCE,
    ):
        found += some
    return found


def _number(
    connection: Connection, camera: Camera, found: Sequence[CameraComparison]
) -> tuple[ReportedComparison, ...]:
    """Returns the newest comparison of each file with each fingerprint, oldest first."""
    times = Counter(_key(one) for one in found)
    newest: dict[tuple[bytes | None, int], CameraComparison] = {}
    for one in found:
        newest.setdefault(_key(one), one)
    return tuple(
        ReportedComparison(
            number,
            one,
            None
            if one.content_id is None
            else camera_links.find_standing(connection, camera.camera_id, one.content_id, one.case_id),
            times[_key(one)] - 1,
        )
        for number, one in enumerate(reversed(newest.values()), 1)
    )


def _key(one: CameraComparison) -> tuple[bytes | None, int]:
    return one.sha256, one.fingerprint.fingerprint_id if one.fingerprint else 0


def _read_fingerprints(
    connection: Connection, camera: Camera, found: Sequence[CameraComparison]
) -> tuple[ReportedFingerprint, ...]:
    """Returns the fingerprints that comparisons rest on, and those in force."""
    used = {one.fingerprint.fingerprint_id for one in found if one.fingerprint}
    made = cameras.list_versions(connection, camera.camera_id)
    shown = [one for one in made if one.fingerprint_id in used or one.replaced_at is None]
    return tuple(
        ReportedFingerprint(
            camera_comparisons.name_fingerprint(camera.name, one),
            one.made_at,
            one.made_by,
            _list_references(connection, one),
            one.facts,
        )
        for one in shown
    )


def _list_references(connection: Connection, stored: StoredFingerprint) -> tuple[Reference, ...]:
    found: list[Reference] = []
    while some := cameras.list_references(connection, stored.fingerprint_id, after=len(found) - 1):
        found += some
    return tuple(found)


def _describe_camera(camera: Camera) -> CameraFacts:
    return CameraFacts(
        name=camera.name,
        case=camera.case or "",
        exhibit=camera.exhibit,
        make=camera.make,
        model=camera.model,
        serial=camera.serial,
        authorisation=camera.authorisation,
        note=camera.note,
        added_at=camera.added_at,
        added_by=camera.added_by,
        withdrawn_at=camera.withdrawn_at,
        withdrawn_because=camera.withdrawn_because or "",
    )


def _record(site: Site, actor: Actor, report: CameraReport, written: Written) -> None:
    with site.database.write() as connection:
        for file in written.files:
            subject: dict[str, str | int | None] = {
                "camera": report.camera.name,
                "case": report.case or None,
                "report": report.report_id,
                "file": file.path.name,
                "sha256": file.sha256.hex(),
                "comparisons": len(report.comparisons),
            }
            audit.append_event(
                connection, at=actor.clock(), person=actor.person, act=Act.CAMERA_REPORTED, subject=subject
            )
