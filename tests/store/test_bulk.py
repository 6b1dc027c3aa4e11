"""Rows that `varde.store.bulk` inserts are those that SQLAlchemy would."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select
from stored import AT

from varde.core.known import SetRole
from varde.store import tables
from varde.store.bulk import insert_rows
from varde.store.database import Database
from varde.store.known_sets import NewSet, add_set


def make_rows(first: int, set_id: int) -> list[dict[str, Any]]:
    plain = {"set_id": set_id, "line": 1, "series": "", "source_id": "7", "mime": "image/jpeg", "state": "active"}
    full = {
        "md5": b"\0'\\" * 5 + b"x",
        "sha1": None,
        "sha256": bytes(range(32)),
        "code": "1",
        "series": "Søen '; \x01 %s %(id)s ?",
        "flags": {"distributed": True, "baseline": False},
        "size_bytes": (1 << 62) + 1,
        "carried": [["photodna", "Ab"]],
        "extra": [["Comments", "5"], ["ö", '{"a":1}']],
        "sampling": None,
    }
    empty = dict.fromkeys(full) | {"series": ""}
    return [{"id": first, **plain, **full}, {"id": first + 1, **plain, **empty}]


def test_rows_are_those_that_sqlalchemy_inserts(database: Database) -> None:
    new = NewSet("list", "1", "", SetRole.ALERT, "", "", "vics", "x", None, "")
    with database.write() as connection:
        set_id = add_set(connection, new, person="p", at=AT)
        connection.execute(insert(tables.known_entries), make_rows(1, set_id))
        insert_rows(connection, tables.known_entries, make_rows(3, set_id))
        insert_rows(connection, tables.known_entries, [])
    with database.read() as connection:
        rows = [row._asdict() for row in connection.execute(select(tables.known_entries).order_by("id"))]
    assert [row.pop("id") for row in rows] == [1, 2, 3, 4]
    assert rows[:2] == rows[2:]
    assert rows[0]["flags"] == {"distributed": True, "baseline": False}
