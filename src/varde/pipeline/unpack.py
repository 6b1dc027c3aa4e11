"""Unpacks one window of an archive inside a decoder process that may write to the spool file it was handed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from varde.core.limits import ArchiveLimits
from varde.evidence import expand as expanding
from varde.evidence.reading import SliceFile
from varde.evidence.registry import load_readers
from varde.evidence.warm_up import warm_up


@dataclass(frozen=True, slots=True)
class UnpackRequest:
    """Which part of the first descriptor is the archive, and which window of it goes to the second one."""

    offset: int
    size_bytes: int
    mime: str
    limits: ArchiveLimits
    start: int
    unpacked_before: int
    window_bytes: int
    plugins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unpacking:
    """What came of it.

    Attributes:
        expansion: None where the spool could not take the data.
        spool_error: why, for the person who runs the site: the disk is full, say.
    """

    expansion: expanding.Expansion | None
    spool_error: str = ""


def prepare() -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler for a decoder process, everything it needs imported and warmed up."""
    warm_up()
    decoder = msgspec.msgpack.Decoder(UnpackRequest)
    encoder = msgspec.msgpack.Encoder()

    def handle(payload: bytes, files: list[int]) -> bytes:
        return encoder.encode(unpack(decoder.decode(payload), files[0], files[1]))

    return handle


def unpack(request: UnpackRequest, archive: int, spool: int) -> Unpacking:
    """Returns the members of one window; their bytes go to the spool descriptor."""
    source = SliceFile(archive, request.offset, request.size_bytes)
    try:
        with os.fdopen(os.dup(spool), "r+b", buffering=0) as sink:
            expansion = expanding.expand(
                source,  # type: ignore[arg-type]
                request.mime,
                sink,
                request.limits,
                start=request.start,
                unpacked_before=request.unpacked_before,
                window_bytes=request.window_bytes,
                readers=load_readers(request.plugins),
            )
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return Unpacking(None, str(error.strerror))
        raise
    return Unpacking(expansion)
