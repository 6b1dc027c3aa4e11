"""Reads the layers of a network that dlib trained, from input to output.

A network is stored as its loss, then name, parameters and book-keeping of each layer, from the input on.
Layers are found by their names; what lies between two of them is book-keeping of training and is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.core.errors import FormatError
from varde.models.dlib_stream import DlibStream, Floats

_INPUTS: Final = (b"input_rgb_image_sized", b"input_rgb_image_pyramid")
_CONVOLUTION: Final = b"con_4"
_SCALE: Final = b"affine_"
_NORMALISATION: Final = b"bn_con2"
_PRODUCT: Final = b"fc_2"
_PLAIN: Final = (b"relu_", b"max_pool_2", b"avg_pool_2", b"add_prev_")
_TAGS: Final = (_CONVOLUTION, _SCALE, _NORMALISATION, _PRODUCT, *_PLAIN)

_MOST_HEAD: Final = 4096
_MOST_BETWEEN: Final = 256
_MOST_SIDE: Final = 4096
_MOST_LAYERS: Final = 1000
_VARIANCE_FLOOR: Final = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """Weights (out, in, rows, columns) and biases (out); a scale that follows is already in them."""

    weights: Floats
    biases: Floats
    stride: int
    padding: int


@dataclass(frozen=True, slots=True)
class Plain:
    """A layer without weights: ``relu``, ``max_pool``, ``avg_pool`` (``size`` 0: everything) or ``add_prev``."""

    name: str
    size: int = 0
    stride: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """Weights (in, out) of a matrix product, without biases."""

    weights: Floats


Layer = Convolution | Plain | Product


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Mean colour (red, green, blue, 0-255) that is taken off first, and the layers from input to output."""

    mean: tuple[float, float, float]
    layers: tuple[Layer, ...]


def read_network(data: bytes, loss: bytes) -> Network:
    """Returns a stored network.

    Args:
        data: of the file.
        loss: name that it has to begin with.

    Raises:
        FormatError: if it is no such network, or is cut off.
    """
    stream = DlibStream(data)
    if stream.find_tag([loss], 8) is None or stream.find_tag(_INPUTS, _MOST_HEAD) is None:
        raise FormatError(f"this is no network of dlib's with {loss.decode()}")
    mean = (stream.read_float(), stream.read_float(), stream.read_float())
    layers: list[Layer] = []
    while (tag := stream.find_tag(_TAGS, _MOST_BETWEEN)) is not None:
        _take(stream, tag, layers)
        if len(layers) > _MOST_LAYERS:
            raise FormatError("a dlib file has more layers than any network of its kind")
    if len(data) - stream.position > _MOST_BETWEEN:
        raise FormatError("a dlib file holds a layer that is not known here")
    return Network(mean, tuple(layers))


def _take(stream: DlibStream, tag: bytes, layers: list[Layer]) -> None:
    """Reads one layer and adds it, or takes it into the convolution before it."""
    if tag == _CONVOLUTION:
        layers.append(_read_convolution(stream))
    elif tag == _PRODUCT:
        layers.append(_read_product(stream))
    elif tag in (_SCALE, _NORMALISATION):
        if not layers or not isinstance(layers[-1], Convolution):
            raise FormatError("a dlib file has a scale without a convolution before it")
        read = _read_scale if tag == _SCALE else _read_normalisation
        layers[-1] = _fold(layers[-1], *read(stream))
    else:
        layers.append(_read_plain(stream, tag.decode()))


def _read_convolution(stream: DlibStream) -> Convolution:
    values = stream.read_tensor().ravel()
    # Filters, rows, columns, stride down, stride across, padding down, padding across; then the weights' shape.
    filters, rows, columns, *steps = (stream.read_count(_MOST_SIDE) for _ in range(7))
    stride, stride_across, padding, padding_across = steps
    stream.read_int()
    shape = tuple(stream.read_count(_MOST_SIDE) for _ in range(4))
    count = int(np.prod(shape))
    is_sound = shape[0] == filters and shape[2:] == (rows, columns) and values.size == count + filters
    if not is_sound or stride != stride_across or padding != padding_across or not 0 < stride <= 8:
        raise FormatError("a convolution in a dlib file does not fit its own description")
    return Convolution(values[:count].reshape(shape), values[count:], stride, padding)


def _read_product(stream: DlibStream) -> Product:
    outputs, inputs = stream.read_count(_MOST_SIDE), stream.read_count(_MOST_SIDE)
    weights = stream.read_tensor()
    if weights.size != inputs * outputs:
        raise FormatError("a matrix in a dlib file does not fit its own description")
    return Product(weights.reshape(inputs, outputs))


def _read_scale(stream: DlibStream) -> tuple[Floats, Floats]:
    values = stream.read_tensor().ravel()
    half = values.size // 2
    return values[:half], values[half:]


def _read_normalisation(stream: DlibStream) -> tuple[Floats, Floats]:
    """Returns factor and shift that do what the normalisation does once training is over."""
    gamma, beta = _read_scale(stream)
    for _ in range(2):  # where gamma and beta lie in the tensor: version and four sides
        for _ in range(5):
            stream.read_int()
    stream.read_tensor()  # means and deviations of the last batch are of no use any more
    stream.read_tensor()
    means, variances = stream.read_tensor().ravel(), stream.read_tensor().ravel()
    if not gamma.size == beta.size == means.size == variances.size or (variances < 0).any():
        raise FormatError("a normalisation in a dlib file does not fit its own description")
    factor = (gamma / np.sqrt(variances + np.float32(_VARIANCE_FLOOR))).astype(np.float32)
    return factor, (beta - factor * means).astype(np.float32)


def _fold(before: Convolution, factor: Floats, shift: Floats) -> Convolution:
    if factor.size != len(before.weights) or shift.size != len(before.weights):
        raise FormatError("a scale in a dlib file does not fit the convolution before it")
    weights = before.weights * factor[:, None, None, None]
    return Convolution(weights, before.biases * factor + shift, before.stride, before.padding)


def _read_plain(stream: DlibStream, name: str) -> Plain:
    if "pool" not in name:
        return Plain(name.rstrip("_"))
    rows, columns, stride, across, padding, padding_across = (stream.read_count(_MOST_SIDE) for _ in range(6))
    if rows != columns or stride != across or padding or padding_across:
        raise FormatError("a dlib file pools in a way that is not known here")
    return Plain(name.removesuffix("_2"), rows, stride)
