"""Measures dlib's networks through our converter against dlib itself, on the same pictures, in one run.

`benchmarks/dlib_networks.py --peer PYTHON --lfw FOLDER`, where PYTHON has dlib-bin. CPU time, one thread
each, taken in turns. It also says how far the answers are apart (evaluations/dlib_networks.md).
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from varde.core.model import ModelTask
from varde.faces.detectors.mmod import Mmod
from varde.faces.landmarks import LandmarkPredictor
from varde.models.builtin import PACKAGE, make_builtin
from varde.models.session import open_session

ROUNDS = 3
BATCH = 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", required=True, help="a Python with dlib-bin")
    parser.add_argument("--lfw", type=Path, required=True, help="folder with a folder of pictures per person")
    parser.add_argument("--photos", type=Path, help="folder of larger photographs")
    parser.add_argument("--chips", type=int, default=48)
    parser.add_argument("--mosaics", type=int, default=2)
    options = parser.parse_args()
    pictures = [read(path) for path in sorted(options.lfw.rglob("*.jpg"))[:: max(1, 900 // options.chips)]]
    chips = np.stack([picture[50:200, 50:200] for picture in pictures[: options.chips]])
    sheets = [make_mosaic(pictures[12 * i : 12 * i + 12]) for i in range(options.mosaics)]
    sheets += [read(path, 800) for path in sorted(options.photos.glob("*.jpg"))] if options.photos else []
    rows = [compare(options.peer, chips, sheets) for _ in range(ROUNDS)]
    report(rows, len(chips), sum(sheet.shape[0] * sheet.shape[1] for sheet in sheets) / 1e6)


def read(path: Path, longest: int = 250) -> np.ndarray:
    with Image.open(path) as picture:
        upright = picture.convert("RGB")
    upright.thumbnail((longest, longest))
    return np.asarray(upright)


def make_mosaic(pictures: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.concatenate(pictures[4 * row : 4 * row + 4], axis=1) for row in range(3)])


def compare(peer: str, chips: np.ndarray, sheets: list[np.ndarray]) -> dict[str, Any]:
    """Returns times of both sides and how far their answers are apart."""
    with tempfile.TemporaryDirectory() as folder:
        given, answered = Path(folder) / "given.npz", Path(folder) / "answered.npz"
        np.savez(given, chips=chips, **{f"p{number}": sheet for number, sheet in enumerate(sheets)})
        script = Path(__file__).with_name("dlib_peer.py")
        models = next(Path(str(f.locate())).parent for f in metadata.files(PACKAGE) or [] if f.name.endswith(".dat"))
        subprocess.run([peer, str(script), str(models), str(given), str(answered)], check=True)
        theirs = dict(np.load(answered))
        pack = make_builtin(Path(folder) / "models")
        predictor = LandmarkPredictor(pack.folder / pack.get(ModelTask.FACE_LANDMARKS).file)
        detector = Mmod(open_session(pack, ModelTask.FACE_DETECT), predictor)
        embedder = open_session(pack, ModelTask.FACE_EMBED)
    detector.find_boxes(sheets[0])
    blobs = np.ascontiguousarray(chips.transpose(0, 3, 1, 2), np.float32)
    embedder.run({"rgb": blobs[:1]})
    start = time.process_time()
    vectors = np.concatenate([embedder.run({"rgb": blob[None]})[0] for blob in blobs])
    embed_s = time.process_time() - start
    start = time.process_time()
    for first in range(0, len(blobs), BATCH):
        embedder.run({"rgb": blobs[first : first + BATCH]})
    batched_s = time.process_time() - start
    start = time.process_time()
    boxes = [detector.find_boxes(sheet) for sheet in sheets]
    detect_s = time.process_time() - start
    start = time.process_time()
    points = [predictor.predict(sheet, found) for sheet, (found, _) in zip(sheets, boxes, strict=True)]
    landmarks_s = time.process_time() - start
    row = {"vectors_apart": float(np.abs(vectors - theirs["vectors"]).max()), "version": str(theirs["version"])}
    row |= {
        "embed_s": embed_s,
        "batched_s": batched_s,
        "peer_batched_s": float(theirs["embed_s"]),
        "detect_s": detect_s,
        "landmarks_s": landmarks_s,
    }
    row |= {f"peer_{name}": float(theirs[name]) for name in ("embed_s", "detect_s", "landmarks_s")}
    return row | compare_boxes(boxes, points, theirs)


def compare_boxes(boxes: list[Any], points: list[np.ndarray], theirs: dict[str, np.ndarray]) -> dict[str, Any]:
    """Returns how many boxes there are, how many are equal, and how far scores and landmarks are apart."""
    faces = equal = equal_points = coordinates = 0
    scores_apart = 0.0
    for number, ((found, scores), landmarks) in enumerate(zip(boxes, points, strict=True)):
        rows = theirs[f"b{number}"]
        faces += len(rows)
        by_box = {tuple(int(side) for side in row[:4]): (row[4], place) for place, row in enumerate(rows)}
        for box, score, mine in zip(found, scores, landmarks, strict=True):
            if box in by_box:
                their_score, place = by_box[box]
                equal += 1
                scores_apart = max(scores_apart, abs(float(their_score) - score))
                rounded = np.floor(mine.astype(np.float64) + 0.5)
                equal_points += int((rounded == theirs[f"l{number}"][place]).sum())
                coordinates += 10
    extra = sum(len(found) for found, _ in boxes) - equal
    return {
        "faces": faces, "equal": equal, "extra": extra, "scores_apart": scores_apart,
        "equal_points": equal_points, "coordinates": coordinates,
    }  # fmt: skip


def report(rows: list[dict[str, Any]], chips: int, megapixels: float) -> None:
    best = {name: min(row[name] for row in rows) for name in rows[0] if name.endswith("_s")}
    last = rows[-1]
    print(
        f"dlib {last['version']}; {chips} chips, {megapixels:.1f} megapixels, {last['faces']} faces; best of {ROUNDS}"
    )
    for name, per, unit in (("embed", chips, "face"),
        ("batched", chips, "face"), ("detect", megapixels, "megapixel"),
                            ("landmarks", last["faces"], "face")):  # fmt: skip
        ours, peer = best[f"{name}_s"] / per * 1e3, best[f"peer_{name}_s"] / per * 1e3
        ratios = sorted(row[f"peer_{name}_s"] / row[f"{name}_s"] for row in rows)
        print(f"{name}: dlib {peer:.2f} ms, here {ours:.2f} ms a {unit}: {peer / ours:.1f}x "
              f"({ratios[0]:.1f} to {ratios[-1]:.1f} by round)")  # fmt: skip
    print(f"embeddings apart by at most {max(row['vectors_apart'] for row in rows):.1e}")
    print(f"boxes: {last['equal']} of {last['faces']} equal, {last['extra']} more here, "
          f"scores apart by at most {last['scores_apart']:.1e}")  # fmt: skip
    print(f"landmarks: {last['equal_points']} of {last['coordinates']} coordinates equal after rounding")


if __name__ == "__main__":
    main()
