"""Keeps the exposure ledger: what a person sees, for the person; and for a unit sums that single nobody out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from varde.core.errors import NotFound
from varde.core.preferences import Preferences
from varde.review.exposure import Advice, Share, Today, UnitSums, View, advise, compute_today, find_week, sum_unit
from varde.store import case_access, exposures
from varde.store.exposures import LedgerRow, Seen
from varde.store.site import Site

MOST_ENTRIES: Final = 500
"""Entries of one report of a page."""

MOST_SECONDS: Final = 3_600.0
"""Seconds that one entry, and one report altogether, can be about."""

_WEEKS: Final = 8


@dataclass(frozen=True, slots=True)
class Ledger:
    """A person's own ledger, for this person alone."""

    today: Today
    advice: list[Advice]
    rows: list[LedgerRow]


def record_views(
    site: Site,
    account_id: int,
    preferences: Preferences,
    *,
    case_id: int,
    seen: Sequence[Seen],
    at: datetime,
) -> tuple[Today, list[Advice]]:
    """Adds what a person saw to their ledger, and returns today's sums and what they asked to be reminded of.

    No report is about more than `MOST_SECONDS` altogether; what is beyond is cut, since it cannot have been seen.

    Raises:
        NotFound: if an item is not of the case; nothing is recorded then.
    """
    capped = _cap(seen)
    if capped:
        with site.database.write() as connection:
            if exposures.find_foreign(connection, case_id, {view.item_id for view in capped}):
                raise NotFound("there is no such item in this case")
            exposures.record_views(connection, account_id, case_id, capped, at)
    with site.database.read() as connection:
        return _read_today(connection, account_id, preferences, at)


def read_ledger(site: Site, account_id: int, preferences: Preferences, *, since: date, at: datetime) -> Ledger:
    """Returns a person's own ledger from a day on."""
    with site.database.read() as connection:
        today, advice = _read_today(connection, account_id, preferences, at)
        return Ledger(today, advice, exposures.sum_days(connection, account_id, since))


def read_unit(site: Site, account_id: int, *, at: datetime) -> UnitSums:
    """Returns the unit's sums of the last weeks that are over, in the cases somebody has access to.

    The running week is left out: whoever looks before and after somebody's work would see what that one person saw.
    """
    this_week = find_week(at.date())
    since = this_week - timedelta(weeks=_WEEKS)
    with site.database.read() as connection:
        case_ids = [case.case_id for case in case_access.list_open_cases(connection, account_id)]
        people = exposures.list_accounts_with_views(connection)
        rows = exposures.sum_people(connection, people, case_ids, since)
    return sum_unit(_share(row) for row in rows if row.day < this_week)


def _share(row: LedgerRow) -> Share:
    return Share(row.account_id, find_week(row.day), row.severity, int(row.level), row.items, row.seconds)


def _read_today(
    connection: Connection, account_id: int, preferences: Preferences, at: datetime
) -> tuple[Today, list[Advice]]:
    views = [View(*row) for row in exposures.list_day(connection, account_id, at.date())]
    today = compute_today(views, at)
    return today, advise(today, preferences)


def _cap(seen: Sequence[Seen]) -> list[Seen]:
    left = MOST_SECONDS
    capped = []
    for view in seen:
        seconds = min(view.seconds, left)
        left -= seconds
        capped.append(replace(view, seconds=seconds))
    return capped
