"""How much a person has had to see: breaks and soft limits of the person's own, and sums that single nobody out.

Nothing here locks anything or tells anybody else: it is advice to the person the ledger belongs to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from varde.core.preferences import Preferences

BREAK_S: Final = 300.0
"""Seconds without looking at anything that count as a break."""

LEAST_PEOPLE: Final = 3
"""People whose sums are shown together at least, so that nobody can be singled out."""


@dataclass(frozen=True, slots=True)
class View:
    """What the ledger says of an item on one day at one level.

    Attributes:
        seconds: of the person's time.
        last_at: UTC, when the item was last on the screen.
    """

    item_id: int
    seconds: float
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Today:
    """What a person has seen so far on one day.

    Attributes:
        items: different ones, in any form.
        seconds: looking at them.
        since_break_s: seconds since the last break, 0 during one.
    """

    items: int
    seconds: float
    since_break_s: float


class AdviceKind(StrEnum):
    """What a person asked to be reminded of."""

    BREAK = "break"
    ITEMS = "items"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class Advice:
    """A reminder, in words for the person."""

    kind: AdviceKind
    text: str


@dataclass(frozen=True, slots=True)
class Share:
    """What one person saw in one week of one severity at one level. Never shown; only sums of several are."""

    account_id: int
    week: date
    severity: str
    level: int
    items: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Sum:
    """What several people saw together.

    Attributes:
        week: its Monday.
        people: how many; `LEAST_PEOPLE` at least.
    """

    week: date
    severity: str
    level: int
    people: int
    items: int
    seconds: float


@dataclass(frozen=True, slots=True)
class UnitSums:
    """The sums that may be shown.

    Attributes:
        sums: by week, the newest first, then severity and level.
        has_withheld: whether there are others, of fewer people.
    """

    sums: tuple[Sum, ...]
    has_withheld: bool


def compute_today(views: Sequence[View], at: datetime) -> Today:
    """Returns what a person has seen today.

    Args:
        views: the ledger's rows of the day.
        at: UTC, now.

    Limits:
        The ledger knows only when an item was last seen: one that was seen twice may hide a break between, never
        invent work that was not done.
    """
    items = len({view.item_id for view in views})
    return Today(items, sum(view.seconds for view in views), _find_since_break(views, at))


def advise(today: Today, preferences: Preferences) -> list[Advice]:
    """Returns what a person asked to be reminded of and what is reached now."""
    found = []
    if today.since_break_s >= preferences.break_after_min * 60:
        minutes = int(today.since_break_s // 60)
        found.append(
            Advice(AdviceKind.BREAK, f"You have been looking for {minutes} minutes. A break would do you good.")
        )
    if today.items >= preferences.daily_items:
        text = f"You have seen {today.items:,} items today. You set yourself {preferences.daily_items:,}."
        found.append(Advice(AdviceKind.ITEMS, text))
    if today.seconds >= preferences.daily_minutes * 60:
        text = f"You have been looking for {int(today.seconds // 60)} minutes today. You set yourself "
        found.append(Advice(AdviceKind.MINUTES, f"{text}{preferences.daily_minutes}."))
    return found


def find_week(day: date) -> date:
    """Returns the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def sum_unit(shares: Iterable[Share], *, least_people: int = LEAST_PEOPLE) -> UnitSums:
    """Returns sums over people, each over at least so many of them.

    There are no totals over sums that are withheld: whoever subtracts those shown from such a total would have them.
    """
    cells: defaultdict[tuple[date, str, int], list[Share]] = defaultdict(list)
    for share in shares:
        cells[share.week, share.severity, share.level].append(share)
    summed = [_sum(key, parts) for key, parts in cells.items()]
    shown = [cell for cell in summed if cell.people >= least_people]
    shown.sort(key=lambda cell: (-cell.week.toordinal(), cell.severity, cell.level))
    return UnitSums(tuple(shown), len(shown) < len(summed))


def _find_since_break(views: Sequence[View], at: datetime) -> float:
    newest_first = sorted(views, key=lambda view: view.last_at, reverse=True)
    begin = at
    for view in newest_first:
        if (begin - view.last_at).total_seconds() >= BREAK_S:
            break
        begin = min(begin, view.last_at - timedelta(seconds=view.seconds))
    return (at - begin).total_seconds() if newest_first and begin < at else 0.0


def _sum(key: tuple[date, str, int], parts: list[Share]) -> Sum:
    people = len({part.account_id for part in parts})
    return Sum(*key, people, sum(part.items for part in parts), sum(part.seconds for part in parts))
