"""Records what looking for faces in contents gave: the examination, each face, its frames and its embedding."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from varde.core.content import Content
from varde.core.face import Face, FacesFound
from varde.core.outcome import NotComparable
from varde.store.face_tables import face_embeddings, face_examinations, face_frames, faces

_IDS_AT_ONCE = 500
_Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class FaceModels:
    """Row numbers of the models that looked: the one that finds faces, and the one that makes embeddings."""

    detector_id: int
    embedder_id: int


def record_faces(
    connection: Connection, examined: Collection[tuple[int, Content]], models: FaceModels | None
) -> set[int]:
    """Records the faces of contents that nobody had looked at before, and returns these contents.

    Args:
        connection: the caller's transaction.
        examined: row number and content; contents that nobody asked about are left alone.
        models: None where nobody was asked to look.
    """
    asked = {content_id: content.faces for content_id, content in examined if content.faces is not None}
    if models is None or not asked:
        return set()
    fresh = {content_id: asked[content_id] for content_id in sorted(set(asked) - _find_examined(connection, asked))}
    if not fresh:
        return set()
    rows = [_examination_row(content_id, found, models) for content_id, found in fresh.items()]
    connection.execute(insert(face_examinations), rows)
    _record_each(connection, {key: found.faces for key, found in fresh.items() if found.faces}, models)
    return set(fresh)


def _record_each(connection: Connection, found: dict[int, tuple[Face, ...]], models: FaceModels) -> None:
    rows = [_face_row(key, ordinal, face) for key, several in found.items() for ordinal, face in enumerate(several)]
    if not rows:
        return
    connection.execute(insert(faces), rows)
    names = _find_numbers(connection, list(found))
    numbered = [(names[key, ordinal], face) for key, several in found.items() for ordinal, face in enumerate(several)]
    connection.execute(insert(face_frames), [row for face_id, face in numbered for row in _frame_rows(face_id, face)])
    embeddings = [
        {"model_id": models.embedder_id, "face_id": face_id, "vector": face.embedding}
        for face_id, face in numbered
        if not isinstance(face.embedding, NotComparable)
    ]
    if embeddings:
        connection.execute(insert(face_embeddings), embeddings)


def _find_examined(connection: Connection, content_ids: Collection[int]) -> set[int]:
    table = face_examinations.c
    return {
        content_id
        for some in _split(sorted(content_ids))
        for content_id in connection.execute(select(table.content_id).where(table.content_id.in_(some))).scalars()
    }


def _find_numbers(connection: Connection, content_ids: Sequence[int]) -> dict[tuple[int, int], int]:
    query = select(faces.c.content_id, faces.c.ordinal, faces.c.id)
    rows = (
        row for some in _split(content_ids) for row in connection.execute(query.where(faces.c.content_id.in_(some)))
    )
    return {(row.content_id, row.ordinal): row.id for row in rows}


def _split(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))


def _examination_row(content_id: int, found: FacesFound, models: FaceModels) -> _Row:
    return {
        "content_id": content_id,
        "model_id": models.detector_id,
        "faces": len(found.faces),
        "dropped": found.dropped,
        "looked_at": found.looked_at,
        "reason": found.refused.reason.value if found.refused else None,
    }


def _face_row(content_id: int, ordinal: int, face: Face) -> _Row:
    age = face.age
    return {
        "content_id": content_id,
        "ordinal": ordinal,
        "left": face.box.left,
        "top": face.box.top,
        "width": face.box.width,
        "height": face.box.height,
        "landmarks": [list(point) for point in face.landmarks],
        "angle": face.angle,
        "size_px": face.size_px,
        "confidence": face.confidence,
        "quality": face.quality,
        "seen_frames": face.seen_frames,
        "first_s": face.first_s,
        "last_s": face.last_s,
        "age_low": age.low if age else None,
        "age_estimate": age.estimate if age else None,
        "age_high": age.high if age else None,
        "reason": face.embedding.reason.value if isinstance(face.embedding, NotComparable) else None,
    }


def _frame_rows(face_id: int, face: Face) -> list[_Row]:
    return [
        {
            "face_id": face_id,
            "position": position,
            "offset_s": frame.offset_s,
            "quality": frame.quality,
            "crop": frame.crop,
        }
        for position, frame in enumerate(face.frames)
    ]
