"""Decides that a face is a victim's, and that cases belong together: always a person, never a machine."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.errors import NotFound, WrongUse
from varde.core.face import Verdict
from varde.core.face_search import CaseLink, Identification
from varde.store import audit, cases, face_sights, identifications, victims
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.approve import demand
from varde.workflows.check_note import check_note
from varde.workflows.read_searches import check_readable


def identify(
    site: Site,
    actor: Actor,
    victim_id: int,
    face_id: int,
    *,
    verdict: Verdict,
    note: str,
    search_id: int | None = None,
    case_ids: Collection[int] | None,
) -> Identification:
    """Returns a person's decision whether a face is a victim's, now kept for good and audited.

    `Verdict.SAME` identifies; a later decision with another verdict revokes it.

    Raises:
        NotFound: if the victim, the face or the search is not there, or not for this person.
        WrongUse: if there is no note to say why.
        ApprovalNeeded: if the site leaves identifications to nobody alone.
    """
    note = check_note(note)
    if verdict is Verdict.NONE_OF_THESE:
        raise WrongUse("that is said of a list of candidates, not of a face")
    with site.database.read() as connection:
        victim = victims.get_victim(connection, victim_id, case_ids)
        case = cases.get_case(connection, victim.case)
        _check_face(connection, face_id, case_ids)
        if search_id is not None:
            check_readable(connection, search_id, person=actor.person, case_ids=case_ids)
    subject: dict[str, str | int | None] = {"victim": victim_id, "face": face_id, "verdict": verdict.value}
    demand(site, actor, act=Act.FACE_IDENTIFIED, case=case, subject=subject, reason=note)
    at = actor.clock()
    with site.database.write() as connection:
        kept = identifications.record_identification(
            connection,
            victim_id=victim_id,
            face_id=face_id,
            search_id=search_id,
            verdict=verdict,
            note=note,
            person=actor.person,
            at=at,
        )
        subject |= {"case": case.name, "search": search_id}
        audit.append_event(connection, at=at, person=actor.person, act=Act.FACE_IDENTIFIED, subject=subject)
    return kept


def list_identifications(site: Site, *, victim_id: int, case_ids: Collection[int] | None) -> tuple[Identification, ...]:
    """Returns every decision about a victim, oldest first.

    Raises:
        NotFound: if there is no such victim in these cases.
    """
    with site.database.read() as connection:
        victims.get_victim(connection, victim_id, case_ids)
        return tuple(identifications.list_identifications(connection, victim_id=victim_id))


def link_cases(
    site: Site,
    actor: Actor,
    case_name: str,
    other_name: str,
    *,
    is_linked: bool,
    victim_id: int | None = None,
    note: str,
    case_ids: Collection[int] | None,
) -> CaseLink:
    """Returns a person's decision whether two cases belong together, now kept for good and audited.

    Raises:
        NotFound: if a case or the victim is not there, or not for this person.
        WrongUse: if both are the same, or there is no note to say why.
        ApprovalNeeded: if the site leaves links to nobody alone.
    """
    note = check_note(note)
    if case_name == other_name:
        raise WrongUse("a case is not linked to itself")
    with site.database.read() as connection:
        case, other = (cases.get_case(connection, name, case_ids) for name in (case_name, other_name))
        if victim_id is not None:
            victims.get_victim(connection, victim_id, case_ids)
    subject: dict[str, str | int | None] = {"other": other.name, "linked": int(is_linked), "victim": victim_id}
    demand(site, actor, act=Act.CASES_LINKED, case=case, subject=subject, reason=note)
    at = actor.clock()
    with site.database.write() as connection:
        kept = identifications.record_link(
            connection,
            case_id=case.case_id,
            other_case_id=other.case_id,
            victim_id=victim_id,
            is_linked=is_linked,
            note=note,
            person=actor.person,
            at=at,
        )
        subject |= {"case": case.name}
        audit.append_event(connection, at=at, person=actor.person, act=Act.CASES_LINKED, subject=subject)
    return kept


def list_links(site: Site, *, case_ids: Collection[int] | None) -> tuple[CaseLink, ...]:
    """Returns every decision about links between cases that are both among the given, oldest first."""
    with site.database.read() as connection:
        return tuple(identifications.list_links(connection, case_ids))


def _check_face(connection: Connection, face_id: int, case_ids: Collection[int] | None) -> None:
    if not 0 < face_id < 1 << 63 or face_id not in face_sights.read_sights(connection, [face_id], case_ids):
        raise NotFound("there is no such face, or it is not yours to see")
