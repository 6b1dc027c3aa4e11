"""``/cases/{case_id}/faces``: search a case, or everything, for the face of a person; what was searched before."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from varde.core.account import Permission
from varde.core.age import AgeBand
from varde.core.audit import Act
from varde.core.errors import NotFound
from varde.core.face import ProbeRule, SearchScope
from varde.core.face_search import FaceSight, ProbeExamined, ProbeFace, SearchOrder, order_faces
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.probe_faces import advise
from varde.pipeline.views import Unseen
from varde.store import approvals, faces
from varde.web.access import GuardedRoute
from varde.web.errors import refuse
from varde.web.face_pictures import ANSWERS, Level, send_face
from varde.web.face_prober import find_pack_in_use
from varde.web.face_readers import find_reader
from varde.web.face_words import AGE_WORDS, say_why_not
from varde.web.pages.page import show
from varde.web.people import allow_in_case, find_case, find_person, find_visitor
from varde.web.probe_shelf import KEPT_S, ShelvedProbe
from varde.web.row_ids import HIGHEST_ROW
from varde.web.services import Services, get_services
from varde.web.uploads import Upload, receive_upload
from varde.workflows.read_searches import list_searches, read_face
from varde.workflows.search_faces import search
from varde.workflows.show_original import OpenOriginal

router = APIRouter(tags=["Faces"], route_class=GuardedRoute)

MOST_PROBES: Final = 8
FILLERS: Final = 2
"""Faces of the cohort that are mixed into a list, where the site has one: they measure false accepts."""

_MOST_PROBE_BYTES = 128 << 20
_MOST_LISTED = 20
_MOST_CHARACTERS = 500
_RECENT = timedelta(days=7)
_FROM_OUTSIDE = "a picture of yours"
_GONE = "This picture is not here any more: pictures are kept for half an hour. Add it again."

Token = Annotated[str, Path(max_length=64)]
Words = Annotated[str, Field(max_length=_MOST_CHARACTERS)]


class ShownFace(BaseModel):
    """A face of a picture to search with."""

    number: int = Field(description="1 is the first by quality and size.")
    left: float = Field(description="Of its box, as a share of the picture's width; top and height of its height.")
    top: float
    width: float
    height: float
    quality: int = Field(description="0 to 100.")
    size_px: int = Field(description="Width of the face in the picture's pixels.")
    unused: str = Field(description="Why it cannot be searched with; empty where it can.")


class ShownProbe(BaseModel):
    """What was found in a picture to search with."""

    token: str = Field(description="Names the picture for half an hour; empty where nothing of it is kept.")
    has_picture: bool
    faces: list[ShownFace]
    dropped: int = Field(description="How many more faces there are, which cannot be chosen.")
    reason: str = Field(description="Why nothing in it can be searched with; empty where something can.")
    advice: str = Field(description="What to do about it; empty where there is nothing to say.")


class AskedProbe(BaseModel):
    """A face to search with: of a picture that was examined, or of an item."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(max_length=64)] = ""
    face: Annotated[int, Field(ge=0, le=500, description="Which face of that picture, 1 is the first.")] = 0
    face_id: Annotated[int, Field(ge=0, le=HIGHEST_ROW, description="Or a face of an item.")] = 0


class AskedSearch(BaseModel):
    """A search for the person whom all probes show."""

    model_config = ConfigDict(extra="forbid")

    probes: Annotated[list[AskedProbe], Field(min_length=1, max_length=MOST_PROBES)]
    scope: SearchScope = SearchScope.CASE
    rule: ProbeRule = ProbeRule.ANY
    age: AgeBand | None = Field(None, description="Of the person, as the caller knows it; null where nobody does.")
    purpose: Words = Field("", description="Needed where everything is searched.")
    authorisation: Words = Field("", description="Needed where everything is searched.")


class MadeSearch(BaseModel):
    """A search that was made."""

    search_id: int
    path: str = Field(description="Of its candidate list.")


@router.get("/cases/{case_id}/faces", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
def show_faces(request: Request, face: Annotated[int, Query(ge=0, le=HIGHEST_ROW)] = 0) -> HTMLResponse:
    """Show the page on which a face is searched for, and what was searched before."""
    services, case, visitor, reader = _read(request)
    own = frozenset({case.case_id})
    searches = list_searches(services.site, person=reader.person, case_ids=own, before=None, limit=_MOST_LISTED)
    with services.site.database.read() as connection:
        asked = approvals.list_asked(connection, visitor.account.account_id, services.clock() - _RECENT)
        not_examined = faces.count_unexamined(connection, case.case_id)
    facts: dict[str, Any] = {
        "chosen": _describe_chosen(services, face, reader.case_ids) if face else None,
        "searches": searches,
        "asked": [one for one in asked if one.act is Act.FACES_SEARCHED_EVERYWHERE and one.used_at is None],
        "not_examined": not_examined,
        "pack": _find_pack_name(services),
        "cases": len(reader.case_ids),
        "may_search_all": visitor.may(Permission.SEARCH_CASES),
        "most_probes": MOST_PROBES,
        "age_bands": list(AgeBand),
        "age_words": AGE_WORDS,
        "most_characters": _MOST_CHARACTERS,
    }
    return show(request, "faces.html", case=case, **facts)


@router.post(
    "/cases/{case_id}/faces/probes",
    dependencies=[allow_in_case(Permission.SEARCH_FACES)],
    responses={413: {"description": "The file is too large."}, 422: {"description": "The file is empty."}},
)
async def add_probe(request: Request) -> ShownProbe:
    """Find the faces in a file of a form, to choose one of them. Nothing of the file is kept but in memory."""
    services, case, account = get_services(request), find_case(request), find_visitor(request).account
    async with services.uploads.take(), receive_upload(request, services.site.spool) as upload:
        data = _read_upload(upload)
        found = await services.probing.run(services.faces.examine, data)
        is_picture = not (isinstance(found, NotComparable) and found.reason is not Reason.NO_FACE)
        view = await _make_view(services, upload) if is_picture else b""
    ordered = () if isinstance(found, NotComparable) else order_faces(found.faces)
    probe = ShelvedProbe(account.account_id, case.case_id, hashlib.sha256(data).digest(), ordered, view)
    token = services.probes.put(probe) if ordered or view else ""
    asyncio.get_running_loop().call_later(KEPT_S + 1, services.probes.drop_old)
    shown = [_show_face(number, one) for number, one in enumerate(ordered, start=1)]
    usable = any(not one.unused for one in shown)
    why = found if isinstance(found, NotComparable) else None
    if why is None and not usable:
        why = next(one.embedding for one in ordered if isinstance(one.embedding, NotComparable))
    return ShownProbe(
        token=token,
        has_picture=bool(view),
        faces=shown,
        dropped=0 if isinstance(found, NotComparable) else found.dropped,
        reason=say_why_not(why) if why else "",
        advice=advise(why.reason) if why else "",
    )


@router.get(
    "/cases/{case_id}/faces/probes/{token}/picture/{level}",
    dependencies=[allow_in_case(Permission.SEARCH_FACES)],
    response_class=Response,
    responses=ANSWERS,
)
async def show_probe(request: Request, token: Token, level: Level) -> Response:
    """Send a small picture of what the caller wants to search with, showing as much as the level says."""
    return await send_face(get_services(request).renderer, _find_probe(request, token).view, level)


@router.get(
    "/cases/{case_id}/faces/probes/{token}/faces/{number}/{level}",
    dependencies=[allow_in_case(Permission.SEARCH_FACES)],
    response_class=Response,
    responses=ANSWERS,
)
async def show_probe_face(
    request: Request, token: Token, number: Annotated[int, Path(ge=1, le=500)], level: Level
) -> Response:
    """Send one face of what the caller wants to search with, showing as much as the level says."""
    found = _find_probe(request, token).faces
    if number > len(found):
        raise refuse(404, f"This picture has {len(found)} faces.")
    return await send_face(get_services(request).renderer, found[number - 1].frames[0].crop, level)


@router.post("/cases/{case_id}/faces/searches", dependencies=[allow_in_case(Permission.SEARCH_FACES)])
async def begin_search(request: Request, asked: AskedSearch) -> MadeSearch:
    """Search for the person of some faces. Audited, with purpose and authorisation where everything is searched."""
    services, case, visitor = get_services(request), find_case(request), find_visitor(request)
    if asked.scope is SearchScope.EVERYWHERE and not visitor.may(Permission.SEARCH_CASES):
        raise refuse(403, "Your roles do not permit to search over several cases at once.")
    reader = await services.reading.run(find_reader, request)
    order = SearchOrder(
        probes=tuple(_read_probe(request, one) for one in asked.probes),
        scope=asked.scope,
        case=case.name,
        purpose=asked.purpose.strip(),
        authorisation=asked.authorisation.strip(),
        rule=asked.rule,
        case_ids=reader.case_ids,
        fillers=FILLERS,
        age_band=asked.age,
    )
    made = await services.searching.run(search, services.site, find_person(request), order)
    return MadeSearch(search_id=made.search_id, path=f"/face-searches/{made.search_id}")


def _read(request: Request) -> tuple[Services, Any, Any, Any]:
    return get_services(request), find_case(request), find_visitor(request), find_reader(request)


def _find_pack_name(services: Services) -> str:
    """Returns the pack in use as people call it; "" where none is."""
    try:
        pack = find_pack_in_use(services.site)
    except NotFound:
        return ""
    return f"{pack.title} ({pack.name} {pack.version})"


def _describe_chosen(services: Services, face_id: int, case_ids: frozenset[int]) -> dict[str, Any]:
    sight: FaceSight = read_face(services.site, face_id, case_ids=case_ids)
    return {
        "face_id": sight.face_id,
        "quality": sight.quality,
        "size_px": round(sight.size_px),
        "item_id": sight.places[0].item_id,
        "case_id": sight.places[0].case_id,
    }


def _show_face(number: int, face: Any) -> ShownFace:
    unused = say_why_not(face.embedding) if isinstance(face.embedding, NotComparable) else ""
    return ShownFace(
        number=number,
        left=face.box.left,
        top=face.box.top,
        width=face.box.width,
        height=face.box.height,
        quality=face.quality,
        size_px=round(face.size_px),
        unused=unused,
    )


def _read_probe(request: Request, asked: AskedProbe) -> ProbeExamined | ProbeFace:
    if asked.face_id:
        return ProbeFace(asked.face_id)
    probe = _find_probe(request, asked.token)
    if not 1 <= asked.face <= len(probe.faces):
        raise refuse(400, f"Say which of the {len(probe.faces)} faces is searched for.")
    face = probe.faces[asked.face - 1]
    return ProbeExamined(face, probe.sha256, _FROM_OUTSIDE, faces=len(probe.faces), used=asked.face)


def _find_probe(request: Request, token: str) -> ShelvedProbe:
    account, case = find_visitor(request).account, find_case(request)
    found = get_services(request).probes.find(token, account.account_id, case.case_id)
    if found is None:
        raise refuse(404, _GONE)
    return found


def _read_upload(upload: Upload) -> bytes:
    if not upload.size_bytes:
        raise refuse(422, "The file is empty.")
    if upload.size_bytes > _MOST_PROBE_BYTES:
        raise refuse(413, f"A file to search with may have {_MOST_PROBE_BYTES >> 20} MiB at most.")
    return os.pread(upload.descriptor, upload.size_bytes, 0)


async def _make_view(services: Services, upload: Upload) -> bytes:
    """Returns a small JPEG of an uploaded picture; b"" for a video and for what cannot be shown."""

    @contextmanager
    def opening() -> Iterator[OpenOriginal]:
        yield OpenOriginal(upload.descriptor, upload.size_bytes, MediaKind.PICTURE)

    view = await services.renderer.make_small_view(opening)
    return b"" if isinstance(view, Unseen) else view
