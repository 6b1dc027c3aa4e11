"""What edits leave of photographs' agreement with their camera, where each search finds it, and what it costs.

Usage: python evaluations/camera_robustness.py ../shared/data/camera --keep FOLDER --out FILE.jsonl [--photos N]

Every photograph is edited, its residual extracted, and compared with its own camera's fingerprint and with that of
another camera of the same sensor size, at the extent that the edit calls for. One line of JSON a comparison, so that
what is done is not done again; `--table` makes the tables from such a file.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
from camera_edits import EDITS, Edit, shrink
from camera_pictures import Device, Kept, list_devices, read_rgb
from PIL import Image

from varde.camera.compare import PreparedFingerprint, compare, prepare
from varde.camera.fingerprint import Fingerprint
from varde.camera.residual import Residual, extract_residual
from varde.core.camera import SearchExtent, SourceScore

Pixels = npt.NDArray[np.uint8]


def turn_by(quarters: int, *, mirrored: bool = False) -> Callable[[Pixels], Pixels]:
    """Returns what mirrors a picture (if so) and turns it counter-clockwise, as programs save it."""

    def change(pixels: Pixels) -> Pixels:
        return np.ascontiguousarray(np.rot90(np.fliplr(pixels) if mirrored else pixels, quarters))

    return change


def crop_and_shrink(pixels: Pixels) -> Pixels:
    """Returns about a third of a picture at 0.63 of its size, neither of which anybody knows."""
    rows, columns = pixels.shape[0] // 5, pixels.shape[1] // 7
    part = pixels[rows : rows + 1200, columns : columns + 1700]
    return shrink(0.63)(np.ascontiguousarray(part))


FURTHER = (
    Edit("turned by 90", turn_by(1), SearchExtent.TURNED),
    Edit("turned by 180", turn_by(2), SearchExtent.TURNED),
    Edit("mirrored", turn_by(0, mirrored=True), SearchExtent.TURNED),
    Edit("crop at x0.63", crop_and_shrink, SearchExtent.SCALED),
)
ORDER = tuple(SearchExtent)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=99)
    parser.add_argument("--only", default="", help="names of edits, with semicolons between; all if left out")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if not options.table:
        evaluate(options)
    show([json.loads(line) for line in options.out.read_text().splitlines()])


def evaluate(options: argparse.Namespace) -> None:
    kept = Kept(options.keep)
    devices = list_devices(options.data)
    prints = {each.name: kept.read_fingerprint(each.name, {p.stem: p for p in each.flats}) for each in devices}
    ready = {name: prepare(each) for name, each in prints.items()}
    done = {line[:3] for line in read_done(options.out)}
    edits = sorted(EDITS + FURTHER, key=lambda edit: ORDER.index(edit.extent))
    for edit in (each for each in edits if not options.only or each.name in options.only.split(";")):
        for device, photo in pick(devices, options.photos):
            rivals = [
                each.name for each in devices if prints[each.name].values.shape == prints[device.name].values.shape
            ]
            if all((edit.name, photo.stem, name) in done for name in rivals):
                continue
            residual = extract_residual(np.asarray(Image.fromarray(edit.change(read_rgb(photo))).convert("L")))
            for name in rivals:
                if (edit.name, photo.stem, name) not in done:
                    row = {"edit": edit.name, "photo": photo.stem, "device": name, "match": name == device.name}
                    row |= measure(residual, prints[name], ready[name], edit.extent)
                    with options.out.open("a") as file:
                        file.write(json.dumps(row) + "\n")


def read_done(path: Path) -> Iterator[tuple[str, str, str]]:
    for line in path.read_text().splitlines() if path.exists() else []:
        row = json.loads(line)
        yield row["edit"], row["photo"], row["device"]


def pick(devices: list[Device], count: int) -> Iterator[tuple[Device, Path]]:
    """Yields the photographs, one of each device after the other."""
    for number in range(count):
        for device in devices:
            if number < len(device.photos):
                yield device, device.photos[number]


def measure(
    residual: object, fingerprint: Fingerprint, ready: PreparedFingerprint, extent: SearchExtent
) -> dict[str, object]:
    if not isinstance(residual, Residual):
        return {"extent": extent, "reason": str(residual)}
    start = time.process_time()
    score = compare(residual, fingerprint, extent, prepared=ready)
    spent = time.process_time() - start
    if not isinstance(score, SourceScore):
        return {"extent": extent, "reason": str(score), "cpu_s": spent}
    place = score.search.geometry
    return {
        "extent": extent,
        "pce": score.pce,
        "places": score.search.places,
        "cpu_s": spent,
        "pixels": score.pixels,
        "geometry": [place.turn, place.mirrored, place.scale, place.angle_deg, *place.shift],
    }


def show(rows: list[dict[str, object]]) -> None:
    for chosen in dict.fromkeys(str(row["edit"]) for row in rows):
        of = [row for row in rows if row["edit"] == chosen and "pce" in row]
        true = sorted(float(str(row["pce"])) for row in of if row["match"])
        other = sorted(float(str(row["pce"])) for row in of if not row["match"])
        if true and other:
            above = sum(each > max(other) for each in true)
            cost = median(float(str(row["cpu_s"])) for row in of)
            places = median(float(str(row["places"])) for row in of)
            scores = f"{true[0]:.0f} / {median(true):.0f} / {true[-1]:.0f} | {above} of {len(true)}"
            extent = of[0]["extent"]
            print(f"| {chosen} | {extent} | {scores} | {other[-1]:.1f} of {len(other)} | {places:.1e} | {cost:.2f} |")
    for row in rows:
        if row["match"] and row["extent"] in ("scaled", "rotated"):
            print(row["edit"], row["photo"], round(float(str(row.get("pce", 0)))), row.get("geometry"))


if __name__ == "__main__":
    main()
