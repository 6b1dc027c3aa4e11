"""The schema of search: names, words and times of a case's items, as people type them.

All of it is made from items and contents, row by row as they are examined, and can be made again at any time
(`varde.store.search_index`). Every row belongs to one case: a search reads the rows of the cases it may read, and
cannot even count others.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Table, Text, UniqueConstraint

from varde.store.tables import metadata
from varde.store.types import Bytes, Id, Number


def _make(name: str, *parts: Column[object]) -> Table:
    """Returns a table that SQLite keeps in the order of its key, and reads in that order at the speed of the disk."""
    return Table(name, metadata, *parts, sqlite_strict=True, sqlite_with_rowid=False)


search_names = _make(
    "search_names",
    Column("case_id", Id, primary_key=True, autoincrement=False),
    Column("item_id", Id, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)

search_words = Table(
    "search_words",
    metadata,
    Column("id", Id, primary_key=True),
    Column("case_id", Id, nullable=False),
    Column("digest", Bytes, nullable=False),
    Column("tag", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("case_id", "digest"),
    sqlite_strict=True,
)

search_word_items = _make(
    "search_word_items",
    Column("word_id", Id, primary_key=True, autoincrement=False),
    Column("item_id", Id, primary_key=True, autoincrement=False),
)

search_times = _make(
    "search_times",
    Column("case_id", Id, primary_key=True, autoincrement=False),
    Column("at", Text, primary_key=True),
    Column("item_id", Id, primary_key=True, autoincrement=False),
    Column("what", Number, primary_key=True, autoincrement=False),
)

SEARCH_TABLES: Final = (search_word_items, search_words, search_names, search_times)
"""All of them, in an order in which they can be emptied."""
