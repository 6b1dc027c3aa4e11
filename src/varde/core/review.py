"""Review: stacks of items, queues of them, second opinions, and how much a person has had to see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

LAST_MATCHED_RANK: Final = 300
"""Relevance ranks up to this one are of stacks with a match that a person has to look at; all others are above."""


class Reveal(IntEnum):
    """How much of a picture is shown. People begin with the least and go on step by step, if they have to."""

    VEILED = 0
    """Grey and blurred beyond recognition of a person: the default."""

    SOFT = 1
    """Grey and slightly blurred: what kind of scene it is."""

    GREY = 2
    """Grey and sharp."""

    COLOUR = 3
    """As it is, small."""

    FULL = 4
    """As it is, large: decoded from the original again, and audited."""


class GridOrder(StrEnum):
    """In which order a case is looked at."""

    RELEVANCE = "relevance"
    """What probably matters first; says nothing of a category."""

    FOLDER = "folder"
    """Folder by folder, those with most matches first."""

    PLACE = "place"
    """As the items lie in the exhibits."""


class QueuePurpose(StrEnum):
    """What a queue is for."""

    FIRST = "first"
    """Decide what nobody has decided yet."""

    SECOND = "second"
    """Give a second opinion on what somebody decided, without seeing what that was."""


class AssignmentState(StrEnum):
    """What became of an item that was given to a person."""

    GIVEN = "given"
    DONE = "done"
    HANDED_BACK = "handed_back"
    SKIPPED = "skipped"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A second opinion on an item, given without seeing what was decided.

    Attributes:
        code: on the scheme of the item's case.
        person: account name.
        at: UTC.
    """

    item_id: int
    code: str
    person: str
    at: datetime
    note: str
