"""``/exposure``: what one has had to see, for oneself alone; and the unit's sums, of several people at least."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from varde.core.account import Permission
from varde.core.review import Reveal
from varde.review.exposure import LEAST_PEOPLE, Advice, AdviceKind, Today
from varde.store.exposures import LedgerRow, Seen
from varde.web import charts
from varde.web.access import GuardedRoute
from varde.web.pages.page import show
from varde.web.pages.tiles import RowId
from varde.web.people import allow, allow_in_case, find_case, find_preferences, find_visitor
from varde.web.services import get_services
from varde.workflows import keep_exposure

router = APIRouter(tags=["Exposure"], route_class=GuardedRoute)

LEVEL_NAMES: Final = {
    Reveal.VEILED: "veiled",
    Reveal.SOFT: "soft",
    Reveal.GREY: "grey",
    Reveal.COLOUR: "colour",
    Reveal.FULL: "full",
}
_DAYS: Final = 28


class _Seen(BaseModel):
    """An item that was on the screen."""

    model_config = ConfigDict(extra="forbid")

    item_id: RowId
    level: Annotated[int, Field(ge=int(Reveal.VEILED), le=int(Reveal.FULL))]
    seconds: Annotated[float, Field(ge=0, le=keep_exposure.MOST_SECONDS, allow_inf_nan=False)]
    times: Annotated[int, Field(ge=0, le=1_000)] = 1


class _Views(BaseModel):
    """What was on the screen since the last time, as one person's time: seconds are shared among items."""

    model_config = ConfigDict(extra="forbid")

    seen: Annotated[list[_Seen], Field(max_length=keep_exposure.MOST_ENTRIES)]


class _Advice(BaseModel):
    """A reminder the person asked for."""

    kind: AdviceKind
    text: str


class Day(BaseModel):
    """What the person has seen today. Nobody else is told."""

    items: int
    seconds: float
    since_break_s: float
    advice: list[_Advice]


@dataclass(frozen=True, slots=True)
class Line:
    """A day of the ledger: items and minutes, all told and by level."""

    day: date
    items: int
    minutes: float
    by_level: tuple[tuple[str, int], ...]


@router.post("/cases/{case_id}/exposure", dependencies=[allow_in_case(Permission.VIEW)])
async def record(request: Request, case_id: int, views: _Views) -> Day:
    """Add to the caller's own ledger; items must be of the case."""
    services, visitor = get_services(request), find_visitor(request)
    seen = [Seen(one.item_id, Reveal(one.level), one.seconds, one.times) for one in views.seen]
    today, advice = await services.writing.run(
        keep_exposure.record_views,
        services.site,
        visitor.account.account_id,
        find_preferences(visitor),
        case_id=find_case(request).case_id,
        seen=seen,
        at=services.clock(),
    )
    return write_day(today, advice)


@router.get("/exposure", dependencies=[allow(Permission.REVIEW)], response_class=HTMLResponse)
def show_ledger(request: Request) -> HTMLResponse:
    """Show the visitor's own ledger."""
    services, visitor = get_services(request), find_visitor(request)
    at = services.clock()
    since = at.date() - timedelta(days=_DAYS - 1)
    ledger = keep_exposure.read_ledger(
        services.site, visitor.account.account_id, find_preferences(visitor), since=since, at=at
    )
    lines = _by_day(ledger.rows)
    return show(
        request,
        "exposure.html",
        account=visitor.account,
        today=ledger.today,
        advice=ledger.advice,
        lines=lines,
        severities=_by_severity(ledger.rows),
        most_minutes=max((line.minutes for line in lines), default=0.0),
        levels=list(LEVEL_NAMES.values()),
        days=_DAYS,
        charts=charts,
    )


@router.get("/exposure/unit", dependencies=[allow(Permission.SEE_SUMS)], response_class=HTMLResponse)
def show_unit(request: Request) -> HTMLResponse:
    """Show sums over several people at least, of weeks that are over, in the cases the visitor has access to."""
    services = get_services(request)
    account_id = find_visitor(request).account.account_id
    found = keep_exposure.read_unit(services.site, account_id, at=services.clock())
    return show(
        request, "exposure_unit.html", found=found, least_people=LEAST_PEOPLE, level_names=LEVEL_NAMES, Reveal=Reveal
    )


def write_day(today: Today, advice: Sequence[Advice]) -> Day:
    """Returns what a page is told of the person's day."""
    return Day(
        items=today.items,
        seconds=today.seconds,
        since_break_s=today.since_break_s,
        advice=[_Advice(kind=one.kind, text=one.text) for one in advice],
    )


def _by_day(rows: Sequence[LedgerRow]) -> list[Line]:
    days: defaultdict[date, list[LedgerRow]] = defaultdict(list)
    for row in rows:
        days[row.day].append(row)
    return [_sum_day(day, days[day]) for day in sorted(days, reverse=True)]


def _sum_day(day: date, rows: Sequence[LedgerRow]) -> Line:
    by_level = tuple(
        (name, sum(row.items for row in rows if row.level is level)) for level, name in LEVEL_NAMES.items()
    )
    return Line(day, sum(row.items for row in rows), sum(row.seconds for row in rows) / 60, by_level)


def _by_severity(rows: Sequence[LedgerRow]) -> list[tuple[str, list[tuple[str, int, float]]]]:
    """Returns for each severity what was seen of it at each level: (level, items, minutes)."""
    found: list[tuple[str, list[tuple[str, int, float]]]] = []
    for severity in sorted({row.severity for row in rows}):
        of_it = [row for row in rows if row.severity == severity]
        cells = [
            (name, sum(row.items for row in at), sum(row.seconds for row in at) / 60)
            for level, name in LEVEL_NAMES.items()
            for at in [[row for row in of_it if row.level is level]]
        ]
        found.append((severity, cells))
    return found
