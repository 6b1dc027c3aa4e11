"""Which camera took it: Varde against prnu-python on photographs of known cameras, whole, in blocks, and after edits.

`python evaluations/camera_attribution.py DATA KEPT PEER PEER_PYTHON [--search]`: DATA is the folder of camera pictures,
KEPT a folder outside of the project for residuals, PEER the folder that holds the peer's functions as ``prnu.py`` and
PEER_PYTHON an interpreter with what it needs. Prints tables in Markdown; with `--search` also the searches that take
minutes. What is written in KEPT is read by `camera_calibration.py`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from camera_edits import EDITS, Edit
from camera_pictures import Device, Kept, list_devices, read_rgb
from camera_scores import EXTENTS, Scores, Table, load
from PIL import Image

from varde.camera.blocks import compare_block, cut_fingerprint, cut_residual, list_blocks
from varde.camera.calibration_table import Comparisons, LeftOutRatios, leave_pictures_out
from varde.camera.compare import compare
from varde.camera.correlation import prepare, prepare_values, read_place, transform
from varde.camera.fingerprint import Fingerprint
from varde.camera.residual import Residual
from varde.core.camera import SearchExtent, SourceScore
from varde.core.outcome import NotComparable
from varde.measures.estimate import DRAWS, draw_groups
from varde.measures.separation import compute_separation, find_true_accepts

Floats = npt.NDArray[np.float64]
SIDES = (512, 256, 0)
KINDS = {"Varde": "real.npz", "peer, known place": "peer.npz", "peer, its own maximum": "peer-own.npz"}
_TURNED = SearchExtent.TURNED


@dataclass(frozen=True)
class Material:
    """Everything that is compared."""

    devices: list[Device]
    fingerprints: dict[str, Fingerprint]
    kept: Kept
    peer: Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("kept", type=Path)
    parser.add_argument("peer", type=Path)
    parser.add_argument("peer_python", type=Path)
    parser.add_argument("--search", action="store_true", help="also scale and rotation, minutes for each picture")
    parser.add_argument("--tables", action="store_true", help="only print the tables of what was kept")
    order = parser.parse_args()
    if not order.tables:
        score_all(order)
    write_tables({name: load(path) for name, file in KINDS.items() if (path := order.kept / file).exists()})


def score_all(order: argparse.Namespace) -> None:
    """Scores everything and keeps it."""
    devices, kept = list_devices(order.data), Kept(order.kept)
    flats = {device.name: {path.stem: path for path in device.flats} for device in devices}
    fingerprints = {device.name: kept.read_fingerprint(device.name, flats[device.name]) for device in devices}
    material = Material(devices, fingerprints, kept, order.kept / "peer")
    run_peer(material, order.peer, order.peer_python)
    ours, peers, own = Scores(), Scores(), Scores()
    for edit in EDITS:
        if edit.extent is SearchExtent.ALIGNED:
            score_aligned(material, edit, ours, peers)
        elif edit.extent is SearchExtent.SHIFTED or order.search:
            score_searched(material, edit, ours)
        print(f"<!-- {edit.name}: {time.process_time():.0f} CPU s -->", flush=True)
        ours.save(order.kept / "real.npz")
        peers.save(order.kept / "peer.npz")
    score_peer_maxima(material, own, order.peer, order.peer_python)
    own.save(order.kept / "peer-own.npz")


def list_photos(material: Material) -> list[tuple[int, int, Path]]:
    """Returns number of the picture, number of its device, and its file."""
    pairs = [(at, path) for at, device in enumerate(material.devices) for path in device.photos]
    return [(number, at, path) for number, (at, path) in enumerate(pairs)]


def edited(material: Material, path: Path, edit: Edit) -> Residual | NotComparable:
    """Returns the residual of an edited picture."""
    name = f"{path.stem}-{edit.name.replace(' ', '_')}"
    pixels = edit.change(read_rgb(path)) if not (material.kept.folder / f"{name}.npz").exists() else np.empty((0, 0, 3))
    luma = np.asarray(Image.fromarray(pixels).convert("L")) if pixels.size else np.empty((0, 0), np.uint8)
    return material.kept.read_residual(name, luma)


def label(extent: SearchExtent, side: int, number: int, at: int, other: int, devices: list[Device]) -> tuple[int, ...]:
    """Returns the labels of a comparison."""
    same = devices[at].model == devices[other].model
    return (EXTENTS.index(extent), side, int(at == other), number, at, other, int(same), 1)


def score_aligned(material: Material, edit: Edit, ours: Scores, peers: Scores) -> None:
    """Compares every picture with every camera of its size at the known place, whole and in blocks."""
    for number, at, path in list_photos(material):
        residual = edited(material, path, edit)
        noise = np.load(material.peer / f"{path.stem}-{edit.name.replace(' ', '_')}.w.npy")
        for other, device in enumerate(material.devices):
            fingerprint = material.fingerprints[device.name]
            if fingerprint.values.shape != noise.shape:
                continue
            pattern = np.load(material.peer / f"{device.name}.k.npy")
            for side in (512, 0) if edit.name != "as taken" else (*SIDES, 1024):
                for block in list_blocks(noise.shape, side):
                    row = label(SearchExtent.ALIGNED, side, number, at, other, material.devices)
                    score = (
                        residual if isinstance(residual, NotComparable) else compare_block(residual, fingerprint, block)
                    )
                    ours.add(row, score, edit.name)
                    peers.add(row, score_published(noise[block], pattern[block]), edit.name)
                    if side == 512 and edit.name == "as taken" and isinstance(residual, Residual):
                        turned = compare(cut_residual(residual, block), cut_fingerprint(fingerprint, block), _TURNED)
                        ours.add((EXTENTS.index(_TURNED), *row[1:]), turned, "turned")


def score_published(noise: npt.NDArray[np.float32], pattern: npt.NDArray[np.float32]) -> SourceScore:
    """Returns the signed PCE of the peer's residual and fingerprint at the known place, as ours is computed."""
    probe, ready = noise - noise.mean(), prepare_values(np.ascontiguousarray(pattern - pattern.mean()))
    peak = read_place(transform(probe, ready.plane_px), ready, (0, 0))
    from varde.core.camera import Geometry, SourceSearch
    from varde.core.signal import Method

    search = SourceSearch(SearchExtent.ALIGNED, 1, Geometry())
    return SourceScore(peak.pce, 0.0, search, noise.size, 1.0, Method("peer", "1"))


def score_searched(material: Material, edit: Edit, ours: Scores) -> None:
    """Searches the picture's own camera, and the other of its size, as far as the edit calls for."""
    ready = {name: prepare(one) for name, one in material.fingerprints.items()}
    for number, at, path in list_photos(material):
        residual = edited(material, path, edit)
        size = material.fingerprints[material.devices[at].name].values.shape
        for other, device in enumerate(material.devices):
            if material.fingerprints[device.name].values.shape != size:
                continue
            row = label(edit.extent, 0, number, at, other, material.devices)
            if isinstance(residual, NotComparable):
                ours.add(row, residual, edit.name)
                continue
            fingerprint = material.fingerprints[device.name]
            ours.add(row, compare(residual, fingerprint, edit.extent, prepared=ready[device.name]), edit.name)


def run_peer(material: Material, peer: Path, python: Path) -> None:
    """Lets the peer extract what it has not extracted yet."""
    material.peer.mkdir(parents=True, exist_ok=True)
    jobs: list[dict[str, object]] = []
    for device in material.devices:
        files = [str(path) for path in device.flats]
        jobs.append({"kind": "fingerprint", "pictures": files, "out": str(material.peer / f"{device.name}.k.npy")})
    for _, _, path in list_photos(material):
        for edit in EDITS:
            name = material.peer / f"{path.stem}-{edit.name.replace(' ', '_')}"
            picture, out = Path(f"{name}.rgb.npy"), Path(f"{name}.w.npy")
            if not picture.exists() and not out.exists():
                np.save(picture, edit.change(read_rgb(path)))
            jobs.append({"kind": "residual", "picture": str(picture), "out": str(out)})
    run_jobs(jobs, material.peer, peer, python)


def run_jobs(jobs: list[dict[str, object]], folder: Path, peer: Path, python: Path) -> None:
    """Runs the peer in its own process."""
    (folder / "jobs.json").write_text(json.dumps(jobs), "utf-8")
    worker = Path(__file__).with_name("camera_peer.py")
    subprocess.run([str(python), "-W", "ignore", str(worker), str(peer), str(folder / "jobs.json")], check=True)


def score_peer_maxima(material: Material, own: Scores, peer: Path, python: Path) -> None:
    """Scores the peer's own PCE, the greatest over all shifts: 512 blocks and whole pictures as taken, and crops."""
    from varde.core.camera import Geometry, SourceSearch
    from varde.core.signal import Method

    jobs: list[dict[str, object]] = []
    rows: list[tuple[tuple[int, ...], str, Path]] = []
    for edit, side in (("as taken", 512), ("as taken", 0), ("crop 1024", 0), ("crop 512", 0)):
        for number, at, path in list_photos(material):
            noise = material.peer / f"{path.stem}-{edit.replace(' ', '_')}.w.npy"
            shape = np.load(noise, mmap_mode="r").shape
            sensor = material.fingerprints[material.devices[at].name].values.shape
            for other, device in enumerate(material.devices):
                if material.fingerprints[device.name].values.shape != sensor:
                    continue
                blocks = [(b[0].start, b[1].start, b[0].stop - b[0].start, b[1].stop - b[1].start)
                          for b in list_blocks(shape, side)]  # fmt: skip
                whole = (0, 0, *sensor)
                places = [[block, whole if "crop" in edit else block] for block in blocks]
                out = material.peer / f"{noise.name.removesuffix('.w.npy')}-{device.name}-{side}.p.npy"
                pattern = str(material.peer / f"{device.name}.k.npy")
                files = {"residual": str(noise), "fingerprint": pattern, "out": str(out)}
                jobs.append({"kind": "peaks", "places": places, **files})
                extent = SearchExtent.SHIFTED if "crop" in edit else SearchExtent.ALIGNED
                rows.append((label(extent, side, number, at, other, material.devices), edit, out))
    run_jobs(jobs, material.peer, peer, python)
    search = SourceSearch(SearchExtent.SHIFTED, 1, Geometry())
    for row, edit, out in rows:
        for value in np.load(out):
            own.add(row, SourceScore(float(value), 0.0, search, 1, 1.0, Method("peer", "1")), edit)


def write_tables(kinds: dict[str, Table]) -> None:
    """Prints what is reported."""
    print(
        "\n| | edit | part | pairs | AUC | EER | TPR at FAR 1e-3 | Cllr | Cllr_min | PCE same: median | others: max |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for edit in EDITS:
        for side in SIDES:
            for name, table in kinds.items():
                part = table.take((table.labels["side"] == side) & (table.edits == edit.name))
                if len(part.strengths):
                    print(f"| {name} | {edit.name} | {side or 'whole'} | {describe(part)} |", flush=True)
    print("\n| edit | part | median PCE, Varde | peer | ratio |\n| --- | --- | --- | --- | --- |")
    for edit in EDITS[:5]:
        for side in SIDES:
            medians = [median_pce(kinds[name], edit.name, side) for name in list(KINDS)[:2]]
            ratio = f"{medians[0]:.1f} | {medians[1]:.1f} | {medians[0] / medians[1]:.2f}"
            print(f"| {edit.name} | {side or 'whole'} | {ratio} |")


def median_pce(table: Table, edit: str, side: int) -> float:
    """Returns the median PCE of pictures with their own camera."""
    rows = (table.labels["side"] == side) & (table.edits == edit) & (table.labels["is_match"] == 1)
    return float(np.nanmedian(table.pces[rows]))


def describe(part: Table) -> str:
    """Returns the figures of one kind of comparison, with intervals over pictures drawn again."""
    known = np.isfinite(part.strengths)
    strengths = part.strengths[known]
    is_match, pictures, device = (part.labels[name][known] for name in ("is_match", "picture", "device"))
    matches, others = strengths[is_match == 1], strengths[is_match == 0]
    if not len(matches) or not len(others):
        return " | ".join([f"{len(matches)} / {len(others)}", *["-"] * 7])
    compared = Comparisons(strengths, is_match, pictures, device)
    left_out = leave_pictures_out(compared, pictures)
    costs = (f"{left_out.check.cost:.3f}", f"{left_out.check.least_cost:.3f}") if isinstance(
        left_out, LeftOutRatios) else ("-", "-")  # fmt: skip
    draws = [measure(strengths, is_match, weights[pictures]) for weights in draw_pictures(pictures)]
    auc, equal = measure(strengths, is_match, np.ones(len(strengths)))
    accepts, _ = find_true_accepts(matches, others, 1e-3)
    share = f"{accepts:.3f}" if len(others) >= 1000 else f"{accepts:.3f} (above all {len(others)})"
    pces = part.pces[known]
    return " | ".join(
        [
            f"{len(matches)} / {len(others)}",
            f"{auc:.4f} ({interval([draw[0] for draw in draws])})",
            f"{equal:.3f} ({interval([draw[1] for draw in draws])})",
            share,
            *costs,
            f"{np.median(pces[is_match == 1]):.1f}",
            f"{pces[is_match == 0].max():.1f}",
        ]
    )


def draw_pictures(pictures: npt.NDArray[np.int64]) -> list[Floats]:
    """Returns how often each picture is drawn, by its number, many times over."""
    rng = np.random.default_rng(1)
    return [draw_groups(int(pictures.max()) + 1, rng) for _ in range(DRAWS)]


def measure(strengths: Floats, is_match: npt.NDArray[np.int64], weights: Floats) -> tuple[float, float]:
    """Returns AUC and equal error rate."""
    order = np.argsort(strengths)
    rising, kind, counted = strengths[order], is_match[order] == 1, weights[order]
    if not counted[kind].sum() or not counted[~kind].sum():
        return float("nan"), float("nan")
    return compute_separation(rising[kind], counted[kind], rising[~kind], counted[~kind])


def interval(values: list[float]) -> str:
    """Returns the middle 95 %."""
    low, high = np.nanquantile(values, (0.025, 0.975))
    return f"{low:.3f}-{high:.3f}"


if __name__ == "__main__":
    main()
