"""Searches the items of cases by what a person types: the box says what it took the words for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from sqlalchemy import Connection

from varde.core.account import Account
from varde.core.audit import Act
from varde.core.digest import DigestAlgorithm, read_digest
from varde.core.errors import WrongUse
from varde.store import audit, case_access, search
from varde.store.search import BEGINNING, CAMERA_TAGS, Hit, TimePlace, TimeRange, read_time_range
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.approve import demand

MOST_CHARACTERS: Final = 500
"""Of a query, and of a purpose."""


class Field(StrEnum):
    """What a person looks in."""

    ANYTHING = "anything"
    NAME = "name"
    DIGEST = "digest"
    DATE = "date"
    CAMERA = "camera"
    METADATA = "metadata"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it was understood.

    Attributes:
        field: what is looked in; `Field.ANYTHING` for names and metadata.
        text: as it was typed.
        digest: where it is one.
        days: where it is a date.
    """

    field: Field
    text: str
    digest: tuple[DigestAlgorithm, bytes] | None = None
    days: TimeRange | None = None

    @property
    def words(self) -> str:
        """What the query was taken for, for a person."""
        if self.digest is not None:
            return f"{self.digest[0].value.upper().replace('SHA', 'SHA-')} digest"
        if self.days is not None:
            return f"file time or capture time from {self.days.first} until before {self.days.end}"
        return _WORDS[self.field]


_WORDS: Final = {
    Field.ANYTHING: "part of a name or place, or of a value in the metadata",
    Field.NAME: "part of a name or place",
    Field.CAMERA: "part of a camera's make, model, owner or serial number",
    Field.METADATA: "part of a value in the metadata",
    Field.DIGEST: "digest",
    Field.DATE: "date",
}


@dataclass(frozen=True, slots=True)
class CaseHit:
    """An item that was found, and its case."""

    case_id: int
    hit: Hit


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of hits ended."""

    case_id: int
    time: TimePlace


def read_query(text: str, field: Field) -> Asked:
    """Returns what a person means.

    Raises:
        WrongUse: if nothing was typed, too much, or it is not what the field is for.
    """
    text = text.strip()
    if not text or len(text) > MOST_CHARACTERS:
        raise WrongUse(f"type 1 to {MOST_CHARACTERS} characters to search for")
    if field in (Field.ANYTHING, Field.DIGEST):
        try:
            return Asked(Field.DIGEST, text, digest=read_digest(text))
        except WrongUse:
            if field is Field.DIGEST:
                raise
    if field in (Field.ANYTHING, Field.DATE):
        days = read_time_range(text)
        if days is not None:
            return Asked(Field.DATE, text, days=days)
        if field is Field.DATE:
            raise WrongUse(
                "this is no date", advice="Write 2020, 2020-05, 2020-05-17, 17.05.2020, or two of them with .. between."
            )
    return Asked(field, text)


def search_items(
    connection: Connection, case_ids: Sequence[int], asked: Asked, after: Place | None, limit: int
) -> tuple[list[CaseHit], Place | None]:
    """Returns the next hits, case by case, and where they end; None there where no more follow.

    Args:
        connection: the site's.
        case_ids: of the cases that may be searched: nothing of any other is read.
        asked: what for.
        after: where the page before ended.
        limit: most hits returned.
    """
    found: list[CaseHit] = []
    for case_id in sorted(set(case_ids)):
        if after is not None and case_id < after.case_id:
            continue
        begin = after.time if after is not None and case_id == after.case_id else BEGINNING
        hits = _search_case(connection, case_id, asked, begin, limit + 1 - len(found))
        found += [CaseHit(case_id, hit) for hit in hits]
        if len(found) > limit:
            break
    page = found[:limit]
    return page, _place(page[-1]) if len(found) > limit else None


def begin_wide_search(
    site: Site, actor: Actor, account: Account, *, kind: str, purpose: str, authorisation: str
) -> tuple[int, list[int]]:
    """Returns the audit event of a search over all of a person's cases, and these cases. Recorded before it is done.

    Args:
        site, actor: where and who.
        account: whose cases are searched.
        kind: what is searched by: a `Field`, or ``picture``. What exactly is never recorded.
        purpose, authorisation: in the person's words; both are needed.

    Raises:
        WrongUse: if either is missing or too long.
        ApprovalNeeded: if the site demands that another person approves it.
    """
    facts = {"purpose": purpose.strip(), "authorisation": authorisation.strip()}
    for name, words in facts.items():
        if not words or len(words) > MOST_CHARACTERS or not words.isprintable():
            raise WrongUse(
                f"a search over several cases needs a {name} of 1 to {MOST_CHARACTERS} printable characters",
                advice="Both are kept in the audit log.",
            )
    subject: dict[str, str | int | None] = {"kind": kind, **facts}
    demand(site, actor, act=Act.CASES_SEARCHED, case=None, subject=subject, reason=facts["purpose"])
    with site.database.write() as connection:
        case_ids = [case.case_id for case in case_access.list_open_cases(connection, account.account_id)]
        subject |= {"cases": len(case_ids)}
        head = audit.append_event(
            connection, at=actor.clock(), person=actor.person, act=Act.CASES_SEARCHED, subject=subject
        )
    return head.number, case_ids


def _search_case(connection: Connection, case_id: int, asked: Asked, begin: TimePlace, limit: int) -> list[Hit]:
    after = begin.item_id
    if asked.digest is not None:
        return search.find_digest(connection, case_id, *asked.digest, after=after, limit=limit)
    if asked.days is not None:
        return search.find_times(connection, case_id, asked.days, after=begin, limit=limit)
    ways: dict[Field, Callable[[], list[Hit]]] = {
        Field.NAME: lambda: search.find_names(connection, case_id, asked.text, after=after, limit=limit),
        Field.METADATA: lambda: search.find_words(connection, case_id, asked.text, after=after, limit=limit),
        Field.CAMERA: lambda: search.find_words(
            connection, case_id, asked.text, tags=CAMERA_TAGS, after=after, limit=limit
        ),
    }
    if asked.field in ways:
        return ways[asked.field]()
    both = sorted(ways[Field.NAME]() + ways[Field.METADATA](), key=lambda hit: hit.item_id)
    merged = []
    for item_id, hits in groupby(both, key=lambda hit: hit.item_id):
        merged.append(Hit(item_id, tuple(reason for hit in hits for reason in hit.reasons)))
    return merged[:limit]


def _place(last: CaseHit) -> Place:
    hit = last.hit
    return Place(last.case_id, TimePlace(hit.at, hit.item_id, hit.what.value))
