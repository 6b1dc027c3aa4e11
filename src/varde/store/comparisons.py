"""How far contents and known entries have been compared: one mark for each operating point."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from varde.core.finding import OperatingPoint
from varde.store import tables
from varde.store.database import insert_new
from varde.store.known_hashes import highest_entry


@dataclass(frozen=True, slots=True)
class Mark:
    """All contents up to a row number have been compared with all known entries up to a row number."""

    content_id: int = 0
    entry_id: int = 0


def highest_content(connection: Connection) -> int:
    """Returns the row number of the newest content; 0 where there is none."""
    return int(connection.execute(select(func.max(tables.contents.c.id))).scalar() or 0)


def read_newest(connection: Connection) -> Mark:
    """Returns the newest content and the newest known entry: the mark when everything has been compared."""
    return Mark(highest_content(connection), highest_entry(connection))


def read_mark(connection: Connection, point: OperatingPoint) -> Mark:
    """Returns how far was compared at an operating point."""
    table = tables.comparisons
    query = select(table.c.up_to_content_id, table.c.up_to_entry_id).where(_is(point))
    row = connection.execute(query).first()
    return Mark(*row) if row else Mark()


def record_mark(connection: Connection, point: OperatingPoint, mark: Mark) -> None:
    """Records how far was compared, in the transaction that records the last of its matches."""
    table = tables.comparisons
    values = {"up_to_content_id": mark.content_id, "up_to_entry_id": mark.entry_id}
    key = {"method": point.method.name, "operating_point": str(point)}
    connection.execute(insert_new(connection, table).values(**key, **values))
    connection.execute(update(table).where(_is(point)).values(**values))


def compare_again(connection: Connection, content_id: int, method: str | None = None) -> None:
    """Makes a content and all later ones be compared once more; matches that are there already stay one.

    Args:
        connection: the site's, writing.
        content_id: row number of the first content.
        method: name of the method by which they are; None means all.
    """
    table = tables.comparisons
    behind = update(table).where(table.c.up_to_content_id >= content_id)
    if method is not None:
        behind = behind.where(table.c.method == method)
    connection.execute(behind.values(up_to_content_id=content_id - 1))


def _is(point: OperatingPoint) -> ColumnElement[bool]:
    table = tables.comparisons.c
    return and_(table.method == point.method.name, table.operating_point == str(point))
