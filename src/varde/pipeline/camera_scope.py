"""Which cameras a search with a file looks at, which it does not and why, and what looking further would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from varde.core.camera import FingerprintKind, SearchExtent
from varde.core.camera_search import NotSearched, NotSearchedReason, WiderSearch
from varde.store.camera_families import Family, count_without, list_families

INDEXED: Final = (SearchExtent.ALIGNED, SearchExtent.TURNED)
"""Extents that the index answers; at wider ones every camera is compared by itself."""

COST_S_PER_MP: Final = {SearchExtent.SHIFTED: 0.15, SearchExtent.SCALED: 2.5, SearchExtent.ROTATED: 5.5}
"""CPU seconds per megapixel of a sensor, measured (benchmarks/results/camera_search.md)."""

_SIZES_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Scope:
    """What a search looks at.

    Attributes:
        indexed: families that have the file's size, turned or not.
        compared: families whose cameras are compared one by one, at an extent that the index does not answer.
        left_out: families that are not searched, each with why.
        withdrawn, without: cameras that are withdrawn, and others that have no fingerprint in force.
    """

    indexed: tuple[Family, ...]
    compared: tuple[Family, ...]
    left_out: tuple[tuple[Family, NotSearchedReason], ...]
    withdrawn: int
    without: int

    @property
    def cameras(self) -> int:
        """How many cameras have a fingerprint in force, searched or not."""
        families = (*self.indexed, *self.compared, *(family for family, _ in self.left_out))
        return sum(family.cameras for family in {(one.kind, one.size_px): one for one in families}.values())


def find_scope(connection: Connection, kind: FingerprintKind, size_px: tuple[int, int], extent: SearchExtent) -> Scope:
    """Returns what a search with a file looks at.

    Args:
        connection: to read with.
        kind: of the file.
        size_px: (rows, columns) of its noise.
        extent: how far it is to be looked for.
    """
    indexed, compared, left_out = [], [], []
    for family in list_families(connection):
        why = _judge(family, kind, size_px, extent)
        if why is not None:
            left_out.append((family, why))
        elif extent in INDEXED:
            indexed.append(family)
        else:
            compared.append(family)
    return Scope(tuple(indexed), tuple(compared), tuple(left_out), *count_without(connection))


def describe_left_out(scope: Scope) -> list[NotSearched]:
    """Returns the cameras that are not searched, by reason, in words."""
    found = []
    for reason in NotSearchedReason:
        families = [family for family, why in scope.left_out if why is reason]
        if families:
            count = sum(family.cameras for family in families)
            found.append(NotSearched(reason, count, _DETAILS[reason].format(sizes=_name_sizes(families))))
    if scope.without:
        detail = "Nothing was ever made of their references that could be compared."
        found.append(NotSearched(NotSearchedReason.NO_FINGERPRINT, scope.without, detail))
    if scope.withdrawn:
        detail = "They were withdrawn: nothing is compared with them any more."
        found.append(NotSearched(NotSearchedReason.WITHDRAWN, scope.withdrawn, detail))
    return found


def list_wider(
    connection: Connection, kind: FingerprintKind, size_px: tuple[int, int], extent: SearchExtent
) -> list[WiderSearch]:
    """Returns the searches that would go further than an extent, with how many cameras and CPU seconds each takes."""
    families = list_families(connection)
    order = list(SearchExtent)
    found = []
    for wider in COST_S_PER_MP:
        if order.index(wider) <= order.index(extent):
            continue
        fitting = [one for one in families if _judge(one, kind, size_px, wider) is None]
        cameras = sum(one.cameras for one in fitting)
        if cameras:
            found.append(WiderSearch(wider, cameras, estimate_cost(fitting, wider)))
    return found


def estimate_cost(families: Sequence[Family], extent: SearchExtent) -> float:
    """Returns about how many CPU seconds comparing a file with every camera of these by itself takes."""
    megapixels = sum(one.cameras * one.height_px * one.width_px for one in families) / 1e6
    return COST_S_PER_MP.get(extent, 0.0) * megapixels


_DETAILS: Final = {
    NotSearchedReason.OTHER_SIZE: "The file does not have the size of their sensors ({sizes}), turned or not: if it is "
    "cut or resized, it can be theirs all the same.",
    NotSearchedReason.OTHER_KIND: "Their fingerprints ({sizes}) are of the other kind, photo or video.",
    NotSearchedReason.TOO_SMALL: "Their sensors ({sizes}) are smaller than the file, so it is no part of theirs.",
}


def _judge(
    family: Family, kind: FingerprintKind, size_px: tuple[int, int], extent: SearchExtent
) -> NotSearchedReason | None:
    """Returns why a family is not searched; None where it is."""
    if family.kind is not kind:
        return NotSearchedReason.OTHER_KIND
    if extent in (SearchExtent.SCALED, SearchExtent.ROTATED):
        return None
    if extent is SearchExtent.SHIFTED:
        fits = all(ours >= its for ours, its in zip(sorted(family.size_px), sorted(size_px), strict=True))
        return None if fits else NotSearchedReason.TOO_SMALL
    sizes = [size_px] if extent is SearchExtent.ALIGNED else [size_px, size_px[::-1]]
    return None if family.size_px in sizes else NotSearchedReason.OTHER_SIZE


def _name_sizes(families: Sequence[Family]) -> str:
    named = [f"{one.width_px} x {one.height_px}" for one in families[:_SIZES_NAMED]]
    more = len(families) - len(named)
    return ", ".join(named) + (f" and {more} more sizes" if more else "")
