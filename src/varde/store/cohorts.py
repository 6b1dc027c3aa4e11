"""Cohorts: reference faces of consenting people a site keeps, to draw blind fillers from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from varde.core.age import AgeBand
from varde.core.errors import NotFound
from varde.store.face_tables import cohort_embeddings, cohort_faces, face_candidates
from varde.store.victims import overwrite_deleted


@dataclass(frozen=True, slots=True)
class NewCohortFace:
    """A face to be kept: whose it is, its crop, and its embedding by one model."""

    person: str
    quality: int
    crop: bytes
    vector: bytes


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort as it is kept."""

    name: str
    age_band: AgeBand
    people: int
    faces: int
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True)
class CohortVector:
    """One face's embedding."""

    cohort_face_id: int
    person: str
    age_band: AgeBand
    vector: bytes


def add_faces(
    connection: Connection,
    name: str,
    age_band: AgeBand,
    model_id: int,
    faces: Sequence[NewCohortFace],
    *,
    person: str,
    at: datetime,
) -> int:
    """Keeps faces in a cohort, new or not, and returns how many of them it did not have yet."""
    same = {"name": name, "age_band": age_band.value, "added_at": at, "added_by": person}
    kept = cohort_faces.c
    known = {tuple(row) for row in connection.execute(select(kept.person, kept.crop).where(kept.name == name))}
    fresh = [face for face in faces if (face.person, face.crop) not in known]
    for face in fresh:
        values = same | {"person": face.person, "quality": face.quality, "crop": face.crop}
        made = connection.execute(insert(cohort_faces).values(**values).returning(cohort_faces.c.id)).scalar_one()
        vector = {"model_id": model_id, "cohort_face_id": int(made), "vector": face.vector}
        connection.execute(insert(cohort_embeddings).values(**vector))
    return len(fresh)


def list_cohorts(connection: Connection) -> list[Cohort]:
    """Returns all cohorts by name and age band."""
    table = cohort_faces.c
    figures = (func.count(table.person.distinct()), func.count(), func.min(table.added_at), func.min(table.added_by))
    query = select(table.name, table.age_band, *figures).where(table.name != "").group_by(table.name, table.age_band)
    rows = connection.execute(query.order_by(table.name, table.age_band))
    return [Cohort(row[0], AgeBand(row[1]), *row[2:]) for row in rows]


def list_vectors(connection: Connection, model_id: int, age_bands: Sequence[AgeBand] = ()) -> list[CohortVector]:
    """Returns the embeddings of all cohort faces by one model, of some age bands or of all.

    Cohorts are some thousand faces at most: they are read as a whole.
    """
    faces, vectors = cohort_faces.c, cohort_embeddings.c
    query = (
        select(faces.id, faces.person, faces.age_band, vectors.vector)
        .join(cohort_faces, faces.id == vectors.cohort_face_id)
        .where(vectors.model_id == model_id)
        .order_by(faces.id)
    )
    if age_bands:
        query = query.where(faces.age_band.in_([band.value for band in age_bands]))
    return [CohortVector(row[0], row[1], AgeBand(row[2]), row[3]) for row in connection.execute(query)]


def remove_cohort(connection: Connection, name: str) -> int:
    """Deletes a cohort with every crop, name of a person and embedding, and returns how many faces it had.

    Of faces that were fillers an empty row stays, so that what reviewers said of them still counts.

    Raises:
        NotFound: if there is no cohort of that name.
    """
    table = cohort_faces.c
    mine = select(table.id).where(table.name == name)
    count = int(connection.execute(select(func.count()).select_from(mine.subquery())).scalar_one())
    if not count or not name:
        raise NotFound(f"there is no cohort {name!r}", advice="`varde faces cohort list` shows them.")
    overwrite_deleted(connection)
    connection.execute(delete(cohort_embeddings).where(cohort_embeddings.c.cohort_face_id.in_(mine)))
    shown = select(face_candidates.c.filler_id).where(face_candidates.c.filler_id.is_not(None))
    connection.execute(delete(cohort_faces).where(table.name == name, table.id.not_in(shown)))
    emptied = {"name": "", "person": "", "crop": b""}
    connection.execute(update(cohort_faces).where(table.name == name).values(**emptied))
    return count
