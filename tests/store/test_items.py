"""Behaviour of `varde.store.items`: what an examination gave is recorded once, however often it is handed over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select
from stored import AT, PDQ, add_files, add_members, examine, list_item_ids, make_case, make_content, make_issue

from varde.core.content import Content
from varde.core.issue import IssueCode, Step
from varde.core.item import Origin
from varde.core.locator import path_locator
from varde.core.media import EMPTY, Facts
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import PerceptualHash, Signal
from varde.store import items, tables
from varde.store.database import Database
from varde.store.items import ExaminedItem, ItemState, NewItem
from varde.store.records import get_record, get_thumbnail


def count(database: Database, table: str) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(tables.metadata.tables[table])).scalar_one())


def test_the_same_place_twice_is_one_item(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        first = add_files(connection, exhibit, b"a.jpg", b"b.jpg")
        assert add_files(connection, exhibit, b"b.jpg", b"a.jpg") == first
        assert len(add_files(connection, exhibit, b"c.jpg")) == 3


def test_an_item_found_again_keeps_what_was_recorded(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.jpg")
        done = examine(connection, exhibit, "a.jpg", make_content(b"a"))
        items.add_items(connection, exhibit.exhibit_id, [NewItem(path_locator(b"a.jpg"), Origin.FILE, 99, AT)])
        record = get_record(connection, done.item_id)
    assert record.state is ItemState.DONE
    assert record.size_bytes == 1


def test_the_same_name_in_two_exhibits_is_two_items(database: Database) -> None:
    with database.write() as connection:
        _, exhibits = make_case(connection, exhibits=2)
        ids = [add_files(connection, exhibit, b"a.jpg")["a.jpg"] for exhibit in exhibits]
    assert len(set(ids)) == 2


def test_recording_twice_is_recording_once(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.jpg")
        done = examine(connection, exhibit, "a.jpg", make_content(b"a"), make_issue())
        before = get_record(connection, done.item_id)
    counts = {table: count(database, table) for table in tables.metadata.tables}
    with database.write() as connection:
        items.record_examined(connection, exhibit.exhibit_id, [done, done])
        assert get_record(connection, done.item_id) == before
    assert {table: count(database, table) for table in tables.metadata.tables} == counts


def test_equal_contents_are_stored_once(database: Database) -> None:
    with database.write() as connection:
        _, exhibits = make_case(connection, exhibits=2)
        content = make_content(b"same")
        for exhibit in exhibits:
            ids = add_files(connection, exhibit, b"a.jpg", b"b.jpg")
            batch = [ExaminedItem(item_id, locator, content, ()) for locator, item_id in ids.items()]
            items.record_examined(connection, exhibit.exhibit_id, batch)
        found = {get_record(connection, item_id).content_id for item_id in ids.values()}
    assert (count(database, "contents"), count(database, "signals"), count(database, "thumbnails")) == (1, 1, 1)
    assert len(found) == 1


def test_more_contents_than_one_query_takes_are_recorded(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        ids = add_files(connection, exhibit, *(b"%d" % number for number in range(1203)))
        batch = [ExaminedItem(i, name, make_content(name.encode()), ()) for name, i in ids.items()]
        items.record_examined(connection, exhibit.exhibit_id, batch)
        items.record_examined(connection, exhibit.exhibit_id, batch)
    assert count(database, "contents") == 1203
    with database.read() as connection:
        assert not items.has_waiting(connection, exhibit.exhibit_id)


def test_the_same_issue_of_the_same_place_is_one(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.jpg")
        done = examine(connection, exhibit, "a.jpg", None, make_issue(), make_issue(), make_issue(step=Step.READ))
        items.record_issues(connection, exhibit.exhibit_id, [("a.jpg", done.item_id, make_issue(cause="Again."))])
        items.record_issues(connection, exhibit.exhibit_id, [("link", None, make_issue(IssueCode.SYMLINK))] * 2)
        record = get_record(connection, done.item_id)
    assert [issue.step for issue in record.issues] == [Step.DECODE, Step.READ]
    assert record.issues[0].cause == "It ends early."
    assert count(database, "issues") == 3


def test_causes_with_what_no_database_stores_are_kept_readable(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.jpg")
        done = examine(connection, exhibit, "a.jpg", None, make_issue(cause="bad \udcff name \0 " + "x" * 5000))
        (issue,) = get_record(connection, done.item_id).issues
    assert issue.cause.startswith("bad \\udcff name \\x00 xxx")
    assert len(issue.cause) < 2100


def test_a_content_comes_back_as_it_was(database: Database) -> None:
    metadata = (("Make", "Größe \0 \U0001f980"), ("Model", ""))
    hashes = (PerceptualHash(bytes(range(32)), 77, 0.0), PerceptualHash(b"\xff" * 32, 100, 123456.789))
    content = replace(
        make_content(b"video"), facts=Facts(1920, 1080, 250, 123456.789, metadata), signals=(Signal(PDQ, hashes),)
    )
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.mp4")
        done = examine(connection, exhibit, "a.mp4", content)
        record = get_record(connection, done.item_id)
        assert record.content_id is not None
        assert get_thumbnail(connection, record.content_id) == content.thumbnail
    assert record.content == replace(content, thumbnail=None)


def test_a_signal_that_failed_comes_back_with_its_reason(database: Database) -> None:
    refused = Signal(PDQ, NotComparable(Reason.TOO_SMALL, "8 x 8 pixels \0"))
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.png")
        done = examine(connection, exhibit, "a.png", replace(make_content(b"a"), signals=(refused,)))
        content = get_record(connection, done.item_id).content
    assert content is not None
    assert content.signals == (Signal(PDQ, NotComparable(Reason.TOO_SMALL, "8 x 8 pixels \\x00")),)


def test_an_item_without_bytes_is_done_and_keeps_its_size(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.jpg")
        done = examine(connection, exhibit, "a.jpg", None, make_issue(IssueCode.UNREADABLE, Step.READ))
        record = get_record(connection, done.item_id)
    assert (record.state, record.content, record.content_id, record.size_bytes) == (ItemState.DONE, None, None, 10)


def test_an_empty_file_has_a_content(database: Database) -> None:
    empty = Content(make_content(b"").digests, EMPTY)
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"empty")
        done = examine(connection, exhibit, "empty", empty, make_issue(IssueCode.EMPTY, Step.READ))
        record = get_record(connection, done.item_id)
    assert record.content == empty
    assert record.size_bytes == 0


def test_waiting_files_come_in_pages_and_members_by_position(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        ids = add_files(connection, exhibit, b"a.zip", b"b.jpg", b"c.jpg")
        examine(connection, exhibit, "b.jpg", make_content(b"b"))
        add_members(connection, exhibit, b"a.zip", b"0", b"1", b"2", b"3")
        examine(connection, exhibit, "a.zip!/2", make_content(b"2"))
        pages = [
            [w.locator for w in items.list_waiting(connection, exhibit.exhibit_id, after_id=after, limit=1)]
            for after in (0, ids["a.zip"], ids["c.jpg"])
        ]
        members = items.list_waiting_members(connection, ids["a.zip"], 1, 3)
        positions = items.list_member_ids(connection, ids["a.zip"], 0, 1)
        by_locator = list_item_ids(connection, exhibit)
        assert items.count_waiting(connection, exhibit.exhibit_id) == (5, 50)
    assert pages == [["a.zip"], ["c.jpg"], []]
    assert [(member.ordinal, member.locator) for member in members] == [(1, "a.zip!/1"), (3, "a.zip!/3")]
    assert positions == {0: by_locator["a.zip!/0"], 1: by_locator["a.zip!/1"]}


def test_an_archive_is_waiting_until_its_members_are_done(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        ids = add_files(connection, exhibit, b"a.zip")
        opened = ExaminedItem(ids["a.zip"], "a.zip", make_content(b"zip"), (), ItemState.EXPANDING)
        items.record_examined(connection, exhibit.exhibit_id, [opened])
        (waiting,) = items.list_waiting(connection, exhibit.exhibit_id, after_id=0, limit=10)
        assert waiting.state is ItemState.EXPANDING
        assert waiting.sha256 is not None
        assert items.has_waiting(connection, exhibit.exhibit_id)
        items.record_done(connection, ids["a.zip"])
        assert not items.has_waiting(connection, exhibit.exhibit_id)


def test_a_failed_batch_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.jpg")
        examine(connection, exhibit, "a.jpg", make_content(b"a"))
        raise RuntimeError
    assert (count(database, "items"), count(database, "contents"), count(database, "cases")) == (0, 0, 0)
