"""Reads a folder of people with one pack, once: the face in the middle of each picture, as it is and made worse.

Used by the other evaluations of faces. Everything is kept in one file, since embedding takes longer than measuring.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance

from varde.core.face import Face
from varde.faces.crops import encode_crop, open_crop
from varde.faces.engine import FaceEngine, open_engine
from varde.models.registry import find_pack

Vectors = npt.NDArray[np.float32]


def shrink(share: float) -> Callable[[Image.Image], Image.Image]:
    """Returns what scales a picture down and saves it as JPEG, as the web does."""

    def change(picture: Image.Image) -> Image.Image:
        size = tuple(max(8, round(side * share)) for side in picture.size)
        return save(picture.resize(size, Image.Resampling.LANCZOS), 75)

    return change


def save(picture: Image.Image, quality: int) -> Image.Image:
    """Returns a picture after it was saved as JPEG."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def darken(picture: Image.Image) -> Image.Image:
    """Returns a picture at a sixth of its light with the noise of a sensor, saved as JPEG."""
    dark = np.asarray(ImageEnhance.Brightness(picture).enhance(0.17), np.float32)
    noise = np.random.default_rng(1).normal(0, 6, dark.shape)
    return save(Image.fromarray(np.clip(dark + noise, 0, 255).astype(np.uint8)), 75)


VARIANTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda picture: picture,
    "half": shrink(0.5),
    "a third": shrink(0.34),
    "a quarter": shrink(0.26),
    "dark": darken,
    "JPEG 15": lambda picture: save(picture, 15),
}


def find_middle(faces: tuple[Face, ...]) -> Face | None:
    """Returns the face nearest to the middle of the picture."""
    return min(faces, key=lambda face: _find_distance(face), default=None)


def _find_distance(face: Face) -> float:
    box = face.box
    return abs(box.left + box.width / 2 - 0.5) + abs(box.top + box.height / 2 - 0.5)


def read_people(engine: FaceEngine, folder: Path, variants: list[str]) -> dict[str, npt.NDArray[np.generic]]:
    """Returns one row per picture and variant: person, picture, variant, quality, width, age, embedding, flipped."""
    rows: list[tuple[int, int, int, int, float, float, float, Vectors, Vectors]] = []
    missing = 0
    paths = sorted(folder.glob("*/*.jpg"))
    names = sorted({path.parent.name for path in paths})
    for number, path in enumerate(paths):
        picture = Image.open(path).convert("RGB")
        for position, variant in enumerate(variants):
            pixels = np.asarray(VARIANTS[variant](picture), np.uint8)
            face = find_middle(engine.find(pixels, full_width=pixels.shape[1]).faces)
            if face is None:
                missing += 1
                continue
            crop = face.frames[0].crop
            flipped = encode_crop(np.ascontiguousarray(open_crop(crop)[:, ::-1]))
            both = engine.embed([crop, flipped])
            age = (face.age.low, face.age.high) if face.age else (np.nan, np.nan)
            rows.append(
                (names.index(path.parent.name), number, position, face.quality, face.size_px, *age, both[0], both[1])
            )
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    keys = ("person", "picture", "variant", "quality", "width", "age_low", "age_high", "vector", "flipped")
    return dict(zip(keys, columns, strict=True)) | {"missing": np.array(missing), "names": np.array(names)}


def main() -> None:
    """Writes the rows of a folder of people to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--pack", default="builtin")
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    arguments = parser.parse_args()
    engine = open_engine(find_pack(None, arguments.pack))
    np.savez_compressed(arguments.output, **read_people(engine, arguments.folder, arguments.variants))


if __name__ == "__main__":
    main()
