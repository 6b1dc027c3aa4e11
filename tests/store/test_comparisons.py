"""Behaviour of `varde.store.comparisons`: one mark for each operating point, moved back when a content comes again."""

from __future__ import annotations

from stored import PDQ, add_examined, make_case, make_set

from varde.core.finding import OperatingPoint
from varde.core.known import KnownEntry
from varde.store import comparisons
from varde.store.comparisons import Mark
from varde.store.database import Database
from varde.store.findings import DIGEST_POINT

POINT = OperatingPoint(PDQ, 31, 50)


def test_how_far_was_compared_is_kept_for_each_operating_point(database: Database) -> None:
    other = OperatingPoint(PDQ, 20, 50)
    with database.write() as connection:
        assert comparisons.read_mark(connection, POINT) == Mark()
        comparisons.record_mark(connection, POINT, Mark(7, 2))
        comparisons.record_mark(connection, POINT, Mark(9, 4))
        comparisons.record_mark(connection, DIGEST_POINT, Mark(3, 4))
        marks = [comparisons.read_mark(connection, point) for point in (POINT, other, DIGEST_POINT)]
    assert marks == [Mark(9, 4), Mark(), Mark(3, 4)]


def test_a_content_that_comes_again_moves_every_mark_before_it(database: Database) -> None:
    with database.write() as connection:
        comparisons.record_mark(connection, POINT, Mark(9, 4))
        comparisons.record_mark(connection, DIGEST_POINT, Mark(3, 4))
        comparisons.compare_again(connection, 5)
        assert comparisons.read_mark(connection, POINT) == Mark(4, 4)
        assert comparisons.read_mark(connection, DIGEST_POINT) == Mark(3, 4)


def test_the_newest_mark_names_the_newest_content_and_entry(database: Database) -> None:
    with database.write() as connection:
        assert comparisons.read_newest(connection) == Mark()
        _, (exhibit,) = make_case(connection)
        add_examined(connection, exhibit, b"a", b"b")
        make_set(connection, KnownEntry(1, md5=bytes(16)))
        newest = comparisons.read_newest(connection)
    assert (newest.content_id, newest.entry_id) == (2, 1)
