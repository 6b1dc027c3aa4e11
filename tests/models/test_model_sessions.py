from __future__ import annotations

import os
import subprocess
import sys
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


REPORTING = """
import os, sys
import numpy as np
from varde.models.session import OrtSession
session = OrtSession(open(sys.argv[1], "rb").read())
session.run({"picture": np.ones((1, 3, 16, 16), np.float32)})
threads = next(line for line in open("/proc/self/status") if line.startswith("Threads:"))
print(threads.split()[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads as Linux tells them")
def test_runtime_starts_no_thread_and_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    """Left to itself, it would report to its maker (decision 0020)."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "graph.onnx").write_bytes(make_graph())
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", REPORTING, str(tmp_path / "graph.onnx")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]
    assert list(home.iterdir()) == []
