"""Measures blind clustering by source: real cameras of the shared test material beside synthetic sensors.

    python evaluations/source_clustering.py ../shared/data/camera > evaluations/source_clustering.md

Nobody says which camera took which file; the files of each stored size are clustered as `varde camera cluster` does it,
by whole pictures and by sketches. Synthetic sensors (two of one model in each size) are said to be synthetic.
"""

from __future__ import annotations

import io
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from varde.camera.clustering import Grouping, group_rows
from varde.camera.clustering_batches import group_sketches
from varde.camera.middle import find_middle
from varde.camera.residual import Residual, extract_residual
from varde.camera.sketch import Sketcher
from varde.camera.sketch_rows import SketchRows
from varde.camera.source_pairs import make_row, score_rows
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable
from varde.media.sensor import read_sensor_picture
from varde.testing.cameras import SyntheticSensor, make_scene, save_jpeg

_LIMITS = DecodeLimits(250_000_000, 2_000, 256)
_SYNTHETIC = {(1836, 3264): (11, 12), (2000, 3008): (21, 22)}
_PHOTOS_EACH = 4
_FLATS_EACH = 4
_DRAWS = 300


@dataclass(frozen=True)
class File:
    """One picture of a known device."""

    device: str
    is_flat: bool
    is_real: bool
    data: bytes


@dataclass(frozen=True)
class Read:
    """What clustering takes of a file."""

    file: File
    size: tuple[int, int]
    row: npt.NDArray[np.int8]
    bits: npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Result:
    """Figures of one clustering, with the bounds of 95 % of draws of files."""

    f1: tuple[float, float, float]
    ari: tuple[float, float, float]
    precision: float
    recall: float
    purity: float
    found: int
    true: int
    singles: int
    files: int


def list_real(folder: Path) -> list[File]:
    """Returns the real files: at most four flats of each device."""
    found: list[File] = []
    counts: dict[str, int] = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg")):
        is_flat = path.parent.name.endswith("_flat") or path.parent.name == "ff-jpg"
        device = path.parent.name.removesuffix("_flat") if path.parent.name.endswith("_flat") else path.stem
        device = "_".join(device.split("_")[:-1]) if path.parent.name in ("ff-jpg", "nat-jpg", "photos") else device
        device = "Agfa" if path.parent.name == "pair" else device
        if is_flat:
            counts[device] = counts.get(device, 0) + 1
            if counts[device] > _FLATS_EACH:
                continue
        found.append(File(device, is_flat, True, path.read_bytes()))
    return found


def make_synthetic() -> list[File]:
    """Returns photos of synthetic sensors of phones' strength, two of one model in each size."""
    found = []
    for (height, width), seeds in _SYNTHETIC.items():
        for seed in seeds:
            sensor = SyntheticSensor(seed, height, width, model_seed=height)
            rng = np.random.default_rng(seed)
            for _ in range(_PHOTOS_EACH):
                picture = sensor.take(make_scene(rng, height, width), rng)
                found.append(File(f"synthetic {seed}", False, False, save_jpeg(picture, 92)))
    return found


def recompress(data: bytes, quality: int) -> bytes:
    """Returns a JPEG saved again; the pixels stay as they lie."""
    with Image.open(io.BytesIO(data)) as image, io.BytesIO() as file:
        image.convert("RGB").save(file, "JPEG", quality=quality)
        return file.getvalue()


def read(file: File, sketcher: Sketcher) -> Read | None:
    """Returns what clustering takes; None where there is no residual."""
    luma = read_sensor_picture(file.data, _LIMITS).pixels
    residual = extract_residual(luma)
    sketch = sketcher.sketch(luma, {})
    if not isinstance(residual, Residual) or isinstance(sketch.outcome, NotComparable):
        return None
    return Read(file, (luma.shape[0], luma.shape[1]), make_row(residual), np.frombuffer(sketch.outcome, np.uint64))


def group_whole(files: list[Read]) -> Grouping:
    """Clusters files of one size by whole pictures."""
    rows = np.stack([one.row for one in files])
    return group_rows(score_rows(rows), rows.shape[1] * rows.shape[2])


def group_bits(files: list[Read]) -> Grouping:
    """Clusters files of one size by sketches."""
    middle = find_middle(*files[0].size)
    return group_sketches(SketchRows.of(np.stack([one.bits for one in files]), middle), middle).grouping


def label(files: list[Read], *, whole: bool) -> npt.NDArray[np.int64]:
    """Returns the cluster of each file; files of other sizes are never together."""
    labels = np.arange(len(files))
    for size in sorted({one.size for one in files}):
        here = [place for place, one in enumerate(files) if one.size == size]
        if len(here) > 1:
            grouping = (group_whole if whole else group_bits)([files[place] for place in here])
            labels[here] = np.array(here)[grouping.heads]
    return labels


def count_pairs(
    labels: npt.NDArray[np.int64], truth: npt.NDArray[np.int64], weights: npt.NDArray[np.int64]
) -> tuple[float, float, float, float]:
    """Returns pairs of different files together in both, in the clusters, in truth, and all, by the files' weights."""

    def pairs(groups: npt.NDArray[np.int64]) -> float:
        sums = np.bincount(groups, weights).astype(float)
        return float((sums**2).sum() - (weights.astype(float) ** 2).sum()) / 2

    both = np.unique(np.stack([labels, truth]), axis=1, return_inverse=True)[1].ravel()
    return pairs(both), pairs(labels), pairs(truth), pairs(np.zeros_like(labels))


def measure(
    labels: npt.NDArray[np.int64], truth: npt.NDArray[np.int64], weights: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Returns pairwise F1 and adjusted Rand index."""
    both, found, true, every = count_pairs(labels, truth, weights)
    expected = found * true / every
    most = (found + true) / 2
    return 2 * both / max(found + true, 1e-9), (both - expected) / max(most - expected, 1e-9)


def judge(files: list[Read], *, whole: bool) -> Result:
    """Returns the figures of one set of files."""
    labels = np.unique(label(files, whole=whole), return_inverse=True)[1]
    truth = np.unique([one.file.device for one in files], return_inverse=True)[1]
    once = np.ones(len(files), np.int64)
    both, found, true, _ = count_pairs(labels, truth, once)
    rng = np.random.default_rng(5)
    drawn = np.array(
        [
            measure(labels, truth, np.bincount(some, minlength=len(files)))
            for some in rng.integers(0, len(files), (_DRAWS, len(files)))
        ]
    )
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    f1, ari = measure(labels, truth, once)
    sizes = np.bincount(labels)
    table = np.zeros((labels.max() + 1, truth.max() + 1))
    np.add.at(table, (labels, truth), 1)
    clustered = sizes > 1
    purity = float(table.max(axis=1)[clustered].sum() / max(1, sizes[clustered].sum()))
    several = int((np.bincount(truth) > 1).sum())
    return Result(
        (f1, low[0], high[0]),
        (ari, low[1], high[1]),
        both / max(found, 1),
        both / max(true, 1),
        purity,
        int(clustered.sum()),
        several,
        int((sizes == 1).sum()),
        len(files),
    )


def write_line(name: str, how: str, result: Result) -> None:
    """Prints a row of the table."""
    f1, ari = (f"{value:.3f} ({low:.2f}-{high:.2f})" for value, low, high in (result.f1, result.ari))
    print(
        f"| {name} | {how} | {result.files} | {f1} | {ari} | {result.precision:.3f} | {result.recall:.3f} | "
        f"{result.purity:.3f} | {result.found} of {result.true} | {result.singles} |",
        flush=True,
    )


def main() -> None:
    """Measures everything and prints the table."""
    files = [*list_real(Path(sys.argv[1])), *make_synthetic()]
    print("| Set | Compared | Files | F1 | ARI | Precision | Recall | Purity | Clusters found | Alone |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for quality in (None, 75):
        sketcher, start = Sketcher(), time.process_time()
        found = [read(file if quality is None else replace_data(file, quality), sketcher) for file in files]
        kept = [one for one in found if one is not None]
        spent = time.process_time() - start
        saved = "as they are" if quality is None else f"saved again at {quality}"
        for name, chosen in list_sets(kept):
            for how, whole in (("whole", True), ("sketches", False)):
                write_line(f"{name}, {saved}", how, judge(chosen, whole=whole))
        print(f"<!-- {len(kept)} of {len(files)} read in {spent:.0f} CPU s -->", flush=True)


def replace_data(file: File, quality: int) -> File:
    """Returns a file saved again."""
    return File(file.device, file.is_flat, file.is_real, recompress(file.data, quality))


def list_sets(files: list[Read]) -> list[tuple[str, list[Read]]]:
    """Returns the sets of files that are clustered."""
    real = [one for one in files if one.file.is_real]
    return [
        ("real and synthetic, with flats", files),
        ("real and synthetic, photos only", [one for one in files if not one.file.is_flat]),
        ("real, with flats", real),
        ("real, photos only", [one for one in real if not one.file.is_flat]),
    ]


if __name__ == "__main__":
    main()
