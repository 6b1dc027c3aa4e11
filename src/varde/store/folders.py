"""Folders of a case, ranked by how many matches lie in them; made from the items by stacking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from varde.store import tables
from varde.store.bulk import insert_rows
from varde.store.review_tables import folders

_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of an exhibit, or a place inside an archive, with what lies directly in it.

    Attributes:
        rank: 1 for the one to look at first; unique in its case.
        exhibit: number in the case.
        locator: as its items' locators begin; "" for the exhibit itself.
        matched: items with a match that a person has to look at.
    """

    rank: int
    exhibit: int
    locator: str
    items: int
    matched: int


def split_folder(locator: str) -> str:
    """Returns the folder of an item by its locator, "" for what lies in the exhibit itself."""
    return locator[: max(locator.rfind("/"), 0)]


def list_folders(connection: Connection, case_id: int, *, after: int = 0, limit: int = 100) -> list[Folder]:
    """Returns the next folders of a case after a rank, by rank."""
    exhibits = tables.exhibits.c
    query = (
        select(folders.c.rank, exhibits.number, folders.c.locator, folders.c["items"], folders.c.matched)
        .join(tables.exhibits, exhibits.id == folders.c.exhibit_id)
        .where(folders.c.case_id == case_id, folders.c.rank > after)
        .order_by(folders.c.rank)
        .limit(limit)
    )
    return [Folder(*row) for row in connection.execute(query)]


FolderRow = tuple[int, str, int, int]
"""Exhibit row, locator, items, matched."""


def read_folders(connection: Connection, case_id: int) -> list[FolderRow]:
    """Returns all folders of a case by rank, as `replace_folders` takes them."""
    query = select(folders.c.exhibit_id, folders.c.locator, folders.c["items"], folders.c.matched)
    rows = connection.execute(query.where(folders.c.case_id == case_id).order_by(folders.c.rank))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def replace_folders(connection: Connection, case_id: int, ranked: Sequence[FolderRow]) -> None:
    """Records the folders of a case, by rank, in place of those it had."""
    connection.execute(delete(folders).where(folders.c.case_id == case_id))
    names = ("exhibit_id", "locator", "items", "matched")
    for start in range(0, len(ranked), _ROWS):
        some = enumerate(ranked[start : start + _ROWS], start + 1)
        rows = [{"case_id": case_id, "rank": rank, **dict(zip(names, row, strict=True))} for rank, row in some]
        insert_rows(connection, folders, rows)
