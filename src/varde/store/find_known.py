"""Finds known entries by what people have in hand: the authority's identifier, a line, a digest or a PDQ hash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from varde.core.digest import DigestAlgorithm, read_digest
from varde.core.errors import NotFound
from varde.store import tables
from varde.store.known_entries import StoredEntry, load_entries
from varde.store.known_sets import KnownSet

_HIGHEST_ROW = (1 << 63) - 1
_PDQ_BYTES = 32


@dataclass(frozen=True, slots=True)
class EntryWords:
    """How a person names known entries; an entry that fits any of the words is meant.

    Attributes:
        names: the authority's identifiers or, where no entry has it, row numbers.
        lines: in the file the set came from.
        hashes: digests or PDQ hashes in hexadecimal.
        rows: row numbers here and nothing else, for programs: an authority's identifier may look like one.
    """

    names: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()
    hashes: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()


def find_entries(connection: Connection, known_set: KnownSet | None, words: EntryWords) -> list[StoredEntry]:
    """Returns the entries that a person means, whatever their state, by row number.

    Args:
        connection: the site's.
        known_set: None looks in all sets.
        words: how they are named.

    Raises:
        NotFound: naming the first word that fits no entry.
        WrongUse: if a hash is none.
    """
    set_id = known_set.set_id if known_set else None
    ids: set[int] = set()
    for name in words.names:
        ids |= _need(_find_name(connection, set_id, name), f"entry {name!r}", known_set)
    for line in words.lines:
        ids |= _need(_find_where(connection, set_id, line=line), f"entry of line {line}", known_set)
    for row in words.rows:
        ids |= _need(_find_where(connection, set_id, id=row), f"entry of row {row}", known_set)
    for text in words.hashes:
        ids |= _need(find_hash(connection, set_id, text), f"entry with hash {text}", known_set)
    return load_entries(connection, ids)


def find_hash(connection: Connection, set_id: int | None, text: str) -> set[int]:
    """Returns the row numbers of entries that have a digest or PDQ hash, of one set or of all.

    Raises:
        WrongUse: if the text is no hexadecimal digest or PDQ hash.
    """
    algorithm, value = read_digest(text)
    found = _find_where(connection, set_id, **{algorithm.value: value})
    if algorithm is DigestAlgorithm.SHA256 and len(value) == _PDQ_BYTES:
        hashes = tables.known_hashes.c
        query = select(hashes.entry_id).where(hashes.value == value)
        found |= set(connection.execute(query if set_id is None else query.where(hashes.set_id == set_id)).scalars())
    return found


def _find_name(connection: Connection, set_id: int | None, name: str) -> set[int]:
    found = _find_where(connection, set_id, source_id=name) if name else set()
    if not found and name.isascii() and name.isdigit() and int(name) <= _HIGHEST_ROW:
        return _find_where(connection, set_id, id=int(name))
    return found


def _find_where(connection: Connection, set_id: int | None, **values: object) -> set[int]:
    table = tables.known_entries.c
    query = select(table.id).where(*(table[name] == value for name, value in values.items()))
    return set(connection.execute(query if set_id is None else query.where(table.set_id == set_id)).scalars())


def _need(found: Iterable[int], what: str, known_set: KnownSet | None) -> set[int]:
    ids = set(found)
    if not ids:
        where = f"known set {known_set.name} {known_set.version}" if known_set else "any known set"
        raise NotFound(f"there is no {what} in {where}", advice="`varde known show SET` shows the entries of a set.")
    return ids
