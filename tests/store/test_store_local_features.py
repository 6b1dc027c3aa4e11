from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select
from stored import make_content, make_set

from varde.core.known import KnownEntry
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import LocalFeatures
from varde.store import tables
from varde.store.contents import record_contents
from varde.store.database import Database
from varde.store.local_features import (
    get_known_features,
    has_known_features,
    list_known_features,
    read_features,
)

FOUND = (LocalFeatures(b"first", 9, 0.0), LocalFeatures(b"second", 12, 1.5))
REFUSED = NotComparable(Reason.QUALITY_TOO_LOW, "3 points; local features need 8")


def test_features_of_contents_are_read_as_they_were_recorded(database: Database) -> None:
    contents = [make_content(b"a"), make_content(b"b"), make_content(b"c")]
    contents[0] = replace(contents[0], local_features=FOUND)
    contents[1] = replace(contents[1], local_features=REFUSED)
    with database.write() as connection:
        recorded = record_contents(connection, contents)
        first, second, third = (recorded[content.digests.sha256] for content in contents)
        found = read_features(connection, [first, second, third])
    assert found[first] == FOUND
    refused = found[second]
    assert isinstance(refused, NotComparable)
    assert refused.reason is REFUSED.reason
    assert third not in found


def test_features_are_added_to_a_content_that_had_none_and_never_twice(database: Database) -> None:
    bare = make_content(b"same")
    full = replace(bare, local_features=FOUND)
    with database.write() as connection:
        for content in (bare, full, full):
            (content_id,) = record_contents(connection, [content]).values()
        assert read_features(connection, [content_id])[content_id] == FOUND
        assert connection.execute(select(func.count()).select_from(tables.local_features)).scalar_one() == 2


def test_known_features_are_listed_from_any_place(database: Database) -> None:
    with database.write() as connection:
        assert not has_known_features(connection)
        make_set(connection, KnownEntry(1, md5=bytes(16), local_features=FOUND), KnownEntry(2, md5=b"x" * 16))
        assert has_known_features(connection)
    with database.read() as connection:
        whole = list(list_known_features(connection, (0, 0)))
        entry_id = whole[0][0]
        assert whole == [(entry_id, 0, b"first"), (entry_id, 1, b"second")]
        assert list(list_known_features(connection, (entry_id, 0))) == whole[1:]
        assert list(list_known_features(connection, (entry_id, 1))) == []
        assert get_known_features(connection, [(entry_id, 1), (entry_id, 7)]) == {(entry_id, 1): FOUND[1]}
