"""Makes thumbnails fit to be shown, inside a decoder process: even our own thumbnails were made from hostile bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import Self

import msgspec

from varde.core.errors import VardeError
from varde.core.media import Thumbnail
from varde.media.blur import blur_thumbnail
from varde.media.pool import Failure, Pool, Request
from varde.media.sandbox import SandboxLimits

_MEMORY_BYTES = 1 << 30
_LIMIT_S = 30.0


def prepare() -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler for a decoder process."""
    decoder = msgspec.msgpack.Decoder(Thumbnail)
    encoder = msgspec.msgpack.Encoder()
    blur_thumbnail(_make_sample())

    def handle(payload: bytes, files: list[int]) -> bytes:
        return encoder.encode(blur_thumbnail(decoder.decode(payload)))

    return handle


class Blurrer:
    """One decoder process that greys and blurs thumbnails. Use as a context manager."""

    def __init__(self) -> None:
        self._pool = Pool("varde.pipeline.render:prepare", 1, SandboxLimits(_MEMORY_BYTES))
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Thumbnail)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()

    def blur(self, thumbnail: Thumbnail) -> Thumbnail:
        """Returns the thumbnail grey and blurred.

        Raises:
            VardeError: if it cannot be decoded again.
        """
        self._pool.submit(Request(os.getpid(), self._encoder.encode(thumbnail), (), _LIMIT_S))
        while not (answers := self._pool.wait(1.0)):
            pass
        result = answers[0].result
        if isinstance(result, Failure):
            raise VardeError(f"a stored thumbnail cannot be shown: {result.detail}")
        return self._decoder.decode(result)


def _make_sample() -> Thumbnail:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (16, 16)).save(out, "JPEG")
    return Thumbnail(out.getvalue(), 16, 16)
