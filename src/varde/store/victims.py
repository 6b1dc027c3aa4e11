"""Victims who are looked for, and the copies of faces they are looked for by. Deleting an enrolment leaves nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, ScalarSelect, delete, func, insert, select, update

from varde.core.errors import NotFound, WrongUse
from varde.core.face import AgeBracket
from varde.core.face_search import Enrolment, Victim
from varde.store.face_tables import face_candidates, victim_embeddings, victim_faces, victims
from varde.store.tables import cases
from varde.store.types import AnyRow, AnySelect

_MOST_ALIAS_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class NewEnrolment:
    """A face that is to be enrolled: a copy."""

    source_face_id: int | None
    source_sha256: bytes
    quality: int
    crop: bytes
    model_id: int
    vector: bytes
    age: AgeBracket | None = None


@dataclass(frozen=True, slots=True)
class EnrolledVector:
    """An enrolment's embedding, whose it is, and what its score is weighed by.

    Attributes:
        age: as estimated; None where the models that took it estimate none.
    """

    enrolment_id: int
    victim_id: int
    case_id: int
    quality: int
    vector: bytes
    age: AgeBracket | None


def add_victim(
    connection: Connection,
    case_id: int,
    alias: str,
    *,
    authorisation: str,
    purpose: str,
    retain_until: datetime | None,
    person: str,
    at: datetime,
) -> Victim:
    """Returns a new victim of a case.

    Raises:
        WrongUse: if the alias is none, or taken in the case.
    """
    if not alias.strip() or len(alias) > _MOST_ALIAS_CHARACTERS or not alias.isprintable() or alias.startswith("-"):
        raise WrongUse(
            f"an alias has 1 to {_MOST_ALIAS_CHARACTERS} printable characters and does not begin with a dash",
            advice="Choose a word that names nobody, such as `B`.",
        )
    taken = select(victims.c.id).where(victims.c.case_id == case_id, victims.c.alias == alias)
    if connection.execute(taken).first():
        raise WrongUse(f"this case has a victim called {alias!r} already", advice="Choose another alias.")
    values = {
        "case_id": case_id,
        "alias": alias,
        "authorisation": authorisation,
        "purpose": purpose,
        "added_at": at,
        "added_by": person,
        "retain_until": retain_until,
    }
    made = connection.execute(insert(victims).values(**values).returning(victims.c.id)).scalar_one()
    return get_victim(connection, made, None)


def get_victim(connection: Connection, victim_id: int, case_ids: Collection[int] | None) -> Victim:
    """Returns a victim.

    Args:
        connection: to read with.
        victim_id: its row number.
        case_ids: cases of which it must be; None for any.

    Raises:
        NotFound: if there is none of that number in these cases.
    """
    row = connection.execute(_victims().where(victims.c.id == victim_id)).first()
    if row is None or (case_ids is not None and row.case_id not in case_ids):
        raise NotFound("there is no such victim, or it is not of a case you have access to")
    return _victim(row)


def find_victim(connection: Connection, case_id: int, alias: str) -> Victim | None:
    """Returns the victim of a case who has an alias; None where there is none."""
    row = connection.execute(_victims().where(victims.c.case_id == case_id, victims.c.alias == alias)).first()
    return None if row is None else _victim(row)


def list_victims(connection: Connection, case_ids: Collection[int] | None, *, with_closed: bool) -> list[Victim]:
    """Returns the victims of cases by case and alias; None for all cases."""
    query = _victims().order_by(cases.c.name, victims.c.alias)
    if case_ids is not None:
        query = query.where(victims.c.case_id.in_(list(case_ids)))
    if not with_closed:
        query = query.where(victims.c.closed_at.is_(None))
    return [_victim(row) for row in connection.execute(query)]


def close_victim(connection: Connection, victim_id: int, at: datetime) -> None:
    """Records that nobody looks for a victim any more."""
    connection.execute(update(victims).where(victims.c.id == victim_id).values(closed_at=at))


def list_due(connection: Connection, at: datetime) -> list[Victim]:
    """Returns the victims with enrolments that may be kept no longer."""
    due = (victims.c.retain_until.is_not(None), victims.c.retain_until <= at, _counted() > 0)
    return [_victim(row) for row in connection.execute(_victims().where(*due).order_by(victims.c.id))]


def add_enrolment(connection: Connection, victim_id: int, new: NewEnrolment, *, person: str, at: datetime) -> Enrolment:
    """Returns a new enrolment of a victim."""
    values = {
        "victim_id": victim_id,
        "source_face_id": new.source_face_id,
        "source_sha256": new.source_sha256,
        "quality": new.quality,
        "age_low": new.age.low if new.age else None,
        "age_estimate": new.age.estimate if new.age else None,
        "age_high": new.age.high if new.age else None,
        "crop": new.crop,
        "enrolled_at": at,
        "enrolled_by": person,
    }
    made = connection.execute(insert(victim_faces).values(**values).returning(victim_faces.c.id)).scalar_one()
    record_vector(connection, new.model_id, made, new.vector)
    return get_enrolment(connection, made)


def get_enrolment(connection: Connection, enrolment_id: int) -> Enrolment:
    """Returns an enrolment.

    Raises:
        NotFound: if there is none of that number.
    """
    row = connection.execute(_enrolments().where(victim_faces.c.id == enrolment_id)).first()
    if row is None:
        raise NotFound("there is no such enrolment; it may have been deleted")
    return _enrolment(row)


def list_enrolments(connection: Connection, victim_id: int) -> list[Enrolment]:
    """Returns the enrolments of a victim, oldest first."""
    query = _enrolments().where(victim_faces.c.victim_id == victim_id).order_by(victim_faces.c.id)
    return [_enrolment(row) for row in connection.execute(query)]


def read_enrolment_crop(connection: Connection, enrolment_id: int) -> bytes | None:
    """Returns the crop of an enrolment; None where it was deleted."""
    return connection.execute(select(victim_faces.c.crop).where(victim_faces.c.id == enrolment_id)).scalar()


def delete_enrolments(connection: Connection, enrolment_ids: Sequence[int]) -> None:
    """Deletes enrolments with crop and embeddings; candidates that named them keep their scores only."""
    ids = list(enrolment_ids)
    overwrite_deleted(connection)
    of_these = face_candidates.c.victim_face_id.in_(ids)
    connection.execute(update(face_candidates).where(of_these).values(victim_face_id=None))
    connection.execute(delete(victim_embeddings).where(victim_embeddings.c.victim_face_id.in_(ids)))
    connection.execute(delete(victim_faces).where(victim_faces.c.id.in_(ids)))


def overwrite_deleted(connection: Connection) -> None:
    """Makes SQLite overwrite with zeros what this connection deletes; PostgreSQL frees it when it vacuums."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON").close()


def record_vector(connection: Connection, model_id: int, enrolment_id: int, vector: bytes) -> None:
    """Records a model's embedding of an enrolment."""
    values = {"model_id": model_id, "victim_face_id": enrolment_id, "vector": vector}
    connection.execute(insert(victim_embeddings).values(**values))


def list_open_vectors(connection: Connection, model_id: int, at: datetime) -> list[EnrolledVector]:
    """Returns the embeddings of every victim who is looked for at a time, by enrolment."""
    query = (
        select(
            victim_faces.c.id,
            victim_faces.c.victim_id,
            victims.c.case_id,
            victim_faces.c.quality,
            victim_faces.c.age_low,
            victim_faces.c.age_estimate,
            victim_faces.c.age_high,
            victim_embeddings.c.vector,
        )
        .join(victim_embeddings, victim_embeddings.c.victim_face_id == victim_faces.c.id)
        .join(victims, victims.c.id == victim_faces.c.victim_id)
        .where(victim_embeddings.c.model_id == model_id, victims.c.closed_at.is_(None))
        .where(victims.c.retain_until.is_(None) | (victims.c.retain_until > at))
        .order_by(victim_faces.c.id)
    )
    return [_enrolled(row) for row in connection.execute(query)]


def list_without_vector(connection: Connection, model_id: int) -> list[tuple[int, bytes]]:
    """Returns row number and crop of the enrolments that a model has not embedded yet."""
    has = select(victim_embeddings.c.victim_face_id).where(victim_embeddings.c.model_id == model_id)
    query = select(victim_faces.c.id, victim_faces.c.crop).where(victim_faces.c.id.not_in(has))
    return [(row.id, bytes(row.crop)) for row in connection.execute(query.order_by(victim_faces.c.id))]


def _counted() -> ScalarSelect[int]:
    return select(func.count()).where(victim_faces.c.victim_id == victims.c.id).scalar_subquery()


def _victims() -> AnySelect:
    return select(victims, cases.c.name.label("case_name"), _counted().label("faces")).join(
        cases, cases.c.id == victims.c.case_id
    )


def _victim(row: AnyRow) -> Victim:
    return Victim(
        victim_id=row.id,
        case_id=row.case_id,
        case=row.case_name,
        alias=row.alias,
        authorisation=row.authorisation,
        purpose=row.purpose,
        faces=row.faces,
        added_at=row.added_at,
        added_by=row.added_by,
        retain_until=row.retain_until,
        closed_at=row.closed_at,
    )


def _enrolled(row: AnyRow) -> EnrolledVector:
    age = None if row.age_estimate is None else AgeBracket(row.age_low, row.age_estimate, row.age_high)
    return EnrolledVector(row.id, row.victim_id, row.case_id, row.quality, bytes(row.vector), age)


def _enrolments() -> AnySelect:
    table = victim_faces.c
    return select(
        table.id,
        table.victim_id,
        table.source_face_id,
        table.source_sha256,
        table.quality,
        table.enrolled_at,
        table.enrolled_by,
    )


def _enrolment(row: AnyRow) -> Enrolment:
    return Enrolment(*row)
