"""Stated changes to published graphs, made in memory when they are loaded: same weights, same answers, other shapes.

A model's identity stays the digest of the published file; its card names the changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from varde.core.errors import FormatError

if TYPE_CHECKING:
    import onnx

_BATCH: Final = "N"
_DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})


def adapt(data: bytes, change: str) -> bytes:
    """Returns a graph with one change made.

    ``free_batch``: takes any number of inputs at a time, where the published graph takes one: the first side of each
    input and output becomes free, and a reshape to ``[1, -1]`` becomes one to ``[0, -1]`` (keep the first side).
    ``free_size``: takes pictures of any size, where the published graph names one.

    Raises:
        FormatError: if it is no graph, or there is no such change.
    """
    if change not in CHANGES:
        raise FormatError(f"there is no change {change!r} of a graph", advice=f"There are: {', '.join(CHANGES)}.")
    model = read_graph(data)
    CHANGES[change](model)
    return bytes(model.SerializeToString(deterministic=True))


def read_graph(data: bytes) -> onnx.ModelProto:
    """Returns a graph, not yet checked.

    Raises:
        FormatError: if it is none.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        return onnx.load_model_from_string(data)
    except DecodeError as error:
        raise FormatError("a model's file is no graph in ONNX format", advice="Is it complete?") from error


def _free_batch(model: onnx.ModelProto) -> None:
    import onnx

    for value in (*_list_inputs(model), *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = _BATCH
    del model.graph.value_info[:]
    constants = {node.output[0]: node.attribute[0].t for node in model.graph.node if node.op_type == "Constant"}
    constants |= {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        shape = constants.get(node.input[1]) if node.op_type == "Reshape" else None
        if shape is not None and onnx.numpy_helper.to_array(shape).tolist() == [1, -1]:
            keep = onnx.helper.make_tensor(shape.name, onnx.TensorProto.INT64, [2], [0, -1])
            shape.CopyFrom(keep)


def _free_size(model: onnx.ModelProto) -> None:
    for value in _list_inputs(model):
        for position, side in enumerate(value.type.tensor_type.shape.dim[2:]):
            side.dim_param = f"side_{position}"
    for output in model.graph.output:
        for position, side in enumerate(output.type.tensor_type.shape.dim[1:2]):
            side.dim_param = f"{output.name}_{position}"
    del model.graph.value_info[:]


def _list_inputs(model: onnx.ModelProto) -> Iterator[onnx.ValueInfoProto]:
    """Yields what has to be given: old files list their weights among the inputs too."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return (value for value in model.graph.input if value.name not in weights)


CHANGES: Final[dict[str, Callable[[onnx.ModelProto], None]]] = {"free_batch": _free_batch, "free_size": _free_size}
"""Every change, by the name that a card calls it."""


def check_graph(data: bytes) -> None:
    """Does nothing if a graph holds all its weights and only operations that come with the runtime.

    Raises:
        FormatError: if it names files outside of itself, or operations that somebody would have to bring.
    """
    model = read_graph(data)
    if foreign := {entry.domain for entry in model.opset_import} - _DOMAINS:
        raise FormatError(f"a model needs operations that are not here: {', '.join(sorted(foreign))}")
    if any(tensor.data_location or tensor.external_data for tensor in _list_tensors(model.graph)):
        raise FormatError("a model's weights lie in another file", advice="Ask for one file that holds everything.")


def _list_tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Yields all tensors of a graph and of the graphs inside it."""
    waiting = [graph]
    while waiting:
        one = waiting.pop()
        yield from one.initializer
        for node in one.node:
            for attribute in node.attribute:
                yield from (attribute.t, *attribute.tensors)
                waiting += [attribute.g] if attribute.HasField("g") else []
                waiting += attribute.graphs
