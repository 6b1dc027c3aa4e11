"""Runs a model's graph: one thread, processor only, nothing kept between pictures but the weights.

Spinning threads, memory patterns per input size and arenas that only grow are off: a decoder process looks at pictures
of thousands of sizes, in a fixed address space and beside others.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from varde.core.errors import FormatError, VardeError
from varde.core.model import ModelTask
from varde.models.adapting import adapt
from varde.models.pack import Pack

_PROVIDER: Final = "CPUExecutionProvider"
_FAULTS_ONLY: Final = 4
_SHRINK: Final = ("memory.enable_memory_arena_shrinkage", "cpu:0")
_NOTHING: Final = bytes.fromhex(
    "0808120576617264653a380a0d0a017812027830220452656c7512047761726d5a0f0a0178120a0a08080112040a02080162100a02783012"
    "0a0a08080112040a02080142040a001011"
)
"""A graph of one operation, as `varde.models.graph` writes it."""


class OrtSession:
    """A loaded graph. It can be opened before or after a process is locked down; use it from one thread at a time."""

    def __init__(self, model: Path | bytes, threads: int = 1) -> None:
        """Loads a graph.

        Args:
            model: its file or its bytes in ONNX format.
            threads: that one run may use.

        Raises:
            FormatError: if it is no graph that can be run.
        """
        onnxruntime = load_runtime()
        self._faults = _list_faults()
        data = model.read_bytes() if isinstance(model, Path) else model
        try:
            self._session = onnxruntime.InferenceSession(
                data, _make_options(onnxruntime, threads), providers=[_PROVIDER]
            )
        except self._faults as error:
            raise FormatError(
                "a model's file is no graph that can be run here", advice="Its format must be ONNX; is it complete?"
            ) from error
        self.inputs: tuple[str, ...] = tuple(one.name for one in self._session.get_inputs())
        self.outputs: tuple[str, ...] = tuple(one.name for one in self._session.get_outputs())
        self._run_options = onnxruntime.RunOptions()
        self._run_options.add_run_config_entry(*_SHRINK)
        self._run_options.log_severity_level = _FAULTS_ONLY

    def input_shape(self, name: str) -> tuple[int | None, ...]:
        """Returns the shape an input must have, None where any size will do."""
        found = next(one for one in self._session.get_inputs() if one.name == name)
        return tuple(side if isinstance(side, int) else None for side in found.shape)

    def run(self, arrays: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """Returns the outputs in the order of `outputs`.

        Raises:
            VardeError: if the arrays do not fit the graph.
        """
        try:
            return list(self._session.run(None, dict(arrays), self._run_options))
        except self._faults as error:
            raise VardeError(
                "a model does not take what it was given", advice="Test it: `varde models test`."
            ) from error


def load_runtime() -> Any:
    """Returns the module onnxruntime, which is imported nowhere else.

    On its own it starts a thread, writes into the user's cache folder and reports its use to its maker. A variable that
    has to be set before it is imported turns all of that off.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # type: ignore[import-untyped]

    return onnxruntime


def warm_up() -> None:
    """Loads the runtime and uses it once, so that graphs can be opened after a process was locked down."""
    OrtSession(_NOTHING).run({"x": np.zeros(1, np.float32)})
    import onnx
    import onnx.numpy_helper  # noqa: F401


def open_session(pack: Pack, task: ModelTask, threads: int = 1) -> OrtSession:
    """Returns a pack's model, ready to run: its file checked against its digest and adapted as its card says.

    Raises:
        NotFound: if the pack has no such model.
        IntegrityFailure: if the file is not the one the card names.
        FormatError: if it is no graph that can be run.
    """
    data = pack.read(task)
    for change in pack.get(task).adapt:
        data = adapt(data, change)
    return OrtSession(data, threads)


def _make_options(onnxruntime: Any, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_mem_pattern = False
    options.log_severity_level = _FAULTS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")
    return options


def _list_faults() -> tuple[type[Exception], ...]:
    """Returns the errors of the library: each is a class of its own, with no base but Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state  # type: ignore[import-untyped]

    found = [one for one in vars(state).values() if isinstance(one, type) and issubclass(one, Exception)]
    return (*found, ValueError)
