"""Reads the photographs of known cameras in the shared test material, and keeps residuals and fingerprints of them.

Used by the evaluations of cameras. Residuals are kept in a folder outside of the project, under a name that changes
with the code that makes them, since extracting takes longer than comparing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

import varde.camera
from varde.camera.fingerprint import Fingerprint, ReferenceSource, build_fingerprint
from varde.camera.residual import METHOD, Residual, extract_residual
from varde.core.camera import FingerprintKind
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable
from varde.media.sensor import read_sensor_picture

Pixels = npt.NDArray[np.uint8]

_LIMITS = DecodeLimits(250_000_000, 2_000, 256)
_CODE = ("residual", "wavelet", "wiener", "mask", "clean", "weight", "spectrum", "fingerprint", "gates", "reference_")


@dataclass(frozen=True)
class Device:
    """One camera: pictures its fingerprint is made from, and ordinary ones of it.

    Attributes:
        name: of the device; `model` is what devices of one model share.
        flats, photos: files.
    """

    name: str
    model: str
    flats: tuple[Path, ...]
    photos: tuple[Path, ...]


def list_devices(data: Path) -> list[Device]:
    """Returns the devices in the folder of camera pictures that have flat fields."""
    found = []
    flats = sorted((data / "nikon/ff-jpg").glob("*.JPG"))
    for name in sorted({path.stem.rsplit("_", 1)[0] for path in flats}):
        own = [path for path in flats if path.stem.rsplit("_", 1)[0] == name]
        photos = sorted((data / "nikon/nat-jpg").glob(f"{name}_*.JPG"))
        found.append(Device(name, name.rsplit("_", 1)[0], tuple(own), tuple(photos)))
    for folder in sorted((data / "phones").glob("*_flat")):
        name = folder.name.removesuffix("_flat")
        photos = sorted((data / "phones/photos").glob(f"{name}_*.jpg"))
        found.append(Device(name, name, tuple(sorted(folder.glob("*.jpg"))), tuple(photos)))
    return found


class Kept:
    """What was extracted before, in a folder of this code's own version."""

    def __init__(self, folder: Path) -> None:
        code = hashlib.sha256()
        for path in sorted(Path(varde.camera.__file__).parent.glob("*.py")):
            if path.name.startswith(_CODE):
                code.update(path.read_bytes())
        self.folder = folder / f"{METHOD.version}-{code.hexdigest()[:10]}"
        self.folder.mkdir(parents=True, exist_ok=True)

    def read_residual(self, name: str, pixels: Pixels | Path) -> Residual | NotComparable:
        """Returns the residual of a picture's luma, (H, W) uint8, or of a file, extracted only once."""
        path = self.folder / f"{name}.npz"
        if path.exists():
            with np.load(path) as kept:
                values, weights = (kept[key].astype(np.float32) for key in ("values", "weights"))
                return Residual(values, weights, kept["luma"], float(kept["usable"]))
        grey = read_luma(pixels) if isinstance(pixels, Path) else pixels
        found = extract_residual(grey)
        if isinstance(found, Residual):
            halves = {"values": found.values.astype(np.float16), "weights": found.weights.astype(np.float16)}
            np.savez(path, luma=found.luma, usable=found.usable, **halves)  # type: ignore[arg-type]
        return found

    def read_fingerprint(self, name: str, references: dict[str, Pixels | Path]) -> Fingerprint:
        """Returns the fingerprint of named pictures, made only once."""
        path = self.folder / f"{name}.fingerprint.npy"
        if path.exists():
            return Fingerprint(np.load(path), FingerprintKind.PHOTO, (), METHOD, {})

        def give() -> Iterator[tuple[ReferenceSource, Residual | NotComparable]]:
            for key, pixels in references.items():
                yield ReferenceSource(key, hashlib.sha256(key.encode()).digest()), self.read_residual(key, pixels)

        made = build_fingerprint(give, FingerprintKind.PHOTO)
        if isinstance(made, NotComparable):
            raise SystemExit(f"{name}: {made.reason}: {made.detail}")
        np.save(path, made.values)
        return made


def read_luma(path: Path) -> Pixels:
    """Returns a file's luma in the layout of the sensor, (H, W) uint8."""
    pixels = read_sensor_picture(path.read_bytes(), _LIMITS).pixels
    return np.asarray(pixels, np.uint8)


def read_rgb(path: Path) -> Pixels:
    """Returns a file's colours in the layout of the sensor, (H, W, 3) uint8."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))
