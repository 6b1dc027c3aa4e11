"""What people decided of the faces and victims of a case, for its report."""

from __future__ import annotations

from sqlalchemy import Connection

from varde.core.case import Case
from varde.core.face import Verdict
from varde.core.face_search import FaceSight, Identification, Victim
from varde.reports.head import ReportIdentification
from varde.store import cases, face_sights, identifications, victims


def list_identified(connection: Connection, case: Case) -> tuple[ReportIdentification, ...]:
    """Returns the newest decision about each face and victim of a case, by alias; of other cases no place is told."""
    found = []
    for victim in victims.list_victims(connection, {case.case_id}, with_closed=True):
        decided = identifications.list_identifications(connection, victim_id=victim.victim_id)
        newest = {one.face_id: one for one in decided}
        sights = face_sights.read_sights(connection, list(newest), {case.case_id})
        found += [_describe(victim, one, sights.get(face_id)) for face_id, one in newest.items()]
    return tuple(found)


def list_linked(connection: Connection, case: Case) -> tuple[str, ...]:
    """Returns the names of the cases that people decided belong to a case."""
    linked = set(identifications.list_linked(connection, case.case_id))
    return tuple(sorted(one.name for one in cases.list_cases(connection) if one.case_id in linked))


def _describe(victim: Victim, decided: Identification, sight: FaceSight | None) -> ReportIdentification:
    place = f"exhibit {sight.places[0].exhibit}: {sight.places[0].locator}" if sight and sight.places else ""
    is_same = decided.verdict is Verdict.SAME
    return ReportIdentification(victim.alias, is_same, place, decided.note, decided.at, decided.person)
