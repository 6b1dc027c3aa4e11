"""Packs with tiny graphs of no use, for tests of whatever looks after models."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from varde.models.graph import GraphWriter

CARD = """
[[model]]
task = "{task}"
file = "{file}"
sha256 = "{sha256}"
size_bytes = {size}
source = "made by a test"
licence = "CC0-1.0"
commercial = "yes"
training_data = "nothing"
limits = ["finds nothing and tells nobody apart"]
{more}
[model.input]
size = [16, 16]
colour = "rgb"
mean = [0.0, 0.0, 0.0]
deviation = [255.0, 255.0, 255.0]
alignment = "arcface112"

[model.output]
decoder = "yunet"
dimensions = {dimensions}
"""
HEAD = '[pack]\nformat = 1\nname = "{name}"\nversion = "{version}"\ntitle = "Tiny"\n'


def make_graph(dimensions: int = 8, *, factor: float = 1.0, side: int = 16) -> bytes:
    """Returns a graph that multiplies a picture with fixed numbers."""
    writer = GraphWriter()
    weights = np.random.default_rng(dimensions).normal(size=(3 * side * side, dimensions)).astype(np.float32)
    flat = writer.add("Flatten", ["picture"], axis=1)
    output = writer.add("MatMul", [flat, writer.keep(weights * np.float32(factor))])
    return writer.write("tiny", "picture", ["N", 3, side, side], output, ["N", dimensions])


def make_pack_folder(folder: Path, name: str = "tiny", version: str = "1", **files: bytes) -> Path:
    """Returns a folder with a pack of a detector and an embedder; ``files`` takes the place of their graphs."""
    folder.mkdir(parents=True, exist_ok=True)
    graphs = {"detect": make_graph(4), "embed": make_graph(8)} | files
    text = HEAD.format(name=name, version=version)
    for task, data in graphs.items():
        (folder / f"{task}.onnx").write_bytes(data)
        text += describe(f"face.{task}", f"{task}.onnx", data)
    (folder / "pack.toml").write_text(text)
    return folder


def describe(task: str, file: str, data: bytes, *, more: str = "", dimensions: int = 8) -> str:
    """Returns the card of a file."""
    sha256 = hashlib.sha256(data).hexdigest()
    return CARD.format(task=task, file=file, sha256=sha256, size=len(data), more=more, dimensions=dimensions)
