"""Leads to victims: shown to whoever has access to a side of them, and answered by a person."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.errors import NotFound, WrongUse
from varde.core.face import Verdict
from varde.core.face_search import FaceLead
from varde.store import audit, face_leads, face_sights, faces, victims
from varde.store.face_leads import StoredLead
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.read_searches import find_contacts


def list_leads(
    site: Site,
    *,
    case_ids: Collection[int] | None,
    victim_id: int | None = None,
    waiting_only: bool = True,
    before: int | None = None,
    limit: int = 200,
) -> list[FaceLead]:
    """Returns leads of which a person may see a side, newest first: of the other side, whom to ask.

    Args:
        site: where.
        case_ids: cases that the person has access to; None for all.
        victim_id: None for every victim.
        waiting_only: only those that nobody answered.
        before: number of the lead after the first; None for the newest.
        limit: most of them.
    """
    ids = None if case_ids is None else sorted(case_ids)
    with site.database.read() as connection:
        if victim_id is not None:
            victims.get_victim(connection, victim_id, case_ids)
        found = face_leads.list_leads(
            connection, case_ids=ids, victim_id=victim_id, waiting_only=waiting_only, before=before, limit=limit
        )
        return [_show(connection, one, case_ids) for one in found]


def answer_lead(
    site: Site, actor: Actor, lead_id: int, verdict: Verdict, *, case_ids: Collection[int] | None
) -> FaceLead:
    """Returns a lead with a person's answer; it identifies nobody (see `varde.workflows.identify`). Audited.

    Raises:
        NotFound: if there is none whose two sides the person may see.
        WrongUse: if the verdict is about a list.
    """
    if verdict is Verdict.NONE_OF_THESE:
        raise WrongUse("that is said of a list of candidates, not of a lead")
    at = actor.clock()
    with site.database.write() as connection:
        lead = _show(connection, face_leads.get_lead(connection, lead_id), case_ids)
        if lead.victim is None or lead.sight is None:
            raise NotFound("there is no such lead, or it is not yours to answer")
        face_leads.answer_lead(connection, lead_id, verdict, person=actor.person, at=at)
        subject: dict[str, str | int | None] = {
            "lead": lead_id,
            "case": lead.victim.case,
            "victim": lead.victim.victim_id,
            "face": lead.sight.face_id,
            "verdict": verdict.value,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.FACE_LEAD_ANSWERED, subject=subject)
        return _show(connection, face_leads.get_lead(connection, lead_id), case_ids)


def _show(connection: Connection, stored: StoredLead, case_ids: Collection[int] | None) -> FaceLead:
    whole = victims.get_victim(connection, stored.victim_id, None)
    victim = whole if case_ids is None or whole.case_id in case_ids else None
    sight = face_sights.read_sights(connection, [stored.face_id], case_ids).get(stored.face_id)
    contacts: list[str] = []
    if victim is None:
        contacts += find_contacts(connection, whole.case_id)
    if sight is None:
        for case_id in sorted(faces.find_case_ids(connection, [stored.face_id]).get(stored.face_id, set())):
            contacts += find_contacts(connection, case_id)
    both = victim is not None and sight is not None
    return FaceLead(
        lead_id=stored.lead_id,
        victim=victim,
        sight=sight,
        contacts=tuple(dict.fromkeys(contacts)),
        band=stored.band,
        score=stored.score if both else None,
        log10_lr=stored.log10_lr if both else None,
        model=stored.model,
        found_at=stored.found_at,
        verdict=stored.verdict,
        answered_at=stored.answered_at,
        answered_by=stored.answered_by if both else "",
    )
