"""Builders of made-up items, contents and known entries, for the tests of the store."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from varde.core.case import Case, Exhibit, Keeping
from varde.core.content import Content
from varde.core.digest import Digests
from varde.core.issue import Issue, IssueCode, Step
from varde.core.item import Origin
from varde.core.known import KnownEntry, SetRole
from varde.core.locator import Locator, path_locator
from varde.core.media import Facts, MediaKind, MediaType, Thumbnail
from varde.core.signal import Method, PerceptualHash, Signal
from varde.store import cases, items, known_sets, tables
from varde.store.items import ExaminedItem, NewItem
from varde.store.known_sets import NewSet

AT = datetime(2026, 10, 1, 12, 30, tzinfo=UTC)
PERSON = "A. Examiner"
PDQ = Method("pdq", "1")
JPEG = MediaType(MediaKind.PICTURE, "image/jpeg")


def make_digests(data: bytes) -> Digests:
    return Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), hashlib.sha256(data).digest(), len(data))


def make_content(data: bytes, *, media_type: MediaType = JPEG, quality: int = 80) -> Content:
    """Returns a decoded picture whose perceptual hash is its SHA-256."""
    digests = make_digests(data)
    signal = Signal(PDQ, (PerceptualHash(digests.sha256, quality),))
    facts = Facts(640, 480, None, None, (("Make", "Made-up"), ("Model", "Größe 1")))
    return Content(digests, media_type, facts, Thumbnail(b"thumb " + data[:10], 64, 48), (signal,))


def make_issue(code: IssueCode = IssueCode.DAMAGED, step: Step = Step.DECODE, cause: str = "It ends early.") -> Issue:
    return Issue(code, step, cause)


def make_case(connection: Connection, name: str = "harbour", *, exhibits: int = 1) -> tuple[Case, list[Exhibit]]:
    case = cases.create_case(
        connection, name=name, authorisation="warrant 1", scheme="vics-us@2.0", person=PERSON, at=AT
    )
    for number in range(exhibits):
        path = Path(f"/evidence/{name}/{number}")
        cases.add_exhibit(connection, case=case, path=path, keeping=Keeping.REFERENCE, person=PERSON, at=AT)
    return case, cases.list_exhibits(connection, case.case_id)


def add_files(connection: Connection, exhibit: Exhibit, *paths: bytes) -> dict[str, int]:
    """Adds waiting files to an exhibit and returns the row numbers of its items by locator."""
    found = [NewItem(path_locator(path), Origin.FILE, 10, AT) for path in paths]
    items.add_items(connection, exhibit.exhibit_id, found)
    return list_item_ids(connection, exhibit)


def add_members(connection: Connection, exhibit: Exhibit, archive: bytes, *names: bytes) -> dict[str, int]:
    inside: Locator = path_locator(archive)
    parent = list_item_ids(connection, exhibit)[str(inside)]
    found = [
        NewItem(inside.member(name), Origin.ARCHIVE_MEMBER, 10, None, parent, ordinal)
        for ordinal, name in enumerate(names)
    ]
    items.add_items(connection, exhibit.exhibit_id, found)
    return list_item_ids(connection, exhibit)


def list_item_ids(connection: Connection, exhibit: Exhibit) -> dict[str, int]:
    table = tables.items.c
    rows = connection.execute(select(table.locator, table.id).where(table.exhibit_id == exhibit.exhibit_id))
    return {row.locator: row.id for row in rows}


def examine(
    connection: Connection, exhibit: Exhibit, locator: str, content: Content | None, *issues: Issue
) -> ExaminedItem:
    """Records the outcome of one item and returns it."""
    examined = ExaminedItem(list_item_ids(connection, exhibit)[locator], locator, content, issues)
    items.record_examined(connection, exhibit.exhibit_id, [examined])
    return examined


def add_examined(connection: Connection, exhibit: Exhibit, *paths: bytes) -> dict[str, int]:
    """Adds files that are examined, each with a content of its own, and returns as `add_files` does."""
    ids = add_files(connection, exhibit, *paths)
    for path in paths:
        examine(connection, exhibit, str(path_locator(path)), make_content(b"content of " + path))
    return ids


def make_set(
    connection: Connection, *entries: KnownEntry, name: str = "list", version: str = "1", role: SetRole = SetRole.ALERT
) -> int:
    """Returns the row number of a new known set with these entries."""
    new = NewSet(name, version, "Agency", role, "vics-us", "2.0", "vics", "list.json", None, "")
    set_id = known_sets.add_set(connection, new, person=PERSON, at=AT)
    known_sets.add_entries(connection, set_id, entries, lambda count: None)
    return set_id
