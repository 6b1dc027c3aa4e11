"""Reads a folder of people with one pack, once: the face in the middle of each picture, as it is and made worse.

Used by the other evaluations of faces. Everything is kept in one file, since embedding takes longer than measuring.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance

from varde.core.model import ModelTask
from varde.faces.align import TEMPLATES, fit_similarity
from varde.faces.crops import cut_chip, open_crop
from varde.faces.embed import Embedder, scale_to_unit
from varde.faces.engine import FaceEngine, open_engine
from varde.faces.network import read_picture_input
from varde.faces.raw import RawFace
from varde.models.pack import Pack
from varde.models.registry import find_pack
from varde.models.session import open_session

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


class PlainEmbedder:
    """Embeds a crop without its mirror image, and with it, as the product does."""

    def __init__(self, pack: Pack) -> None:
        card = pack.get(ModelTask.FACE_EMBED)
        self._given = read_picture_input(card.input)
        self._embedder = Embedder(open_session(pack, ModelTask.FACE_EMBED), self._given, int(card.output["dimensions"]))

    def embed(self, crop: bytes) -> tuple[Vectors, Vectors]:
        """Returns the unit vectors without and with the mirror image."""
        chip = cut_chip(open_crop(crop), self._given.alignment, self._given.size_px)
        plain, mirrored = (
            scale_to_unit(self._embedder.run(np.ascontiguousarray(one))) for one in (chip, chip[:, ::-1])
        )
        return plain, scale_to_unit(plain + mirrored)

    def embed_directly(self, pixels: npt.NDArray[np.uint8], landmarks: npt.NDArray[np.floating]) -> Vectors:
        """Returns the unit vector of a face aligned from the picture itself, as in most published measurements."""
        size = self._given.size_px
        template = TEMPLATES[self._given.alignment]
        matrix = fit_similarity(landmarks, template.points * size / template.size_px).matrix
        chip = cv2.warpAffine(pixels, matrix, (size, size), flags=cv2.INTER_LINEAR)
        return scale_to_unit(self._embedder.run(np.asarray(chip, np.uint8)))


def find_middle(faces: list[RawFace], side: int) -> RawFace | None:
    """Returns the face nearest to the middle of a square picture."""
    return min(faces, key=lambda face: _find_distance(face, side), default=None)


def _find_distance(face: RawFace, side: int) -> float:
    return abs(face.left + face.width / 2 - side / 2) + abs(face.top + face.height / 2 - side / 2)


def read_people(
    engine: FaceEngine, embedder: PlainEmbedder, folder: Path, variants: list[str]
) -> dict[str, npt.NDArray[np.generic]]:
    """Returns one row per picture and variant: person, picture, variant, quality, width, age, embeddings."""
    rows: list[tuple[int, int, int, int, float, float, float, Vectors, Vectors, Vectors]] = []
    missing = np.zeros(len(VARIANTS), np.int64)
    paths = sorted(folder.glob("*/*.jpg"))
    names = sorted({path.parent.name for path in paths})
    for number, path in enumerate(paths):
        picture = Image.open(path).convert("RGB")
        for variant in variants:
            position = list(VARIANTS).index(variant)
            pixels = np.asarray(VARIANTS[variant](picture), np.uint8)
            raw = find_middle(engine.look(pixels), pixels.shape[1])
            if raw is None:
                missing[position] += 1
                continue
            frame = engine.cut(pixels, raw, offset_s=None)
            age = engine.estimate_age([frame]) if variant == "as it is" else None
            years = (age.low, age.high) if age else (np.nan, np.nan)
            whose = names.index(path.parent.name)
            vectors = (*embedder.embed(frame.crop), embedder.embed_directly(pixels, raw.landmarks))
            rows.append((whose, number, position, frame.quality, raw.width, *years, *vectors))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    keys = ("person", "picture", "variant", "quality", "width", "age_low", "age_high", "plain", "vector", "direct")
    return dict(zip(keys, columns, strict=True)) | {"missing": missing, "names": np.array(names)}


def main() -> None:
    """Writes the rows of a folder of people to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--pack", default="builtin")
    parser.add_argument("--variants", nargs="*", default=list(VARIANTS))
    arguments = parser.parse_args()
    pack = find_pack(None, arguments.pack)
    rows = read_people(open_engine(pack), PlainEmbedder(pack), arguments.folder, arguments.variants)
    np.savez_compressed(arguments.output, **rows)


if __name__ == "__main__":
    main()
