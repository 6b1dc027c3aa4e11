"""Finds the faces of a file that somebody wants to search with, in the same sandboxed processes as exhibits.

Looked at thoroughly: every scale and all four rotations, whatever the first ones found. What cannot be told apart is
said in docs/explanation/faces.md: a drawn face or a statue looks like a face to a detector.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from varde.core.errors import Unreadable
from varde.core.face import FacesFound
from varde.core.issue import IssueCode
from varde.core.media import MediaKind
from varde.core.model import ModelTask
from varde.core.outcome import NotComparable, Reason
from varde.media.pool import Failure, Pool, Request
from varde.media.sampling import Sampling
from varde.media.sandbox import SandboxLimits
from varde.models.pack import Pack
from varde.pipeline.checking import read_examination
from varde.pipeline.examine import PROBE_TARGET, Examination, ExamineRequest
from varde.pipeline.sources import open_part
from varde.store.settings import Settings
from varde.store.site import Site

_ADVICE: Final = {
    Reason.NO_FACE: "Take a picture in which the face is larger, sharper or seen more from the front, cut the picture "
    "to the face, or turn it upright yourself if it hangs at a slant.",
    Reason.NOT_DECODED: "Open it with another program and save it as JPEG or PNG, then search with that.",
    Reason.NOT_A_PICTURE: "Give a picture or a video.",
    Reason.TOO_LARGE: "Make it smaller, or cut out the part with the face; faces need no more than 300 pixels.",
    Reason.TOO_SMALL: "Find a larger copy of the picture: enlarging this one adds nothing.",
    Reason.QUALITY_TOO_LOW: "Take a sharper, brighter or more frontal picture of the same person.",
    Reason.NO_FRAMES: "Take a single frame of the video as a picture.",
}


def advise(reason: Reason) -> str:
    """Returns what a person can do about a probe that cannot be searched with; "" where there is nothing to say."""
    return _ADVICE.get(reason, "")


class ProbeExaminer:
    """A sandboxed process with a pack's engine that looks at one probe after the other. Use as a context manager."""

    def __init__(self, settings: Settings, pack: Pack) -> None:
        """Starts the process.

        Args:
            settings: limits.
            pack: which models look.
        """
        self._processing = settings.processing
        self._dimensions = int(pack.get(ModelTask.FACE_EMBED).output["dimensions"])
        self._decode = settings.decode
        limits = SandboxLimits(settings.processing.memory_limit_mib << 20)
        self._pool = Pool(f"{PROBE_TARGET}:{pack.folder}", 1, limits)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def examine(self, source: Path | bytes) -> FacesFound | NotComparable:
        """Returns the faces of a picture, the tracks of a video, or why there are none; `advise` says what to do.

        Args:
            source: a file, or its bytes. All of its faces are returned: the person chooses.

        Raises:
            NotFound: if there is no such file.
            VardeError: if the decoder process cannot start.
        """
        try:
            part = open_part(source)
        except Unreadable as error:
            is_file = error.issue_code != IssueCode.SPECIAL_FILE
            return NotComparable(Reason.NOT_DECODED if is_file else Reason.NOT_A_PICTURE, str(error))
        limit_s = self._processing.limit_s(part.size_bytes)
        sampling = Sampling.within(self._decode.video_sampling, limit_s)
        request = ExamineRequest(part.offset, part.size_bytes, self._decode.limits(), sampling=sampling, faces=True)
        asked = Request(None, msgspec.msgpack.encode(request), (part.descriptor,), limit_s)
        return read_outcome(read_examination(self._pool.ask(asked), part.size_bytes, self._dimensions))


def examine_probe(site: Site, pack: Pack, source: Path | bytes) -> FacesFound | NotComparable:
    """Returns what `ProbeExaminer.examine` does, for one probe: starting the process takes a second or two."""
    with ProbeExaminer(site.settings, pack) as examiner:
        return examiner.examine(source)


def read_outcome(examined: Examination | Failure) -> FacesFound | NotComparable:
    """Returns the faces that were found, or why there are none that could be searched with."""
    if isinstance(examined, Failure):
        return NotComparable(Reason.NOT_DECODED, examined.detail)
    content = examined.content
    causes = " ".join(issue.cause for issue in examined.issues)
    if content is None:
        return NotComparable(Reason.NOT_DECODED, causes or "It cannot be read.")
    if content.media_type.kind not in (MediaKind.PICTURE, MediaKind.VIDEO):
        what = causes or f"By its bytes it is {content.media_type.mime}."
        return NotComparable(Reason.NOT_A_PICTURE, what)
    found = content.faces
    if found is None:
        is_large = any(issue.code is IssueCode.TOO_LARGE for issue in examined.issues)
        return NotComparable(Reason.TOO_LARGE if is_large else Reason.NOT_DECODED, causes or "It cannot be decoded.")
    if found.refused:
        return found.refused
    if not found.faces:
        what = f"No face was found in it; looked at: {found.looked_at}."
        return NotComparable(Reason.NO_FACE, f"{what} {causes}".strip())
    return found
