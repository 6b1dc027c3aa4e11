"""The site's persistent indexes: copies of what the database holds, brought up to date before they are used.

Each lies in a folder of its own under ``<site>/indexes/`` and can be deleted at any time. Beside it lies its origin:
the audit event that was the newest when it was filled, which tells one history of a database from another. An index is
filled again from nothing where it is missing, damaged (which is noted beside it), of another version, ahead of the
database, or of a database with another history, such as one that was restored from a backup.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from varde.core.errors import IntegrityFailure, WrongUse
from varde.core.finding import OperatingPoint
from varde.known.perceptual import HashIndex, PerceptualIndex, is_degenerate
from varde.known.probe_column import ProbeColumn
from varde.pipeline.index_faults import note_damage
from varde.pipeline.known_index import LAST_POSITION, POSITION_BITS, name_hash
from varde.pipeline.probes import read_probes
from varde.store import audit, comparisons, known_hashes
from varde.store.database import Database
from varde.store.durable import write_durably

_BATCH = 500_000


class Filled(Protocol):
    """What every index offers here."""

    @property
    def last_id(self) -> int:
        """The highest id the index is complete up to; 0 where it is empty."""

    def check(self) -> None:
        """Opens all of it, and raises `IntegrityFailure` if that cannot be done."""

    def discard(self) -> None:
        """Removes everything in it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The newest audit event when an index was filled: its number, and its hash in hexadecimal."""

    event: int
    event_hash: str


def open_known_hashes(database: Database, folder: Path, point: OperatingPoint) -> PerceptualIndex:
    """Returns the index of all known hashes that an operating point admits, up to date with the database.

    Degenerate hashes are not in it. Hashes of entries that do not count are: the database says so for every answer.

    Args:
        database: the site's.
        folder: where the site's indexes lie.
        point: says the method and the least quality.

    Raises:
        SiteBusy: if another process is filling it for long.
        VardeError: if the disk is full or cannot be written to.
    """
    place = folder / f"known-{point.method.name}-{point.method.version}-q{point.min_quality}"
    index = PerceptualIndex(place)
    with database.read() as connection:
        newest = comparisons.read_newest(connection).entry_id
        last = prepare(connection, index, place, name_hash(newest, LAST_POSITION))
        if last >> POSITION_BITS >= newest:
            return index
        for hashes, ids in _read_hashes(connection, point, last):
            kept = ~is_degenerate(hashes)
            index.append(hashes[kept], ids[kept], up_to=int(ids[-1]))
    index.append(np.empty((0, 32), np.uint8), np.empty(0, np.int64), up_to=name_hash(newest, LAST_POSITION))
    index.merge()
    return index


def open_probes(database: Database, folder: Path, point: OperatingPoint, up_to: int) -> ProbeColumn:
    """Returns the column of all probes of contents up to a row number at least, up to date with the database.

    Args:
        database: the site's.
        folder: where the site's indexes lie.
        point: says the method and the least quality.
        up_to: row number of the last content needed.

    Raises:
        SiteBusy: if another process is filling it for long.
        VardeError: if the disk is full or cannot be written to.
    """
    place = _name_column(folder, point)
    column = ProbeColumn(place)
    with database.read() as connection:
        newest = comparisons.highest_content(connection)
        last = prepare(connection, _Column(column), place, newest)
    while last < up_to:
        read = read_probes(database, point, last, up_to)
        column.append(read.probes, up_to=read.up_to)
        last = read.up_to
    column.merge()
    return column


def drop_stale_probes(folder: Path, point: OperatingPoint, done: int) -> None:
    """Empties the column of probes where it is ahead of what was compared: then a content in it was completed since.

    Args:
        folder: where the site's indexes lie.
        point: says the method and the least quality.
        done: row number of the last content that was compared.
    """
    column = ProbeColumn(_name_column(folder, point))
    try:
        is_stale = column.last_content > done
    except WrongUse:
        is_stale = True
    except IntegrityFailure:
        return  # whoever opens it next finds that, says so and fills it again
    if is_stale:
        column.discard()


def _name_column(folder: Path, point: OperatingPoint) -> Path:
    return folder / f"contents-{point.method.name}-{point.method.version}-q{point.min_quality}"


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as the index that it is here: its ids are contents."""

    column: ProbeColumn

    @property
    def last_id(self) -> int:
        return self.column.last_content

    def check(self) -> None:
        self.column.scan(HashIndex(np.empty((0, 32), np.uint8), np.empty(0, np.int64)), 0)

    def discard(self) -> None:
        self.column.discard()


def prepare(connection: Connection, index: Filled, place: Path, newest_id: int) -> int:
    """Returns up to which id an index can be kept, after emptying it where it cannot be; its origin is then this state.

    Args:
        connection: a read transaction; what is appended afterwards must be read in it.
        index: that lies in the place.
        place: its folder.
        newest_id: the highest id the database can have given it.
    """
    damage: IntegrityFailure | None = None
    try:
        last = index.last_id
        index.check()
        keep = not last or (last <= newest_id and _has_origin(connection, _read_origin(place)))
    except WrongUse:
        keep = False
    except IntegrityFailure as error:
        keep, damage = False, error
    if not keep:
        index.discard()
        last = 0
    if damage:
        note_damage(place, damage)
    head = audit.get_head(connection)
    origin = Origin(head.number, head.event_hash.hex())
    if last < newest_id or _read_origin(place) is None:
        # Written before anything is appended: whatever the index holds then was there when this event was the newest.
        place.parent.mkdir(mode=0o700, exist_ok=True)
        write_durably(_name_origin(place), msgspec.json.encode(origin))
    return last


def _read_origin(place: Path) -> Origin | None:
    try:
        return msgspec.json.decode(_name_origin(place).read_bytes(), type=Origin)
    except (OSError, msgspec.DecodeError):
        return None


def _name_origin(place: Path) -> Path:
    return place.with_name(f"{place.name}.origin.json")


def _has_origin(connection: Connection, origin: Origin | None) -> bool:
    if origin is None:
        return False
    found = audit.find_hash(connection, origin.event)
    return found is not None and found.hex() == origin.event_hash


def _read_hashes(
    connection: Connection, point: OperatingPoint, after: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    """Yields known hashes and their ids after an id, which may be in the middle of an entry."""
    ids, values = array("q"), bytearray()
    first = max(0, (after >> POSITION_BITS) - 1)
    for entry_id, position, value in known_hashes.list_hashes(connection, point.method.name, point.min_quality, first):
        if name_hash(entry_id, position) > after:
            ids.append(name_hash(entry_id, position))
            values += value
        if len(ids) == _BATCH:
            yield np.frombuffer(bytes(values), np.uint8).reshape(-1, 32), np.array(ids, np.int64)
            ids, values = array("q"), bytearray()
    if ids:
        yield np.frombuffer(bytes(values), np.uint8).reshape(-1, 32), np.array(ids, np.int64)


def read_new_hashes(connection: Connection, point: OperatingPoint, after_entry: int) -> HashIndex:
    """Returns an index in memory of the hashes of entries after a row, without degenerate ones."""
    rows = known_hashes.list_hashes(connection, point.method.name, point.min_quality, after_entry)
    return _build(rows)


def read_hashes_of(connection: Connection, point: OperatingPoint, entry_ids: Iterable[int]) -> HashIndex:
    """Returns an index in memory of the hashes of some entries, without degenerate ones."""
    return _build(known_hashes.list_hashes_of(connection, point.method.name, point.min_quality, entry_ids))


def _build(rows: Iterable[tuple[int, int, bytes]]) -> HashIndex:
    ids, values = array("q"), bytearray()
    for entry_id, position, value in rows:
        ids.append(name_hash(entry_id, position))
        values += value
    hashes = np.frombuffer(bytes(values), np.uint8).reshape(-1, 32)
    kept = ~is_degenerate(hashes)
    return HashIndex(hashes[kept], np.array(ids, np.int64)[kept])
