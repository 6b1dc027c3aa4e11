"""Reads dlib's landmark predictor, as its file stores it, into arrays: a cascade of forests of regression trees."""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import FormatError
from varde.models.dlib_stream import DlibStream
from varde.segments.container import write_arrays

KIND: Final = "landmark-trees"
VERSION: Final = 1

_FORMAT: Final = 1
_MOST_POINTS: Final = 1024
_MOST_CASCADES: Final = 100
_MOST_TREES: Final = 10_000
_MOST_SPLITS: Final = 1023
_MOST_PIXELS: Final = 65_535


def convert(data: bytes) -> bytes:
    """Returns the predictor as the bytes of a segment.

    Convention: ``shape`` (P, 2) float32, the mean face in a box from 0 to 1; per cascade and pixel ``anchors`` (C, F)
    and ``offsets`` (C, F, 2); per cascade, tree and split ``pixels`` (C, T, S, 2) and ``thresholds`` (C, T, S); per
    leaf ``leaves`` (C, T, S + 1, P, 2).

    Raises:
        FormatError: if the file is not a predictor's, or is cut off.
    """
    stream = DlibStream(data)
    if stream.read_int() != _FORMAT:
        raise FormatError("this is no landmark predictor of dlib's")
    shape = stream.read_column(2 * _MOST_POINTS).reshape(-1, 2)
    arrays = {"shape": shape, **_read_forests(stream, len(shape)), **_read_pixels(stream, len(shape))}
    if arrays["pixels"].max() >= arrays["anchors"].shape[1] or len(arrays["pixels"]) != len(arrays["anchors"]):
        raise FormatError("a tree of this predictor asks for a pixel that there is not")
    if stream.position != len(data):
        raise FormatError("this predictor's file goes on after its end")
    sink = io.BytesIO()
    write_arrays(sink, KIND, VERSION, {}, arrays)
    return sink.getvalue()


def _read_forests(stream: DlibStream, points: int) -> dict[str, NDArray[Any]]:
    cascades = stream.read_count(_MOST_CASCADES)
    pixels, thresholds, leaves = [], [], []
    for _ in range(cascades):
        forest = [_read_tree(stream, 2 * points) for _ in range(stream.read_count(_MOST_TREES))]
        pixels.append([tree[0] for tree in forest])
        thresholds.append([tree[1] for tree in forest])
        leaves.append([tree[2] for tree in forest])
    try:
        return {
            "pixels": np.array(pixels, np.uint16),
            "thresholds": np.array(thresholds, np.float32),
            "leaves": np.array(leaves, np.float32).reshape(cascades, len(pixels[0]), -1, points, 2),
        }
    except (ValueError, IndexError) as error:
        raise FormatError("the trees of this predictor are not all of one depth") from error


def _read_tree(stream: DlibStream, values: int) -> tuple[list[list[int]], list[float], list[list[float]]]:
    splits = stream.read_count(_MOST_SPLITS)
    pixels, thresholds = [], []
    for _ in range(splits):
        pixels.append([stream.read_count(_MOST_PIXELS), stream.read_count(_MOST_PIXELS)])
        thresholds.append(stream.read_float())
    leaves = []
    for _ in range(stream.read_count(_MOST_SPLITS + 1)):
        if stream.read_int() != -values or stream.read_int() != -1:
            raise FormatError("a leaf of this predictor moves another number of points")
        leaves.append(stream.read_floats(values))
    if len(leaves) != splits + 1 or splits & (splits + 1):
        raise FormatError("a tree of this predictor is not complete")
    return pixels, thresholds, leaves


def _read_pixels(stream: DlibStream, points: int) -> dict[str, NDArray[Any]]:
    anchors = [_read_anchors(stream, points) for _ in range(stream.read_count(_MOST_CASCADES))]
    offsets = []
    for _ in range(stream.read_count(_MOST_CASCADES)):
        count = stream.read_count(_MOST_PIXELS)
        offsets.append(stream.read_floats(2 * count))
    try:
        return {
            "anchors": np.array(anchors, np.uint16),
            "offsets": np.array(offsets, np.float32).reshape(*np.shape(anchors), 2),
        }
    except ValueError as error:
        raise FormatError("the pixels of this predictor do not fit each other") from error


def _read_anchors(stream: DlibStream, points: int) -> list[int]:
    return [stream.read_count(points - 1) for _ in range(stream.read_count(_MOST_PIXELS))]
