"""Writes graphs in ONNX format, node by node. The same calls give the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

_OPSET: Final = 17
_IR_VERSION: Final = 8


class GraphWriter:
    """Collects nodes and weights; every method that adds a node returns the name of what comes out of it."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def add(self, operation: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Adds a node."""
        from onnx import helper

        name = f"x{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, list(inputs), [name], **attributes))
        return name

    def keep(self, values: NDArray[Any]) -> str:
        """Adds weights and returns their name."""
        from onnx import numpy_helper

        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def write(
        self,
        name: str,
        input_name: str,
        input_shape: Sequence[int | str],
        output: str,
        output_shape: Sequence[int | str],
    ) -> bytes:
        """Returns the graph's bytes.

        Args:
            name: of the graph.
            input_name: what is given.
            input_shape: numbers, or names of sides that may have any length.
            output: name of what is wanted.
            output_shape: as ``input_shape``.
        """
        from onnx import TensorProto, helper

        given = helper.make_tensor_value_info(input_name, TensorProto.FLOAT, list(input_shape))
        wanted = helper.make_tensor_value_info(output, TensorProto.FLOAT, list(output_shape))
        graph = helper.make_graph(self._nodes, name, [given], [wanted], self._weights)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION, producer_name="varde"
        )
        return bytes(model.SerializeToString(deterministic=True))
