"""Embeddings as galleries read them: what is new, what is gone, and which faces a case shows.

Faces are numbered as they are found, so what is new by a model is usually above its newest face. Where it is not
(a model that is taken into use later fills in older faces; retention deletes), whoever writes says so with
`note_change`, and galleries compare themselves with the whole table.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Column, Connection, Table, delete, func, select

from varde.store import tables
from varde.store.database import stream
from varde.store.face_leads import move_mark, read_mark
from varde.store.face_tables import face_embeddings, faces, victim_embeddings
from varde.store.types import AnyRow

_CHANGES: Final = "gallery-changes"
_IDS_AT_ONCE: Final = 500


class Embedded(StrEnum):
    """Whose embeddings a gallery holds."""

    ITEMS = "items"
    VICTIMS = "victims"


@dataclass(frozen=True, slots=True)
class VectorState:
    """What a gallery can compare itself with.

    Attributes:
        newest: the highest number with an embedding by the model; 0 where there is none.
        changes: how often something other than newer faces came or went.
        dimensions: of the embeddings; 0 where there is none.
    """

    newest: int
    changes: int
    dimensions: int


def read_state(connection: Connection, kind: Embedded, model_id: int) -> VectorState:
    """Returns the state of the embeddings by a model."""
    table, key = _find_columns(kind)
    mine = table.c.model_id == model_id
    newest = int(connection.execute(select(func.max(key)).where(mine)).scalar() or 0)
    found = connection.execute(select(func.length(table.c.vector)).where(mine, key == newest)).scalar()
    return VectorState(newest, read_mark(connection, model_id, _CHANGES), int(found or 0) // 4)


def note_change(connection: Connection, model_id: int) -> None:
    """Notes, in the caller's transaction, that embeddings by a model came or went other than as the newest faces'."""
    move_mark(connection, model_id, _CHANGES, read_mark(connection, model_id, _CHANGES) + 1)


def delete_embeddings(connection: Connection, face_ids: Sequence[int]) -> None:
    """Deletes the embeddings of faces by all models; galleries lose them and their bytes when next opened."""
    models = set[int]()
    for first in range(0, len(face_ids), _IDS_AT_ONCE):
        mine = face_embeddings.c.face_id.in_(face_ids[first : first + _IDS_AT_ONCE])
        models.update(connection.execute(select(face_embeddings.c.model_id).where(mine).distinct()).scalars())
        connection.execute(delete(face_embeddings).where(mine))
    for model_id in sorted(models):
        note_change(connection, model_id)


def list_vectors(
    connection: Connection, kind: Embedded, model_id: int, *, after: int, limit: int
) -> list[tuple[int, bytes]]:
    """Returns the next (number, embedding) after a number, rising."""
    table, key = _find_columns(kind)
    query = select(key.label("id"), table.c.vector).where(table.c.model_id == model_id, key > after)
    return [_read(row) for row in connection.execute(query.order_by(key).limit(limit))]


def load_vectors(connection: Connection, kind: Embedded, model_id: int, ids: Sequence[int]) -> list[tuple[int, bytes]]:
    """Returns (number, embedding) of those that are there."""
    table, key = _find_columns(kind)
    found: list[tuple[int, bytes]] = []
    for first in range(0, len(ids), _IDS_AT_ONCE):
        some = key.in_(ids[first : first + _IDS_AT_ONCE])
        query = select(key.label("id"), table.c.vector).where(table.c.model_id == model_id, some)
        found += [_read(row) for row in connection.execute(query)]
    return found


def list_embedded(connection: Connection, kind: Embedded, model_id: int) -> array[int]:
    """Returns all numbers with an embedding by a model, rising, 8 bytes each."""
    table, key = _find_columns(kind)
    return _collect(stream(connection, select(key).where(table.c.model_id == model_id).order_by(key)))


def list_shown(connection: Connection, case_ids: Collection[int]) -> array[int]:
    """Returns the faces that items of some cases show, 8 bytes each, in no order; some of them more than once."""
    query = (
        select(faces.c.id)
        .select_from(tables.exhibits)
        .join(tables.items, tables.items.c.exhibit_id == tables.exhibits.c.id)
        .join(faces, faces.c.content_id == tables.items.c.content_id)
        .where(tables.exhibits.c.case_id.in_(sorted(case_ids)))
    )
    return _collect(stream(connection, query))


def _find_columns(kind: Embedded) -> tuple[Table, Column[int]]:
    if kind is Embedded.VICTIMS:
        return victim_embeddings, victim_embeddings.c.victim_face_id
    return face_embeddings, face_embeddings.c.face_id


def _collect(rows: Iterable[AnyRow]) -> array[int]:
    return array("Q", (row[0] for row in rows))


def _read(row: AnyRow) -> tuple[int, bytes]:
    return row.id, row.vector
