"""Behaviour of `varde.store.records`: which items, in which order, over page borders."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection
from stored import (
    AT,
    PERSON,
    add_files,
    add_members,
    examine,
    list_item_ids,
    make_case,
    make_content,
    make_digests,
    make_issue,
    make_set,
)

from varde.core.case import Case
from varde.core.digest import DigestAlgorithm
from varde.core.errors import NotFound
from varde.core.known import KnownEntry, SetRole
from varde.core.media import MediaKind, MediaType
from varde.core.scheme import Grade
from varde.store import decisions, findings, item_lists, records
from varde.store.comparisons import read_newest
from varde.store.database import Database
from varde.store.item_lists import ItemFilter

TEXT = MediaType(MediaKind.OTHER, "text/plain")


@pytest.fixture
def case(database: Database) -> Case:
    """Two exhibits; places are named so that order of rows is not order of names."""
    with database.write() as connection:
        case, (first, second) = make_case(connection, exhibits=2)
        add_files(connection, first, b"z.jpg", b"a.txt", "größe_100%.jpg".encode(), b"m.zip")
        add_members(connection, first, b"m.zip", b"B.JPG", b"a.jpg")
        add_files(connection, second, b"z.jpg", b"b.jpg")
        examine(connection, first, "z.jpg", make_content(b"same"))
        examine(connection, first, "a.txt", make_content(b"text", media_type=TEXT), make_issue())
        examine(connection, first, "m.zip!/a.jpg", make_content(b"one"))
        examine(connection, second, "z.jpg", make_content(b"same"), make_issue(), make_issue(cause="Again."))
        examine(connection, second, "b.jpg", None, make_issue())
        grade(connection, [list_item_ids(connection, second)["z.jpg"]], "1")
        grade(connection, [list_item_ids(connection, first)["a.txt"]], "1", None)
        known = make_set(connection, KnownEntry(1, md5=make_digests(b"same").md5))
        harmless = make_set(connection, KnownEntry(1, md5=make_digests(b"one").md5), name="nsrl", role=SetRole.KNOWN)
        assert known < harmless
        newest = read_newest(connection)
        findings.match_digests(connection, range(1, newest.content_id + 1), range(1, newest.entry_id + 1), AT)
        _, (exhibit,) = make_case(connection, "other")
        add_files(connection, exhibit, b"z.jpg")
        examine(connection, exhibit, "z.jpg", make_content(b"same"))
    return case


def grade(connection: Connection, item_ids: list[int], *codes: str | None) -> None:
    for code in codes:
        chosen = Grade("vics-us", "2.0", code) if code else None
        decided = [(item_id, chosen, "") for item_id in item_ids]
        decisions.record_decisions(connection, decided, case="harbour", person=PERSON, at=AT)


def places(connection: Connection, ids: object) -> list[str]:
    return [f"{record.exhibit}:{record.locator}" for record in records.load_records(connection, ids)]  # type: ignore[arg-type]


ALL = ["1:a.txt", "1:größe_100%.jpg", "1:m.zip", "1:m.zip!/B.JPG", "1:m.zip!/a.jpg", "1:z.jpg", "2:b.jpg", "2:z.jpg"]


@pytest.mark.parametrize("batch", [1, 3, 500])
def test_items_come_by_exhibit_and_place_whatever_the_page(
    database: Database, case: Case, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(records, "_BATCH", batch)
    with database.read() as connection:
        assert places(connection, item_lists.list_ids(connection, case.case_id)) == ALL


FILTERS = [
    (ItemFilter(kind=MediaKind.OTHER), ["1:a.txt"]),
    (ItemFilter(kind=MediaKind.VIDEO), []),
    (ItemFilter(matched=True), ["1:z.jpg", "2:z.jpg"]),
    (ItemFilter(matched=True, undecided=True), ["1:z.jpg"]),
    (ItemFilter(undecided=True, kind=MediaKind.OTHER), ["1:a.txt"]),
    (ItemFilter(with_issues=True), ["1:a.txt", "2:b.jpg", "2:z.jpg"]),
    (ItemFilter(with_issues=True, exhibit=2), ["2:b.jpg", "2:z.jpg"]),
    (ItemFilter(exhibit=3), []),
]


@pytest.mark.parametrize("batch", [1, 500])
def test_everything_a_filter_names_must_hold(
    database: Database, case: Case, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(records, "_BATCH", batch)
    with database.read() as connection:
        for wanted, expected in FILTERS:
            assert places(connection, item_lists.list_ids(connection, case.case_id, wanted)) == expected, wanted


def test_notable_items_come_decided_first(database: Database, case: Case) -> None:
    with database.read() as connection:
        found = places(connection, item_lists.list_notable_ids(connection, case.case_id))
    assert found == ["2:z.jpg", "1:a.txt", "1:z.jpg"]


def test_items_of_one_content_come_together_by_grade(database: Database, case: Case) -> None:
    with database.read() as connection:
        found = places(connection, item_lists.list_media_ids(connection, case.case_id))
    in_order = sorted(
        [(b"same", "2:z.jpg"), (b"same", "1:z.jpg"), (b"text", "1:a.txt"), (b"one", "1:m.zip!/a.jpg")],
        key=lambda pair: make_digests(pair[0]).sha256,
    )
    assert found == [place for _, place in in_order]


@pytest.mark.parametrize("batch", [2, 500])
def test_records_come_in_the_order_asked_for(
    database: Database, case: Case, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(records, "_BATCH", batch)
    with database.read() as connection:
        ids = list(item_lists.list_ids(connection, case.case_id))
        asked = [*reversed(ids), 999_999, ids[0], ids[0]]
        assert places(connection, asked) == [*reversed(ALL), ALL[0], ALL[0]]


def test_a_record_holds_everything(database: Database, case: Case) -> None:
    with database.read() as connection:
        ids = dict(zip(ALL, item_lists.list_ids(connection, case.case_id), strict=True))
        record = records.get_record(connection, ids["2:z.jpg"])
        assert (record.case, record.exhibit, record.name) == ("harbour", 2, "z.jpg")
        assert [str(decision.grade) for decision in record.decisions] == ["vics-us@2.0:1"]
        assert [(match.set_name, match.method, match.distance) for match in record.matches] == [("list", "md5", 0)]
        assert len(record.issues) == 1
        withdrawn = records.get_record(connection, ids["1:a.txt"])
        assert [decision.grade is None for decision in withdrawn.decisions] == [False, True]


def test_a_number_of_no_item_is_said(database: Database, case: Case) -> None:
    with database.read() as connection:
        for item_id in (0, -1, 999_999, 1 << 63, -(1 << 70)):
            with pytest.raises(NotFound, match=f"there is no item {item_id}") as caught:
                records.get_record(connection, item_id)
            assert "varde item list" in caught.value.advice


def test_items_are_found_by_every_digest(database: Database, case: Case) -> None:
    digests = make_digests(b"same")
    with database.read() as connection:
        for algorithm in DigestAlgorithm:
            value = getattr(digests, algorithm.value)
            here = item_lists.find_by_digest(connection, algorithm, value, case.case_id, 10)
            assert places(connection, here) == ["1:z.jpg", "2:z.jpg"]
            assert len(item_lists.find_by_digest(connection, algorithm, value, None, 10)) == 3
            assert len(item_lists.find_by_digest(connection, algorithm, value, None, 1)) == 1
            assert item_lists.find_by_digest(connection, algorithm, bytes(len(value)), None, 10) == []


NAMES = [
    ("b.jpg", {"1:m.zip!/B.JPG", "2:b.jpg"}),
    ("Z.J", {"1:z.jpg", "2:z.jpg"}),
    ("0%", {"1:größe_100%.jpg"}),
    ("_", {"1:größe_100%.jpg"}),
    ("%z%", set()),
    ("größe", {"1:größe_100%.jpg"}),
    ("m.zip!/", {"1:m.zip!/B.JPG", "1:m.zip!/a.jpg"}),
    ("\\", set()),
    ("'; DROP TABLE items; --", set()),
]


def test_items_are_found_by_a_part_of_their_place(database: Database, case: Case) -> None:
    with database.read() as connection:
        for text, expected in NAMES:
            found = item_lists.find_by_name(connection, text, case.case_id, 10)
            assert set(places(connection, found)) == expected, text


def test_names_are_found_as_they_are_on_the_disk_and_as_they_are_shown(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"wow!.txt", b"a\\b.txt", b"50%_|.txt", b"wow.zip")
        for text, expected in [
            ("wow!", {"1:wow\\x21.txt"}),
            ("WOW\\x21", {"1:wow\\x21.txt"}),
            ("wow", {"1:wow\\x21.txt", "1:wow.zip"}),
            ("A\\b", {"1:a\\x5cb.txt"}),
            ("%_|", {"1:50%_|.txt"}),
        ]:
            found = item_lists.find_by_name(connection, text, case.case_id, 10)
            assert set(places(connection, found)) == expected, text


def test_items_are_found_by_all_digests_given(database: Database, case: Case) -> None:
    same, other = make_digests(b"same"), make_digests(b"one")
    with database.read() as connection:
        found = item_lists.find_by_digests(connection, case.case_id, md5=same.md5, sha256=same.sha256)
        assert sorted((exhibit, locator) for _, exhibit, locator in found) == [(1, "z.jpg"), (2, "z.jpg")]
        assert item_lists.find_by_digests(connection, case.case_id, md5=same.md5, sha1=other.sha1) == []
        assert item_lists.find_by_digests(connection, case.case_id, md5=None) == []
