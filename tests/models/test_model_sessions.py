from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from varde.core.errors import FormatError, VardeError
from varde.core.model import ModelTask
from varde.models.pack import open_pack
from varde.models.session import OrtSession, open_session
from varde.testing.model_packs import make_graph, make_pack_folder


def test_session_runs_a_graph_from_bytes_path_or_pack(tmp_path: Path) -> None:
    picture = np.ones((2, 3, 16, 16), np.float32)
    pack = open_pack(make_pack_folder(tmp_path))
    sessions = [
        OrtSession(make_graph(8)),
        OrtSession(tmp_path / "embed.onnx"),
        open_session(pack, ModelTask.FACE_EMBED),
    ]
    answers = [session.run({"picture": picture})[0] for session in sessions]
    assert sessions[0].inputs == ("picture",)
    assert sessions[0].input_shape("picture") == (None, 3, 16, 16)
    assert answers[0].shape == (2, 8)
    assert all(np.array_equal(answers[0], one) for one in answers)


@pytest.mark.parametrize("data", [b"", b"no graph", make_graph(8)[:200], bytes(4096), b"ORTM" + bytes(60)])
def test_bytes_that_are_no_graph_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        OrtSession(data)


@pytest.mark.parametrize(
    "given",
    [
        {"picture": np.ones((1, 3, 16, 17), np.float32)},
        {"picture": np.ones((1, 3, 16, 16), np.float64)},
        {"other": np.ones((1, 3, 16, 16), np.float32)},
        {},
    ],
)
def test_arrays_that_do_not_fit_are_an_error_with_advice(given: dict[str, np.ndarray]) -> None:
    with pytest.raises(VardeError) as caught:
        OrtSession(make_graph(8)).run(given)
    assert caught.value.advice
