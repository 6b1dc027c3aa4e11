"""``/cases/{case_id}/clusters``: who appears how often; the page in which people correct it, and its data as JSON.

An edit says which versions of the clusters its person saw; one of what somebody changed meanwhile is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from varde.core.account import Permission
from varde.core.face_cluster import Appearance, ClusterAct, FaceCluster
from varde.store import face_clusters as stored
from varde.store import faces
from varde.store.face_clusters import ClusterQuery, Member
from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.pages.page import show
from varde.web.pages.tiles import RowId
from varde.web.people import allow_in_case, find_case, find_person, find_visitor
from varde.web.row_ids import RowPath
from varde.web.services import get_services
from varde.workflows import edit_clusters, group_faces
from varde.workflows.edit_clusters import EditDone

router = APIRouter(tags=["Faces"], route_class=GuardedRoute)

_ROWS: Final = 12
_TILES: Final = 40
_MOST_FACES: Final = 5_000
_NEAR: Final = 8
_CURSOR: Final = re.compile(r"([0-9]{1,15})-([0-9]{1,15})")
_FACE_CURSOR: Final = re.compile(r"(-?[0-9](?:\.[0-9]{1,6})?)_([0-9]{1,15})")
_SMALLEST: Final = -2.0


class FaceTile(BaseModel):
    """A face of a cluster."""

    face_id: int
    item_id: int = Field(description="An item of the case that shows it.")
    fit: float | None = Field(description="Mean similarity to the others of its cluster; small for outliers.")
    by_person: bool = Field(description="Whether a person put it, or kept it, there.")


class ClusterRow(BaseModel):
    """A cluster with the faces least like it first."""

    cluster_id: int
    faces: int
    version: int = Field(description="To be sent with an edit.")
    kept: bool
    alias: str | None
    items: int
    videos: int
    first_at: datetime | None
    last_at: datetime | None
    score: float | None = Field(None, description="Of a suggestion: mean similarity.")
    tiles: list[FaceTile]
    next: str | None = Field(description="To be sent as `after` for its further faces; null where there are none.")


class _Rows(BaseModel):
    """Some clusters, the largest first."""

    rows: list[ClusterRow]
    next: str | None


class _Tiles(BaseModel):
    """Some faces."""

    tiles: list[FaceTile]
    next: str | None


class _Seen(BaseModel):
    """The clusters an edit is about, as the person saw them."""

    model_config = ConfigDict(extra="forbid")

    versions: Annotated[dict[RowId, int], Field(max_length=1_000, description="Version by cluster.")]


class _FaceEdit(_Seen):
    """Faces to take out of their clusters."""

    faces: Annotated[list[RowId], Field(min_length=1, max_length=_MOST_FACES)]
    together: bool = Field(True, description="Whether they are one other person; else each is for itself.")


class _ClusterEdit(_Seen):
    """Clusters to merge, or to say different."""

    clusters: Annotated[list[RowId], Field(min_length=1, max_length=1_000)]
    despite_frame: bool = Field(False, description="One person twice in one picture: a mirror, a collage.")


class _Naming(_Seen):
    """An alias for a cluster."""

    cluster: RowId
    alias: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]


class _Undoing(BaseModel):
    """Acts to take back, all or none."""

    model_config = ConfigDict(extra="forbid")

    acts: Annotated[list[RowId], Field(min_length=1, max_length=1_000)]


class _Done(BaseModel):
    """What an edit did; `act` names it for undoing."""

    act: int
    faces: int
    clusters: list[int]


class _ActRow(BaseModel):
    """An act on the clusters of the case."""

    act: int
    kind: ClusterAct
    at: datetime
    person: str
    faces: int
    undone_by: int | None
    of: int | None


@router.get("/cases/{case_id}/clusters", dependencies=[allow_in_case(Permission.REVIEW)], response_class=HTMLResponse)
def show_clusters(request: Request) -> HTMLResponse:
    """Show who appears how often in a case; the rows are asked for by the page."""
    case = find_case(request)
    with get_services(request).site.database.read() as connection:
        count, several, in_clusters = stored.count_clusters(connection, case.case_id)
        unknown = stored.count_unknown(connection, case.case_id)
        made = stored.find_last_made(connection, case.case_id)
    return show(
        request,
        "clusters.html",
        case=case,
        count=count,
        several=several,
        faces=in_clusters,
        unknown=unknown,
        made=made,
    )


@router.get("/cases/{case_id}/clusters/rows", dependencies=[allow_in_case(Permission.REVIEW)])
def list_rows(
    request: Request,
    case_id: int,
    least: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    named: bool | None = None,
    cluster: RowId | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=50)] = _ROWS,
) -> _Rows:
    """Return the next clusters of a case, the largest first; or one of them."""
    case = find_case(request)
    if cluster is not None:
        with get_services(request).site.database.read() as connection:
            return _Rows(rows=[_show_one(connection, stored.get_cluster(connection, case.case_id, cluster))], next=None)
    position = None if after is None else _read_cursor(_CURSOR, after, int)
    with get_services(request).site.database.read() as connection:
        query = ClusterQuery(least, named, position)
        found = stored.page_clusters(connection, case.case_id, query, limit + 1)
        shown = found[:limit]
        seen = stored.read_appearances(connection, case.case_id, [one.cluster_id for one in shown])
        rows = [_make_row(connection, one, seen.get(one.cluster_id)) for one in shown]
    last = shown[-1] if len(found) > limit else None
    return _Rows(rows=rows, next=f"{last.faces}-{last.cluster_id}" if last else None)


@router.get("/cases/{case_id}/clusters/unknown", dependencies=[allow_in_case(Permission.REVIEW)])
def list_unknown(
    request: Request,
    case_id: int,
    reason: Annotated[str, Query(max_length=40, pattern=r"^[a-z_]+$")],
    after: Annotated[int, Query(ge=0, le=(1 << 53) - 1)] = 0,
) -> _Tiles:
    """Return the next faces that are unknown for a reason."""
    case = find_case(request)
    with get_services(request).site.database.read() as connection:
        found = stored.page_unknown(connection, case.case_id, reason, after=after, limit=_TILES + 1)
        tiles = _make_tiles(connection, case.case_id, found[:_TILES])
    return _Tiles(tiles=tiles, next=str(found[_TILES - 1].face_id) if len(found) > _TILES else None)


@router.get("/cases/{case_id}/clusters/acts", dependencies=[allow_in_case(Permission.REVIEW)])
def list_acts(
    request: Request, case_id: int, before: Annotated[int | None, Query(ge=1, le=(1 << 53) - 1)] = None
) -> list[_ActRow]:
    """Return the newest acts on the clusters of a case, the newest first."""
    with get_services(request).site.database.read() as connection:
        acts = stored.list_acts(connection, find_case(request).case_id, before=before, limit=50)
    return [
        _ActRow(
            act=one.act_id,
            kind=one.kind,
            at=one.at,
            person=one.person,
            faces=one.faces,
            undone_by=one.undone_by,
            of=one.of,
        )
        for one in acts
    ]


@router.get("/cases/{case_id}/clusters/{cluster_id}/faces", dependencies=[allow_in_case(Permission.REVIEW)])
def list_faces(request: Request, case_id: int, cluster_id: RowPath, after: str | None = None) -> _Tiles:
    """Return the next faces of a cluster, those least like the others first."""
    position = None if after is None else _read_cursor(_FACE_CURSOR, after, float)
    with get_services(request).site.database.read() as connection:
        cluster = stored.get_cluster(connection, find_case(request).case_id, cluster_id)
        tiles, following = _page_faces(connection, cluster, position)
    return _Tiles(tiles=tiles, next=following)


@router.get("/cases/{case_id}/clusters/{cluster_id}/near", dependencies=[allow_in_case(Permission.REVIEW)])
def list_near(request: Request, case_id: int, cluster_id: RowPath) -> list[ClusterRow]:
    """Return the clusters most like one: a suggestion; whether they are one person, a person says."""
    case, site = find_case(request), get_services(request).site
    near = group_faces.suggest_near(site, case, cluster_id, _NEAR)
    with site.database.read() as connection:
        return [_make_row(connection, one, None, round(score, 3)) for one, score in near]


@router.post("/cases/{case_id}/clusters/split", dependencies=[allow_in_case(Permission.REVIEW)])
async def split(request: Request, case_id: int, edit: _FaceEdit) -> _Done:
    """Take faces out of their clusters."""
    return await _edit(request, edit_clusters.split, edit.faces, edit.versions, together=edit.together)


@router.post("/cases/{case_id}/clusters/apart", dependencies=[allow_in_case(Permission.REVIEW)])
async def put_apart(request: Request, case_id: int, edit: _FaceEdit) -> _Done:
    """Move faces to the unknown."""
    return await _edit(request, edit_clusters.put_apart, edit.faces, edit.versions)


@router.post("/cases/{case_id}/clusters/merge", dependencies=[allow_in_case(Permission.REVIEW)])
async def merge(request: Request, case_id: int, edit: _ClusterEdit) -> _Done:
    """Put clusters together."""
    return await _edit(request, edit_clusters.merge, edit.clusters, edit.versions, despite_frame=edit.despite_frame)


@router.post("/cases/{case_id}/clusters/different", dependencies=[allow_in_case(Permission.REVIEW)])
async def say_different(request: Request, case_id: int, edit: _ClusterEdit) -> _Done:
    """Say that clusters are different people."""
    return await _edit(request, edit_clusters.say_different, edit.clusters, edit.versions)


@router.post("/cases/{case_id}/clusters/name", dependencies=[allow_in_case(Permission.IDENTIFY)])
async def name(request: Request, case_id: int, naming: _Naming) -> _Done:
    """Give a cluster an alias in its case, or with an empty one take it away."""
    return await _edit(request, edit_clusters.name_cluster, naming.cluster, naming.alias, naming.versions)


@router.post("/cases/{case_id}/clusters/undo", dependencies=[allow_in_case(Permission.REVIEW)])
async def undo(request: Request, case_id: int, undoing: _Undoing) -> list[_Done]:
    """Take acts back, the newest first, all or none."""
    services, may_name = get_services(request), find_visitor(request).may(Permission.IDENTIFY)
    done = await services.writing.run(
        edit_clusters.undo, services.site, find_person(request), find_case(request), undoing.acts, may_name=may_name
    )
    return [_tell(one) for one in done]


async def _edit(request: Request, act: Callable[..., EditDone], *given: object, **options: object) -> _Done:
    services = get_services(request)
    work: Callable[..., Any] = act
    done: EditDone = await services.writing.run(
        work, services.site, find_person(request), find_case(request), *given, **options
    )
    return _tell(done)


def _tell(done: EditDone) -> _Done:
    return _Done(act=done.act_id, faces=done.faces, clusters=list(done.clusters))


def _show_one(connection: Connection, cluster: FaceCluster) -> ClusterRow:
    seen = stored.read_appearances(connection, cluster.case_id, [cluster.cluster_id])
    return _make_row(connection, cluster, seen.get(cluster.cluster_id))


def _make_row(
    connection: Connection, cluster: FaceCluster, seen: Appearance | None, score: float | None = None
) -> ClusterRow:
    tiles, following = _page_faces(connection, cluster, None)
    return ClusterRow(
        cluster_id=cluster.cluster_id,
        faces=cluster.faces,
        version=cluster.version,
        kept=cluster.is_kept,
        alias=cluster.alias,
        items=seen.items if seen else 0,
        videos=seen.videos if seen else 0,
        first_at=seen.first_at if seen else None,
        last_at=seen.last_at if seen else None,
        score=score,
        tiles=tiles,
        next=following,
    )


def _page_faces(
    connection: Connection, cluster: FaceCluster, after: tuple[float, int] | None
) -> tuple[list[FaceTile], str | None]:
    members = stored.page_members(connection, cluster.case_id, cluster.cluster_id, after=after, limit=_TILES + 1)
    tiles = _make_tiles(connection, cluster.case_id, members[:_TILES])
    if len(members) <= _TILES:
        return tiles, None
    last = members[_TILES - 1]
    return tiles, f"{_SMALLEST if last.fit is None else last.fit}_{last.face_id}"


def _make_tiles(connection: Connection, case_id: int, members: Sequence[Member]) -> list[FaceTile]:
    places = faces.list_places(connection, [one.face_id for one in members], case_ids={case_id})
    items = {one.face_id: one.item_id for one in reversed(places)}
    return [
        FaceTile(face_id=one.face_id, item_id=items[one.face_id], fit=one.fit, by_person=one.is_placed)
        for one in members
        if one.face_id in items
    ]


def _read_cursor(form: re.Pattern[str], text: str, kind: Callable[[str], Any]) -> tuple[Any, int]:
    parts = form.fullmatch(text)
    if parts is None:
        raise refuse(400, "`after` is not what an earlier page gave as `next`.")
    return kind(parts[1]), int(parts[2])
