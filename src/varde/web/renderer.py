"""Shows pictures at the level asked for. Hostile bytes are decoded in the sandbox; files are written here, from pixels.

Thumbnails and originals have decoder processes of their own, so that no thumbnail waits behind a large original.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Final, ParamSpec, Self, TypeVar

import msgspec

from varde.core.review import Reveal
from varde.media.pool import Failure
from varde.media.sampling import Sampling, SamplingMode
from varde.media.sandbox import SandboxLimits
from varde.media.thumbnails import make_veil
from varde.media.veil import write_veil_png
from varde.media.video_views import VideoView
from varde.media.views import MOST_SMALL_PX, Bitmap, reveal, write_jpeg
from varde.pipeline.machine import count_cores
from varde.pipeline.views import (
    FULL_PX,
    LARGE,
    SMALL,
    Frames,
    OriginalRequest,
    ThumbnailRequest,
    Unseen,
    Veil,
    View,
    read_answer,
)
from varde.store.settings import Settings
from varde.web.decoders import Decoders
from varde.web.lanes import Lane
from varde.web.sheets import Sheets
from varde.workflows.show_original import OpenOriginal

P = ParamSpec("P")
T = TypeVar("T")

PNG: Final = "image/png"
JPEG: Final = "image/jpeg"

_MOST_SMALL_PROCESSES = 2
_MOST_SMALL_WAITING = 500
_SMALL_LIMIT_S = 10.0
_SMALL_MEMORY_BYTES = 512 << 20
_LARGE_AT_ONCE = 2
_MOST_LARGE_WAITING = 16
_SHEETS_BYTES = 96 << 20

_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True, slots=True)
class Picture:
    """A file to be shown.

    Attributes:
        mime: what it is; never taken from evidence.
    """

    data: bytes
    mime: str


Opening = Callable[[], AbstractContextManager[OpenOriginal]]


class Renderer:
    """Makes what is shown of items. Use as a context manager; decoder processes start when they are needed first."""

    def __init__(self, settings: Settings) -> None:
        """Prepares everything; to be called inside the event loop.

        Args:
            settings: limits of decoding.
        """
        self._settings = settings
        processes = min(_MOST_SMALL_PROCESSES, count_cores())
        small, large = SandboxLimits(_SMALL_MEMORY_BYTES), SandboxLimits(settings.processing.memory_limit_mib << 20)
        self.small = Decoders(SMALL, processes, small, waiting=_MOST_SMALL_WAITING)
        self.large = Decoders(LARGE, 1, large, waiting=_LARGE_AT_ONCE)
        self._opening = Lane(_LARGE_AT_ONCE, _MOST_LARGE_WAITING)
        self._writing = Lane(processes, _MOST_SMALL_WAITING)
        self._recording = Lane(1, _MOST_SMALL_WAITING)
        self._sheets = Sheets(_SHEETS_BYTES)
        self._making: dict[bytes, asyncio.Lock] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.small)
        self._stack.enter_context(self.large)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    async def show_thumbnail(self, data: bytes, level: Reveal) -> Picture | Unseen:
        """Returns a stored thumbnail at a level from `Reveal.SOFT` to `Reveal.COLOUR`, or why it cannot be shown.

        Raises:
            HTTPException: 503 with ``Retry-After``, if there is no room.
            VardeError: if decoder processes cannot start.
        """
        view = read_answer(await self._ask_small(data, level), View)
        return view if isinstance(view, Unseen) else _write(view.bitmap)

    async def make_veil(self, data: bytes) -> bytes | Unseen:
        """Returns the veil of a stored thumbnail, or why there is none; raises as `show_thumbnail`."""
        veil = read_answer(await self._ask_small(data, Reveal.VEILED), Veil)
        return veil if isinstance(veil, Unseen) else veil.data

    async def show_original(self, opening: Opening, *, grey: bool) -> Picture | Unseen:
        """Returns the large view of a picture, or why it cannot be shown.

        Args:
            opening: gives the verified original; called in a thread.
            grey: whether to take its colours away.

        Raises:
            HTTPException: 503 with ``Retry-After``, if there is no room.
            VardeError: whatever opening raises, or if decoder processes cannot start.
        """
        view = read_answer(await self._opening.run(self._decode, opening), View, FULL_PX)
        if isinstance(view, Unseen):
            return view
        return await self._writing.run(_reveal, view.bitmap, Reveal.GREY if grey else Reveal.COLOUR)

    async def make_small_view(self, opening: Opening) -> bytes | Unseen:
        """Returns a small JPEG of a picture in colour, to be kept and shown by `show_thumbnail`, or why there is none.

        Args:
            opening: gives the picture; called in a thread.

        Raises:
            HTTPException, VardeError: as `show_original`.
        """
        view = read_answer(await self._opening.run(self._decode, opening), View, FULL_PX)
        return view if isinstance(view, Unseen) else await self._writing.run(_shrink, view.bitmap)

    async def show_frame(self, bitmap: Bitmap, level: Reveal) -> Picture:
        """Returns a frame of a video at a level up to `Reveal.COLOUR`; raises as `show_thumbnail`."""
        return await self._writing.run(_show_frame, bitmap, level)

    async def show_frames(self, sha256: bytes, opening: Opening) -> VideoView | Unseen:
        """Returns small frames of a video in colour, or why there are none; kept in memory for a while.

        Args:
            sha256: of the content.
            opening: gives the verified original; called in a thread, unless the frames are kept.

        Raises:
            HTTPException, VardeError: as `show_original`.
        """
        async with self._making.setdefault(sha256, asyncio.Lock()):
            try:
                kept = self._sheets.find(sha256)
                if kept is not None:
                    return kept
                frames = read_answer(await self._opening.run(self._decode, opening), Frames)
                if isinstance(frames, Unseen):
                    return frames
                self._sheets.keep(sha256, frames.video)
                return frames.video
            finally:
                self._making.pop(sha256, None)

    async def run(self, function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """Returns what a function returned that records something of what is shown; these come one after the other.

        Raises:
            HTTPException: 503 with ``Retry-After``, if too many wait.
        """
        return await self._recording.run(function, *arguments, **options)

    async def _ask_small(self, data: bytes, level: Reveal) -> bytes | Failure:
        payload = _encode(ThumbnailRequest(data, level))
        return await asyncio.wrap_future(self.small.ask(payload, limit_s=_SMALL_LIMIT_S))

    def _decode(self, opening: Opening) -> bytes | Failure:
        with opening() as original:
            limit_s = self._settings.processing.limit_s(original.size_bytes)
            sampling = Sampling.within(SamplingMode.SECONDS, limit_s)
            limits = self._settings.decode.limits()
            payload = _encode(OriginalRequest(original.size_bytes, original.kind, limits, sampling))
            done: Future[bytes | Failure] = self.large.ask(payload, limit_s=limit_s, descriptor=original.descriptor)
            return done.result()


def _show_frame(bitmap: Bitmap, level: Reveal) -> Picture:
    if level is Reveal.VEILED:
        return write_veil(make_veil(bitmap.open()))
    return _reveal(bitmap, level)


def _shrink(bitmap: Bitmap) -> bytes:
    image = bitmap.open()
    image.thumbnail((MOST_SMALL_PX, MOST_SMALL_PX))
    return write_jpeg(Bitmap.of(image))


def write_veil(veil: bytes) -> Picture:
    """Returns a veil as a file."""
    return Picture(write_veil_png(veil), PNG)


def _reveal(bitmap: Bitmap, level: Reveal) -> Picture:
    return _write(Bitmap.of(reveal(bitmap.open(), level)))


def _write(bitmap: Bitmap) -> Picture:
    return Picture(write_jpeg(bitmap), JPEG)
