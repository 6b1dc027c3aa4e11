"""Leads: faces that are close to an enrolled victim's, each kept once, and how far the comparison has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from varde.core.errors import NotFound
from varde.core.face import Verdict
from varde.core.face_search import ScoreBand
from varde.core.model import ModelIdentity, ModelTask
from varde.store.database import insert_new
from varde.store.face_tables import face_embeddings, face_leads, faces, models, retro_marks, victims
from varde.store.tables import exhibits, items
from varde.store.types import AnyRow, AnySelect


@dataclass(frozen=True, slots=True)
class NewLead:
    """A face close to a victim's, as it was just found.

    Attributes:
        band: where the score lay then.
    """

    victim_id: int
    face_id: int
    score: float
    log10_lr: float | None
    band: ScoreBand = ScoreBand.ABOVE


@dataclass(frozen=True, slots=True)
class StoredLead:
    """A lead as it is kept."""

    lead_id: int
    victim_id: int
    face_id: int
    model: ModelIdentity
    score: float
    band: ScoreBand
    log10_lr: float | None
    found_at: datetime
    verdict: Verdict | None
    answered_at: datetime | None
    answered_by: str


def record_leads(connection: Connection, model_id: int, leads: Sequence[NewLead], at: datetime) -> int:
    """Keeps leads and returns how many of them are new."""
    new = 0
    for lead in leads:
        values = {
            "victim_id": lead.victim_id,
            "face_id": lead.face_id,
            "model_id": model_id,
            "score": lead.score,
            "band": lead.band.value,
            "log10_lr": lead.log10_lr,
            "found_at": at,
        }
        made = insert_new(connection, face_leads).values(**values).returning(face_leads.c.id)
        new += connection.execute(made).first() is not None
    return new


def get_lead(connection: Connection, lead_id: int) -> StoredLead:
    """Returns a lead.

    Raises:
        NotFound: if there is none of that number.
    """
    row = connection.execute(_leads().where(face_leads.c.id == lead_id)).first()
    if row is None:
        raise NotFound("there is no such lead, or it is not yours to see")
    return _lead(row)


def list_leads(
    connection: Connection,
    *,
    case_ids: Sequence[int] | None,
    victim_id: int | None,
    waiting_only: bool,
    before: int | None,
    limit: int,
) -> list[StoredLead]:
    """Returns leads whose victim is of these cases, or whose face they show; newest first.

    Args:
        connection: to read with.
        case_ids: None for all cases.
        victim_id: None for every victim.
        waiting_only: only those that nobody answered.
        before: row number of the lead after the first; None for the newest.
        limit: most of them.
    """
    query = _leads().order_by(face_leads.c.id.desc()).limit(limit)
    if case_ids is not None:
        shown = (
            select(items.c.id)
            .join(exhibits, exhibits.c.id == items.c.exhibit_id)
            .join(faces, faces.c.content_id == items.c.content_id)
            .where(faces.c.id == face_leads.c.face_id, exhibits.c.case_id.in_(list(case_ids)))
        )
        query = query.where(or_(victims.c.case_id.in_(list(case_ids)), shown.exists()))
    if victim_id is not None:
        query = query.where(face_leads.c.victim_id == victim_id)
    if waiting_only:
        query = query.where(face_leads.c.verdict.is_(None))
    if before is not None:
        query = query.where(face_leads.c.id < before)
    return [_lead(row) for row in connection.execute(query)]


def answer_lead(connection: Connection, lead_id: int, verdict: Verdict, *, person: str, at: datetime) -> None:
    """Records what a person answered; a later answer stands instead of it."""
    values = {"verdict": verdict.value, "answered_at": at, "answered_by": person}
    connection.execute(update(face_leads).where(face_leads.c.id == lead_id).values(**values))


def delete_unanswered(connection: Connection, victim_id: int) -> int:
    """Deletes the leads to a victim that nobody answered, and returns how many: nobody looks for the person now."""
    waiting = and_(face_leads.c.victim_id == victim_id, face_leads.c.verdict.is_(None))
    return connection.execute(delete(face_leads).where(waiting)).rowcount


def read_mark(connection: Connection, model_id: int, what: str) -> int:
    """Returns how far a comparison has come; 0 where it has not begun."""
    found = select(retro_marks.c.up_to).where(retro_marks.c.model_id == model_id, retro_marks.c.what == what)
    return connection.execute(found).scalar() or 0


def move_mark(connection: Connection, model_id: int, what: str, up_to: int) -> None:
    """Records how far a comparison has come."""
    same = (retro_marks.c.model_id == model_id, retro_marks.c.what == what)
    if connection.execute(update(retro_marks).where(*same).values(up_to=up_to)).rowcount == 0:
        connection.execute(insert(retro_marks).values(model_id=model_id, what=what, up_to=up_to))


def find_newest_face(connection: Connection, model_id: int) -> int:
    """Returns the highest row number of a face that a model has embedded; 0 where there is none."""
    newest = select(func.max(face_embeddings.c.face_id)).where(face_embeddings.c.model_id == model_id)
    return connection.execute(newest).scalar() or 0


def delete_marks(connection: Connection, what: Sequence[str]) -> None:
    """Forgets how far comparisons have come."""
    connection.execute(delete(retro_marks).where(retro_marks.c.what.in_(list(what))))


def count_waiting(connection: Connection, victim_id: int) -> int:
    """Returns how many leads to a victim nobody answered."""
    waiting = (face_leads.c.victim_id == victim_id, face_leads.c.verdict.is_(None))
    return connection.execute(select(func.count()).where(*waiting)).scalar_one()


def _leads() -> AnySelect:
    return (
        select(face_leads, models.c.pack, models.c.version, models.c.task, models.c.sha256)
        .join(models, models.c.id == face_leads.c.model_id)
        .join(victims, victims.c.id == face_leads.c.victim_id)
    )


def _lead(row: AnyRow) -> StoredLead:
    return StoredLead(
        lead_id=row.id,
        victim_id=row.victim_id,
        face_id=row.face_id,
        model=ModelIdentity(row.pack, row.version, ModelTask(row.task), bytes(row.sha256)),
        score=row.score,
        band=ScoreBand(row.band),
        log10_lr=row.log10_lr,
        found_at=row.found_at,
        verdict=None if row.verdict is None else Verdict(row.verdict),
        answered_at=row.answered_at,
        answered_by=row.answered_by or "",
    )
