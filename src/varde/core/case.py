"""Cases, their authorisation and their exhibits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The permission an action rests on.

    Attributes:
        reference: statute, warrant or order, as the agency writes it; "" where none was recorded.
    """

    reference: str


@dataclass(frozen=True, slots=True)
class Case:
    """An investigation with an authorisation, people and exhibits.

    Attributes:
        name: unique in the site.
        scheme: key of the grade scheme its decisions are made on.
        created_at: UTC.
    """

    case_id: int
    name: str
    authorisation: Authorisation
    scheme: str
    created_at: datetime


class Keeping(StrEnum):
    """Where an exhibit's bytes live."""

    REFERENCE = "reference"
    """They stay where they are and are verified when read again."""

    COPY = "copy"
    """A verified copy is kept in the site's content store."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A seized or handed-over thing with a number unique in its case.

    Attributes:
        path: absolute path of the folder or file, read-only to Varde.
        walked: whether every file in it has been listed.
    """

    exhibit_id: int
    case_id: int
    number: int
    path: Path
    keeping: Keeping
    walked: bool
