"""Turns dlib's face detector, as its file stores it, into a graph that gives the same numbers."""

from __future__ import annotations

from typing import Final

from varde.core.errors import FormatError
from varde.models.dlib_layers import Convolution, Plain, read_network
from varde.models.graph import GraphWriter

INPUT: Final = "tiles"


def convert(data: bytes) -> bytes:
    """Returns the graph: (1, 3, rows, columns) float32 to one score per cell of 8 x 8 pixels.

    Convention: the input is red, green, blue with the mean colour taken off, divided by 256; see
    `varde.faces.detectors.mmod`, which makes it.

    Raises:
        FormatError: if the file is not the detector's.
    """
    network = read_network(data, b"loss_mmod_")
    writer = GraphWriter()
    now, channels = INPUT, 3
    for layer in network.layers:
        if isinstance(layer, Convolution):
            if layer.weights.shape[1] != channels:
                raise FormatError("the layers of this network do not fit each other")
            names = [now, writer.keep(layer.weights), writer.keep(layer.biases)]
            sizes, strides, pads = list(layer.weights.shape[2:]), [layer.stride] * 2, [layer.padding] * 4
            now = writer.add("Conv", names, kernel_shape=sizes, strides=strides, pads=pads)
            channels = layer.weights.shape[0]
        elif layer == Plain("relu"):
            now = writer.add("Relu", [now])
        else:
            raise FormatError("this network has a layer that the detector does not have")
    if channels != 1:
        raise FormatError("this network does not end in one score per cell")
    return writer.write("dlib_mmod", INPUT, [1, 3, "rows", "columns"], now, [1, 1, "cell_rows", "cell_columns"])
