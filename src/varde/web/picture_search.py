"""Searches by a picture in hand: examined in the sandbox, compared, and forgotten. Nothing of it is kept or logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fastapi import Request
from sqlalchemy import Connection

from varde.core.case import Case
from varde.core.content import Content
from varde.core.finding import OperatingPoint, describe_how
from varde.media.pool import Failure
from varde.pipeline.examine import ExamineRequest
from varde.pipeline.lookup import KnownMatch
from varde.pipeline.match_content import match_content
from varde.pipeline.match_stored import StoredMatch, match_stored
from varde.store import search
from varde.web.errors import refuse
from varde.web.hits import FoundItem, ShownHit, show_hits
from varde.web.services import Services
from varde.web.uploads import Upload, receive_upload

_MOST_HITS = 120
_MOST_CONTENTS = 2_000
_CONTENTS_AT_ONCE = 100
_MOST_ITEMS = 2_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that was received and examined; its bytes are gone.

    Attributes:
        texts: the other fields of the form.
        failure: what ended the decoder, "" where nothing did.
    """

    content: Content
    texts: Mapping[str, str]
    failure: str


@dataclass(frozen=True, slots=True)
class KnownHit:
    """A known entry that a picture matches."""

    match: KnownMatch
    how: str


@dataclass(frozen=True, slots=True)
class PictureHits:
    """What a search by a picture found.

    Attributes:
        hits: items, the closest first.
        more: whether there are more than are shown.
        known: entries of known sets that it matches.
        point: operating point of the comparison by distance.
        not_comparable: why it could not be compared with stored contents by distance, "" where it was.
        known_not_comparable: methods that could not compare it with known sets, and why.
    """

    content: Content
    hits: tuple[ShownHit, ...]
    more: bool
    known: tuple[KnownHit, ...]
    point: OperatingPoint
    not_comparable: str
    known_not_comparable: Mapping[str, str]


async def receive_picture(request: Request, services: Services) -> Picture:
    """Returns the file of a request, examined in the sandbox.

    Raises:
        HTTPException: 400 if there is no file, 422 if it is empty or cannot be read, 503 if there is too much to do.
    """
    async with services.uploads.take(), receive_upload(request, services.site.spool) as upload:
        if not upload.size_bytes:
            raise refuse(422, "The file is empty.")
        return await _examine(services, upload)


def find_by_picture(services: Services, picture: Picture, cases: list[Case]) -> PictureHits:
    """Returns the items of some cases with the same bytes or nearly the same look, and the known entries it matches."""
    point, site = services.point, services.site
    near = match_stored(site.database, site.indexes, picture.content, point, _MOST_CONTENTS)
    reason = picture.failure or (near if isinstance(near, str) else "")
    contents = [] if isinstance(near, str) else near
    by_id = {case.case_id: case for case in cases}
    with site.database.read() as connection:
        found = _find_items(connection, list(by_id), picture.content, contents)
        hits = show_hits(connection, found[:_MOST_HITS], by_id, services.make_picture_key)
    known = match_content(services.search, picture.content, point)
    matches = tuple(KnownHit(match, describe_how(match.details)) for match in known.matches)
    return PictureHits(
        picture.content,
        tuple(hits),
        len(found) > _MOST_HITS,
        matches,
        point,
        reason,
        known.not_comparable or {},
    )


def _find_items(
    connection: Connection, case_ids: list[int], content: Content, near: list[StoredMatch]
) -> list[FoundItem]:
    """Returns the items, the same bytes first, then by distance; a few more than are shown."""
    same = search.find_content(connection, content.digests.sha256)
    ranked = [] if same is None else [StoredMatch(same, 0, "same bytes (SHA-256)")]
    ranked += [match for match in near if match.content_id != same]
    found: list[FoundItem] = []
    for start in range(0, len(ranked), _CONTENTS_AT_ONCE):
        some = ranked[start : start + _CONTENTS_AT_ONCE]
        items = search.find_items_of(connection, case_ids, [match.content_id for match in some], limit=_MOST_ITEMS)
        for match in some:
            how = (match.how or "looks nearly the same",)
            found += [FoundItem(case_id, item_id, how, match.distance) for case_id, item_id in items[match.content_id]]
        if len(found) > _MOST_HITS:
            break
    return found


async def _examine(services: Services, upload: Upload) -> Picture:
    settings = services.site.settings
    wanted = ExamineRequest(0, upload.size_bytes, settings.decode.limits(), local_features=True)
    result = await services.examiner.examine(upload.descriptor, wanted)
    failure = result.detail if isinstance(result, Failure) else ""
    if failure:
        result = await services.examiner.examine(upload.descriptor, replace(wanted, decode=False))
    if isinstance(result, Failure):
        raise refuse(422, "The file could not be examined: its decoder was stopped.")
    if result.content is None:
        raise refuse(422, "The file could not be read.")
    return Picture(result.content, upload.texts, failure)
