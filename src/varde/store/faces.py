"""Faces of contents: what was found, where it lies, and what a model made of it. Recording is in `face_writing`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, exists, func, select

from varde.core.face import AgeBracket, FaceBox, FaceFrame
from varde.core.media import MediaKind
from varde.core.outcome import Reason
from varde.store import tables
from varde.store.face_tables import face_embeddings, face_examinations, face_frames, faces
from varde.store.types import AnyRow, AnySelect

_IDS_AT_ONCE = 500
_SHOWN_KINDS = (MediaKind.PICTURE.value, MediaKind.VIDEO.value)


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face as `varde.core.face.Face` describes it, without crops and embedding.

    Attributes:
        ordinal: position among the faces of its content, the most confident first.
        quality: of its best frame.
        reason: why it has no embedding; None where it has one.
    """

    face_id: int
    content_id: int
    ordinal: int
    box: FaceBox
    landmarks: tuple[tuple[float, float], ...]
    angle: int
    size_px: float
    confidence: float
    quality: int
    seen_frames: int
    first_s: float | None
    last_s: float | None
    age: AgeBracket | None
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class StoredExamination:
    """What looking for faces in a content gave.

    Attributes:
        dropped: faces beyond those that are kept.
        looked_at: for the record, as `varde.core.face.FacesFound`.
        refused: why nothing could be looked for.
    """

    faces: tuple[StoredFace, ...]
    dropped: int
    looked_at: str
    refused: Reason | None


@dataclass(frozen=True, slots=True)
class FacePlace:
    """An item that shows a face.

    Attributes:
        case: name of the case.
        exhibit: number in the case.
    """

    face_id: int
    item_id: int
    case_id: int
    case: str
    exhibit: int
    locator: str


def read_faces(connection: Connection, content_ids: Sequence[int]) -> dict[int, StoredExamination]:
    """Returns what looking for faces gave, by content; contents that nobody looked at are not in it."""
    found: dict[int, list[StoredFace]] = {}
    examined: list[AnyRow] = []
    for some in _split(content_ids):
        examined += connection.execute(select(face_examinations).where(face_examinations.c.content_id.in_(some))).all()
        query = select(faces).where(faces.c.content_id.in_(some)).order_by(faces.c.content_id, faces.c.ordinal)
        for row in connection.execute(query):
            found.setdefault(row.content_id, []).append(_read_face(row))
    return {
        row.content_id: StoredExamination(
            tuple(found.get(row.content_id, ())), row.dropped, row.looked_at, Reason(row.reason) if row.reason else None
        )
        for row in examined
    }


def find_face(connection: Connection, face_id: int) -> StoredFace | None:
    """Returns a face, None where there is none of that number; `list_places` says where it is."""
    return load_faces(connection, [face_id]).get(face_id)


def load_faces(connection: Connection, face_ids: Sequence[int]) -> dict[int, StoredFace]:
    """Returns faces by their number; those that are gone are not in it."""
    rows = (
        row for some in _split(face_ids) for row in connection.execute(select(faces).where(faces.c.id.in_(some))).all()
    )
    return {row.id: _read_face(row) for row in rows}


def list_places(
    connection: Connection, face_ids: Sequence[int], *, case_ids: Collection[int] | None = None, most: int = 1_000
) -> list[FacePlace]:
    """Returns the items that show faces, by face and item, at most so many of all together.

    Args:
        connection: the caller's.
        face_ids: at most a few hundred.
        case_ids: only items in these cases; None for all.
        most: rows returned.
    """
    items, exhibits, cases = tables.items.c, tables.exhibits.c, tables.cases.c
    query = (
        select(faces.c.id, items.id, cases.id, cases.name, exhibits.number, items.locator)
        .join(tables.items, items.content_id == faces.c.content_id)
        .join(tables.exhibits, exhibits.id == items.exhibit_id)
        .join(tables.cases, cases.id == exhibits.case_id)
        .where(faces.c.id.in_(list(face_ids)))
        .order_by(faces.c.id, items.id)
        .limit(most)
    )
    if case_ids is not None:
        query = query.where(cases.id.in_(list(case_ids)))
    return [FacePlace(*row) for row in connection.execute(query)]


def find_case_ids(connection: Connection, face_ids: Sequence[int]) -> dict[int, set[int]]:
    """Returns in which cases faces are, by face."""
    found: dict[int, set[int]] = {}
    for some in _split(face_ids):
        query = _in_cases(faces.c.id, tables.exhibits.c.case_id).where(faces.c.id.in_(some)).distinct()
        for face_id, case_id in connection.execute(query):
            found.setdefault(face_id, set()).add(case_id)
    return found


def list_case_faces(connection: Connection, case_id: int, *, after: int = 0, limit: int = 10_000) -> list[int]:
    """Returns the next numbers of faces that items of a case show, rising."""
    query = _in_cases(faces.c.id).where(tables.exhibits.c.case_id == case_id, faces.c.id > after)
    return list(connection.execute(query.distinct().order_by(faces.c.id).limit(limit)).scalars())


def list_frames(connection: Connection, face_id: int) -> list[FaceFrame]:
    """Returns the kept frames of a face, best first, with their crops."""
    table = face_frames.c
    query = select(table.offset_s, table.crop, table.quality).where(table.face_id == face_id).order_by(table.position)
    return [FaceFrame(*row) for row in connection.execute(query)]


def find_crop(connection: Connection, face_id: int, position: int = 0) -> bytes | None:
    """Returns a crop of a face, the best one at position 0; None where there is none. Decode it in the sandbox only."""
    table = face_frames.c
    query = select(table.crop).where(table.face_id == face_id, table.position == position)
    return connection.execute(query).scalar()


def list_embeddings(connection: Connection, model_id: int, *, after: int, limit: int) -> list[tuple[int, bytes]]:
    """Returns the next (face, embedding by a model) after a face's number, rising by face."""
    table = face_embeddings.c
    query = select(table.face_id, table.vector).where(table.model_id == model_id, table.face_id > after)
    return [(row.face_id, row.vector) for row in connection.execute(query.order_by(table.face_id).limit(limit))]


def load_embeddings(connection: Connection, model_id: int, face_ids: Sequence[int]) -> dict[int, bytes]:
    """Returns embeddings by a model of some faces, by face; those that have none are not in it."""
    table, found = face_embeddings.c, dict[int, bytes]()
    for some in _split(face_ids):
        query = select(table.face_id, table.vector).where(table.model_id == model_id, table.face_id.in_(some))
        found.update((row.face_id, row.vector) for row in connection.execute(query))
    return found


def count_unexamined(connection: Connection, case_id: int | None = None) -> int:
    """Returns how many items that are pictures or videos and could be decoded nobody looked at for faces.

    Args:
        connection: the caller's.
        case_id: of one case; None for all.
    """
    items, contents = tables.items.c, tables.contents.c
    query = (
        select(func.count())
        .select_from(tables.items)
        .join(tables.contents, contents.id == items.content_id)
        .where(contents.kind.in_(_SHOWN_KINDS), contents.width_px.is_not(None))
        .where(~exists().where(face_examinations.c.content_id == contents.id))
    )
    if case_id is not None:
        exhibits = tables.exhibits.c
        query = query.where(items.exhibit_id.in_(select(exhibits.id).where(exhibits.case_id == case_id)))
    return int(connection.execute(query).scalar_one())


def has_faces(connection: Connection, case_id: int) -> bool:
    """Returns whether any item of a case shows a face that was found."""
    query = _in_cases(faces.c.id).where(tables.exhibits.c.case_id == case_id)
    return connection.execute(query.limit(1)).first() is not None


def _in_cases(*columns: object) -> AnySelect:
    items, exhibits = tables.items, tables.exhibits
    query: AnySelect = (
        select(*columns)  # type: ignore[call-overload]
        .select_from(faces)
        .join(items, items.c.content_id == faces.c.content_id)
        .join(exhibits, exhibits.c.id == items.c.exhibit_id)
    )
    return query


def _split(ids: Sequence[int]) -> Iterator[list[int]]:
    return (list(ids[start : start + _IDS_AT_ONCE]) for start in range(0, len(ids), _IDS_AT_ONCE))


def _read_face(row: AnyRow) -> StoredFace:
    return StoredFace(
        face_id=row.id,
        content_id=row.content_id,
        ordinal=row.ordinal,
        box=FaceBox(row.left, row.top, row.width, row.height),
        landmarks=tuple((point[0], point[1]) for point in row.landmarks),
        angle=row.angle,
        size_px=row.size_px,
        confidence=row.confidence,
        quality=row.quality,
        seen_frames=row.seen_frames,
        first_s=row.first_s,
        last_s=row.last_s,
        age=None if row.age_estimate is None else AgeBracket(row.age_low, row.age_estimate, row.age_high),
        reason=Reason(row.reason) if row.reason else None,
    )
