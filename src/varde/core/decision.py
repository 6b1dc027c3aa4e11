"""Decisions: a person's recorded acts. Append-only; a later one supersedes, none is changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from varde.core.scheme import Grade


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's grade of one item.

    Attributes:
        decision_id: grows with time; the highest one of an item is the one in force.
        grade: what was decided; None withdraws the earlier decision.
        person: who decided.
        at: UTC.
        note: the person's own words, "" where none.
        source: "" where decided here, else the file it was imported from.
    """

    decision_id: int
    item_id: int
    grade: Grade | None
    person: str
    at: datetime
    note: str
    source: str
