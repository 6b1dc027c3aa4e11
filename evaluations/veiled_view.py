"""What is left of faces in a veil: whether a detector finds them, and whether a recogniser knows whose they are.

Usage: python evaluations/veiled_view.py SHARED

SHARED is the folder with `data/faces/lfw` and `models`: real, benign photographs of public figures and two published
networks, none of them part of this project. The recogniser is told where the face lies (found in the sharp picture), so
that it does better than anybody who has the veil alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from varde.core.review import Reveal
from varde.media.thumbnails import make_veil
from varde.media.views import reveal

Pixels = npt.NDArray[np.uint8]
View = Callable[[Image.Image], Image.Image]

_MOST_PEOPLE = 200
_CONFIDENCE = 0.6
_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
_EYES_NOSE_MOUTH = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)


@dataclass(frozen=True)
class Probe:
    """A second picture of somebody, and where the face lies in it."""

    picture: Image.Image
    face: npt.NDArray[np.float32]


class Faces:
    """Finds and tells faces apart."""

    def __init__(self, models: Path) -> None:
        self._detector = cv2.FaceDetectorYN.create(
            str(models / "face_detection_yunet_2023mar.onnx"), "", (250, 250), _CONFIDENCE
        )
        self._network = cv2.dnn.readNetFromONNX(str(models / "face_embedding_mobilefacenet.onnx"))

    def find(self, picture: Image.Image) -> npt.NDArray[np.float32] | None:
        """Returns the largest face."""
        pixels = np.ascontiguousarray(np.asarray(picture.convert("RGB"))[..., ::-1])
        _, found = self._detector.detect(pixels)
        return None if found is None else max(found, key=lambda face: float(face[2] * face[3]))

    def embed(self, picture: Image.Image, face: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Returns the unit vector of a face at a place."""
        matrix, _ = cv2.estimateAffinePartial2D(face[4:14].reshape(5, 2), _EYES_NOSE_MOUTH)
        crop: Any = cv2.warpAffine(np.asarray(picture.convert("RGB")), matrix, (112, 112)).astype(np.float32) / 255
        self._network.setInput(((crop - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None])
        vector = self._network.forward()[0]
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path)
    shared = parser.parse_args().shared
    faces = Faces(shared / "models")
    gallery, probes = _read_people(faces, shared / "data/faces/lfw")
    height = float(np.median([probe.face[3] for probe in probes]))
    print(f"{len(probes)} people, two pictures each of 250 x 250; median height of a face {height:.0f} pixels")
    print("| View | Face half the height: found | known | Face fills the picture: found | known |")
    print("| --- | --- | --- | --- | --- |")
    for name, view in VIEWS.items():
        shares = [
            *_measure(faces, gallery, probes, view, fills=False),
            *_measure(faces, gallery, probes, view, fills=True),
        ]
        print(f"| {name} | " + " | ".join(f"{share:.1%}" for share in shares) + " |", flush=True)


def _read_people(faces: Faces, folder: Path) -> tuple[npt.NDArray[np.float32], list[Probe]]:
    gallery, probes = [], []
    for person in sorted(folder.iterdir()):
        pictures = [Image.open(path).convert("RGB") for path in sorted(person.glob("*.jpg"))[:2]]
        found = [faces.find(picture) for picture in pictures]
        if len(found) < 2 or found[0] is None or found[1] is None or len(probes) == _MOST_PEOPLE:
            continue
        gallery.append(faces.embed(pictures[0], found[0]))
        probes.append(Probe(pictures[1], found[1]))
    return np.array(gallery), probes


def _measure(
    faces: Faces, gallery: npt.NDArray[np.float32], probes: list[Probe], view: View, *, fills: bool
) -> tuple[float, float]:
    """Returns the share of faces that are found, and of people that come first among all."""
    found = known = 0
    for number, probe in enumerate(probes):
        seen = _show_filling(probe, view) if fills else _enlarge(view(probe.picture), probe.picture.size)
        found += faces.find(seen) is not None
        known += int(np.argmax(gallery @ faces.embed(seen, probe.face))) == number
    return found / len(probes), known / len(probes)


def _show_filling(probe: Probe, view: View) -> Image.Image:
    """Returns the view of the face alone, put back where it was, so that the recogniser finds it there."""
    left, top, width, height = probe.face[:4]
    box = (
        max(0, int(left - 0.05 * width)),
        max(0, int(top - 0.05 * height)),
        min(probe.picture.width, int(left + 1.05 * width)),
        min(probe.picture.height, int(top + 1.05 * height)),
    )
    crop = probe.picture.crop(box)
    canvas = Image.new("RGB", probe.picture.size, (128, 128, 128))
    canvas.paste(_enlarge(view(crop), crop.size).convert("RGB"), box[:2])
    return canvas


def _enlarge(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture.resize(size, Image.Resampling.BICUBIC)


def _open_veil(picture: Image.Image) -> Image.Image:
    veil = make_veil(picture)
    return Image.frombytes("L", (veil[0], veil[1]), veil[2:])


def _shrink(longest_px: int) -> View:
    def view(picture: Image.Image) -> Image.Image:
        scale = longest_px / max(picture.size)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        return picture.convert("L").resize(size, Image.Resampling.BOX)

    return view


VIEWS: dict[str, View] = {
    "as it is": lambda picture: picture,
    "grey (level 2)": lambda picture: reveal(picture, Reveal.GREY),
    "soft (level 1)": lambda picture: reveal(picture, Reveal.SOFT),
    "32 pixels, no blur": _shrink(32),
    "20 pixels, no blur": _shrink(20),
    "16 pixels, no blur": _shrink(16),
    "12 pixels, no blur": _shrink(12),
    "veil (level 0)": _open_veil,
}

if __name__ == "__main__":
    sys.exit(main())
