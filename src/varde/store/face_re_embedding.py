"""Stored faces that a model has made no embedding of yet: faces of items, of victims and of cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, select, true

from varde.store.database import insert_new
from varde.store.face_tables import (
    cohort_embeddings,
    cohort_faces,
    face_embeddings,
    face_frames,
    faces,
    victim_embeddings,
    victim_faces,
)
from varde.store.face_vectors import note_change


class FaceKind(StrEnum):
    """What a stored face is one of."""

    ITEMS = "items"
    VICTIMS = "victims"
    COHORTS = "cohorts"


@dataclass(frozen=True, slots=True)
class StoredCrops:
    """The kept crops of one stored face, best first, with their qualities."""

    row_id: int
    crops: tuple[bytes, ...]
    qualities: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    faces: Table
    embeddings: Table
    key: str
    wanted: ColumnElement[bool]


# Faces that were too poor for any embedding have a reason: they are too poor for the next model too. What a filler
# leaves when its cohort was removed has no name.
_PLACES = {
    FaceKind.ITEMS: _Place(faces, face_embeddings, "face_id", faces.c.reason.is_(None)),
    FaceKind.VICTIMS: _Place(victim_faces, victim_embeddings, "victim_face_id", true()),
    FaceKind.COHORTS: _Place(cohort_faces, cohort_embeddings, "cohort_face_id", cohort_faces.c.name != ""),
}


def list_missing(connection: Connection, kind: FaceKind, model_id: int, *, after: int, limit: int) -> list[StoredCrops]:
    """Returns the next faces after a row number that a model has made no embedding of, with their crops."""
    place = _PLACES[kind]
    query = select(place.faces.c.id).where(place.faces.c.id > after, _is_missing(place, model_id))
    ids = list(connection.execute(query.order_by(place.faces.c.id).limit(limit)).scalars())
    crops = _read_frames(connection, ids) if kind is FaceKind.ITEMS else _read_crops(connection, place.faces, ids)
    return [StoredCrops(row_id, *(zip(*crops[row_id], strict=True))) for row_id in ids if row_id in crops]


def count_missing(connection: Connection, kind: FaceKind, model_id: int) -> int:
    """Returns how many faces a model has made no embedding of: for progress, not for every request."""
    place = _PLACES[kind]
    query = select(func.count()).select_from(place.faces).where(_is_missing(place, model_id))
    return int(connection.execute(query).scalar_one())


def record_embeddings(connection: Connection, kind: FaceKind, model_id: int, made: Sequence[tuple[int, bytes]]) -> None:
    """Records (face, embedding) pairs of a model; those of faces that are gone meanwhile are left out."""
    place = _PLACES[kind]
    ids = [row_id for row_id, _ in made]
    there = set(connection.execute(select(place.faces.c.id).where(place.faces.c.id.in_(ids))).scalars())
    rows = [{"model_id": model_id, place.key: row_id, "vector": vector} for row_id, vector in made if row_id in there]
    if rows:
        connection.execute(insert_new(connection, place.embeddings), rows)
        note_change(connection, model_id)


def _is_missing(place: _Place, model_id: int) -> ColumnElement[bool]:
    table = place.embeddings.c
    return and_(place.wanted, ~exists().where(table.model_id == model_id, table[place.key] == place.faces.c.id))


def _read_frames(connection: Connection, ids: Sequence[int]) -> dict[int, list[tuple[bytes, int]]]:
    table = face_frames.c
    query = select(table.face_id, table.crop, table.quality).where(table.face_id.in_(ids))
    found: dict[int, list[tuple[bytes, int]]] = {}
    for row in connection.execute(query.order_by(table.face_id, table.position)):
        found.setdefault(row.face_id, []).append((row.crop, row.quality))
    return found


def _read_crops(connection: Connection, table: Table, ids: Sequence[int]) -> dict[int, list[tuple[bytes, int]]]:
    query = select(table.c.id, table.c.crop, table.c.quality).where(table.c.id.in_(ids))
    return {row.id: [(row.crop, row.quality)] for row in connection.execute(query)}
