"""Compares the learned refinement with the classical residual on devices it was not trained on.

Usage: ``python evaluations/camera_learned.py MODEL.onnx --devices FOLDER... [--tested NAME...]``. FOLDER, named as its
device, holds ``flat/`` (the fingerprint's references) and ``photos/`` (what is compared). Blocks at a known place are
trials; AUC intervals by bootstrap over pictures. Fingerprints come from the classical residual in both columns.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from varde.camera.learned import refine_residual
from varde.camera.residual import Residual, extract_residual
from varde.core.outcome import NotComparable
from varde.measures.separation import compute_separation
from varde.models.session import OrtSession

Floats = npt.NDArray[np.float32]
Blocks = list[tuple[int, bool, float]]

CHANGES = ("as it is", "JPEG 75", "JPEG 50", "JPEG 30", "half size", "half size, JPEG 75", "1600 px, JPEG 70")
SIDES = (128, 256, 512)
DRAWS = 400


def main() -> None:
    """Prints a table for every change and block size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--devices", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--tested", nargs="+", help="names of the devices whose photographs are compared; all otherwise"
    )
    asked = parser.parse_args()
    network = OrtSession(asked.model)
    fingerprints = {folder.name: make_fingerprint(folder) for folder in asked.devices}
    tested = [folder for folder in asked.devices if not asked.tested or folder.name in asked.tested]
    print(
        "| change | side px | trials (same / other) | AUC classical | AUC weighted | AUC learned "
        "| z weighted | z learned |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    spent = np.zeros(2)
    for change in CHANGES:
        columns: dict[str, dict[int, Blocks]] = {
            name: {side: [] for side in SIDES} for name in ("plain", "weighted", "learned")
        }
        frames: dict[str, list[float]] = {"weighted": [], "learned": []}
        for number, (device, luma, share) in enumerate(list_photos(tested, change)):
            started = time.process_time()
            residual = extract_residual(luma)
            if isinstance(residual, NotComparable):
                continue
            between = time.process_time()
            refined = refine_residual(residual, network)
            spent += (between - started, time.process_time() - between)
            signals = {
                "plain": residual.values,
                "weighted": residual.values * residual.weights,
                "learned": refined.values,
            }
            for other, fingerprint in fingerprints.items():
                template = fit(fingerprint, share, residual)
                if template is None:
                    continue
                for name, signal in signals.items():
                    for side in SIDES:
                        columns[name][side] += [
                            (number, other == device, score) for score in score_blocks(signal, template, side)
                        ]
                    if name in frames and other == device:
                        frames[name].append(correlate(signal, template) * signal.size**0.5)
        for side in SIDES:
            same = sum(one[1] for one in columns["plain"][side])
            counts = f"{same} / {len(columns['plain'][side]) - same}"
            shown = [describe(columns[name][side]) for name in columns]
            medians = " | ".join(f"{np.median(frames[name]):.1f}" for name in frames)
            print(f"| {change} | {side} | {counts} | {' | '.join(shown)} | {medians} |", flush=True)
    print(f"refining costs {spent[1] / spent[0]:.1f} times the extraction's CPU time")


def make_fingerprint(folder: Path) -> Floats:
    """Returns the maximum-likelihood estimate from a device's flat fields."""
    above = below = np.zeros(1, np.float32)
    for path in sorted((folder / "flat").iterdir()):
        residual = extract_residual(read_luma(path.read_bytes()))
        if not isinstance(residual, NotComparable):
            luma = residual.luma.astype(np.float32)
            above, below = above + residual.values * luma, below + luma * luma
    return above / below


def list_photos(folders: list[Path], change: str) -> Iterator[tuple[str, npt.NDArray[np.uint8], float]]:
    """Yields device, luma after a change, and by how much it was shrunk."""
    for folder in folders:
        for path in sorted((folder / "photos").iterdir()):
            data, share = apply(path.read_bytes(), change)
            yield folder.name, read_luma(data), share


def apply(data: bytes, change: str) -> tuple[bytes, float]:
    """Returns a picture as somebody passes it on, and the share of its size that is left."""
    if change == "as it is":
        return data, 1.0
    with Image.open(io.BytesIO(data)) as image:
        rgb = image.convert("RGB")
    share = 0.5 if "half" in change else 1600 / max(rgb.size) if "1600" in change else 1.0
    if share != 1.0:
        rgb = rgb.resize((round(rgb.width * share), round(rgb.height * share)), Image.Resampling.BICUBIC)
    quality = int(change.rsplit(" ", 1)[1]) if "JPEG" in change else 95
    with io.BytesIO() as file:
        rgb.save(file, "JPEG", quality=quality)
        return file.getvalue(), share


def read_luma(data: bytes) -> npt.NDArray[np.uint8]:
    """Returns the luma as stored, orientation not applied."""
    with Image.open(io.BytesIO(data)) as image:
        image.draft("L", image.size)
        return np.asarray(image.convert("L"))


def fit(fingerprint: Floats, share: float, residual: Residual) -> Floats | None:
    """Returns the fingerprint at the picture's size times the intensity; None where the sizes do not fit."""
    height, width = residual.values.shape
    if share != 1.0:
        if abs(fingerprint.shape[0] * share - height) > 1 or abs(fingerprint.shape[1] * share - width) > 1:
            return None
        image = Image.fromarray(fingerprint, "F")
        fingerprint = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return fingerprint * residual.luma if fingerprint.shape == residual.values.shape else None


def score_blocks(signal: Floats, template: Floats, side: int) -> Iterator[float]:
    """Yields the normalised correlation of each whole block."""
    for top in range(0, signal.shape[0] - side + 1, side):
        for left in range(0, signal.shape[1] - side + 1, side):
            at = (slice(top, top + side), slice(left, left + side))
            yield correlate(signal[at], template[at])


def correlate(signal: Floats, template: Floats) -> float:
    """Returns the normalised correlation."""
    one, other = signal - signal.mean(), template - template.mean()
    return float((one * other).sum() / max(1e-9, float(np.sqrt((one * one).sum() * (other * other).sum()))))


def describe(blocks: Blocks) -> str:
    """Returns the AUC with its 95 % interval over pictures."""
    pictures, same, scores = (np.array(column) for column in zip(*blocks, strict=True))
    rng = np.random.default_rng(1)
    numbers = np.unique(pictures)
    drawn = []
    for _ in range(DRAWS):
        chosen = rng.choice(numbers, len(numbers))
        rows = np.concatenate([np.flatnonzero(pictures == one) for one in chosen])
        drawn.append(compute_auc(scores[rows], same[rows]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{compute_auc(scores, same):.3f} ({low:.3f}-{high:.3f})"


def compute_auc(scores: npt.NDArray[np.float64], same: npt.NDArray[np.bool_]) -> float:
    """Returns the area under the ROC curve."""
    mated, others = np.sort(scores[same]), np.sort(scores[~same])
    return compute_separation(mated, np.ones(len(mated)), others, np.ones(len(others)))[0]


if __name__ == "__main__":
    main()
