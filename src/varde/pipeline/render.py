"""Makes thumbnails fit for reports: of each its veil, as on the pages, enlarged to the size of the thumbnail."""

from __future__ import annotations

import io
from types import TracebackType
from typing import Final, Self

import msgspec
from PIL import Image

from varde.core.media import Thumbnail
from varde.core.review import Reveal
from varde.media.pool import Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.media.veil import is_veil
from varde.pipeline.views import SMALL, ThumbnailRequest, Unseen, Veil, read_answer

_MEMORY_BYTES: Final = 1 << 30
_LIMIT_S: Final = 30.0
_LONGEST_PX: Final = 4096
_PLAIN_GREY: Final = 128
_QUALITY: Final = 60


class Veiler:
    """Veils thumbnails. Use as a context manager.

    A stored veil is grey pixels and nothing else, so it is enlarged here. Where none is stored it is made anew, in a
    decoder process: even our own thumbnails were made from hostile bytes.

    Attributes:
        unreadable: how many thumbnails could not be decoded again, and were replaced by a plain grey picture.
    """

    def __init__(self) -> None:
        """Prepares it; a decoder process starts when the first veil has to be made anew."""
        self._pool: Pool | None = None
        self.unreadable = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.close()

    def veil(self, thumbnail: Thumbnail) -> Thumbnail:
        """Returns the veil of a thumbnail in the thumbnail's size, or plain grey where it cannot be decoded again.

        Raises:
            VardeError: if decoder processes cannot start.
        """
        veil = thumbnail.veiled if is_veil(thumbnail.veiled) else self._make(thumbnail.data)
        if veil is None:
            self.unreadable += 1
            veil = bytes((1, 1, _PLAIN_GREY))
        return _enlarge(veil, thumbnail.width_px, thumbnail.height_px)

    def _make(self, data: bytes) -> bytes | None:
        if self._pool is None:
            self._pool = Pool(SMALL, 1, SandboxLimits(_MEMORY_BYTES))
        payload = msgspec.msgpack.encode(ThumbnailRequest(data, Reveal.VEILED))
        made = read_answer(self._pool.ask(Request(None, payload, (), _LIMIT_S)), Veil)
        return None if isinstance(made, Unseen) else made.data


def _enlarge(veil: bytes, width_px: int, height_px: int) -> Thumbnail:
    """Returns a veil in that size, within what a thumbnail may have: the stored numbers may be wrong, too."""
    size = (min(max(1, width_px), _LONGEST_PX), min(max(1, height_px), _LONGEST_PX))
    small = Image.frombytes("L", (veil[0], veil[1]), veil[2:])
    with io.BytesIO() as file:
        small.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=_QUALITY)
        return Thumbnail(file.getvalue(), *size, veiled=veil)
