"""Measures what embeddings bear by size and damage of a face, and whether quality tells: LFW, photographs of adults.

`evaluations/face_embedding.py DATA MODELS [--people N]`: the folders of the benign test data and of a pack's files (or
`builtin`). Two pictures each of N people; a damaged picture is the probe, the other one, as it is, the reference.
Intervals are of 500 draws of people. The whole protocol over all pictures is `varde faces evaluate`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from varde.core.face import Face
from varde.faces.engine import FaceEngine, open_engine
from varde.models.registry import find_pack

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

FACE_PX = 93
FARS = (1e-2, 1e-3, 1e-4)


def to_width(width_px: int) -> Callable[[Pixels], Pixels]:
    factor = width_px / FACE_PX
    return lambda one: cv2.resize(one, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _darken(one: Pixels) -> Pixels:
    noise = np.random.default_rng(1).normal(0, 4, one.shape)
    return np.clip(one * 0.12 + noise, 0, 255).astype(np.uint8)


def _compress(one: Pixels) -> Pixels:
    return cv2.imdecode(cv2.imencode(".jpg", one, [cv2.IMWRITE_JPEG_QUALITY, 10])[1], cv2.IMREAD_COLOR)


DAMAGES: dict[str, Callable[[Pixels], Pixels]] = {
    "as it is, about 93 px": lambda one: one,
    "48 px": to_width(48),
    "32 px": to_width(32),
    "24 px": to_width(24),
    "20 px": to_width(20),
    "16 px": to_width(16),
    "blurred, 4 px": lambda one: cv2.GaussianBlur(one, (0, 0), 4),
    "dark, noisy": _darken,
    "JPEG 10": _compress,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("models")
    parser.add_argument("--people", type=int, default=130)
    options = parser.parse_args()
    engine = open_engine(find_pack(None, options.models))
    pictures = read_pairs(options.data, options.people)
    looks = {name: [find(engine, change(one)) for one in pictures] for name, change in DAMAGES.items()}
    clean = make_rows(engine, looks["as it is, about 93 px"])
    print("| Probe | found | quality, median | TAR at FAR 1e-2 | 1e-3 | 1e-4 |\n| --- | --- | --- | --- | --- | --- |")
    pooled: list[tuple[float, int]] = []
    for name, faces in looks.items():
        rows = make_rows(engine, faces)
        genuine, limits = compare(rows, clean)
        qualities = [face.quality if face else 0 for face in faces]
        cells = " | ".join(tell_share(genuine >= limit) for limit in limits)
        share = np.mean([face is not None for face in faces])
        print(f"| {name} | {share:.3f} | {np.median(qualities):.0f} | {cells} |", flush=True)
        pooled += list(zip(genuine.tolist(), qualities, strict=True))
    tell_reject(np.array(pooled), compare(clean, clean)[1][1])


def read_pairs(data: Path, people: int) -> list[Pixels]:
    """Returns two pictures of each person, one after the other."""
    folders = [one for one in sorted((data / "faces" / "lfw").iterdir()) if len(list(one.glob("*.jpg"))) >= 2]
    files = [file for folder in folders[:people] for file in sorted(folder.glob("*.jpg"))[:2]]
    return [np.asarray(Image.open(file).convert("RGB")) for file in files]


def find(engine: FaceEngine, picture: Pixels) -> Face | None:
    """Returns the face nearest to the middle."""
    faces = engine.find(picture, full_width=picture.shape[1]).faces
    return min(faces, key=lambda one: _from_middle(one), default=None)


def _from_middle(face: Face) -> float:
    return abs(face.box.left + face.box.width / 2 - 0.5) + abs(face.box.top + face.box.height / 2 - 0.5)


def make_rows(engine: FaceEngine, faces: list[Face | None]) -> Floats:
    """Returns embeddings of all crops, whatever their quality; zeros where no face was found."""
    size = engine.embed([next(face.frames[0].crop for face in faces if face)]).shape[1]
    return np.array([engine.embed([face.frames[0].crop])[0] if face else np.zeros(size) for face in faces])


def compare(probes: Floats, references: Floats) -> tuple[Floats, list[float]]:
    """Returns the score of each probe with the other picture of its person, and the scores of `FARS`."""
    scores = probes @ references.T
    count = len(scores)
    others = np.arange(count) ^ 1
    is_impostor = np.arange(count)[:, None] // 2 != np.arange(count)[None] // 2
    impostors = np.sort(scores[is_impostor])[::-1]
    return scores[np.arange(count), others], [float(impostors[int(far * len(impostors))]) for far in FARS]


def tell_share(accepted: npt.NDArray[np.bool_]) -> str:
    """Returns the share accepted in percent, with its 95 % interval over draws of people."""
    people = accepted.reshape(-1, 2).mean(axis=1)
    draws = np.random.default_rng(1).choice(people, (500, len(people))).mean(axis=1) * 100
    low, high = np.percentile(draws, (2.5, 97.5))
    return f"{people.mean() * 100:.1f} ({low:.1f}-{high:.1f})"


def tell_reject(pooled: Floats, limit: float) -> None:
    """Prints the share of mated probes below the clean pictures' score at FAR 1e-3 after dropping the poorest."""
    print("\n| Poorest dropped | quality from | missed at the score of FAR 1e-3 |\n| --- | --- | --- |")
    order = np.argsort(pooled[:, 1], kind="stable")
    for share in (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5):
        kept = pooled[order[int(share * len(order)) :]]
        missed, count = float((kept[:, 0] < limit).mean()), len(kept)
        reach = 1.96 * (missed * (1 - missed) / count) ** 0.5
        print(f"| {share:.0%} | {kept[0, 1]:.0f} | {missed:.3f} ({missed - reach:.3f}-{missed + reach:.3f}) |")


if __name__ == "__main__":
    main()
