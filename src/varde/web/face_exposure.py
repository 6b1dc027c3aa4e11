"""Counts faces that a person has to see in their own exposure ledger, though the page does not say whose they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from varde.core.face_search import FaceSight
from varde.core.review import Reveal
from varde.store.exposures import Seen
from varde.web.pages.exposure import Day, write_day
from varde.web.people import find_preferences, find_visitor
from varde.web.services import get_services
from varde.workflows import keep_exposure

FindSight = Callable[[int], FaceSight | None]


class SeenFace(BaseModel):
    """A face that was on the screen."""

    model_config = ConfigDict(extra="forbid")

    face: Annotated[int, Field(ge=-(1 << 53), le=1 << 53, description="The page's number for it.")]
    level: Annotated[int, Field(ge=int(Reveal.VEILED), le=int(Reveal.COLOUR))]
    seconds: Annotated[float, Field(ge=0, le=keep_exposure.MOST_SECONDS, allow_inf_nan=False)]
    times: Annotated[int, Field(ge=0, le=1_000)] = 1


class SeenFaces(BaseModel):
    """What was on the screen since the last time, as one person's time: seconds are shared among faces."""

    model_config = ConfigDict(extra="forbid")

    seen: Annotated[list[SeenFace], Field(max_length=keep_exposure.MOST_ENTRIES)]


def record_faces(request: Request, views: Sequence[SeenFace], find_sight: FindSight) -> Day:
    """Adds faces to the caller's own ledger, each as the item that shows it; called in a thread.

    Args:
        request: of the visitor.
        views: what was seen.
        find_sight: gives a face by the page's number; None for one that no item of a case shows, which is not counted.
    """
    services, visitor = get_services(request), find_visitor(request)
    by_case: defaultdict[int, list[Seen]] = defaultdict(list)
    for one in views:
        sight = find_sight(one.face)
        if sight is not None and sight.places:
            place = sight.places[0]
            by_case[place.case_id].append(Seen(place.item_id, Reveal(one.level), one.seconds, one.times))
    account_id, preferences, at = visitor.account.account_id, find_preferences(visitor), services.clock()
    for case_id, seen in sorted(by_case.items()):
        keep_exposure.record_views(services.site, account_id, preferences, case_id=case_id, seen=seen, at=at)
    today, advice = keep_exposure.record_views(services.site, account_id, preferences, case_id=0, seen=(), at=at)
    return write_day(today, advice)
