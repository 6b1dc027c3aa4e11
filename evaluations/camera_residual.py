"""How the residual's cleaning and weighting tell cameras apart: variants of the default beside the published method.

Usage: python evaluations/camera_residual.py CAMERA_FOLDER

CAMERA_FOLDER holds `nikon/ff-jpg`, `nikon/nat-jpg` and `phones/` with flat fields and ordinary photographs.
Fingerprints are made of ten flat fields of each device; every ordinary photograph is compared with every fingerprint at
its own place, whole and in blocks of 512 and 256 pixels (blocks less than a quarter usable are left out), and with
every other photograph of its size. All comparisons are at one place: nothing is searched. The published method is its
own residual and estimate, computed by the exact mode (which equals prnu-python's) and read at one place.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from PIL import Image

from varde.camera import cleaning, cleaning_kernels, masks, wavelet, weighting
from varde.camera.correlation import compute_signal
from varde.camera.fingerprint_sums import FingerprintSums
from varde.camera.pce import compute_pce
from varde.camera.residual import NOISE_VARIANCE, Residual, Workspace, extract_published, extract_residual
from varde.camera.whitening import flatten
from varde.measures.separation import compute_separation, find_true_accepts

REFERENCES = 10
DRAWS = 1000
DEVICES = {
    "D70_0": ("nikon/ff-jpg/Nikon_D70_0*", "nikon/nat-jpg/Nikon_D70_0*"),
    "D70_1": ("nikon/ff-jpg/Nikon_D70_1*", "nikon/nat-jpg/Nikon_D70_1*"),
    "LG": ("phones/LG_D605_flat/*", "phones/photos/LG*"),
    "J3": ("phones/Samsung_J3_flat/*", "phones/photos/Samsung*"),
}
Plane = NDArray[np.float32]
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Photo:
    """An ordinary photograph and the device that took it."""

    device: str
    path: Path

    def read(self, mode: str) -> NDArray[np.uint8]:
        """Returns its pixels as stored."""
        return np.array(Image.open(self.path).convert(mode))


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to make what is correlated, and the fingerprints it is correlated with."""

    name: str
    make: Callable[[Photo], Plane]
    fingerprints: dict[str, Plane]
    is_flattened: bool = True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", help="variants whose names begin so")
    options = parser.parse_args()
    folder = options.folder
    photos = [Photo(name, path) for name, (_, some) in DEVICES.items() for path in sorted(folder.glob(some))]
    flats = {name: sorted(folder.glob(some))[:REFERENCES] for name, (some, _) in DEVICES.items()}
    published = {name: estimate_published(paths) for name, paths in flats.items()}
    ours = {name: estimate(paths) for name, paths in flats.items()}
    for variant in make_variants(published, ours):
        if options.only and not variant.name.startswith(tuple(options.only)):
            continue
        signals = [(photo, variant.make(photo)) for photo in photos]
        print(
            f"| {variant.name} | {' | '.join([*compare_wholes(signals, variant), *compare_blocks(signals, variant)])} |"
        )
        pairs = compare_pairs(signals, is_flattened=variant.is_flattened)
        print(f"    photographs with one another: {pairs}", flush=True)


def make_variants(published: dict[str, Plane], ours: dict[str, Plane]) -> Iterator[Variant]:
    yield Variant(
        "published, three channels", lambda photo: extract_published(photo.read("RGB")).copy(), published, False
    )
    yield Variant("no weights", lambda photo: build(photo, flat=True), ours)
    yield Variant("no weights, spectrum filtered", lambda photo: build(photo, flat=True, spectrum=True), ours)
    yield Variant("weights, not levelled", lambda photo: build(photo, levelled=False), ours)
    yield Variant("weights, levelled (in force)", take_default, ours)
    yield Variant("the same, spectrum filtered too", lambda photo: build(photo, spectrum=True), ours)
    yield Variant("the same, fingerprint as published", take_default, published)
    yield Variant("the same, spectrum not flattened", take_default, ours, False)
    yield Variant("noise variance 9", lambda photo: build(photo, variance=9), ours)
    yield Variant("noise variance 25", lambda photo: build(photo, variance=25), ours)
    yield Variant("noise variance 50", lambda photo: build(photo, variance=50), ours)


def take_default(photo: Photo) -> Plane:
    found = extract_residual(photo.read("L"))
    assert isinstance(found, Residual)
    return compute_signal(found)


def build(
    photo: Photo, *, flat: bool = False, levelled: bool = True, spectrum: bool = False, variance: float = NOISE_VARIANCE
) -> Plane:
    luma = photo.read("L")
    space = Workspace(*luma.shape)
    np.copyto(space.usable, luma)
    masks.mark_usable(space.usable)
    np.copyto(space.plane, luma)
    values = wavelet.compute_noise(space.plane, space, variance=variance)
    cleaning_kernels.hide(values, space.usable)
    means = cleaning.compute_means(values, space, blocks=True)
    if spectrum:
        values = cleaning.clean_noise(values.copy(), space.usable, space)
    if spectrum or not levelled:
        means = replace(means, rows=np.zeros_like(means.rows), columns=np.zeros_like(means.columns))
    weighting.level_and_weigh(values, means.rows, means.columns, space)
    weights = (space.weights > 0).astype(np.float32) if flat else space.weights
    return compute_signal(Residual(values, weights, luma, 1.0))


def estimate(paths: list[Path]) -> Plane:
    sums: FingerprintSums | None = None
    for path in paths:
        found = extract_residual(np.array(Image.open(path).convert("L")))
        assert isinstance(found, Residual)
        sums = sums or FingerprintSums(*found.values.shape)
        sums.add(found)
    assert sums
    return sums.clean().numerator


def estimate_published(paths: list[Path]) -> Plane:
    upper = lower = np.float32(0)
    for path in paths:
        picture = np.array(Image.open(path).convert("RGB"))
        space = Workspace(*picture.shape[:2])
        light = np.array(Image.open(path).convert("L"), np.float32)
        noise = wavelet.compute_joint_noise(
            ((share, picture[:, :, each].astype(np.float32)) for each, share in enumerate((0.299, 0.587, 0.114))), space
        )
        upper, lower = upper + noise * light, lower + light * light
    space = Workspace(*picture.shape[:2])
    return cleaning.clean_as_published(np.asarray(upper / (lower + 1), np.float32), space)


def compare_wholes(signals: list[tuple[Photo, Plane]], variant: Variant) -> list[str]:
    own, others = [], []
    for photo, signal in signals:
        for device, values in variant.fingerprints.items():
            if values.shape == signal.shape:
                (own if device == photo.device else others).append(find_pce(signal, values, variant.is_flattened))
    return [f"{min(own):.0f} / {np.median(own):.0f} / {max(own):.0f}", f"{max(others):.1f}"]


def compare_pairs(signals: list[tuple[Photo, Plane]], *, is_flattened: bool) -> str:
    own, others = [], []
    for number, (photo, signal) in enumerate(signals):
        for other, values in signals[:number]:
            if values.shape == signal.shape:
                (own if other.device == photo.device else others).append(find_pce(signal, values, is_flattened))
    return f"{min(own):.1f} / {np.median(own):.1f} / {max(own):.1f}, others at most {max(others):.1f}"


def compare_blocks(signals: list[tuple[Photo, Plane]], variant: Variant) -> list[str]:
    cells = []
    for side in (512, 256):
        own: list[Scores] = []
        others: list[Scores] = []
        for photo, signal in signals:
            for device, values in variant.fingerprints.items():
                (own if device == photo.device else others).append(find_blocks(signal, values, side))
        mated, rest = np.sort(np.concatenate(own)), np.sort(np.concatenate(others))
        auc, eer = compute_separation(mated, np.ones(len(mated)), rest, np.ones(len(rest)))
        found = ", ".join(f"{find_true_accepts(mated, rest, rate)[0]:.3f}" for rate in (1e-2, 1e-3))
        low, high = draw_auc(own, others)
        cells.append(f"{auc:.4f} ({low:.3f}-{high:.3f}), {eer:.3f}, {found} ({len(mated)}/{len(rest)})")
    return cells


def draw_auc(own: list[Scores], others: list[Scores]) -> tuple[float, float]:
    """Returns the 95 % interval of the AUC over draws of photographs: `others` holds equally many of each."""
    rng, found, each = np.random.default_rng(1), [], len(others) // len(own)
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(own), len(own))
        mated = np.sort(np.concatenate([own[one] for one in drawn]))
        rest = np.sort(np.concatenate([others[each * one + other] for one in drawn for other in range(each)]))
        found.append(compute_separation(mated, np.ones(len(mated)), rest, np.ones(len(rest)))[0])
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)


def find_pce(signal: Plane, values: Plane, is_flattened: bool) -> float:
    spectrum = scipy.fft.rfft2(signal)
    product = (flatten(spectrum) if is_flattened else spectrum) * np.conj(scipy.fft.rfft2(values))
    return compute_pce(scipy.fft.irfft2(product, signal.shape), (0, 0)).pce


def find_blocks(signal: Plane, values: Plane, side: int) -> NDArray[np.float64]:
    """Returns the normalised correlation of each block times the square root of its usable pixels."""
    rows, columns = (min(a, b) // side for a, b in zip(signal.shape, values.shape, strict=True))
    here = np.s_[: rows * side, : columns * side]
    x, known = signal[here], signal[here] != 0
    k = np.where(known, values[here], 0)

    def add(plane: NDArray[np.generic]) -> NDArray[np.float64]:
        return np.asarray(plane.reshape(rows, side, columns, side).sum(axis=(1, 3), dtype=np.float64)).ravel()

    count = add(known)
    enough = count > side * side / 4
    score = add(x * k) / np.sqrt(np.maximum(add(x * x) * add(k * k), 1e-30))
    return np.asarray((score * np.sqrt(count))[enough])


if __name__ == "__main__":
    main()
