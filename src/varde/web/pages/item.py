"""``/items/{item_id}``: everything that is known of an item, each fact with its source."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from varde.core.account import Permission
from varde.core.case import Case
from varde.core.face_search import Victim
from varde.core.media import MediaKind
from varde.reports.camera_words import VERDICT_NAMES
from varde.store import pictures, places, records, schemes, victims
from varde.web.access import GuardedRoute
from varde.web.face_readers import find_reader
from varde.web.item_cameras import load_item_cameras
from varde.web.item_faces import load_item_faces
from varde.web.item_facts import MOST_PLACES, load_item_facts
from varde.web.pages.page import show
from varde.web.pages.pictures import PICTURE_POLICY
from varde.web.people import allow_in_case, find_case, find_person, find_visitor
from varde.web.renderer import PNG
from varde.web.row_ids import AfterRow, RowPath
from varde.web.services import get_services
from varde.web.similar_items import MOST_SIMILAR, find_similar
from varde.workflows.draw_alignments import draw_match

router = APIRouter(tags=["Review"], route_class=GuardedRoute)


@router.get("/items/{item_id}", dependencies=[allow_in_case(Permission.VIEW)], response_class=HTMLResponse)
def show_item(request: Request, item_id: RowPath) -> HTMLResponse:
    """Show the page of an item."""
    services, case, visitor = get_services(request), find_case(request), find_visitor(request)
    with services.site.database.read() as connection:
        facts = load_item_facts(
            connection,
            case,
            item_id,
            visitor.account.account_id,
            may_search_cases=visitor.may(Permission.SEARCH_CASES),
        )
        _, scheme = schemes.get_scheme(connection, case.scheme)
        veil = pictures.find_veil(connection, item_id)
        faces = load_item_faces(connection, case, facts.record)
        looked_for = _list_victims(connection, case) if visitor.may(Permission.SEARCH_FACES) else []
        may_compare = visitor.may(Permission.COMPARE_CAMERAS)
        reader = find_reader(request)
        cameras = load_item_cameras(
            connection, facts.record, case_ids=reader.case_ids if may_compare else (), person=reader.person
        )
    record = facts.record
    is_video = record.content is not None and record.content.media_type.kind is MediaKind.VIDEO
    key = services.make_picture_key(veil.sha256) if veil is not None else ""
    more: dict[str, Any] = {"codes": scheme.codes, "key": key, "is_video": is_video}
    more |= {"faces": faces, "victims": looked_for, "cameras": cameras, "camera_verdicts": VERDICT_NAMES}
    return show(request, "item.html", case=case, facts=facts, record=record, **more)


@router.get("/items/{item_id}/places", dependencies=[allow_in_case(Permission.VIEW)], response_class=HTMLResponse)
def list_places(request: Request, item_id: RowPath, after: AfterRow = 0) -> HTMLResponse:
    """Show the next places of an item's content in its case, for its page."""
    services, case = get_services(request), find_case(request)
    with services.site.database.read() as connection:
        content_id = records.get_record(connection, item_id).content_id
        found = places.list_places(connection, case.case_id, content_id, after_id=after, limit=MOST_PLACES + 1)
    shown = found[:MOST_PLACES]
    next_id = shown[-1].item_id if len(found) > MOST_PLACES else None
    return show(request, "item_places.html", places=shown, item_id=item_id, next_id=next_id)


@router.get("/items/{item_id}/similar", dependencies=[allow_in_case(Permission.VIEW)], response_class=HTMLResponse)
async def show_similar(request: Request, item_id: RowPath) -> HTMLResponse:
    """Show what looks like an item in its case, for its page."""
    services, case = get_services(request), find_case(request)
    similar = await services.searching.run(find_similar, services, case, item_id)
    return show(request, "item_similar.html", similar=similar, hits=similar.hits, most=MOST_SIMILAR)


@router.get(
    "/items/{item_id}/alignments/{entry_id}",
    dependencies=[allow_in_case(Permission.VIEW)],
    response_class=Response,
    responses={
        200: {"content": {PNG: {}}, "description": "The drawing."},
        404: {"description": "There is no such item, no access to it, or no such match that could be drawn."},
    },
)
async def show_alignment(request: Request, item_id: RowPath, entry_id: RowPath, soft: bool = True) -> Response:
    """Send a drawing of where a known picture lies in an item. Audited."""
    services, actor = get_services(request), find_person(request)
    drawing = await services.searching.run(
        draw_match, services.site, actor, item_id=item_id, entry_id=entry_id, soft=soft
    )
    return Response(drawing, media_type=PNG, headers={"Content-Security-Policy": PICTURE_POLICY})


def _list_victims(connection: Connection, case: Case) -> list[Victim]:
    """Returns who is looked for in a case."""
    return victims.list_victims(connection, {case.case_id}, with_closed=False)
