from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from varde.core.errors import FormatError
from varde.models.adapting import adapt, check_graph
from varde.models.session import OrtSession
from varde.testing.model_packs import make_graph


def make_fixed_graph() -> bytes:
    """Returns a graph that takes one picture and reshapes it to [1, -1], as a published one does."""
    shape = helper.make_node("Constant", [], ["s"], value=numpy_helper.from_array(np.array([1, -1], np.int64), ""))
    nodes = [shape, helper.make_node("Reshape", ["x", "s"], ["y"])]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 4, 4])
    wanted = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 48])
    graph = helper.make_graph(nodes, "fixed", [given], [wanted])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def test_freed_batch_gives_for_many_what_it_gave_for_one() -> None:
    published = make_fixed_graph()
    freed = OrtSession(adapt(published, "free_batch"))
    pictures = np.random.default_rng(1).normal(size=(3, 3, 4, 4)).astype(np.float32)
    one_by_one = [OrtSession(published).run({"x": picture[None]})[0][0] for picture in pictures]
    assert np.array_equal(freed.run({"x": pictures})[0], np.stack(one_by_one))


def test_adapting_is_deterministic_and_leaves_the_weights() -> None:
    assert adapt(make_graph(), "free_batch") == adapt(make_graph(), "free_batch")
    before, after = (
        onnx.load_model_from_string(make_graph()),
        onnx.load_model_from_string(adapt(make_graph(), "free_size")),
    )
    assert before.graph.initializer == after.graph.initializer


def test_unknown_change_and_broken_graph_are_refused() -> None:
    with pytest.raises(FormatError, match="no change"):
        adapt(make_graph(), "make_better")
    with pytest.raises(FormatError, match="no graph"):
        adapt(b"\xff" * 50, "free_batch")


def test_graph_with_weights_in_another_file_is_refused() -> None:
    model = onnx.load_model_from_string(make_graph())
    tensor = model.graph.initializer[0]
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    tensor.data_location = TensorProto.EXTERNAL
    tensor.ClearField("raw_data")
    with pytest.raises(FormatError, match="another file"):
        check_graph(model.SerializeToString())


def test_graph_with_foreign_operations_is_refused() -> None:
    model = onnx.load_model_from_string(make_graph())
    model.opset_import.add().domain = "somebody.else"
    with pytest.raises(FormatError, match=r"somebody\.else"):
        check_graph(model.SerializeToString())


def test_sound_graph_passes() -> None:
    check_graph(make_graph())
