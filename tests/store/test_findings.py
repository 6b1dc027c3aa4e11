"""Behaviour of `varde.store.findings`: digests that agree, the closest perceptual match."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import Connection, func, select
from stored import AT, PDQ, add_files, examine, make_case, make_content, make_digests, make_set

from varde.core.digest import Digests
from varde.core.finding import Match, OperatingPoint
from varde.core.known import KnownEntry, SetRole
from varde.core.signal import Method
from varde.store import findings, tables
from varde.store.comparisons import read_newest
from varde.store.database import Database
from varde.store.found_matches import FoundMatch
from varde.store.records import get_record

POINT = OperatingPoint(PDQ, 31, 50)
HERE = make_digests(b"here")
OTHER = make_digests(b"other")


@pytest.fixture
def item(database: Database) -> int:
    """An item with the content ``here``."""
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        ids = add_files(connection, exhibit, b"here.jpg")
        examine(connection, exhibit, "here.jpg", make_content(b"here"))
        return ids["here.jpg"]


def compare(connection: Connection, set_id: int) -> int:
    newest = read_newest(connection)
    id_ = tables.known_entries.c.id
    ends = select(func.min(id_), func.max(id_)).where(tables.known_entries.c.set_id == set_id)
    first, last = connection.execute(ends).one()
    return findings.match_digests(connection, range(1, newest.content_id + 1), range(first, last + 1), AT)


def entry(line: int, digests: Digests, *names: str) -> KnownEntry:
    return KnownEntry(line, **{name: getattr(digests, name) for name in names})


def matches_of(connection: Connection, item: int) -> tuple[FoundMatch, ...]:
    return get_record(connection, item).matches


def test_all_digests_that_both_sides_have_must_agree(database: Database, item: int) -> None:
    names = ("md5", "sha1", "sha256")
    choices = [[None, getattr(HERE, name), getattr(OTHER, name)] for name in names]
    for number, values in enumerate(product(*choices)):
        given = dict(zip(names, values, strict=True))
        equal = [getattr(HERE, name) == value for name, value in given.items() if value is not None]
        is_match = bool(equal) and all(equal)
        with database.write() as connection:
            set_id = make_set(connection, KnownEntry(1, code="1", **given), name=str(number))
            assert compare(connection, set_id) == is_match, given
            assert any(match.set_name == str(number) for match in matches_of(connection, item)) == is_match, given


def test_the_strongest_digest_is_the_one_named(database: Database, item: int) -> None:
    with database.write() as connection:
        whole = make_set(connection, entry(1, HERE, "md5", "sha1", "sha256"), name="a")
        weak = make_set(connection, entry(1, HERE, "md5"), name="b")
        assert [compare(connection, set_id) for set_id in (whole, weak)] == [1, 1]
        assert [match.method for match in matches_of(connection, item)] == ["sha256", "md5"]
        assert {str(match.point) for match in matches_of(connection, item)} == {"sha256/1, exact", "md5/1, exact"}


def test_comparing_again_finds_nothing_new(database: Database, item: int) -> None:
    with database.write() as connection:
        set_id = make_set(connection, *(entry(line, HERE, "md5") for line in (1, 2, 3)))
        assert compare(connection, set_id) == 3
        assert compare(connection, set_id) == 0
        assert len(matches_of(connection, item)) == 3


@pytest.mark.parametrize("spare", [0, 100])
def test_only_the_contents_and_entries_asked_for_are_compared(database: Database, item: int, spare: int) -> None:
    """Whichever side is the longer one and is looked up."""
    with database.write() as connection:
        for name in "abc":
            make_set(connection, entry(1, HERE, "sha1"), name=name)
        newest = read_newest(connection)
        middle = newest.entry_id - 1
        past = range(newest.content_id + 1, newest.content_id + 10 + spare)
        assert findings.match_digests(connection, past, range(1, newest.entry_id + 1), AT) == 0
        here = range(newest.content_id - spare, newest.content_id + 1)
        assert findings.match_digests(connection, here, range(middle, middle + 1), AT) == 1
        assert [match.set_name for match in matches_of(connection, item)] == ["b"]


def test_an_empty_file_matches_no_list(database: Database) -> None:
    empty = make_digests(b"")
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"empty")
        examine(connection, exhibit, "empty", make_content(b""))
        assert compare(connection, make_set(connection, entry(1, empty, "md5", "sha1", "sha256"))) == 0


def test_the_closest_perceptual_match_is_kept(database: Database, item: int) -> None:
    with database.write() as connection:
        make_set(connection, entry(1, OTHER, "md5"))
        content_id, entry_id = get_record(connection, item).content_id, only_entry(connection)
        assert content_id is not None

        def record(*found: tuple[int, float | None]) -> int:
            matches = [Match(content_id, entry_id, POINT, distance, offset) for distance, offset in found]
            return findings.record_matches(connection, matches, AT)

        assert record((20, 1.0), (12, 2.0), (30, 3.0)) == 1
        assert [(match.distance, match.offset_s) for match in matches_of(connection, item)] == [(12, 2.0)]
        assert record((12, 9.0)) == 0
        assert record((13, 9.0)) == 0
        assert [(match.distance, match.offset_s) for match in matches_of(connection, item)] == [(12, 2.0)]
        assert record((3, None)) == 0
        assert [(match.distance, match.offset_s) for match in matches_of(connection, item)] == [(3, None)]
        assert record() == 0


def test_a_closer_match_brings_its_own_operating_point(database: Database, item: int) -> None:
    with database.write() as connection:
        make_set(connection, entry(1, OTHER, "md5"))
        content_id, entry_id = get_record(connection, item).content_id, only_entry(connection)
        assert content_id is not None
        first, closer = OperatingPoint(PDQ, 10, 80), OperatingPoint(Method("pdq", "2"), 31, 50)
        for point, distance in ((first, 9), (closer, 2)):
            findings.record_matches(connection, [Match(content_id, entry_id, point, distance)], AT)
        (match,) = matches_of(connection, item)
    assert (match.distance, match.point) == (2, closer)


def test_new_matches_are_counted_although_others_are_there(database: Database, item: int) -> None:
    with database.write() as connection:
        make_set(connection, *(entry(line, OTHER, "md5") for line in range(1, 6)))
        content_id = get_record(connection, item).content_id
        assert content_id is not None
        entries = list(
            connection.execute(select(tables.known_entries.c.id).order_by(tables.known_entries.c.id)).scalars()
        )
        first = [Match(content_id, entry_id, POINT, 10) for entry_id in entries[:3]]
        assert findings.record_matches(connection, first, AT) == 3
        assert findings.record_matches(connection, [Match(content_id, e, POINT, 5) for e in entries], AT) == 2
        assert findings.record_matches(connection, [Match(content_id, e, POINT, 5) for e in entries], AT) == 0
        assert connection.execute(select(func.count()).select_from(tables.findings)).scalar() == 5


def test_a_digest_and_a_perceptual_match_of_one_entry_are_two_findings(database: Database, item: int) -> None:
    with database.write() as connection:
        set_id = make_set(connection, entry(1, HERE, "md5"))
        content_id = get_record(connection, item).content_id
        assert content_id is not None
        compare(connection, set_id)
        assert findings.record_matches(connection, [Match(content_id, only_entry(connection), POINT, 0)], AT) == 1
        found = matches_of(connection, item)
    assert sorted(str(match.point) for match in found) == ["md5/1, exact", "pdq/1, distance <= 31, quality >= 50"]


def test_a_known_set_of_harmless_files_is_a_match_but_not_a_matched_item(database: Database, item: int) -> None:
    with database.write() as connection:
        compare(connection, make_set(connection, entry(1, HERE, "md5"), role=SetRole.KNOWN))
        (match,) = matches_of(connection, item)
    assert match.role is SetRole.KNOWN


def only_entry(connection: Connection) -> int:
    return int(connection.execute(select(tables.known_entries.c.id)).scalar_one())
