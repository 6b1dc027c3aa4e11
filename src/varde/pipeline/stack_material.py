"""The items and contents of a case as columns of numbers: what stacks and folders are made from."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from varde.core.known import SetRole
from varde.core.media import MediaKind
from varde.hashing import pdq
from varde.known.perceptual import is_degenerate
from varde.review.stacks import MIN_QUALITY
from varde.store import stacked_material
from varde.store.folders import split_folder
from varde.store.suppression import DIGEST_FAMILY

KINDS: Final = tuple(MediaKind)
NO_MATCH: Final = 1 << 14

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Places:
    """The examined items of a case, by number.

    Attributes:
        item_ids: (N,).
        contents: (N,) row of each item's content in `Contents`.
        folders: (N,) row of each item's folder in `names`.
        names: (exhibit row, locator) of the folders.
    """

    item_ids: Numbers
    contents: Numbers
    folders: Numbers
    names: list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a case, in the order in which its items meet them. What could not be read counts as one each.

    Attributes:
        first: (C,) row of the first item of each.
        kinds: (C,) position in `KINDS`.
        shortest_px: (C,) -1 where unknown.
        is_tagged: (C,) has capture metadata.
        alert, own: (C,) twice the distance of the nearest match with such a set, less one where it is by digest;
            `NO_MATCH` where there is none.
        is_harmless: (C,).
        hashed: rows that can be compared, ascending.
        hashes: (H, 32) uint8, theirs.
    """

    first: Numbers
    kinds: Numbers
    shortest_px: Numbers
    is_tagged: Flags
    alert: Numbers
    own: Numbers
    is_harmless: Flags
    hashed: Numbers
    hashes: NDArray[np.uint8]

    @property
    def is_matched(self) -> Flags:
        """(C,) has a match that a person has to look at."""
        matched: Flags = np.minimum(self.alert, self.own) < NO_MATCH
        return matched


def read_material(connection: Connection, case_id: int) -> tuple[Places, Contents]:
    """Returns the items and contents of a case as they are now."""
    items, contents, folders = array("q"), array("q"), array("q")
    numbers: dict[tuple[int, str], int] = {}
    for item_id, content_id, exhibit_id, locator in stacked_material.list_places(connection, case_id):
        items.append(item_id)
        contents.append(-item_id if content_id is None else content_id)
        folders.append(numbers.setdefault((exhibit_id, split_folder(locator)), len(numbers)))
    ids, first, row = _number_by_first(np.array(contents, np.int64))
    places = Places(np.array(items, np.int64), row, np.array(folders, np.int64), list(numbers))
    return places, _read_contents(connection, case_id, _Rows(ids), first)


class _Rows:
    """Finds the rows of contents by their numbers."""

    def __init__(self, ids: Numbers) -> None:
        self._order = np.argsort(ids)
        self._sorted = ids[self._order]

    def __len__(self) -> int:
        return len(self._order)

    def find(self, ids: array[int]) -> Numbers:
        """Returns the row of each content; all must be of the case."""
        found: Numbers = self._order[np.searchsorted(self._sorted, np.array(ids, np.int64))]
        return found


def _number_by_first(ids: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Returns the distinct ids in the order in which they are met, where each is met first, and the row of every id."""
    distinct, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rows = np.empty_like(order)
    rows[order] = np.arange(len(order))
    return distinct[order], first[order], rows[inverse]


def _read_contents(connection: Connection, case_id: int, rows: _Rows, first: Numbers) -> Contents:
    kinds, shortest_px, is_tagged = _read_facts(connection, case_id, rows)
    alert, own, is_harmless = _read_matches(connection, case_id, rows)
    hashed, hashes = _read_hashes(connection, case_id, rows)
    return Contents(first, kinds, shortest_px, is_tagged, alert, own, is_harmless, hashed, hashes)


def _read_facts(connection: Connection, case_id: int, rows: _Rows) -> tuple[Numbers, Numbers, Flags]:
    ids, kinds, shortest, tagged = array("q"), array("q"), array("q"), array("q")
    number = {kind.value: position for position, kind in enumerate(KINDS)}
    for content_id, kind, width, height, is_tagged in stacked_material.list_facts(connection, case_id):
        ids.append(content_id)
        kinds.append(number[kind])
        shortest.append(-1 if width is None or height is None else min(width, height))
        tagged.append(bool(is_tagged))
    at = rows.find(ids)
    all_kinds, all_shortest = np.full(len(rows), KINDS.index(MediaKind.OTHER)), np.full(len(rows), -1)
    all_tagged = np.zeros(len(rows), bool)
    all_kinds[at], all_shortest[at], all_tagged[at] = np.array(kinds), np.array(shortest), np.array(tagged)
    return all_kinds, all_shortest, all_tagged


def _read_matches(connection: Connection, case_id: int, rows: _Rows) -> tuple[Numbers, Numbers, Flags]:
    ids: dict[SetRole, array[int]] = {role: array("q") for role in SetRole}
    close: dict[SetRole, array[int]] = {role: array("q") for role in SetRole}
    for content_id, role, family, distance in stacked_material.list_case_matches(connection, case_id):
        ids[SetRole(role)].append(content_id)
        close[SetRole(role)].append(2 * distance - (family == DIGEST_FAMILY))
    nearest = {role: np.full(len(rows), NO_MATCH) for role in SetRole}
    for role, found in ids.items():
        np.minimum.at(nearest[role], rows.find(found), np.array(close[role], np.int64))
    is_harmless = np.minimum(nearest[SetRole.KNOWN], nearest[SetRole.NEGATIVE]) < NO_MATCH
    return nearest[SetRole.ALERT], nearest[SetRole.OWN], is_harmless


def _read_hashes(connection: Connection, case_id: int, rows: _Rows) -> tuple[Numbers, NDArray[np.uint8]]:
    ids, values = array("q"), bytearray()
    for content_id, value in stacked_material.list_picture_hashes(connection, case_id, pdq.METHOD.name, MIN_QUALITY):
        ids.append(content_id)
        values += value
    hashes = np.frombuffer(bytes(values), np.uint8).reshape(-1, pdq.HASH_BYTES)
    says_something = ~is_degenerate(np.ascontiguousarray(hashes)) if len(hashes) else np.zeros(0, bool)
    at = rows.find(ids)[says_something]
    order = np.argsort(at)
    return at[order], np.ascontiguousarray(hashes[says_something][order])
