"""Checks what a process that reads sensor noise answers: a taken-over decoder may say anything."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import replace
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from varde.camera.residual import METHOD, SMALLEST_PX, Residual
from varde.camera.video_sums import METHOD as VIDEO_METHOD
from varde.core.camera import FingerprintKind
from varde.core.outcome import NotComparable
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
