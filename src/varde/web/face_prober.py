"""One sandboxed process that looks for faces in what people search with; started when it is needed first."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from types import TracebackType
from typing import Final, Self

from varde.core.errors import NotFound
from varde.core.face import FacesFound
from varde.core.outcome import NotComparable
from varde.faces.align import ARCFACE112
from varde.faces.crops import HEIGHT, MARGIN, WIDTH
from varde.models.pack import Pack
from varde.models.registry import find_pack
from varde.pipeline.probe_faces import ProbeExaminer
from varde.store.models import NotChosen, find_chosen
from varde.store.site import Site

NO_MODEL: Final = "No face model is in use at this site, so there is nothing to search faces with."

Points = tuple[tuple[float, float], ...]

_MOST_KEPT = 512
_PATIENCE_S = 1.0
_ALIGNED: Final[Points] = tuple(((x + MARGIN) / WIDTH, (y + MARGIN) / HEIGHT) for x, y in ARCFACE112.tolist())
"""Where the landmarks of a crop are that is aligned perfectly."""


class FaceProber:
    """Looks for faces, one picture after the other; calls wait for each other. Use as a context manager."""

    def __init__(self, site: Site) -> None:
        """Prepares it; no process is started.

        Args:
            site: whose pack in use looks.
        """
        self._site = site
        self._lock = threading.Lock()
        self._examiner: ProbeExaminer | None = None
        self._folder = ""
        self._points: OrderedDict[bytes, Points] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._close()

    def examine(self, data: bytes) -> FacesFound | NotComparable:
        """Returns the faces of a picture or video, or why there are none; called in a thread.

        Raises:
            NotFound: if no pack is in use.
            VardeError: if the process cannot start.
        """
        with self._lock:
            return self._open().examine(data)

    def find_landmarks(self, crop: bytes) -> Points:
        """Returns the five landmarks of a crop as shares of it: as they are found in it, or else where crops have them.

        Every crop is asked in the same way, so that the points tell nothing of where it comes from. Nobody waits for
        what somebody else brought: a film can take a minute.
        """
        key = hashlib.sha256(crop).digest()
        kept = self._points.get(key)
        if kept is not None:
            return kept
        if not self._lock.acquire(timeout=_PATIENCE_S):
            return _ALIGNED
        try:
            found = self._open().examine(crop)
        except NotFound:
            return _ALIGNED
        finally:
            self._lock.release()
        faces = () if isinstance(found, NotComparable) else found.faces
        points = max(faces, key=lambda face: face.box.width).landmarks if faces else _ALIGNED
        with self._lock:
            self._points[key] = points
            while len(self._points) > _MOST_KEPT:
                self._points.popitem(last=False)
        return points

    def _open(self) -> ProbeExaminer:
        pack = find_pack_in_use(self._site)
        if self._examiner is None or str(pack.folder) != self._folder:
            self._close()
            self._examiner = ProbeExaminer(self._site.settings, pack).__enter__()
            self._folder = str(pack.folder)
        return self._examiner

    def _close(self) -> None:
        if self._examiner is not None:
            self._examiner.__exit__(None, None, None)
            self._examiner = None


def find_pack_in_use(site: Site) -> Pack:
    """Returns the pack that the site's faces are searched with.

    Raises:
        NotFound: if none was chosen.
    """
    with site.database.read() as connection:
        chosen = find_chosen(connection)
    if isinstance(chosen, NotChosen):
        raise NotFound(NO_MODEL, advice="An administrator chooses one: Administration, Models.")
    return find_pack(site.folder, chosen.key)
