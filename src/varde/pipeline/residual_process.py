"""Reads one file's noise residual inside a decoder process; the planes go back through a file of the parent's.

What cannot be read is an answer; whatever else fails ends the process, and the pool names exactly this file.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from varde.camera import packing, residual, video
from varde.camera.fingerprint import METHOD as FINGERPRINT
from varde.camera.fingerprint import Fingerprint
from varde.camera.packing import Scale, pack
from varde.camera.photographic import measure_exposure, refuse_unphotographic
from varde.camera.residual import Residual, Workspace, extract_residual
from varde.core.camera import FingerprintKind
from varde.core.errors import Unreadable
from varde.core.limits import DecodeLimits
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable, Reason
from varde.evidence.reading import ExhibitFile
from varde.media import picture
from varde.media import video as video_decoding
from varde.media.sensor import read_sensor_picture
from varde.media.sniff import HEAD_BYTES, TAIL_BYTES, sniff
from varde.pipeline.unreadable import refuse_unreadable

TARGET: Final = "varde.pipeline.residual_process:prepare"

MOST_PICTURE_BYTES: Final = 512 << 20

PIXEL_BYTES: Final = 9
"""Of the three planes together: values and weights in float32, luma in one byte."""


@dataclass(frozen=True, slots=True)
class ResidualRequest:
    """What to read: a part of the first descriptor; the second is where the planes are written.

    Attributes:
        offset, size_bytes: the part.
        limits: what decoding may cost.
        limit_s: how long a video may be worked on.
        fingerprint: (rows, columns) of the fingerprint of which the third descriptor holds the values in float32,
            to which frames of a video may be aligned; None where there is none.
        is_packed: whether the residual is to be written as `varde.camera.packing` does, instead of its three planes.
    """

    offset: int
    size_bytes: int
    limits: DecodeLimits
    limit_s: float
    fingerprint: tuple[int, int] | None = None
    is_packed: bool = False


@dataclass(frozen=True, slots=True)
class ResidualAnswer:
    """What came of it.

    Attributes:
        sha256: of the bytes, b"" where they could not be read.
        kind: photo or video; None where it is neither.
        facts: plain values.
        refused: why there is no residual; None where the planes were written: values, weights, luma.
        height_px, width_px: of the planes.
        usable: share of usable pixels.
        method: of the residual, name and version.
        cpu_s: CPU seconds spent.
        scales: of the bands, where the residual was written packed.
    """

    sha256: bytes
    kind: FingerprintKind | None = None
    facts: dict[str, object] = field(default_factory=dict)
    refused: NotComparable | None = None
    height_px: int = 0
    width_px: int = 0
    usable: float = 0.0
    method: tuple[str, str] = ("", "")
    cpu_s: float = 0.0
    scales: tuple[Scale, ...] = ()


_Outcome = tuple[FingerprintKind | None, dict[str, object], Residual | NotComparable]


def prepare() -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler for a decoder process, everything it needs imported, compiled and warmed up."""
    picture.warm_up()
    video_decoding.warm_up()
    residual.warm_up()
    packing.warm_up()
    video.warm_up()
    reader = _Reader()
    decoder = msgspec.msgpack.Decoder(ResidualRequest)
    encoder = msgspec.msgpack.Encoder()

    def handle(payload: bytes, files: list[int]) -> bytes:
        return encoder.encode(reader.read(decoder.decode(payload), *files))

    return handle


class _Reader:
    """Reads one file after the other; keeps the buffers of the last size."""

    def __init__(self) -> None:
        self._workspace: Workspace | None = None

    def read(self, request: ResidualRequest, descriptor: int, sink: int, pattern: int = -1) -> ResidualAnswer:
        """Returns what a file's residual is, or why it has none."""
        start = time.process_time()
        try:
            with ExhibitFile(os.dup(descriptor), os.fstat(descriptor), request.offset, request.size_bytes) as file:
                sha256, outcome = self._read_file(file, request, pattern)
        except Unreadable as error:
            return ResidualAnswer(b"", refused=refuse_unreadable(error))
        kind, facts, found = outcome
        if isinstance(found, NotComparable):
            return ResidualAnswer(sha256, kind, facts, found, cpu_s=time.process_time() - start)
        scales = _write_packed(sink, found) if request.is_packed else _write_planes(sink, found)
        spent, method = time.process_time() - start, (found.method.name, found.method.version)
        return ResidualAnswer(sha256, kind, facts, None, *found.shape, float(found.usable), method, spent, scales)

    def _read_file(self, file: ExhibitFile, request: ResidualRequest, pattern: int) -> tuple[bytes, _Outcome]:
        digest = hashlib.sha256()
        for piece in file.chunks():
            digest.update(piece)
        try:
            outcome = self._extract(file, request, pattern)
        except Unreadable as error:
            outcome = None, {}, refuse_unreadable(error)
        return digest.digest(), outcome

    def _extract(self, file: ExhibitFile, request: ResidualRequest, pattern: int) -> _Outcome:
        with file.open_slice() as part:
            head = part.read(HEAD_BYTES)
            part.seek(max(0, file.size_bytes - TAIL_BYTES))
            media_type = sniff(head, part.read(TAIL_BYTES))
        if media_type.kind is MediaKind.VIDEO:
            aligned_to = _load_pattern(pattern, request.fingerprint) if request.fingerprint else None
            with file.open_slice() as part:
                found, facts = video.extract_video_residual(
                    part, limit_s=request.limit_s / 2, fingerprint=aligned_to, limits=request.limits
                )
            return FingerprintKind.VIDEO, facts | {"format": media_type.mime}, found
        if media_type.kind is not MediaKind.PICTURE:
            detail = f"By its bytes it is {media_type.mime}, no picture or video."
            return None, {}, NotComparable(Reason.NOT_A_PICTURE, detail)
        return FingerprintKind.PHOTO, *self._extract_picture(file.read_whole(MOST_PICTURE_BYTES), request.limits)

    def _extract_picture(self, data: bytes, limits: DecodeLimits) -> tuple[dict[str, object], Residual | NotComparable]:
        read = read_sensor_picture(data, limits)
        exposure = measure_exposure(read.pixels)
        height, width = read.pixels.shape[:2]
        facts = read.facts | {"width_px": width, "height_px": height, "mean": round(exposure.mean, 1)}
        facts |= {"saturated": round(exposure.saturated, 4), "dark": round(exposure.dark, 4)}
        refused = refuse_unphotographic(exposure, read.facts)
        if refused:
            return facts, refused
        found = extract_residual(read.pixels, workspace=self._get_workspace(height, width))
        if isinstance(found, Residual):
            facts["usable"] = round(float(found.usable), 4)
        return facts, found

    def _get_workspace(self, height: int, width: int) -> Workspace:
        if self._workspace is None or not self._workspace.fits((height, width)):
            self._workspace = None  # its memory is free before the next is taken
            self._workspace = Workspace(height, width)
        return self._workspace


def _write_planes(sink: int, found: Residual) -> tuple[()]:
    at = 0
    for plane in (found.values, found.weights, found.luma):
        _write(sink, plane, at)
        at += plane.nbytes
    return ()


def _write_packed(sink: int, found: Residual) -> tuple[Scale, ...]:
    scales = pack(found, lambda band, at: _write(sink, band, at))
    if scales is None:
        raise ValueError("noise that is no number")
    return scales


def _write(sink: int, plane: NDArray[np.generic], offset: int) -> None:
    data = np.ascontiguousarray(plane).reshape(-1).view(np.uint8).data
    while data:
        written = os.pwrite(sink, data, offset)
        data, offset = data[written:], offset + written


def _load_pattern(descriptor: int, shape: tuple[int, int]) -> Fingerprint:
    values = np.empty(shape, np.float32)
    left, at = values.reshape(-1).view(np.uint8).data, 0
    while left and (read := os.preadv(descriptor, [left], at)):
        left, at = left[read:], at + read
    return Fingerprint(values, FingerprintKind.VIDEO, (), FINGERPRINT, {})
