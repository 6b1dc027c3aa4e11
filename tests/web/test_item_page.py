"""The page of an item: all that is known with its source, within limits, to those who may see it."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from shown_site import ShownSite, serve_shown
from sqlalchemy import func, insert, select, update

from varde.core.item import Origin
from varde.core.review import GridOrder, QueuePurpose
from varde.store import accounts, assignments, queues, tables
from varde.store.bulk import insert_rows
from varde.store.items import ItemState, compute_place

AT = datetime(2026, 5, 1, 10, 30, tzinfo=UTC)
HOSTILE = "<script>document.title='x'</script>"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[ShownSite]:
    yield from serve_shown(tmp_path_factory.mktemp("items"), sqlite_template)


def read_page(shown: ShownSite, name: str, person: str = "erin") -> str:
    answer = shown.get(f"/items/{shown.items[name]}", person)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text)))


def test_a_page_names_what_it_is_and_where_it_comes_from(shown: ShownSite) -> None:
    page = read_page(shown, "turned.jpg")
    for fact in ("Picture, image/jpeg, 1200 × 900 pixels", "turned.jpg", "file of the exhibit", "SHA-256", "examined"):
        assert fact in page
    assert "Make" in page
    assert "Example Camera Works" in page
    assert "EXIF" in page
    assert "the file system, of turned.jpg" in page
    assert "Copying and unpacking set it anew" in page


def test_a_member_of_an_archive_in_an_archive_names_every_step_and_time(shown: ShownSite) -> None:
    page = read_page(shown, "deep.jpg")
    assert re.search(r"backup\.zip inner\.zip deep\.jpg", page)
    assert "member of an archive" in page
    for holder in ("that holds deep.jpg", "that holds inner.zip", "the file system, of backup.zip"):
        assert holder in page


@pytest.mark.parametrize("name", ["list.txt", "broken.jpg", "film.mp4"])
def test_what_has_no_or_another_picture_has_a_page_too(shown: ShownSite, name: str) -> None:
    page = read_page(shown, name)
    assert ("There is no picture of it" in page) is (name != "film.mp4")
    assert ("never with sound" in page) is (name == "film.mp4")
    if name == "broken.jpg":
        assert "The content is damaged and could not be decoded." in page
        assert "Not comparable" in page


def test_the_page_of_an_unread_item_says_so(shown: ShownSite) -> None:
    with shown.site.database.write() as connection:
        item_id = add_items(shown, connection, 1, content_id=None, state=ItemState.WAITING)[0]
    answer = shown.get(f"/items/{item_id}")
    assert answer.status_code == 200
    assert "waits to be examined" in answer.text
    assert "Nowhere else." in answer.text


def test_hostile_names_notes_and_metadata_are_text(shown: ShownSite) -> None:
    with shown.site.database.write() as connection:
        content_id = get_content(connection, shown.items["gone.jpg"])
        change = update(tables.contents).where(tables.contents.c.id == content_id)
        connection.execute(change.values(metadata=[[HOSTILE, HOSTILE + "\u202e"], ["DateTimeOriginal", HOSTILE]]))
        named = update(tables.items).where(tables.items.c.id == shown.items["gone.jpg"])
        connection.execute(named.values(name=HOSTILE))
    text = shown.get(f"/items/{shown.items['gone.jpg']}").text
    assert "<script>document" not in text
    assert "&lt;script&gt;document" in text
    assert "no time" in text


def test_pages_of_others_are_not_found(shown: ShownSite) -> None:
    item_id = shown.items["turned.jpg"]
    for path in ("", "/similar", "/places", "/alignments/1"):
        assert shown.get(f"/items/{item_id}{path}", "nora").status_code == 404
        assert shown.get(f"/items/{item_id}{path}", "ada").status_code == 403
        assert shown.get(f"/items/{item_id}{path}", "").status_code == 401
        assert shown.get(f"/items/987654{path}", "erin").status_code == 404


def test_other_cases_are_told_only_to_who_may_search_them_and_has_access(shown: ShownSite) -> None:
    with shown.site.database.write() as connection:
        content_id = get_content(connection, shown.items["colours.jpg"])
        ivan = accounts.get_account(connection, "ivan").account_id
        for name, is_open in (("second case", True), ("closed to all", False)):
            add_case(connection, name, content_id, copies=3, account_id=ivan if is_open else None)
    page = read_page(shown, "colours.jpg", "ivan")
    assert "second case : 3 places" in page
    assert "closed to all" not in page
    assert "In your other cases" not in read_page(shown, "colours.jpg", "erin")


def test_who_gives_a_second_opinion_sees_no_decision(shown: ShownSite) -> None:
    item_id = shown.items["changed.jpg"]
    body = {"items": [item_id], "code": "3", "whole_stacks": False, "note": "seen before"}
    assert shown.post(f"/cases/{shown.case_id}/decisions", body, "ivan").status_code == 200
    page = read_page(shown, "changed.jpg")
    assert "seen before" in page
    assert "in force" in page
    with shown.site.database.write() as connection:
        erin = accounts.get_account(connection, "erin").account_id
        queue = queues.add_queue(
            connection,
            case_id=shown.case_id,
            name="second look",
            purpose=QueuePurpose.SECOND,
            order=GridOrder.PLACE,
            settings={},
            person="ivan",
            at=AT,
        )
        assignments.give(connection, queue, erin, [item_id], AT)
    page = read_page(shown, "changed.jpg")
    for told in ("seen before", "in force", "ivan"):
        assert told not in page
    assert "You are asked for a second opinion" in page
    assert "seen before" in read_page(shown, "changed.jpg", "ivan")


def test_long_lists_are_cut_and_say_so_and_the_page_stays_quick(shown: ShownSite) -> None:
    item_id = shown.items["film.mp4"]
    with shown.site.database.write() as connection:
        content_id = get_content(connection, item_id)
        metadata = [[f"Tag{at}", "value " * 50] for at in range(3_000)]
        connection.execute(update(tables.contents).where(tables.contents.c.id == content_id).values(metadata=metadata))
        add_matches(connection, content_id, 500)
        add_issues(connection, item_id, 100)
        add_items(shown, connection, 100_000, content_id)
    shown.get(f"/items/{item_id}", "ivan")
    start = time.perf_counter()
    answer = shown.get(f"/items/{item_id}", "ivan")
    spent_s = time.perf_counter() - start
    for told in (
        "The first 50 of more than 10,000 other places",
        "The first 50 of 500 matches",
        "The first 300 of 3,000 entries",
        "The first 50 of 100 issues",
    ):
        assert told in answer.text
    assert len(answer.text) < 400_000
    assert spent_s < 1.5  # a tenth of it where nothing else runs
    more = shown.get(re.search(r'data-next="([^"]*)"', answer.text).group(1))  # type: ignore[union-attr]
    assert more.status_code == 200
    assert more.text.count("<li>") == 50
    assert "data-next" in more.text


def test_similar_items_are_named_with_their_distance_or_why_not(shown: ShownSite) -> None:
    similar = shown.get(f"/items/{shown.items['colours.jpg']}/similar").text
    assert "distance &lt;= 31" in similar
    assert "Not comparable" in shown.get(f"/items/{shown.items['list.txt']}/similar").text


def test_an_alignment_that_is_no_match_is_not_found(shown: ShownSite) -> None:
    answer = shown.get(f"/items/{shown.items['colours.jpg']}/alignments/4242")
    assert answer.status_code == 404
    assert "no match" in answer.json()["message"]


def get_content(connection, item_id: int) -> int:
    return connection.execute(select(tables.items.c.content_id).where(tables.items.c.id == item_id)).scalar_one()


def add_items(
    shown: ShownSite, connection, count: int, content_id: int | None, state: ItemState = ItemState.DONE
) -> list[int]:
    exhibit_id = connection.execute(select(func.min(tables.exhibits.c.id))).scalar_one()
    last = connection.execute(select(func.max(tables.items.c.id))).scalar_one()
    rows = [
        {
            "id": last + at,
            "exhibit_id": exhibit_id,
            "place": compute_place(f"more/{last + at}.jpg"),
            "locator": f"more/{last + at}.jpg",
            "name": f"{last + at}.jpg",
            "origin": Origin.FILE.value,
            "state": state.value,
            "content_id": content_id,
        }
        for at in range(1, count + 1)
    ]
    insert_rows(connection, tables.items, rows)
    return [last + at for at in range(1, count + 1)]


def add_case(connection, name: str, content_id: int, copies: int, account_id: int | None) -> None:
    from varde.core.case import Keeping
    from varde.store import case_access, cases

    case = cases.create_case(connection, name=name, authorisation="", scheme="vics-us@2.0", person="A. Operator", at=AT)
    exhibit = cases.add_exhibit(
        connection, case=case, path=Path("/nowhere"), keeping=Keeping.REFERENCE, person="A. Operator", at=AT
    )
    for at in range(copies):
        values = {
            "exhibit_id": exhibit.exhibit_id,
            "place": compute_place(f"{at}"),
            "locator": f"{at}",
            "name": f"{at}",
        }
        values |= {"origin": "file", "state": "done", "content_id": content_id}
        connection.execute(insert(tables.items).values(**values))
    if account_id is not None:
        case_access.give_access(connection, case.case_id, account_id, person="A. Operator", at=AT)


def add_matches(connection, content_id: int, count: int) -> None:
    set_id = connection.execute(
        insert(tables.known_sets).values(
            name="many", version="1", owner="", role="alert", scheme="", scheme_version="", format="hash-list",
            source_name="", warning="", entries=count, imported_at=AT, imported_by="A. Operator",
        )
    ).inserted_primary_key[0]  # fmt: skip
    for at in range(count):
        values = {"set_id": set_id, "line": at, "series": "", "source_id": f"e{at}", "mime": ""}
        entry_id = connection.execute(insert(tables.known_entries).values(**values)).inserted_primary_key[0]
        found = {"content_id": content_id, "entry_id": entry_id, "family": "pdq", "method": "pdq", "version": "1"}
        found |= {"max_distance": 31, "min_quality": 50, "distance": at % 31, "found_at": AT}
        connection.execute(insert(tables.findings).values(**found))


def add_issues(connection, item_id: int, count: int) -> None:
    exhibit_id = connection.execute(select(tables.items.c.exhibit_id).where(tables.items.c.id == item_id)).scalar_one()
    rows = [
        {
            "exhibit_id": exhibit_id,
            "item_id": item_id,
            "place": compute_place(f"issue {at}"),
            "locator": "film.mp4",
            "step": "decode",
            "code": "damaged",
            "cause": f"frame {at} is broken",
        }
        for at in range(count)
    ]
    connection.execute(insert(tables.issues), rows)
