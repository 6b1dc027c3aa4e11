"""Behaviour of search: what a person types is found in the case it is looked for in, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, func, select
from stored import add_files, examine, make_case, make_content

from varde.core.case import Exhibit
from varde.core.digest import DigestAlgorithm
from varde.core.item import Origin
from varde.core.locator import path_locator
from varde.store import items, search, search_index, search_tables
from varde.store.database import Database
from varde.store.items import NewItem
from varde.store.search import BEGINNING, TimePlace, TimeRange, read_time_range
from varde.store.search_index import TimeKind, find_capture_time, fold


def add(connection: Connection, exhibit: Exhibit, path: str, **metadata: str) -> int:
    """Adds an examined picture with this metadata and returns its row number."""
    ids = add_files(connection, exhibit, path.encode())
    content = make_content(b"content of " + path.encode())
    facts = replace(content.facts, metadata=tuple(metadata.items()))  # type: ignore[type-var]
    locator = str(path_locator(path.encode()))
    examine(connection, exhibit, locator, replace(content, facts=facts))
    return ids[locator]


def names(connection: Connection, case_id: int, text: str, *, after: int = 0, limit: int = 10) -> list[int]:
    return [hit.item_id for hit in search.find_names(connection, case_id, text, after=after, limit=limit)]


def words(connection: Connection, case_id: int, text: str, *, after: int = 0, limit: int = 10) -> list[int]:
    return [hit.item_id for hit in search.find_words(connection, case_id, text, after=after, limit=limit)]


def test_a_name_is_found_by_any_part_of_it_in_either_case(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        one = add(connection, exhibit, "Sommer/Børn ved Søen.JPG")
        add(connection, exhibit, "other.jpg")
        for text in ("børn", "BØRN", "søen.jpg", "Sommer/b", "bo\u0308rn".replace("o\u0308", "\u00f8")):
            assert names(connection, case.case_id, text) == [one], text
        assert names(connection, case.case_id, "boern") == []


def test_letters_of_two_characters_are_found_however_they_are_written(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        one = add(connection, exhibit, "cafe\u0301.jpg")
        assert names(connection, case.case_id, "CAF\u00c9") == [one]
        assert fold("CAF\u00c9") == fold("cafe\u0301")


@pytest.mark.parametrize(
    "text",
    [
        "%",
        "_",
        "'",
        '"',
        "\\",
        "*",
        "a OR b",
        "NEAR(a b)",
        "';--",
        "\0",
        "\udcff",
        "x" * 10_000,
        "(",
        "^",
        "-",
        "|",
        "/*",
    ],
)
def test_no_character_of_a_query_is_special(database: Database, text: str) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        add(connection, exhibit, "plain.jpg", Model="Plain 1")
        assert names(connection, case.case_id, text) == []
        assert words(connection, case.case_id, text) == []


@pytest.mark.parametrize("name", ["100%.jpg", "a_b.jpg", "it's.jpg", "wow!.jpg", "back\\slash.jpg", 'q"q.jpg'])
def test_a_hostile_name_is_found_as_it_is_and_as_it_is_shown(database: Database, name: str) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        one = add(connection, exhibit, name)
        add(connection, exhibit, "axb.jpg")
        assert names(connection, case.case_id, name) == [one]
        assert names(connection, case.case_id, str(path_locator(name.encode()))) == [one]


def test_pages_of_names_follow_one_another_without_gap_or_repeat(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        every = [add(connection, exhibit, f"{number}.jpg") for number in range(7)]
        found, after = [], 0
        while page := names(connection, case.case_id, "jpg", after=after, limit=3):
            found += page
            after = page[-1]
        assert found == every


def test_words_say_which_tag_they_were_found_in(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        one = add(connection, exhibit, "1.jpg", Make="Kamera", Model="Kamera Größe 5", FNumber="2.8")
        add(connection, exhibit, "2.jpg", Make="Other")
        (hit,) = search.find_words(connection, case.case_id, "KAMERA GRÖ", after=0, limit=5)
        assert (hit.item_id, hit.reasons) == (one, ("Model: Kamera Größe 5",))
        (hit,) = search.find_words(connection, case.case_id, "kamera", after=0, limit=5)
        assert sorted(hit.reasons) == ["Make: Kamera", "Model: Kamera Größe 5"]
        assert words(connection, case.case_id, "2.8") == []  # a number of the camera is no word


def test_words_can_be_looked_for_in_some_tags_only(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        one = add(connection, exhibit, "1.jpg", Model="Alpha")
        two = add(connection, exhibit, "2.jpg", ImageDescription="alpha")
        found = search.find_words(connection, case.case_id, "alpha", tags=search.CAMERA_TAGS, after=0, limit=5)
        assert [hit.item_id for hit in found] == [one]
        assert words(connection, case.case_id, "alpha") == [one, two]


def test_very_many_words_are_found_page_by_page(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        every = [add(connection, exhibit, f"{n}.jpg", ImageUniqueID=f"unique {n}", Make="unique") for n in range(70)]
        first = words(connection, case.case_id, "unique", limit=50)
        assert first + words(connection, case.case_id, "unique", after=first[-1], limit=50) == every


def test_nothing_of_another_case_is_found_by_any_way(database: Database) -> None:
    with database.write() as connection:
        here, (exhibit,) = make_case(connection)
        there, (other,) = make_case(connection, "other")
        for where in (exhibit, other):
            add(connection, where, "same.jpg", Model="Same", DateTimeOriginal="2020:05:17 10:00:00")
        found = names(connection, here.case_id, "same") + words(connection, here.case_id, "same")
        days = TimeRange("2020-01-01", "2021-01-01")
        found += [h.item_id for h in search.find_times(connection, here.case_id, days, after=BEGINNING, limit=9)]
        digest = make_content(b"content of same.jpg").digests.sha256
        kind = DigestAlgorithm.SHA256
        found += [h.item_id for h in search.find_digest(connection, here.case_id, kind, digest, after=0, limit=9)]
        assert len(found) == 4 and len(set(found)) == 1
        assert not set(found) & set(names(connection, there.case_id, "same"))
        assert search.count_cameras(connection, here.case_id, 5) == [("Same", 1)]
        assert search.count_months(connection, here.case_id, TimeKind.CAPTURE) == {"2020-05": 1}


def test_times_say_what_time_it_is_and_come_in_order(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        at = datetime(2020, 5, 17, 23, 30, tzinfo=UTC)
        items.add_items(connection, exhibit.exhibit_id, [NewItem(path_locator(b"a"), Origin.FILE, 1, at)])
        examine(connection, exhibit, "a", None)
        two = add(connection, exhibit, "b", DateTimeOriginal="2020:05:17 10:20:30")
        found = search.find_times(
            connection, case.case_id, TimeRange("2020-05-17", "2020-05-18"), after=BEGINNING, limit=9
        )
        assert [(hit.at, hit.what) for hit in found] == [
            ("2020-05-17T10:20:30", TimeKind.CAPTURE),
            ("2020-05-17T23:30:00", TimeKind.FILE),
        ]
        assert "camera clock" in found[0].reasons[0] and "UTC" in found[1].reasons[0]
        rest = TimePlace(found[0].at, found[0].item_id, found[0].what)
        days = TimeRange("2020-05-17", "2020-05-18")
        assert search.find_times(connection, case.case_id, days, after=rest, limit=9) == found[1:]
        assert found[0].item_id == two


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("2020", "2020-01-01", "2021-01-01"),
        ("2020-12", "2020-12-01", "2021-01-01"),
        ("2020-02-29", "2020-02-29", "2020-03-01"),
        ("17.05.2020", "2020-05-17", "2020-05-18"),
        ("2020-05..2020-07", "2020-05-01", "2020-08-01"),
        ("1.5.2020 - 3.5.2020", "2020-05-01", "2020-05-04"),
        (" 2019 to 2020 ", "2019-01-01", "2021-01-01"),
    ],
)
def test_dates_are_understood(text: str, first: str, end: str) -> None:
    assert read_time_range(text) == TimeRange(first, end)


@pytest.mark.parametrize(
    "text",
    ["", "abc", "2020-13", "2021-02-29", "9999", "0000", "2020..2019", "1..2..3", "20201", "2020-05-17T10"],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_time_range(text) is None


@pytest.mark.parametrize(
    ("tags", "at"),
    [
        ([("DateTimeOriginal", "2020:05:17 10:20:30")], "2020-05-17T10:20:30"),
        ([("CreationTime", "2020-05-17T10:20:30.000000Z")], "2020-05-17T10:20:30"),
        ([("DateTimeOriginal", "0000:00:00 00:00:00"), ("xmp:CreateDate", "2020-05-17")], "2020-05-17T00:00:00"),
        ([("DateTimeOriginal", "x" * 600)], ""),
        ([("DateTimeOriginal", "    :  :     :  :  ")], ""),
        ([], ""),
    ],
)
def test_capture_time_is_what_the_file_says(tags: list[tuple[str, str]], at: str) -> None:
    assert find_capture_time(tags) == at


def test_words_of_a_hostile_file_are_limited(database: Database) -> None:
    many = {f"PNG:{number}": "w" * 5_000 for number in range(1_000)}
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add(connection, exhibit, "1.png", **many)
        table = search_tables.search_words.c
        count, longest = connection.execute(select(func.count(), func.max(func.length(table.value)))).one()
        assert (count, longest) == (64, 500)


def test_an_index_made_again_is_what_it_was(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        add(connection, exhibit, "1.jpg", Model="Alpha", DateTimeOriginal="2020:05:17 10:20:30")
        add(connection, exhibit, "2.jpg", Model="Alpha")

        def everything() -> list[object]:
            found = [sorted(map(tuple, connection.execute(select(t)))) for t in search_tables.SEARCH_TABLES[2:]]
            return [*found, words(connection, case.case_id, "alpha")]

        before = everything()
        assert search_index.rebuild(connection) == 2
        assert everything() == before


def test_a_content_that_could_not_be_decoded_is_found_once_it_can(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        ids = add_files(connection, exhibit, b"1.jpg", b"2.jpg")
        whole = make_content(b"same")
        examine(connection, exhibit, "1.jpg", replace(whole, facts=None, signals=(), thumbnail=None))
        assert words(connection, case.case_id, "made-up") == []
        examine(connection, exhibit, "2.jpg", whole)
        assert words(connection, case.case_id, "made-up") == sorted(ids.values())
