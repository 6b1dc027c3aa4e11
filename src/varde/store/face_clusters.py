"""Clusters of a case's faces: reading them, a page at a time. Writing is in `face_cluster_writing`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, case, delete, distinct, exists, func, or_, select, update

from varde.core.errors import NotFound
from varde.core.face_cluster import Appearance, ClusterAct, FaceCluster, RecordedAct
from varde.core.media import MediaKind
from varde.store import tables
from varde.store.database import stream
from varde.store.face_tables import (
    face_cluster_acts,
    face_cluster_members,
    face_clusters,
    face_constraints,
    face_embeddings,
    faces,
)
from varde.store.types import AnyRow

_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ClusterFace:
    """A face as clustering needs it.

    Attributes:
        is_video: whether its content is a video, in which it was seen from `first_s` to `last_s`.
        reason: why it has no embedding; None where it has one.
    """

    face_id: int
    content_id: int
    is_video: bool
    quality: int
    size_px: float
    first_s: float | None
    last_s: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """Where a face is now.

    Attributes:
        cluster_id: None while it is unknown.
        reason: why it is unknown; None in a cluster.
        is_placed: a person put it there, or kept it there.
        fit: mean similarity to the others of its cluster; small for outliers.
    """

    face_id: int
    cluster_id: int | None
    reason: str | None
    is_placed: bool
    fit: float | None


@dataclass(frozen=True, slots=True)
class ClusterQuery:
    """Which clusters are wanted, largest first.

    Attributes:
        least: faces a cluster has at least.
        named: only those with an alias (True), only those without (False), None for both.
        after: (faces, cluster) of the last one seen.
    """

    least: int = 1
    named: bool | None = None
    after: tuple[int, int] | None = None


def stream_case_faces(connection: Connection, case_id: int) -> Iterator[ClusterFace]:
    """Yields the faces that items of a case show, rising by number."""
    items, exhibits, contents = tables.items.c, tables.exhibits.c, tables.contents.c
    here = (
        select(items.content_id)
        .join(tables.exhibits, exhibits.id == items.exhibit_id)
        .where(exhibits.case_id == case_id, items.content_id.is_not(None))
    )
    query = (
        select(faces.c.id, faces.c.content_id, contents.kind, faces.c.quality, faces.c.size_px)
        .add_columns(faces.c.first_s, faces.c.last_s, faces.c.reason)
        .join(tables.contents, contents.id == faces.c.content_id)
        .where(faces.c.content_id.in_(here))
        .order_by(faces.c.id)
    )
    for row in stream(connection, query):
        is_video = row.kind == MediaKind.VIDEO.value
        yield ClusterFace(
            row.id, row.content_id, is_video, row.quality, row.size_px, row.first_s, row.last_s, row.reason
        )


def stream_vectors(connection: Connection, model_id: int, case_id: int) -> Iterator[tuple[int, bytes]]:
    """Yields (face, embedding) of a case's faces by one model, rising by face."""
    items, exhibits = tables.items.c, tables.exhibits.c
    here = (
        select(items.content_id)
        .join(tables.exhibits, exhibits.id == items.exhibit_id)
        .where(exhibits.case_id == case_id, items.content_id.is_not(None))
    )
    query = (
        select(face_embeddings.c.face_id, face_embeddings.c.vector)
        .join(faces, faces.c.id == face_embeddings.c.face_id)
        .where(face_embeddings.c.model_id == model_id, faces.c.content_id.in_(here))
        .order_by(face_embeddings.c.face_id)
    )
    for row in stream(connection, query):
        yield row.face_id, row.vector


def is_stale(connection: Connection, case_id: int, model_id: int) -> bool:
    """Returns whether a case shows a face that no run with this model has placed."""
    items, exhibits = tables.items.c, tables.exhibits.c
    placed = exists().where(face_cluster_members.c.case_id == case_id, face_cluster_members.c.face_id == faces.c.id)
    query = (
        select(faces.c.id)
        .join(tables.items, items.content_id == faces.c.content_id)
        .join(tables.exhibits, exhibits.id == items.exhibit_id)
        .where(exhibits.case_id == case_id)
    )
    if connection.execute(query.where(~placed).limit(1)).first() is not None:
        return True
    last = find_last_made(connection, case_id)
    has_faces = connection.execute(query.limit(1)).first() is not None
    return has_faces and (last is None or last.get("model_id") != model_id)


def find_last_made(connection: Connection, case_id: int) -> dict[str, object] | None:
    """Returns what the newest run of the machine said of itself; None where there was none."""
    table = face_cluster_acts.c
    query = select(table.detail).where(table.case_id == case_id, table.kind == ClusterAct.MADE.value)
    detail = connection.execute(query.order_by(table.id.desc()).limit(1)).scalar()
    return None if detail is None else dict(detail)


def find_last_act(connection: Connection, case_id: int) -> int:
    """Returns the number of the newest act on a case's clusters, 0 where there is none."""
    query = select(func.max(face_cluster_acts.c.id)).where(face_cluster_acts.c.case_id == case_id)
    return connection.execute(query).scalar() or 0


def read_members(connection: Connection, case_id: int, face_ids: Sequence[int] | None = None) -> dict[int, Member]:
    """Returns where the faces of a case are, by face; all of them, or some."""
    table = face_cluster_members.c
    query = select(table.face_id, table.cluster_id, table.reason, table.is_placed_by_person, table.fit)
    query = query.where(table.case_id == case_id)
    queries = (
        [query]
        if face_ids is None
        else [
            query.where(table.face_id.in_(list(face_ids[start : start + _IDS_AT_ONCE])))
            for start in range(0, len(face_ids), _IDS_AT_ONCE)
        ]
    )
    return {row.face_id: _read_member(row) for one in queries for row in stream(connection, one)}


def read_constraints(connection: Connection, case_id: int) -> list[tuple[int, int]]:
    """Returns the pairs of faces that people said are of different persons."""
    table = face_constraints.c
    query = select(table.face_id, table.other_face_id).where(table.case_id == case_id, table.is_same == 0)
    return [(row.face_id, row.other_face_id) for row in connection.execute(query)]


def read_clusters(connection: Connection, case_id: int, cluster_ids: Sequence[int] | None = None) -> list[FaceCluster]:
    """Returns clusters of a case by number, empty ones too: all of them, or some."""
    query = select(face_clusters).where(face_clusters.c.case_id == case_id).order_by(face_clusters.c.id)
    if cluster_ids is not None:
        query = query.where(face_clusters.c.id.in_(list(cluster_ids)))
    return [_read_cluster(row) for row in connection.execute(query)]


def get_cluster(connection: Connection, case_id: int, cluster_id: int) -> FaceCluster:
    """Returns a cluster of a case that has faces.

    Raises:
        NotFound: if there is none of that number, or nothing is in it any more.
    """
    found = read_clusters(connection, case_id, [cluster_id])
    if not found or not found[0].faces:
        raise NotFound(
            f"there is no cluster {cluster_id} in this case", advice="It may have been merged; load the page again."
        )
    return found[0]


def read_cluster_members(connection: Connection, case_id: int, cluster_ids: Sequence[int]) -> list[Member]:
    """Returns all faces of some clusters, rising by face."""
    table = face_cluster_members.c
    query = select(table.face_id, table.cluster_id, table.reason, table.is_placed_by_person, table.fit)
    query = query.where(table.case_id == case_id, table.cluster_id.in_(list(cluster_ids))).order_by(table.face_id)
    return [_read_member(row) for row in connection.execute(query)]


def share_picture(connection: Connection, cluster_ids: Sequence[int]) -> bool:
    """Returns whether two of some clusters have faces in one picture, or at one time in one video."""
    table = face_cluster_members.c
    rows = connection.execute(
        select(table.cluster_id, faces.c.content_id, faces.c.first_s, faces.c.last_s)
        .join(faces, faces.c.id == table.face_id)
        .where(table.cluster_id.in_(list(cluster_ids)))
    )
    seen: dict[int, list[AnyRow]] = {}
    for row in rows:
        for earlier in seen.setdefault(row.content_id, []):
            if earlier.cluster_id != row.cluster_id and _overlap(earlier, row):
                return True
        seen[row.content_id].append(row)
    return False


def _overlap(one: AnyRow, other: AnyRow) -> bool:
    if one.first_s is None or other.first_s is None:
        return True
    return bool(one.first_s <= other.last_s and other.first_s <= one.last_s)


def page_clusters(connection: Connection, case_id: int, wanted: ClusterQuery, limit: int) -> list[FaceCluster]:
    """Returns the next clusters of a case: the largest first, of equal ones the older first."""
    table = face_clusters.c
    query = select(face_clusters).where(table.case_id == case_id, table.faces >= max(1, wanted.least))
    if wanted.named is not None:
        query = query.where(table.alias.is_not(None) if wanted.named else table.alias.is_(None))
    if wanted.after is not None:
        size, number = wanted.after
        query = query.where(or_(table.faces < size, and_(table.faces == size, table.id > number)))
    rows = connection.execute(query.order_by(table.faces.desc(), table.id).limit(limit))
    return [_read_cluster(row) for row in rows]


def page_members(
    connection: Connection, case_id: int, cluster_id: int, *, after: tuple[float, int] | None, limit: int
) -> list[Member]:
    """Returns the next faces of a cluster, those least like the others first."""
    table = face_cluster_members.c
    fit = func.coalesce(table.fit, -2.0)
    query = select(table.face_id, table.cluster_id, table.reason, table.is_placed_by_person, table.fit)
    query = query.where(table.cluster_id == cluster_id, table.case_id == case_id)
    if after is not None:
        query = query.where(or_(fit > after[0], and_(fit == after[0], table.face_id > after[1])))
    return [_read_member(row) for row in connection.execute(query.order_by(fit, table.face_id).limit(limit))]


def page_unknown(connection: Connection, case_id: int, reason: str, *, after: int, limit: int) -> list[Member]:
    """Returns the next faces that are unknown for a reason, rising by face."""
    table = face_cluster_members.c
    query = select(table.face_id, table.cluster_id, table.reason, table.is_placed_by_person, table.fit)
    query = query.where(table.case_id == case_id, table.cluster_id.is_(None), table.reason == reason)
    further = query.where(table.face_id > after).order_by(table.face_id).limit(limit)
    return [_read_member(row) for row in connection.execute(further)]


def count_unknown(connection: Connection, case_id: int) -> dict[str, int]:
    """Returns how many faces of a case are in no cluster, by reason."""
    table = face_cluster_members.c
    query = select(table.reason, func.count()).where(table.case_id == case_id, table.cluster_id.is_(None))
    rows = connection.execute(query.group_by(table.reason).order_by(table.reason))
    return {row[0]: row[1] for row in rows}


def count_clusters(connection: Connection, case_id: int) -> tuple[int, int, int]:
    """Returns how many clusters there are, how many of them have several faces, and how many faces are in them all."""
    table = face_clusters.c
    several = func.sum(case((table.faces > 1, 1), else_=0))
    query = select(func.count(), several, func.sum(table.faces)).where(table.case_id == case_id, table.faces > 0)
    found = connection.execute(query).one()
    return found[0], int(found[1] or 0), int(found[2] or 0)


def read_appearances(connection: Connection, case_id: int, cluster_ids: Sequence[int]) -> dict[int, Appearance]:
    """Returns where and when the faces of some clusters are seen, by cluster."""
    member, items, exhibits, contents = face_cluster_members.c, tables.items.c, tables.exhibits.c, tables.contents.c
    is_video = case((contents.kind == MediaKind.VIDEO.value, items.id))
    query = (
        select(member.cluster_id, func.count(distinct(items.id)), func.count(distinct(is_video)))
        .add_columns(func.min(items.modified_at), func.max(items.modified_at))
        .select_from(face_cluster_members)
        .join(faces, faces.c.id == member.face_id)
        .join(tables.contents, contents.id == faces.c.content_id)
        .join(tables.items, items.content_id == faces.c.content_id)
        .join(tables.exhibits, exhibits.id == items.exhibit_id)
        .where(member.cluster_id.in_(list(cluster_ids)), exhibits.case_id == case_id)
        .group_by(member.cluster_id)
    )
    return {row[0]: Appearance(row[1], row[2], row[3], row[4]) for row in connection.execute(query)}


def read_centres(connection: Connection, case_id: int) -> Iterator[tuple[int, bytes]]:
    """Yields (cluster, mean of its embeddings as float32) of the clusters of a case that have faces."""
    table = face_clusters.c
    query = select(table.id, table.centre).where(table.case_id == case_id, table.faces > 0, table.centre.is_not(None))
    for row in stream(connection, query.order_by(table.id)):
        yield row.id, row.centre


def find_different(connection: Connection, case_id: int, cluster_id: int) -> set[int]:
    """Returns the clusters that people said are somebody else than one."""
    rule, one, other = face_constraints.c, face_cluster_members.alias("one"), face_cluster_members.alias("other")
    found: set[int] = set()
    for mine, theirs in ((rule.face_id, rule.other_face_id), (rule.other_face_id, rule.face_id)):
        query = (
            select(other.c.cluster_id)
            .select_from(face_constraints)
            .join(one, and_(one.c.face_id == mine, one.c.case_id == case_id))
            .join(other, and_(other.c.face_id == theirs, other.c.case_id == case_id))
            .where(rule.case_id == case_id, rule.is_same == 0, one.c.cluster_id == cluster_id)
        )
        found |= {number for number in connection.execute(query).scalars() if number is not None}
    return found


def load_cluster(connection: Connection, cluster_id: int, model_id: int) -> tuple[dict[int, int], dict[int, bytes]]:
    """Returns the qualities of the faces of a cluster, and their embeddings by a model where they have one."""
    member = face_cluster_members.c
    here = select(faces.c.id, faces.c.quality).join(face_cluster_members, member.face_id == faces.c.id)
    qualities = {row.id: row.quality for row in stream(connection, here.where(member.cluster_id == cluster_id))}
    query = (
        select(face_embeddings.c.face_id, face_embeddings.c.vector)
        .join(face_cluster_members, member.face_id == face_embeddings.c.face_id)
        .where(member.cluster_id == cluster_id, face_embeddings.c.model_id == model_id)
    )
    return qualities, {row.face_id: row.vector for row in stream(connection, query)}


def list_acts(connection: Connection, case_id: int, *, before: int | None, limit: int) -> list[RecordedAct]:
    """Returns the newest acts before one, the newest first."""
    table = face_cluster_acts.c
    query = select(face_cluster_acts).where(table.case_id == case_id).order_by(table.id.desc()).limit(limit)
    if before is not None:
        query = query.where(table.id < before)
    return [_read_act(row) for row in connection.execute(query)]


def forget_faces(connection: Connection, face_ids: Sequence[int]) -> None:
    """Takes faces that are about to be deleted out of all clusters and rules; acts keep their numbers only."""
    for start in range(0, len(face_ids), _IDS_AT_ONCE):
        some = list(face_ids[start : start + _IDS_AT_ONCE])
        member, rule = face_cluster_members.c, face_constraints.c
        lost = select(member.cluster_id, func.count()).where(member.face_id.in_(some), member.cluster_id.is_not(None))
        for cluster_id, number in connection.execute(lost.group_by(member.cluster_id)).all():
            change = {"faces": face_clusters.c.faces - number, "version": face_clusters.c.version + 1}
            connection.execute(update(face_clusters).where(face_clusters.c.id == cluster_id).values(change))
        connection.execute(delete(face_constraints).where(rule.face_id.in_(some) | rule.other_face_id.in_(some)))
        connection.execute(delete(face_cluster_members).where(member.face_id.in_(some)))
        of_these = face_clusters.c.best_face_id.in_(some)
        connection.execute(update(face_clusters).where(of_these).values(best_face_id=None, centre=None))


def _read_member(row: AnyRow) -> Member:
    return Member(row.face_id, row.cluster_id, row.reason, bool(row.is_placed_by_person), row.fit)


def _read_cluster(row: AnyRow) -> FaceCluster:
    return FaceCluster(
        cluster_id=row.id,
        case_id=row.case_id,
        faces=row.faces,
        version=row.version,
        is_kept=bool(row.is_kept),
        alias=row.alias,
        victim_id=row.victim_id,
        best_face_id=row.best_face_id,
    )


def _read_act(row: AnyRow) -> RecordedAct:
    return RecordedAct(
        act_id=row.id,
        kind=ClusterAct(row.kind),
        at=row.at,
        person=row.person,
        faces=row.detail.get("faces", 0),
        undone_by=row.undone_by,
        of=row.detail.get("of"),
    )
