"""Enrolled cameras as clusters are compared with them: the signs of their fingerprints' middle."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.bits import pack_signs
from varde.camera.clustering import ClusterRule, find_least
from varde.camera.fingerprint_file import read_fingerprint
from varde.camera.middle import Middle, find_middle
from varde.camera.sketch import turn_signs
from varde.camera.source_pairs import score_signs
from varde.core.camera import FingerprintKind
from varde.store import cameras
from varde.store.cameras import StoredFingerprint, fingerprint_path
from varde.store.site import Site

_AT_ONCE: Final = 256
_SPREAD: Final = 1.5
"""Of the signs of different devices of one model; see evaluations/source_clustering.md."""


@dataclass(frozen=True, slots=True)
class _Enrolled:
    name: str
    version: int
    signs: NDArray[np.uint64]


class EnrolledSigns:
    """The fingerprints of photos that a site has, read by size when a cluster of that size is there."""

    def __init__(self, site: Site, case_ids: Collection[int] | None) -> None:
        """Names the site.

        Args:
            site: whose cameras.
            case_ids: only cameras of these cases, and of none; None for all.
        """
        self._site = site
        self._case_ids = case_ids
        self._known: dict[tuple[int, int], list[_Enrolled]] = {}

    def has_any(self, height_px: int, width_px: int) -> bool:
        """Returns whether there is a camera for pictures of this size, or of this size turned by 90 degrees."""
        return bool(self._load(height_px, width_px))

    def find(
        self, reference: NDArray[np.uint64], height_px: int, width_px: int, middle: Middle
    ) -> list[dict[str, object]]:
        """Returns the cameras whose fingerprint agrees with a cluster's reference, the strongest first: leads."""
        enrolled = self._load(height_px, width_px)
        both = np.stack([reference, turn_signs(reference, middle, 2)])
        blocks = [enrolled[at : at + _AT_ONCE] for at in range(0, len(enrolled), _AT_ONCE)]
        scores = np.concatenate(
            [score_signs(np.stack([one.signs for one in some]), both, middle.pixels).max(axis=1) for some in blocks]
        )
        least = find_least(2 * len(enrolled), _SPREAD, ClusterRule())
        agreeing = [(float(score), one) for score, one in zip(scores, enrolled, strict=True) if score >= least]
        agreeing.sort(key=lambda each: (-each[0], each[1].name))
        return [{"camera": one.name, "version": one.version, "z": round(score, 1)} for score, one in agreeing]

    def _load(self, height_px: int, width_px: int) -> list[_Enrolled]:
        size = (height_px, width_px)
        if size not in self._known:
            sizes = {size, (width_px, height_px)}
            stored = [one for each in sorted(sizes) for one in self._list(each)]
            self._known[size] = [self._read(one) for one in stored]
        return self._known[size]

    def _list(self, size: tuple[int, int]) -> list[StoredFingerprint]:
        found: list[StoredFingerprint] = []
        while True:
            with self._site.database.read() as connection:
                after = found[-1].fingerprint_id if found else 0
                page = cameras.list_fingerprints(
                    connection, size=size, kind=FingerprintKind.PHOTO, case_ids=self._case_ids, after=after
                )
            if not page:
                return found
            found += page

    def _read(self, stored: StoredFingerprint) -> _Enrolled:
        values = read_fingerprint(fingerprint_path(self._site, stored.sha256), stored.sha256).values
        if values.shape[0] > values.shape[1]:
            values = np.rot90(values)
        middle = find_middle(*values.shape)
        part = values[middle.top : middle.top + middle.height_px, middle.left : middle.left + middle.width_px]
        with self._site.database.read() as connection:
            name = cameras.get_camera_by_id(connection, stored.camera_id, self._case_ids).name
        return _Enrolled(name, stored.version, pack_signs(np.ascontiguousarray(part)))
