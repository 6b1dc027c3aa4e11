from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select

from varde.core.case import Exhibit, Keeping
from varde.core.item import Origin
from varde.core.media import MediaKind
from varde.store import case_access, cases, pictures, places, tables
from varde.store.accounts import add_account
from varde.store.database import Database
from varde.store.items import compute_place
from varde.store.review_tables import stack_items, stacks

AT = datetime(2026, 5, 1, tzinfo=UTC)
PERSON = "A. Examiner"


def add_exhibit(connection: Connection, name: str) -> Exhibit:
    case = cases.create_case(connection, name=name, authorisation="", scheme="vics-us@2.0", person=PERSON, at=AT)
    return cases.add_exhibit(
        connection, case=case, path=Path("/nowhere"), keeping=Keeping.REFERENCE, person=PERSON, at=AT
    )


def add_content(connection: Connection, number: int, *, veil: bytes | None = b"\x01\x01\x07") -> int:
    values = {"sha256": bytes([number]) * 32, "sha1": bytes([number]) * 20, "md5": bytes([number]) * 16}
    values |= {"size_bytes": 5, "kind": "picture", "mime": "image/jpeg", "metadata": []}
    connection.execute(insert(tables.contents).values(**values))
    content_id = connection.execute(select(func.max(tables.contents.c.id))).scalar_one()
    thumbnail = {"content_id": content_id, "data": b"jpeg", "width_px": 4, "height_px": 4, "veiled": veil}
    connection.execute(insert(tables.thumbnails).values(**thumbnail))
    return content_id


def add_item(connection: Connection, exhibit: Exhibit, content_id: int | None, parent_id: int | None = None) -> int:
    number = (connection.execute(select(func.max(tables.items.c.id))).scalar() or 0) + 1
    values = {"id": number, "exhibit_id": exhibit.exhibit_id, "place": compute_place(f"{number}")}
    values |= {"locator": f"{number}.jpg", "name": f"{number}.jpg", "origin": "file", "state": "done"}
    values |= {"content_id": content_id, "parent_id": parent_id, "modified_at": AT}
    connection.execute(insert(tables.items).values(**values))
    return number


def test_places_of_a_content_are_paged_within_its_case(database: Database) -> None:
    with database.write() as connection:
        one, two = add_exhibit(connection, "one"), add_exhibit(connection, "two")
        content_id = add_content(connection, 1)
        ids = [add_item(connection, one, content_id) for _ in range(5)]
        add_item(connection, two, content_id)
        add_item(connection, one, add_content(connection, 2))
        first = places.list_places(connection, one.case_id, content_id, after_id=0, limit=3)
        rest = places.list_places(connection, one.case_id, content_id, after_id=first[-1].item_id, limit=3)
        assert [place.item_id for place in (*first, *rest)] == ids
        assert first[0].exhibit == 1
        assert places.count_places(connection, one.case_id, content_id, 100) == 5
        assert places.count_places(connection, one.case_id, content_id, 3) == 3
        assert places.list_places(connection, one.case_id, None, after_id=0, limit=3) == []
        assert places.find_first_items(connection, one.case_id, [content_id, 999]) == {content_id: ids[0]}


def test_other_cases_are_those_with_access_only(database: Database) -> None:
    with database.write() as connection:
        own, other, closed = (add_exhibit(connection, name) for name in ("own", "other", "closed"))
        content_id = add_content(connection, 1)
        for exhibit, count in ((own, 4), (other, 2), (closed, 3)):
            for _ in range(count):
                add_item(connection, exhibit, content_id)
        account = add_account(
            connection, name="ivan", full_name="", roles=(), password_hash="", must_change_password=False,
            person=PERSON, at=AT,
        )  # fmt: skip
        for exhibit in (own, other):
            case_access.give_access(connection, exhibit.case_id, account.account_id, person=PERSON, at=AT)
        found = places.list_other_cases(connection, account.account_id, own.case_id, content_id, 100)
        assert found == [places.OtherCase("other", 2)]
        limited = places.list_other_cases(connection, account.account_id, own.case_id, content_id, 1)
        assert limited == [places.OtherCase("other", 1)]


def test_the_archives_around_an_item_are_named_from_the_inside_out(database: Database) -> None:
    with database.write() as connection:
        exhibit = add_exhibit(connection, "one")
        outer = add_item(connection, exhibit, None)
        inner = add_item(connection, exhibit, None, outer)
        item = add_item(connection, exhibit, None, inner)
        found = places.list_containers(connection, item)
        assert [one.item_id for one in found] == [inner, outer]
        assert (found[0].origin, found[0].modified_at) == (Origin.FILE, AT)
        assert places.list_containers(connection, outer) == []


@pytest.mark.parametrize(("at", "before", "after"), [(0, None, 1), (1, 0, 2), (3, 2, None)])
def test_the_stacks_beside_one_are_found_whatever_is_decided(
    database: Database, at: int, before: int | None, after: int | None
) -> None:
    with database.write() as connection:
        exhibit = add_exhibit(connection, "one")
        ids = [add_item(connection, exhibit, None) for _ in range(4)]
        for number, item_id in enumerate(ids):
            row = {column.name: 0 for column in stacks.c if not column.nullable}
            row |= {"id": item_id, "case_id": exhibit.case_id, "leader_id": item_id, "items": 3, "is_open": number % 2}
            row |= {"kind": (MediaKind.PICTURE, MediaKind.VIDEO)[number // 2].value, "reasons": [], "codes": {}}
            connection.execute(insert(stacks).values(**row))
            connection.execute(insert(stack_items).values(item_id=item_id, stack_id=item_id, distance=0))
        found = places.find_stack_place(connection, exhibit.case_id, ids[at])
        expected = (ids[at], 3, None if before is None else ids[before], None if after is None else ids[after])
        assert (found.leader_id, found.items, found.previous_id, found.next_id) == expected


def test_veils_and_originals_are_found_by_item(database: Database) -> None:
    with database.write() as connection:
        exhibit = add_exhibit(connection, "one")
        old, new = add_content(connection, 1, veil=None), add_content(connection, 2)
        first, second, third = (add_item(connection, exhibit, content_id) for content_id in (old, new, None))
        found = pictures.find_veil(connection, first)
        assert found == pictures.StoredVeil(old, bytes([1]) * 32, None)
        pictures.record_veil(connection, old, b"\x01\x01\x09")
        assert pictures.find_veil(connection, first) == pictures.StoredVeil(old, bytes([1]) * 32, b"\x01\x01\x09")
        thumbnail = pictures.find_thumbnail(connection, second)
        assert thumbnail == pictures.StoredThumbnail(new, bytes([2]) * 32, b"jpeg")
        place = pictures.find_original(connection, second)
        assert place is not None
        assert (place.exhibit, place.locator, place.kind, place.has_picture) == (exhibit, "2.jpg", "picture", True)
        assert pictures.find_veil(connection, third) is None
        assert pictures.find_thumbnail(connection, third) is None
        assert pictures.find_original(connection, third) is None
        assert pictures.find_original(connection, 10**9) is None
