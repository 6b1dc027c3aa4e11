"""Tests a pack's models on drawn faces, in a process without files, network or much memory: a graph may be hostile.

A model has to take what its card says, answer with finite numbers of the right shape, the same twice, and, where Varde
knows the model, the numbers that it gave when its manifest was written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from varde.core.errors import VardeError
from varde.core.model import ModelTask
from varde.media.pool import Failure, Pool, Request
from varde.media.sandbox import SandboxLimits
from varde.models.fixtures import DRAWINGS, draw_face
from varde.models.pack import ModelCard, Pack

TARGET: Final = "varde.models.self_test:prepare"
EXPECTED_FILE: Final = "expected.json"
SAMPLES: Final = 128

_MEMORY_BYTES: Final = 4 << 30
_LIMIT_S: Final = 120.0
_PICTURE_PX: Final = 192
_TOLERANCE: Final = 2e-3
_MOST_OUTPUTS: Final = 64
_TREES: Final = "landmark-trees"


class Order(msgspec.Struct, frozen=True):
    """What one model is tested with: facts of its card."""

    task: str
    adapt: tuple[str, ...]
    input: dict[str, Any]
    output: dict[str, Any]


class Found(msgspec.Struct, frozen=True):
    """What came of it: a fault, or figures of the answers to each drawing, by output."""

    fault: str = ""
    figures: list[list[float]] = []


class Check(msgspec.Struct, frozen=True):
    """One model's test.

    Attributes:
        fault: what is wrong; "" if nothing is.
        detail: what was seen, for people.
    """

    task: ModelTask
    file: str
    fault: str
    detail: str


def check_pack(pack: Pack) -> tuple[Check, ...]:
    """Returns the test of each model of a pack.

    Raises:
        VardeError: if the process for it cannot start.
    """
    with Pool(TARGET, 1, SandboxLimits(_MEMORY_BYTES)) as pool:
        return tuple(_check(pool, pack, card) for card in pack.cards)


def refuse_faulty(pack: Pack, checks: Sequence[Check]) -> None:
    """Does nothing if all tests went well.

    Raises:
        VardeError: if one did not, with what is wrong.
    """
    for check in checks:
        if check.fault:
            raise VardeError(
                f"pack {pack.name} failed its test: {check.file}: {check.fault}",
                advice="Do not use it. Is the file what its card says, and the card right?",
            )


def measure_pack(pack: Pack) -> dict[str, list[list[float]]]:
    """Returns the figures of each model by its SHA-256, as `EXPECTED_FILE` keeps them.

    Raises:
        VardeError: if a model cannot be tested.
    """
    with Pool(TARGET, 1, SandboxLimits(_MEMORY_BYTES)) as pool:
        found = {card.sha256.hex(): _ask(pool, pack, card) for card in pack.cards}
    if faults := [one.fault for one in found.values() if one.fault]:
        raise VardeError(f"pack {pack.name} cannot be measured: {faults[0]}")
    return {key: one.figures for key, one in found.items() if one.figures}


def _check(pool: Pool, pack: Pack, card: ModelCard) -> Check:
    found = _ask(pool, pack, card)
    if found.fault:
        return Check(card.task, card.file, found.fault, "")
    expected = _read_expected().get(card.sha256.hex())
    if expected is None:
        return Check(card.task, card.file, "", "answers are sound; there are no figures to compare them with")
    furthest = _compare(found.figures, expected)
    if furthest > _TOLERANCE:
        return Check(card.task, card.file, "its answers are not those this model gives", f"off by {furthest:.2g}")
    return Check(card.task, card.file, "", f"answers as expected, within {furthest:.1g}")


def _ask(pool: Pool, pack: Pack, card: ModelCard) -> Found:
    """Returns what a process found; it is handed the open file, whose digest was checked when the pack was opened."""
    order = Order(card.task.value, card.adapt, dict(card.input), dict(card.output))
    descriptor = os.open(pack.folder / card.file, os.O_RDONLY)
    result = pool.ask(Request(None, msgspec.msgpack.encode(order), (descriptor,), _LIMIT_S))
    if isinstance(result, Failure):
        return Found(f"the process that tried it ended: {result.detail}")
    try:
        return msgspec.msgpack.decode(result, type=Found)
    except msgspec.DecodeError:
        return Found("the process that tried it answered nonsense")


def _compare(found: Sequence[Sequence[float]], expected: Sequence[Sequence[float]]) -> float:
    if [len(row) for row in found] != [len(row) for row in expected]:
        return float("inf")
    pairs = zip(found, expected, strict=True)
    scales = [(np.array(one), np.array(other)) for one, other in pairs]
    return max(float(np.abs(one - other).max() / max(1.0, np.abs(other).max())) for one, other in scales)


def _read_expected() -> Mapping[str, list[list[float]]]:
    text = (resources.files("varde.models") / "packs" / EXPECTED_FILE).read_text("utf-8")
    figures: dict[str, list[list[float]]] = json.loads(text)
    return figures


def prepare() -> Callable[[bytes, list[int]], bytes]:
    """Returns the handler of `Order` with the model's open file. Libraries are loaded, no model is yet."""
    import onnx
    import onnx.numpy_helper  # noqa: F401
    from google.protobuf import message  # type: ignore[import-untyped]  # noqa: F401

    from varde.models.graph import GraphWriter
    from varde.models.session import OrtSession

    writer = GraphWriter()
    warm = OrtSession(writer.write("warm", "x", [1], writer.add("Relu", ["x"]), [1]))
    warm.run({"x": np.zeros(1, np.float32)})
    read = msgspec.msgpack.Decoder(Order).decode

    def handle(payload: bytes, files: list[int]) -> bytes:
        with os.fdopen(os.dup(files[0]), "rb") as file:
            data = file.read()
        return msgspec.msgpack.encode(measure(read(payload), data))

    return handle


def measure(order: Order, data: bytes) -> Found:
    """Returns what one model's file gives on the drawings, or what is wrong with it."""
    if order.task == ModelTask.FACE_LANDMARKS:
        return Found(
            "" if data[:8] == b"VardeSeg" and _TREES.encode() in data[-4096:] else "these are no landmark trees"
        )
    try:
        return _measure_graph(order, data)
    except VardeError as error:
        return Found(str(error))
    except (KeyError, TypeError, ValueError) as error:
        return Found(f"its card does not say what it needs: {type(error).__name__}")


def _measure_graph(order: Order, data: bytes) -> Found:
    from varde.models.adapting import adapt, check_graph
    from varde.models.session import OrtSession

    check_graph(data)
    for change in order.adapt:
        data = adapt(data, change)
    session = OrtSession(data)
    figures = []
    for drawing in DRAWINGS:
        width, height = order.input.get("size", (_PICTURE_PX, _PICTURE_PX))
        given = {session.inputs[0]: make_input(order.input, draw_face(drawing, int(width), int(height)))}
        outputs, again = session.run(given), session.run(given)
        if fault := _judge(order, dict(zip(session.outputs, outputs, strict=True)), outputs, again):
            return Found(fault)
        figures.append(_sample(order, outputs))
    if figures[0] == figures[1]:
        return Found("it answers the same to different pictures")
    return Found("", figures)


def make_input(fields: Mapping[str, Any], picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns (1, 3, H, W) float32 as a card's ``input`` wants it."""
    planes = picture if fields["colour"] == "rgb" else picture[:, :, ::-1]
    mean, deviation = (np.array(fields[name], np.float32).reshape(3) for name in ("mean", "deviation"))
    scaled = (planes.astype(np.float32) - mean) / deviation
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None], np.float32)


Outputs = Sequence[NDArray[np.float32]]


def _judge(order: Order, named: Mapping[str, NDArray[np.float32]], outputs: Outputs, again: Outputs) -> str:
    """Returns what is wrong with the answers to one drawing; "" if nothing is."""
    if not 0 < len(outputs) <= _MOST_OUTPUTS or not all(isinstance(one, np.ndarray) and one.size for one in outputs):
        return "it does not answer with numbers"
    if not all(one.dtype == np.float32 and np.isfinite(one).all() for one in outputs):
        return "it answers with numbers that are not finite"
    if not all(np.array_equal(one, other) for one, other in zip(outputs, again, strict=True)):
        return "it answers differently to the same picture"
    if order.task == ModelTask.FACE_EMBED:
        return _judge_embedding(order, outputs[0])
    if order.task == ModelTask.FACE_AGE and named[order.output["age"]].size != 1:
        return "it does not answer with one age"
    return ""


def _judge_embedding(order: Order, vector: NDArray[np.float32]) -> str:
    dimensions = int(order.output["dimensions"])
    if vector.shape != (1, dimensions):
        return f"it answers with {'x'.join(map(str, vector.shape))} numbers, its card says {dimensions}"
    return "" if np.linalg.norm(vector) > 1e-6 else "its vectors have no direction"


def _sample(order: Order, outputs: Outputs) -> list[float]:
    """Returns figures that tell one model from another: an embedding as a unit vector, else values spread over all."""
    if order.task == ModelTask.FACE_EMBED:
        vector = outputs[0][0].astype(np.float64)
        return [round(value, 5) for value in (vector / np.linalg.norm(vector)).tolist()]
    values = np.concatenate([one.ravel() for one in outputs]).astype(np.float64)
    chosen = values[np.linspace(0, len(values) - 1, min(SAMPLES, len(values))).astype(np.intp)]
    return [round(value, 4) for value in chosen.tolist()]
