"""Makes thumbnails fit to be shown, inside a decoder process: even our own thumbnails were made from hostile bytes."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

import msgspec

from varde.core.media import Thumbnail
from varde.media.blur import blur_thumbnail
from varde.media.pool import Failure, Pool, Request
from varde.media.sandbox import SandboxLimits

_MEMORY_BYTES = 1 << 30
_LIMIT_S = 30.0
_LONGEST_PX = 4096
_PLAIN_GREY = 128


def prepare() -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler for a decoder process."""
    decoder = msgspec.msgpack.Decoder(Thumbnail)
    encoder = msgspec.msgpack.Encoder()
    blur_thumbnail(_make_sample())

    def handle(payload: bytes, files: list[int]) -> bytes:
        try:
            blurred = blur_thumbnail(decoder.decode(payload))
        except OSError:
            return encoder.encode(None)  # it cannot be decoded again
        return encoder.encode(blurred)

    return handle


class Blurrer:
    """One decoder process that greys and blurs thumbnails. Use as a context manager.

    Attributes:
        unreadable: how many thumbnails could not be decoded again, and were replaced by a plain grey picture.
    """

    def __init__(self) -> None:
        self._pool = Pool("varde.pipeline.render:prepare", 1, SandboxLimits(_MEMORY_BYTES))
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Thumbnail | None] = msgspec.msgpack.Decoder(Thumbnail | None)
        self.unreadable = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def blur(self, thumbnail: Thumbnail) -> Thumbnail:
        """Returns the thumbnail grey and blurred, or plain grey where it cannot be decoded again.

        Raises:
            VardeError: if decoder processes cannot start.
        """
        blurred = self._read(self._pool.ask(Request(None, self._encoder.encode(thumbnail), (), _LIMIT_S)))
        if blurred is None:
            self.unreadable += 1
            return _make_plain(thumbnail.width_px, thumbnail.height_px)
        return blurred

    def _read(self, result: bytes | Failure) -> Thumbnail | None:
        if isinstance(result, Failure):
            return None
        try:
            return self._decoder.decode(result)
        except msgspec.MsgspecError:  # the process has been taken over
            return None


def _make_plain(width_px: int, height_px: int) -> Thumbnail:
    """Returns a grey picture of that size, within what a thumbnail may have: the stored numbers may be wrong, too."""
    import io

    from PIL import Image

    size = (min(max(1, width_px), _LONGEST_PX), min(max(1, height_px), _LONGEST_PX))
    out = io.BytesIO()
    Image.new("L", size, _PLAIN_GREY).save(out, "JPEG")
    return Thumbnail(out.getvalue(), *size)


def _make_sample() -> Thumbnail:
    return _make_plain(16, 16)
