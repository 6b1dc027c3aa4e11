"""Trains a network that refines noise residuals: synthetic sensors over ordinary pictures, and real flat fields.

Usage: ``PYTHONPATH=src python evaluations/train_camera_residual.py OUTPUT.onnx --scenes FOLDER... [--devices FOLDER...]
[--steps 3000] [--seed 1]``, in an environment with jax, optax and onnx besides Varde's own (they are no dependency).

SCENES hold ordinary pictures; each is shrunk to half its size, which takes its own sensor's noise away, and gets a
synthetic sensor's. A folder of DEVICES holds ``flat/`` and ``photos/`` of one camera: its fingerprint from the flats is
what the photographs' residuals are refined towards. The same seed and versions give the same weights.

Method. Input: luma and the classical residual of it (two planes). Output: one plane. The loss is the negative
normalised correlation of the output with the pattern times the intensity, known exactly for a synthetic sensor, over a
whole batch: the best linear answer to "how much pattern is at this pixel", shrunk by itself where nothing is to be had.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import onnx
import optax
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from scipy.ndimage import convolve, gaussian_filter, zoom

from varde.camera.residual import Residual, extract_residual
from varde.core.outcome import NotComparable

Floats = npt.NDArray[np.float32]

SIDE = 64
BATCH = 24
EDGE = 8
CHANNELS = (16, 16, 16, 16, 2)
QUALITIES = (35, 50, 65, 75, 85, 92, 96)
SCENE_PX = 320
STRENGTHS = (0.01, 0.03)
FORMAT = "varde-camera-residual-1"


@dataclass(frozen=True, slots=True)
class Material:
    """A picture to cut patches from.

    Attributes:
        planes: (H, W, 2) float32: luma and residual, as the network takes them.
        pattern: (H, W) float32 of unit variance: what its output is to agree with.
    """

    planes: Floats
    pattern: Floats


def main() -> None:
    """Trains and writes the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--scenes", type=Path, nargs="+", required=True)
    parser.add_argument("--devices", type=Path, nargs="*", default=[])
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    synthetic = list(make_synthetic(list_pictures(asked.scenes), rng))
    real = [one for folder in asked.devices for one in read_device(folder)]
    print(f"{len(synthetic)} synthetic pictures, {len(real)} real ones of {len(asked.devices)} devices", flush=True)
    weights = train(synthetic, real, asked.steps, rng)
    data = export(weights)
    asked.output.write_bytes(data)
    print(f"sha256 {hashlib.sha256(data).hexdigest()}, {len(data)} bytes")


def list_pictures(folders: list[Path]) -> list[Path]:
    """Returns the picture files of folders, in the order of their names."""
    return [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix.lower() in (".jpg", ".png")]


def make_synthetic(paths: list[Path], rng: np.random.Generator) -> Iterator[Material]:
    """Yields pictures of synthetic sensors, three to each scene."""
    for path in paths:
        scene = read_scene(path)
        for _ in range(3):
            found = expose(cut(scene, rng), rng)
            if found is not None:
                yield found


def read_scene(path: Path) -> Floats:
    """Returns a picture at half its size, or larger where its shorter side would be less than `SCENE_PX`."""
    with Image.open(path) as image:
        rgb = image.convert("RGB")
        share = max(0.5, SCENE_PX / min(rgb.size))
        size = (max(SCENE_PX, round(rgb.width * share)), max(SCENE_PX, round(rgb.height * share)))
        return np.asarray(rgb.resize(size, Image.Resampling.LANCZOS), np.float32)


def cut(scene: Floats, rng: np.random.Generator) -> Floats:
    """Returns a part of a scene, mirrored or turned by chance, brightness changed a little."""
    top, left = (int(rng.integers(0, side - SCENE_PX + 1)) for side in scene.shape[:2])
    part = np.rot90(scene[top : top + SCENE_PX, left : left + SCENE_PX], int(rng.integers(4)))
    return np.clip(part * rng.uniform(0.5, 1.15), 0, 255).astype(np.float32)


def expose(scene: Floats, rng: np.random.Generator) -> Material | None:
    """Returns what a synthetic sensor makes of a scene, saved as JPEG; None where nothing of it is usable."""
    pattern = rng.normal(0.0, rng.uniform(*STRENGTHS), scene.shape[:2]).astype(np.float32)
    clean = mosaic(scene)
    noise = (
        rng.normal(0.0, 1.0, clean.shape).astype(np.float32) * np.sqrt(np.maximum(clean, 1.0)) * rng.uniform(0.05, 0.25)
    )
    with_pattern = demosaic(clean * (1 + pattern) + noise)
    target = luma_of(demosaic(clean * (1 + pattern)) - demosaic(clean))
    if rng.random() < 0.5:  # sharpened by the camera: linear, so the pattern is too
        amount = float(rng.uniform(0.3, 1.2))
        with_pattern, target = sharpen(with_pattern, amount), sharpen(target[:, :, None], amount)[:, :, 0]
    rgb = np.clip(np.rint(with_pattern), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:  # shrunk by an application, as messages do
        share = rng.uniform(0.5, 0.8)
        rgb, target = shrink(rgb, share), zoom(target, share, order=1, grid_mode=True, mode="nearest")
    grey = save_and_read(rgb, int(rng.choice(QUALITIES)))
    height, width = min(grey.shape[0], target.shape[0]), min(grey.shape[1], target.shape[1])
    return make_material(extract_residual(grey[:height, :width]), target[:height, :width])


def shrink(rgb: npt.NDArray[np.uint8], share: float) -> npt.NDArray[np.uint8]:
    """Returns a smaller copy."""
    size = (round(rgb.shape[1] * share), round(rgb.shape[0] * share))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BILINEAR))


def sharpen(rgb: Floats, amount: float) -> Floats:
    """Returns (H, W, C) with so much of what a Gaussian takes away added."""
    smooth = np.stack([gaussian_filter(rgb[:, :, each], 1.0) for each in range(rgb.shape[2])], 2)
    return (rgb + amount * (rgb - smooth)).astype(np.float32)


def mosaic(rgb: Floats) -> Floats:
    """Returns what lies behind an RGGB colour filter."""
    plane = rgb[:, :, 1].copy()
    plane[0::2, 0::2] = rgb[0::2, 0::2, 0]
    plane[1::2, 1::2] = rgb[1::2, 1::2, 2]
    return plane


def demosaic(plane: Floats) -> Floats:
    """Returns (H, W, 3) by bilinear interpolation of an RGGB mosaic."""
    green = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]], np.float32) / 4
    other = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]], np.float32) / 4
    masks = [np.zeros_like(plane) for _ in range(3)]
    masks[0][0::2, 0::2], masks[2][1::2, 1::2] = 1, 1
    masks[1][:] = 1 - masks[0] - masks[2]
    kernels = (other, green, other)
    return np.stack(
        [convolve(plane * mask, kernel, mode="mirror") for mask, kernel in zip(masks, kernels, strict=True)], 2
    )


def luma_of(rgb: Floats) -> Floats:
    """Returns (H, W) of (H, W, 3)."""
    return (rgb @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)


def save_and_read(rgb: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    """Returns the luma of a picture that was saved as JPEG."""
    with io.BytesIO() as file:
        Image.fromarray(rgb).save(file, "JPEG", quality=quality)
        with Image.open(file) as image:
            image.draft("L", image.size)
            return np.asarray(image.convert("L"))


def make_material(residual: Residual | NotComparable, target: Floats) -> Material | None:
    """Returns planes and pattern, both without their edges; None where the residual was refused."""
    if isinstance(residual, NotComparable):
        return None
    inside = (slice(EDGE, -EDGE), slice(EDGE, -EDGE))
    pattern = target * (residual.weights > 0)
    return Material(
        stack_planes(residual)[inside], (pattern / max(float(pattern.std()), 1e-9))[inside].astype(np.float32)
    )


def stack_planes(residual: Residual) -> Floats:
    """Returns the network's input (H, W, 2)."""
    luma = residual.luma.astype(np.float32) / 64 - 2
    return np.stack([luma, np.clip(residual.values / 3, -4, 4)], 2).astype(np.float32)


def read_device(folder: Path) -> Iterator[Material]:
    """Yields the photographs of a camera with its fingerprint from flat fields times the intensity."""
    above: Any = 0.0
    below: Any = 1.0
    for path in list_pictures([folder / "flat"]):
        residual = extract_residual(read_luma(path))
        if isinstance(residual, NotComparable):
            continue
        luma = residual.luma.astype(np.float32)
        above, below = above + residual.values * luma, below + luma * luma
    fingerprint = above / below
    for path in list_pictures([folder / "photos"]):
        residual = extract_residual(read_luma(path))
        if not isinstance(residual, NotComparable):
            found = make_material(residual, fingerprint * residual.luma)
            if found is not None:
                yield found


def read_luma(path: Path) -> npt.NDArray[np.uint8]:
    """Returns the luma as stored, orientation not applied."""
    with Image.open(path) as image:
        image.draft("L", image.size)
        return np.asarray(image.convert("L"))


Weights = list[tuple[Any, Any]]


def begin(rng: np.random.Generator) -> Weights:
    """Returns random weights that nearly pass the residual through."""
    weights: Weights = []
    inputs = 2
    for outputs in CHANNELS:
        kernel = rng.normal(0, np.sqrt(1.0 / (inputs * 9)), (3, 3, inputs, outputs)).astype(np.float32)
        weights.append((jnp.asarray(kernel), jnp.zeros(outputs, jnp.float32)))
        inputs = outputs
    return [*weights[:-1], (weights[-1][0] * 0.1, weights[-1][1])]


def refine(weights: Weights, planes: Any) -> Any:
    """Returns (N, H, W): the residual times a gain from 0 to 1, plus a correction; both come from the last layer."""
    inner = planes
    for kernel, bias in weights[:-1]:
        inner = jax.nn.relu(convolve_same(inner, kernel) + bias)
    kernel, bias = weights[-1]
    last = convolve_same(inner, kernel) + bias
    return planes[..., 1] * jax.nn.sigmoid(last[..., 0]) + last[..., 1]


def convolve_same(planes: Any, kernel: Any) -> Any:
    """Returns a 3 x 3 convolution of the same size."""
    return jax.lax.conv_general_dilated(planes, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def lose(weights: Weights, planes: Any, patterns: Any) -> Any:
    """Returns the negative normalised correlation over a batch."""
    out = refine(weights, planes)[:, EDGE:-EDGE, EDGE:-EDGE]
    wanted = patterns[:, EDGE:-EDGE, EDGE:-EDGE]
    out = out - out.mean()
    return -(out * wanted).sum() / jnp.sqrt((out * out).sum() * (wanted * wanted).sum() + 1e-9)


def train(synthetic: list[Material], real: list[Material], steps: int, rng: np.random.Generator) -> Weights:
    """Returns the weights after so many steps; prints the mean correlation as it goes."""
    weights = begin(rng)
    rate = optax.cosine_decay_schedule(2e-3, steps)
    optimiser = optax.adam(rate)
    state = optimiser.init(weights)

    @jax.jit
    def step(weights: Weights, state: Any, planes: Any, patterns: Any) -> Any:
        loss, slopes = jax.value_and_grad(lose)(weights, planes, patterns)
        changes, state = optimiser.update(slopes, state)
        return optax.apply_updates(weights, changes), state, loss

    started, seen = time.process_time(), []
    for number in range(steps):
        material = real if real and number % 4 == 3 else synthetic
        planes, patterns = draw(material, rng)
        weights, state, loss = step(weights, state, planes, patterns)
        seen.append((-float(loss), -float(lose_classical(planes, patterns))))
        if (number + 1) % 200 == 0:
            ours, plain = np.mean(seen[-200:], 0)
            print(
                f"step {number + 1}: {ours:.4f}, classical {plain:.4f}, {time.process_time() - started:.0f} s",
                flush=True,
            )
    return weights


@jax.jit
def lose_classical(planes: Any, patterns: Any) -> Any:
    """Returns what `lose` gives for the classical residual as it comes in."""
    out = planes[:, EDGE:-EDGE, EDGE:-EDGE, 1]
    wanted = patterns[:, EDGE:-EDGE, EDGE:-EDGE]
    out = out - out.mean()
    return -(out * wanted).sum() / jnp.sqrt((out * out).sum() * (wanted * wanted).sum() + 1e-9)


def draw(material: list[Material], rng: np.random.Generator) -> tuple[Any, Any]:
    """Returns a batch of patches."""
    planes, patterns = [], []
    for _ in range(BATCH):
        one = material[int(rng.integers(len(material)))]
        top, left = (int(rng.integers(0, side - SIDE + 1)) for side in one.pattern.shape)
        at = (slice(top, top + SIDE), slice(left, left + SIDE))
        planes.append(one.planes[at])
        patterns.append(one.pattern[at])
    return np.stack(planes), np.stack(patterns)


def export(weights: Weights) -> bytes:
    """Returns the network in ONNX format: ``planes`` (1, 2, H, W) to ``refined`` (1, 1, H, W)."""
    bounds = {"zero": [0], "one": [1], "two": [2]}
    constants = [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in bounds.items()]
    nodes, at = [], "planes"
    for number, (kernel, bias) in enumerate(weights):
        constants.append(numpy_helper.from_array(np.asarray(kernel).transpose(3, 2, 0, 1).copy(), f"kernel{number}"))
        constants.append(numpy_helper.from_array(np.asarray(bias), f"bias{number}"))
        conv = [at, f"kernel{number}", f"bias{number}"]
        nodes.append(helper.make_node("Conv", conv, [f"sum{number}"], pads=[1, 1, 1, 1]))
        at = f"sum{number}"
        if number < len(weights) - 1:
            nodes.append(helper.make_node("Relu", [at], [f"kept{number}"]))
            at = f"kept{number}"
    nodes += [
        helper.make_node("Slice", ["planes", "one", "two", "one"], ["residual"]),
        helper.make_node("Slice", [at, "zero", "one", "one"], ["raw_gain"]),
        helper.make_node("Slice", [at, "one", "two", "one"], ["correction"]),
        helper.make_node("Sigmoid", ["raw_gain"], ["gain"]),
        helper.make_node("Mul", ["residual", "gain"], ["kept"]),
        helper.make_node("Add", ["kept", "correction"], ["refined"]),
    ]
    shape = [1, 2, None, None]
    graph = helper.make_graph(
        nodes,
        FORMAT,
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("refined", TensorProto.FLOAT, [1, 1, None, None])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
