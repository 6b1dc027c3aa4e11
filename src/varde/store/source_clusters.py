"""Clusterings of a case's pictures by source: each is kept as it was made; the newest is what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, or_, select

from varde.core.source_cluster import SourceCluster, SourceClustering, SourceMember
from varde.store import tables
from varde.store.bulk import insert_rows
from varde.store.camera_tables import source_cluster_members, source_clusterings, source_clusters

_ROWS_AT_ONCE = 2_000


def add_clustering(
    connection: Connection,
    case_id: int,
    *,
    method: str,
    facts: dict[str, object],
    clusters: Iterable[SourceCluster],
    members: Sequence[SourceMember],
    person: str,
    at: datetime,
) -> int:
    """Records a clustering with all that is in it, and returns its number."""
    row = {"case_id": case_id, "method": method, "facts": facts, "made_at": at, "made_by": person}
    key = connection.execute(insert(source_clusterings).values(row)).inserted_primary_key
    clustering_id = int(key[0]) if key else 0
    found = [
        {"clustering_id": clustering_id, "number": one.number, "files": one.files, "facts": one.facts}
        for one in clusters
    ]
    for start in range(0, len(found), _ROWS_AT_ONCE):
        connection.execute(insert(source_clusters), found[start : start + _ROWS_AT_ONCE])
    for start in range(0, len(members), _ROWS_AT_ONCE):
        some = members[start : start + _ROWS_AT_ONCE]
        insert_rows(connection, source_cluster_members, [_member_row(clustering_id, one) for one in some])
    return clustering_id


def find_newest(connection: Connection, case_id: int) -> SourceClustering | None:
    """Returns the newest clustering of a case; None where there is none."""
    table = source_clusterings.c
    query = select(source_clusterings).where(table.case_id == case_id).order_by(table.id.desc()).limit(1)
    row = connection.execute(query).first()
    return SourceClustering(row.id, row.method, dict(row.facts), row.made_at, row.made_by) if row else None


def page_clusters(connection: Connection, clustering_id: int, *, after: int, limit: int) -> list[SourceCluster]:
    """Returns the next clusters of a clustering, the largest first."""
    table = source_clusters.c
    query = select(source_clusters).where(table.clustering_id == clustering_id, table.number > after)
    rows = connection.execute(query.order_by(table.number).limit(limit))
    return [SourceCluster(row.number, row.files, dict(row.facts)) for row in rows]


def page_members(
    connection: Connection, clustering_id: int, number: int, *, after: tuple[float, int] | None, limit: int
) -> list[SourceMember]:
    """Returns the next files of a cluster, those that fit least first: they are what is worth a look."""
    table = source_cluster_members.c
    query = select(source_cluster_members).where(table.clustering_id == clustering_id, table.number == number)
    if after is not None:
        fit, content_id = after
        query = query.where(or_(table.fit > fit, and_(table.fit == fit, table.content_id > content_id)))
    rows = connection.execute(query.order_by(table.fit, table.content_id).limit(limit))
    return [SourceMember(row.content_id, row.number, row.reason, row.fit) for row in rows]


def page_unclustered(
    connection: Connection, clustering_id: int, reason: str, *, after: int, limit: int
) -> list[SourceMember]:
    """Returns the next files that are in no cluster for a reason, rising by content."""
    table = source_cluster_members.c
    query = select(source_cluster_members).where(
        table.clustering_id == clustering_id,
        table.number.is_(None),
        table.reason == reason,
        table.content_id > after,
    )
    rows = connection.execute(query.order_by(table.content_id).limit(limit))
    return [SourceMember(row.content_id, row.number, row.reason, row.fit) for row in rows]


def count_unclustered(connection: Connection, clustering_id: int) -> dict[str, int]:
    """Returns how many files of a clustering are in no cluster, by reason."""
    table = source_cluster_members.c
    query = select(table.reason, func.count()).where(table.clustering_id == clustering_id, table.number.is_(None))
    rows = connection.execute(query.group_by(table.reason).order_by(table.reason))
    return {row[0]: int(row[1]) for row in rows}


def find_first_items(connection: Connection, case_id: int, content_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Returns (item, locator) of the first place in a case at which each content lies, by content.

    Args:
        connection: to read with.
        case_id: only items of this case.
        content_ids: at most a few hundred.
    """
    items, exhibits = tables.items.c, tables.exhibits.c
    first = (
        select(func.min(items.id))
        .join(tables.exhibits, exhibits.id == items.exhibit_id)
        .where(exhibits.case_id == case_id, items.content_id.in_(list(content_ids)))
        .group_by(items.content_id)
    )
    rows = connection.execute(select(items.id, items.content_id, items.locator).where(items.id.in_(first)))
    return {row.content_id: (row.id, row.locator) for row in rows}


def _member_row(clustering_id: int, member: SourceMember) -> dict[str, object]:
    return {
        "clustering_id": clustering_id,
        "content_id": member.content_id,
        "number": member.number,
        "reason": member.reason,
        "fit": member.fit,
    }
