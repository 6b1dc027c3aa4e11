"""Pictures that people brought along to search with, for the half hour in which they choose a face: in memory only."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from varde.core.face import Face

KEPT_S: Final = 1_800.0
"""How long a probe is kept that nobody searched with."""

_MOST_PROBES = 256
_MOST_OF_ONE = 24
_MOST_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class ShelvedProbe:
    """A probe that was examined: its bytes are gone, its faces are here.

    Attributes:
        account_id: who brought it, and alone may see it.
        case_id: that it was brought along for.
        sha256: of its bytes.
        faces: as they are numbered, see `varde.core.face_search.order_faces`.
        view: a small JPEG of it, written here from pixels; b"" where none could be made.
    """

    account_id: int
    case_id: int
    sha256: bytes
    faces: tuple[Face, ...]
    view: bytes

    @property
    def size_bytes(self) -> int:
        """How much it takes, about: the best picture of each face, and the view."""
        return len(self.view) + sum(len(frame.crop) for face in self.faces for frame in face.frames)


class ProbeShelf:
    """Keeps probes by an opaque token; the oldest go when there are too many."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Prepares an empty shelf.

        Args:
            clock: returns seconds that only go up.
        """
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, ShelvedProbe]] = OrderedDict()

    def put(self, probe: ShelvedProbe) -> str:
        """Keeps a probe, of each face only its best picture, and returns its token."""
        token = secrets.token_urlsafe(18)
        probe = replace(
            probe, faces=tuple(replace(face, frames=face.frames[:1], seen_frames=1) for face in probe.faces)
        )
        with self._lock:
            self._drop_old()
            own = [name for name, (_, one) in self._kept.items() if one.account_id == probe.account_id]
            for name in own[: max(0, len(own) + 1 - _MOST_OF_ONE)]:
                del self._kept[name]
            while self._kept and (len(self._kept) >= _MOST_PROBES or self._count(probe) > _MOST_BYTES):
                self._kept.popitem(last=False)
            self._kept[token] = (self._clock() + KEPT_S, probe)
        return token

    def find(self, token: str, account_id: int, case_id: int) -> ShelvedProbe | None:
        """Returns a probe to whoever brought it for that case; None for everybody else, and when it is gone."""
        with self._lock:
            self._drop_old()
            found = self._kept.get(token)
        if found is None or (found[1].account_id, found[1].case_id) != (account_id, case_id):
            return None
        return found[1]

    def drop_old(self) -> None:
        """Forgets what nobody asked for in time; to be called now and then, so that nothing stays in memory."""
        with self._lock:
            self._drop_old()

    def _count(self, probe: ShelvedProbe) -> int:
        return probe.size_bytes + sum(one.size_bytes for _, one in self._kept.values())

    def _drop_old(self) -> None:
        at = self._clock()
        while self._kept and next(iter(self._kept.values()))[0] <= at:
            self._kept.popitem(last=False)
