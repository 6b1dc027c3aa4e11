"""Checks what a process that reads sensor noise answers: a taken-over decoder may say anything."""

from __future__ import annotations

import fcntl
import hashlib
import math
import mmap
import os
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from varde.camera.packing import BAND_PX, PIXEL_BYTES, BandBuffers, Packed, PackedResidual, find_greatest, place_band
from varde.camera.residual import METHOD, SMALLEST_PX, Residual
from varde.camera.video_sums import METHOD as VIDEO_METHOD
from varde.core.camera import FingerprintKind
from varde.core.outcome import NotComparable
from varde.core.signal import Method
from varde.media.text import clean_text
from varde.pipeline.checking import ImpossibleAnswer
from varde.pipeline.residual_process import ResidualAnswer
from varde.pipeline.sources import OpenPart
from varde.store.types import make_storable

_decode: Final = msgspec.msgpack.Decoder(ResidualAnswer).decode
_DIGEST_BYTES: Final = 32
_MOST_FACTS_BYTES: Final = 64 << 10
_MOST_NUMBER: Final = 1 << 53
_DEEPEST: Final = 3
_CHUNK_BYTES: Final = 1 << 20
_SEALS: Final = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
_METHODS: Final = {FingerprintKind.PHOTO: METHOD, FingerprintKind.VIDEO: VIDEO_METHOD}
_GREATEST: Final = {FingerprintKind.PHOTO: 60_000.0, FingerprintKind.VIDEO: 1e15}
"""No value or weight is greater: photographs' noise is in grey levels, that of videos over the root of a weight."""


def read_answer(result: bytes, most_pixels: int) -> ResidualAnswer:
    """Returns an answer that can be true, its text fit to be shown and stored; its planes are not looked at.

    Raises:
        ImpossibleAnswer: if it cannot be true.
    """
    try:
        answer = _decode(result)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ImpossibleAnswer(str(error)) from error
    _require(len(answer.sha256) in (0, _DIGEST_BYTES), f"a digest of {len(answer.sha256)} bytes")
    _require(_is_plain(answer.facts, _DEEPEST), "facts that are no plain values")
    _require(len(msgspec.json.encode(answer.facts)) <= _MOST_FACTS_BYTES, "facts without end")
    _require(math.isfinite(answer.cpu_s) and answer.cpu_s >= 0, "CPU seconds")
    facts = {make_storable(name): _store(value) for name, value in answer.facts.items()}
    if answer.refused:
        refused = NotComparable(answer.refused.reason, clean_text(answer.refused.detail))
        return replace(answer, facts=facts, refused=refused)
    height, width = answer.height_px, answer.width_px
    is_sized = min(height, width) >= SMALLEST_PX and height * width <= most_pixels
    _require(is_sized and 0.0 <= answer.usable <= 1.0, f"a residual of {width} x {height}, {answer.usable} usable")
    _require(len(answer.sha256) == _DIGEST_BYTES, "a residual of no bytes")
    method = _METHODS.get(answer.kind) if answer.kind else None
    _require(method is not None and answer.method == (method.name, method.version), "a residual of another method")
    if answer.scales:
        _check_scales(answer)
    return replace(answer, facts=facts)


def check_planes(residual: Residual, kind: FingerprintKind | None) -> None:
    """Does nothing if a residual's planes can be those of a file.

    Raises:
        ImpossibleAnswer: if not.
    """
    greatest = _GREATEST[kind or FingerprintKind.PHOTO]
    for plane in (residual.values, residual.weights):
        low, high = float(np.min(plane)), float(np.max(plane))  # a NaN anywhere makes both NaN
        _require(-greatest <= low and high <= greatest, "a residual that holds no numbers, or too large ones")
    _require(float(np.min(residual.weights)) >= 0, "weights below zero")


def map_packed(sink: int, answer: ResidualAnswer) -> PackedResidual:
    """Returns the packed residual that a process wrote into a file; from now on nobody can change the file.

    Raises:
        ImpossibleAnswer: if it is too short, or the process still holds a way to change it.
    """
    shape = answer.height_px, answer.width_px
    size = PIXEL_BYTES * shape[0] * shape[1]
    try:
        fcntl.fcntl(sink, fcntl.F_ADD_SEALS, _SEALS)
    except OSError as error:
        raise ImpossibleAnswer("a residual that may still change") from error
    _require(os.fstat(sink).st_size >= size, "a residual that ends too early")
    # A copy is made of what is written to, which is nothing: one kind of array for compiled loops.
    packed: Packed = np.frombuffer(mmap.mmap(sink, size, access=mmap.ACCESS_COPY), np.uint8)
    method = Method(*answer.method)
    return PackedResidual(
        shape, answer.usable, method, answer.scales, lambda band: packed[place_band(shape, band)], BandBuffers()
    )


def _check_scales(answer: ResidualAnswer) -> None:
    """Does nothing if what is unpacked by these scales can be a file's."""
    greatest = _GREATEST[answer.kind or FingerprintKind.PHOTO]
    _require(len(answer.scales) == -(-answer.height_px // BAND_PX), "another number of bands")
    for scale in answer.scales:
        value, weight = find_greatest(scale)
        _require(0 <= value <= greatest and 0 <= weight <= greatest, "a residual of too large numbers")


def read_plane(sink: int, dtype: np.dtype[Any], offset: int, count: int) -> NDArray[Any]:
    """Returns values that a process wrote into a file, copied.

    Raises:
        ImpossibleAnswer: if there are not so many.
    """
    _require(os.fstat(sink).st_size >= offset + count * dtype.itemsize, "a residual that ends too early")
    plane = np.empty(count, dtype)
    left = plane.view(np.uint8).data
    while left:
        read = os.preadv(sink, [left], offset)
        _require(read > 0, "a residual that ends too early")
        left, offset = left[read:], offset + read
    return plane


def digest_part(part: OpenPart) -> bytes:
    """Returns the SHA-256 of a part, read by this process itself: what a result is told to be of."""
    digest, at, end = hashlib.sha256(), part.offset, part.offset + part.size_bytes
    while at < end and (piece := os.pread(part.descriptor, min(_CHUNK_BYTES, end - at), at)):
        digest.update(piece)
        at += len(piece)
    return digest.digest()


def _is_plain(value: object, depth: int) -> bool:
    match value:
        case None | bool() | str() | float():
            return True
        case int():
            return abs(value) <= _MOST_NUMBER
        case list() | tuple():
            return depth > 0 and all(_is_plain(each, depth - 1) for each in value)
        case dict():
            return depth > 0 and all(
                isinstance(name, str) and _is_plain(each, depth - 1) for name, each in value.items()
            )
    return False


def _store(value: object) -> object:
    """Returns a value as databases and JSON can hold it: a number that is none as None."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case str():
            return make_storable(value)
        case list() | tuple():
            return [_store(each) for each in value]
        case dict():
            return {make_storable(str(name)): _store(each) for name, each in value.items()}
    return value


def _require(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise ImpossibleAnswer(otherwise)
