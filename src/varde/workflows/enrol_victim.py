"""Victims of cases and the faces they are looked for by: added, enrolled, closed, and deleted so that nothing stays."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.errors import Refused, WrongUse
from varde.core.face import SearchScope
from varde.core.face_search import Enrolment, ProbeFace, ProbeItem, ProbePicture, SearchOrder, Victim
from varde.store import audit, cases, face_leads, face_searches, victims
from varde.store.site import Site
from varde.store.victims import NewEnrolment
from varde.workflows.actor import Actor
from varde.workflows.face_models import open_models
from varde.workflows.look_back import look_back
from varde.workflows.take_probes import take_probes

MOST_CHARACTERS = 500
"""Of a purpose, and of an authorisation."""


@dataclass(frozen=True, slots=True)
class Expired:
    """What was deleted because its time was over.

    Attributes:
        enrolments: deleted.
        victims: of how many.
        searches: whose probes were deleted.
    """

    enrolments: int
    victims: int
    searches: int


def add_victim(
    site: Site,
    actor: Actor,
    case_name: str,
    alias: str,
    *,
    authorisation: str,
    purpose: str,
    retain_until: datetime | None,
    case_ids: Collection[int] | None,
) -> Victim:
    """Returns a new victim of a case, known by an alias only. Audited.

    Raises:
        NotFound: if there is no such case for this person.
        WrongUse: if something is missing, the alias is taken, or the end has passed.
    """
    at = actor.clock()
    for name, text in (("authorisation", authorisation), ("purpose", purpose)):
        if not text.strip() or len(text) > MOST_CHARACTERS or not text.isprintable():
            raise WrongUse(f"looking for a victim needs a{'n' if name[0] == 'a' else ''} {name}")
    if retain_until is not None and retain_until <= at:
        raise WrongUse("the end until which enrolments are kept has passed already")
    with site.database.write() as connection:
        case = cases.get_case(connection, case_name, case_ids)
        words = {"authorisation": authorisation, "purpose": purpose}
        made = victims.add_victim(
            connection, case.case_id, alias, **words, retain_until=retain_until, person=actor.person, at=at
        )
        _audit(connection, actor, Act.VICTIM_ADDED, made, authorisation=authorisation, purpose=purpose)
    return made


def enrol_face(
    site: Site, actor: Actor, victim_id: int, face_id: int, *, case_ids: Collection[int] | None
) -> Enrolment:
    """Returns a copy of a face of an item, by which a victim is looked for from now on. Audited.

    Raises:
        NotFound: if the victim or the face is not there, or not for this person.
        Refused: if the victim is closed, the face cannot be compared, or no models are in use.
    """
    return _enrol(site, actor, victim_id, ProbeFace(face_id), case_ids)


def enrol_item(
    site: Site, actor: Actor, victim_id: int, item_id: int, *, face: int | None, case_ids: Collection[int] | None
) -> Enrolment:
    """Returns a copy of an item's face, as `enrol_face`; None takes its best one."""
    return _enrol(site, actor, victim_id, ProbeItem(item_id, face), case_ids)


def enrol_picture(
    site: Site,
    actor: Actor,
    victim_id: int,
    data: bytes | Path,
    *,
    face: int | None = None,
    case_ids: Collection[int] | None,
) -> Enrolment:
    """Returns a copy of a face of a picture from outside, as `enrol_face`; where it has several, one must be chosen.

    Raises:
        WrongUse: if the picture has several faces and none was chosen.
    """
    return _enrol(site, actor, victim_id, ProbePicture(data, "the picture", face), case_ids)


def list_victims(site: Site, *, case_ids: Collection[int] | None, with_closed: bool = False) -> list[Victim]:
    """Returns the victims of cases by case and alias."""
    with site.database.read() as connection:
        return victims.list_victims(connection, case_ids, with_closed=with_closed)


def read_victim(
    site: Site, victim_id: int, *, case_ids: Collection[int] | None
) -> tuple[Victim, tuple[Enrolment, ...]]:
    """Returns a victim and its enrolments.

    Raises:
        NotFound: if there is none of that number in these cases.
    """
    with site.database.read() as connection:
        victim = victims.get_victim(connection, victim_id, case_ids)
        return victim, tuple(victims.list_enrolments(connection, victim_id))


def close_victim(site: Site, actor: Actor, victim_id: int, *, case_ids: Collection[int] | None) -> Victim:
    """Returns a victim who is looked for no more; unanswered leads are deleted, enrolments stay until their end.

    Raises:
        NotFound: if there is none of that number in these cases.
        Refused: if it is closed already.
    """
    with site.database.write() as connection:
        victim = _get_open(connection, victim_id, case_ids)
        victims.close_victim(connection, victim_id, actor.clock())
        dropped = face_leads.delete_unanswered(connection, victim_id)
        _audit(connection, actor, Act.VICTIM_CLOSED, victim, leads_dropped=dropped)
        return victims.get_victim(connection, victim_id, None)


def delete_enrolment(site: Site, actor: Actor, enrolment_id: int, *, case_ids: Collection[int] | None) -> None:
    """Deletes an enrolment with its crop and embeddings, so that nothing of it stays. Audited.

    Raises:
        NotFound: if there is none of that number in these cases.
    """
    with site.database.write() as connection:
        enrolment = victims.get_enrolment(connection, enrolment_id)
        victim = victims.get_victim(connection, enrolment.victim_id, case_ids)
        _delete(connection, actor, victim, [enrolment_id])


def expire(site: Site, actor: Actor) -> Expired:
    """Returns what was deleted because its time was over: enrolments, and probes of closed searches. Audited."""
    at = actor.clock()
    with site.database.write() as connection:
        due = victims.list_due(connection, at)
        counted = 0
        for victim in due:
            ids = [one.enrolment_id for one in victims.list_enrolments(connection, victim.victim_id)]
            _delete(connection, actor, victim, ids)
            counted += len(ids)
        days = site.settings.faces.keep_probes_days
        searches = face_searches.delete_probes(connection, at - timedelta(days=days))
        if searches:
            subject: dict[str, str | int | None] = {"searches": searches, "days": days}
            audit.append_event(connection, at=at, person=actor.person, act=Act.FACE_SEARCHES_DELETED, subject=subject)
    return Expired(counted, len(due), searches)


def _enrol(
    site: Site,
    actor: Actor,
    victim_id: int,
    wanted: ProbeFace | ProbeItem | ProbePicture,
    case_ids: Collection[int] | None,
) -> Enrolment:
    with site.database.read() as connection:
        victim = _get_open(connection, victim_id, case_ids)
    models = open_models(site, actor)
    allowed = None if case_ids is None else frozenset(case_ids)
    order = SearchOrder((wanted,), SearchScope.CASE, victim.case, case_ids=allowed)
    taken = take_probes(site, order, models.pack, models.model_id)[0]
    probe = taken.new.probe
    if probe.unused is not None:
        raise Refused(f"this face cannot be enrolled: {probe.unused.detail}", advice=probe.advice)
    if probe.faces > 1 and not probe.is_chosen:
        raise WrongUse(
            f"there are {probe.faces} faces: say which one is the victim's",
            advice="Give --face N; they are numbered from 1, the best first.",
        )
    new = NewEnrolment(
        source_face_id=probe.source_face_id,
        source_sha256=taken.new.source_sha256,
        quality=probe.quality,
        crop=taken.new.crop,
        model_id=models.model_id,
        vector=taken.new.vector,
        age=taken.age,
    )
    at = actor.clock()
    with site.database.write() as connection:
        victim = _get_open(connection, victim_id, case_ids)
        made = victims.add_enrolment(connection, victim_id, new, person=actor.person, at=at)
        _audit(connection, actor, Act.VICTIM_ENROLLED, victim, enrolment=made.enrolment_id, model=str(models.model))
    look_back(site, actor)
    return made


def _get_open(connection: Connection, victim_id: int, case_ids: Collection[int] | None) -> Victim:
    victim = victims.get_victim(connection, victim_id, case_ids)
    if victim.closed_at is not None:
        raise Refused(f"victim {victim.alias} is closed", advice="Add the victim again under another alias.")
    return victim


def _delete(connection: Connection, actor: Actor, victim: Victim, enrolment_ids: list[int]) -> None:
    victims.delete_enrolments(connection, enrolment_ids)
    face_leads.delete_marks(connection, [f"enrolment {number}" for number in enrolment_ids])
    for number in enrolment_ids:
        _audit(connection, actor, Act.ENROLMENT_DELETED, victim, enrolment=number)


def _audit(connection: Connection, actor: Actor, act: Act, victim: Victim, **facts: str | int | None) -> None:
    subject: dict[str, str | int | None] = {"case": victim.case, "victim": victim.victim_id, **facts}
    audit.append_event(connection, at=actor.clock(), person=actor.person, act=act, subject=subject)
