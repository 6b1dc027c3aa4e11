"""Makes views of items for people inside decoder processes, and checks what comes out of them.

What comes out are pixels, never files: the server writes the JPEG, so no bytes that were made by a process which saw
hostile bytes reach a browser, and what should be grey is grey.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final, TypeVar, cast

import msgspec
from PIL import Image

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.limits import DecodeLimits
from varde.core.media import MediaKind
from varde.core.review import Reveal
from varde.evidence.reading import SliceFile
from varde.media import picture, video
from varde.media.pool import Failure
from varde.media.sampling import Sampling
from varde.media.text import clean_text
from varde.media.thumbnails import make_veil
from varde.media.veil import is_veil
from varde.media.video_views import FRAME_PX, MOST_SHOWN, VideoView, read_video_view
from varde.media.views import MOST_SMALL_PX, Bitmap, open_thumbnail, reveal, write_jpeg

FULL_PX: Final = 2048
"""Longest side of the large view."""

MOST_FILE_BYTES: Final = 512 << 20
"""Largest picture file that is shown large; larger ones were not decoded while processing either."""

SMALL: Final = "varde.pipeline.views:prepare_small"
LARGE: Final = "varde.pipeline.views:prepare_large"
"""What decoder processes are started with: for thumbnails, and for originals."""

_MOST_SECONDS = 2**40
_MOST_CHARACTERS = 300
_IMPOSSIBLE = "The decoder's answer cannot be true."


class ThumbnailRequest(msgspec.Struct, frozen=True):
    """Asks for a view of a stored thumbnail; at `Reveal.VEILED` for its veil."""

    data: bytes
    level: Reveal


class OriginalRequest(msgspec.Struct, frozen=True):
    """Asks for the large view of a picture, or the frames of a video, in the one descriptor that comes along."""

    size_bytes: int
    kind: MediaKind
    limits: DecodeLimits
    sampling: Sampling = Sampling()


class View(msgspec.Struct, frozen=True, tag="view"):
    """A view of a picture."""

    bitmap: Bitmap


class Veil(msgspec.Struct, frozen=True, tag="veil"):
    """A veil, as `varde.media.veil` describes."""

    data: bytes


class Frames(msgspec.Struct, frozen=True, tag="frames"):
    """Frames of a video."""

    video: VideoView


class Unseen(msgspec.Struct, frozen=True, tag="unseen"):
    """Why there is nothing to be seen."""

    reason: str


Shown = View | Veil | Frames | Unseen
_Answer = TypeVar("_Answer", View, Veil, Frames)
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Shown).decode


def prepare_small() -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler of `ThumbnailRequest`, everything it needs imported and warmed up."""
    read = msgspec.msgpack.Decoder(ThumbnailRequest).decode
    sample = write_jpeg(Bitmap.of(Image.new("RGB", (32, 24), (90, 120, 30))))
    for level in (Reveal.VEILED, Reveal.SOFT, Reveal.GREY, Reveal.COLOUR):
        show_thumbnail(ThumbnailRequest(sample, level))
    show_thumbnail(ThumbnailRequest(sample[:200], Reveal.GREY))

    def handle(payload: bytes, files: list[int]) -> bytes:
        return _encode(show_thumbnail(read(payload)))

    return handle


def prepare_large() -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler of `OriginalRequest`, everything it needs imported and warmed up."""
    picture.warm_up()
    video.warm_up()
    read = msgspec.msgpack.Decoder(OriginalRequest).decode

    def handle(payload: bytes, files: list[int]) -> bytes:
        return _encode(show_original(read(payload), files[0]))

    return handle


def show_thumbnail(request: ThumbnailRequest) -> Shown:
    """Returns a view of a thumbnail, or why there is none."""
    try:
        image = open_thumbnail(request.data)
    except Unreadable as error:
        return Unseen(str(error))
    if request.level is Reveal.VEILED:
        return Veil(make_veil(image))
    return View(Bitmap.of(reveal(image, request.level)))


def show_original(request: OriginalRequest, descriptor: int) -> Shown:
    """Returns a large view of a picture or the frames of a video, or why there is none."""
    file = SliceFile(descriptor, 0, request.size_bytes)
    try:
        if request.kind is MediaKind.VIDEO:
            return Frames(read_video_view(cast(BinaryIO, file), request.limits, request.sampling))
        if request.size_bytes > MOST_FILE_BYTES:
            raise Unreadable(IssueCode.TOO_LARGE, f"a picture file of more than {MOST_FILE_BYTES >> 20} MiB")
        return View(Bitmap.of(picture.decode_picture(file.read(), request.limits, FULL_PX).view))
    except Unreadable as error:
        return Unseen(str(error))


def read_answer(result: bytes | Failure, wanted: type[_Answer], most_px: int = MOST_SMALL_PX) -> _Answer | Unseen:
    """Returns what a decoder process answered, or why there is nothing: its end, its word, or an impossible answer.

    Args:
        result: of an `Answer` of the pool.
        wanted: kind of answer that was asked for.
        most_px: longest side a picture may have.
    """
    if isinstance(result, Failure):
        return Unseen(result.detail)
    try:
        answer = _decode(result)
    except msgspec.MsgspecError:
        return Unseen(_IMPOSSIBLE)
    if isinstance(answer, Unseen):
        return Unseen(clean_text(answer.reason[:_MOST_CHARACTERS]))
    if not isinstance(answer, wanted) or not _is_sound(answer, most_px):
        return Unseen(_IMPOSSIBLE)
    return answer


def _is_sound(answer: View | Veil | Frames, most_px: int) -> bool:
    if isinstance(answer, View):
        return answer.bitmap.is_sound(most_px)
    if isinstance(answer, Veil):
        return is_veil(answer.data)
    frames = answer.video.frames
    times = (answer.video.duration_s, *(frame.offset_s for frame in frames))
    return (
        0 < len(frames) <= MOST_SHOWN
        and all(0 <= seconds <= _MOST_SECONDS for seconds in times)
        and all(frame.picture.is_sound(FRAME_PX) for frame in frames)
    )
