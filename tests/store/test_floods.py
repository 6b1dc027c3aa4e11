"""Behaviour of `varde.store.floods`: an entry that matches too much is held back, and what is held back is counted."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select
from stored import AT, PDQ, PERSON, make_digests, make_set

from varde.core.finding import Match, OperatingPoint
from varde.core.known import KnownEntry
from varde.store import findings, floods, tables
from varde.store.database import Database
from varde.store.site import Site

POINT = OperatingPoint(PDQ, 31, 50)


def add_contents(connection: Connection, count: int) -> None:
    for number in range(1, count + 1):
        digests = make_digests(b"%d" % number)
        row = {"id": number, "sha256": digests.sha256, "sha1": digests.sha1, "md5": digests.md5}
        fixed = {"size_bytes": 1, "kind": "picture", "mime": "image/jpeg", "metadata": []}
        connection.execute(insert(tables.contents).values(**row, **fixed))


def record(connection: Connection, contents: list[int], *, limit: int = 3, distance: int = 5) -> dict[int, int]:
    matches = [Match(content_id, 1, POINT, distance) for content_id in contents]
    kept, left = floods.keep_within(connection, "pdq", matches, limit)
    findings.record_matches(connection, kept, AT)
    counted = {entry_id: len(contents) for entry_id, contents in left.items()}
    floods.count_flooded(connection, "pdq", counted, AT)
    return counted


def recorded(connection: Connection) -> list[int]:
    return sorted(connection.execute(select(tables.findings.c.content_id)).scalars())


@pytest.fixture(autouse=True)
def filled(request: pytest.FixtureRequest) -> None:
    if "database" in request.fixturenames:
        with request.getfixturevalue("database").write() as connection:
            add_contents(connection, 9)
            make_set(connection, KnownEntry(1, md5=bytes(16), source_id="busy"))


def test_up_to_the_limit_nothing_is_held_back(database: Database) -> None:
    with database.write() as connection:
        assert record(connection, [1, 2, 3]) == {}
        assert floods.list_floods(connection) == []


def test_beyond_the_limit_the_first_contents_stay_and_the_rest_is_counted(database: Database) -> None:
    with database.write() as connection:
        assert record(connection, [4, 3, 2, 1, 5]) == {1: 2}
        assert record(connection, [6, 7]) == {1: 2}
        assert recorded(connection) == [1, 2, 3]
        (flood,) = floods.list_floods(connection)
    assert (flood.entry_id, flood.source_id, flood.family, flood.counted, flood.lasts) == (1, "busy", "pdq", 4, True)


def test_what_is_recorded_already_may_come_closer(database: Database) -> None:
    with database.write() as connection:
        record(connection, [1, 2, 3])
        record(connection, [2, 9], distance=1)
        closest = connection.execute(select(tables.findings.c.distance).where(tables.findings.c.content_id == 2))
        assert closest.scalar_one() == 1
        assert recorded(connection) == [1, 2, 3]


def test_an_entry_that_floods_by_several_methods_is_one_entry(database: Database) -> None:
    with database.write() as connection:
        record(connection, [1, 2, 3, 4])
        floods.count_flooded(connection, "local-features", {1: 7}, AT)
        assert sorted(flood.counted for flood in floods.list_floods(connection)) == [1, 7]
        assert floods.count_held(connection) == {1: 1}
        for flood in floods.list_floods(connection):
            floods.release(connection, flood, person=PERSON, at=AT)
        assert floods.count_held(connection) == {}


def test_what_a_person_released_is_held_back_no_more(database: Database) -> None:
    with database.write() as connection:
        record(connection, [1, 2, 3, 4])
        (flood,) = floods.list_floods(connection)
        assert (flood.entry_id, flood.lasts) == (1, True)
        floods.release(connection, flood, person=PERSON, at=AT)
        assert record(connection, [4, 5, 6, 7]) == {}
        assert recorded(connection) == [1, 2, 3, 4, 5, 6, 7]
        (flood,) = floods.list_floods(connection, 1)
    assert (flood.lasts, flood.released_by, flood.counted) == (False, PERSON, 0)


@given(st.lists(st.sets(st.integers(1, 9)), max_size=5), st.integers(1, 4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_contents_in_order_are_recorded_alike_however_they_are_cut(
    sqlite_site: Site, parts: list[set[int]], limit: int
) -> None:
    ordered = sorted(set().union(*parts))
    edges = sorted({len(part) for part in parts})
    batches = [ordered[start:end] for start, end in zip([0, *edges], [*edges, len(ordered)], strict=True)]
    with sqlite_site.database.engine.connect() as connection, connection.begin() as transaction:
        add_contents(connection, 9)
        make_set(connection, KnownEntry(1, md5=bytes(16)))
        for batch in batches:
            record(connection, batch, limit=limit)
            record(connection, [one for one in batch if one in recorded(connection)], limit=limit)
        assert recorded(connection) == ordered[:limit]
        assert sum(flood.counted for flood in floods.list_floods(connection)) == max(0, len(ordered) - limit)
        transaction.rollback()
