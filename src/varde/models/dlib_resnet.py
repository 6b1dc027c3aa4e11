"""Turns dlib's face embedder, as its file stores it, into a graph that gives the same numbers."""

from __future__ import annotations

from typing import Final

import numpy as np

from varde.core.errors import FormatError
from varde.models.dlib_layers import Convolution, Network, Plain, Product, read_network
from varde.models.graph import GraphWriter

INPUT: Final = "rgb"
SIDE_PX: Final = 150
DIMENSIONS: Final = 128

_Shape = tuple[int, int]
"""Channels and side of what is between two layers."""


def convert(data: bytes) -> bytes:
    """Returns the graph: (N, 3, 150, 150) float32 red, green, blue, 0-255, to (N, 128).

    Raises:
        FormatError: if the file is not the embedder's.
    """
    network = read_network(data, b"loss_metric_2")
    writer = GraphWriter()
    mean = np.array(network.mean, np.float32).reshape(1, 3, 1, 1)
    centred = writer.add("Sub", [INPUT, writer.keep(mean)])
    start = writer.add("Mul", [centred, writer.keep(np.float32(1 / 256).reshape(1))])
    output = _Residual(writer, start).follow(network)
    return writer.write("dlib_face_recognition_resnet", INPUT, ["N", 3, SIDE_PX, SIDE_PX], output, ["N", DIMENSIONS])


class _Residual:
    """Follows the layers of a residual network; knows at each what came before and how large it is."""

    def __init__(self, writer: GraphWriter, start: str) -> None:
        self._writer = writer
        self._now, self._shape = start, (3, SIDE_PX)
        self._block, self._block_shape = self._now, self._shape
        self._pooled: Plain | None = None
        self._is_flat = False

    def follow(self, network: Network) -> str:
        """Adds all layers and returns the name of the output."""
        for layer in network.layers:
            if isinstance(layer, Convolution):
                self._convolve(layer)
            elif isinstance(layer, Product):
                self._multiply(layer)
            else:
                self._step(layer)
        if not self._is_flat or self._shape[0] != DIMENSIONS:
            raise FormatError("this network does not end in an embedding")
        return self._now

    def _convolve(self, layer: Convolution) -> None:
        outputs, inputs, size, _ = layer.weights.shape
        side = (self._shape[1] + 2 * layer.padding - size) // layer.stride + 1
        if inputs != self._shape[0] or side < 1 or self._is_flat:
            raise FormatError("the layers of this network do not fit each other")
        names = [self._now, self._writer.keep(layer.weights), self._writer.keep(layer.biases)]
        strides, pads = [layer.stride] * 2, [layer.padding] * 4
        self._now = self._writer.add("Conv", names, strides=strides, pads=pads, kernel_shape=[size, size])
        self._shape = (outputs, side)

    def _multiply(self, layer: Product) -> None:
        if layer.weights.shape[0] != self._shape[0] or self._shape[1] != 1:
            raise FormatError("the layers of this network do not fit each other")
        flat = self._writer.add("Flatten", [self._now], axis=1)
        self._now = self._writer.add("MatMul", [flat, self._writer.keep(layer.weights)])
        self._shape, self._is_flat = (layer.weights.shape[1], 1), True

    def _step(self, layer: Plain) -> None:
        if layer.name == "relu":
            self._now = self._writer.add("Relu", [self._now])
        elif layer.name == "add_prev":
            self._join()
        elif layer.name == "avg_pool" and layer.size == 0:
            self._now = self._writer.add("GlobalAveragePool", [self._now])
            self._shape = (self._shape[0], 1)
        elif layer.name == "avg_pool":
            self._pooled = layer  # of the block's input: it lies on the way round the block
        else:
            self._now, self._shape = self._pool("MaxPool", self._now, self._shape, layer)
        if layer.name in ("relu", "max_pool"):
            self._begin_block(layer)

    def _begin_block(self, layer: Plain) -> None:
        """Remembers where a block begins: behind the first pooling, and behind what follows the joining of two ways."""
        if layer.name == "max_pool" or self._is_joined:
            self._block, self._block_shape = self._now, self._shape
            self._is_joined = False

    _is_joined = False

    def _join(self) -> None:
        """Adds the way round the block to the way through it; the shorter one counts as zero where it ends."""
        around, shape = self._block, self._block_shape
        if self._pooled is not None:
            around, shape = self._pool("AveragePool", around, shape, self._pooled)
        whole = (max(shape[0], self._shape[0]), max(shape[1], self._shape[1]))
        parts = [self._pad(around, shape, whole), self._pad(self._now, self._shape, whole)]
        self._now, self._shape = self._writer.add("Add", parts), whole
        self._pooled, self._is_joined = None, True

    def _pool(self, operation: str, name: str, shape: _Shape, layer: Plain) -> tuple[str, _Shape]:
        side = (shape[1] - layer.size) // layer.stride + 1 if layer.stride else 0
        if side < 1:
            raise FormatError("the layers of this network do not fit each other")
        sizes, strides = [layer.size] * 2, [layer.stride] * 2
        return self._writer.add(operation, [name], kernel_shape=sizes, strides=strides), (shape[0], side)

    def _pad(self, name: str, shape: _Shape, whole: _Shape) -> str:
        if shape == whole:
            return name
        channels, side = whole[0] - shape[0], whole[1] - shape[1]
        amounts = np.array([0, 0, 0, 0, 0, channels, side, side], np.int64)
        return self._writer.add("Pad", [name, self._writer.keep(amounts)])
