"""Measures how many faces are found, and how many that are none: LFW mosaics with edits, and photographs; HOG beside.

`evaluations/face_detection.py DATA MODELS --peer PYTHON` with the folders of the benign test data and of the reference
pack's files, and an interpreter that has `dlib-bin`. LFW are photographs of adults.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from varde.faces.engine import FaceEngine, open_engine
from varde.models.registry import find_pack

Pixels = npt.NDArray[np.uint8]
Boxes = npt.NDArray[np.float64]

TILE, ROWS, COLUMNS, MOSAICS = 160, 3, 4, 8
FACE = 93 / 250

# Faces of the larger pictures, seen and labelled by eye: middle x and y, width.
LABELS = {
    "biden.jpg": [(565, 366, 285)],
    "biden2.jpg": [(653, 460, 434)],
    "lin-manuel-miranda.png": [(395, 311, 270)],
    "obama-1080p.jpg": [(995, 251, 231)],
    "obama2.jpg": [(335, 428, 269)],
    "obama_and_biden.jpg": [(1230, 486, 183), (847, 517, 174), (1703, 1142, 142)],
    "obama_partial_face.jpg": [(88, 252, 190)],
    "two_people.jpg": [(310, 124, 150), (861, 150, 149)],
}

# Of the 120 photographs, those in which a detector found a person's face: middles of them, judged by eye.
PEOPLE = {
    "122048": [(215, 125)], "145014": [(232, 75)], "145053": [(220, 125)], "147021": [(223, 157)],
    "147062": [(136, 118)], "15004": [(173, 142)], "151087": [(97, 110), (233, 135)], "153077": [(180, 140)],
    "153093": [(309, 98)], "156079": [(293, 60)], "170054": [(186, 68), (340, 172)], "181018": [(145, 115)],
    "181079": [(147, 80)], "181091": [(176, 96)], "187029": [(170, 108)], "187083": [(167, 195)],
    "189003": [(95, 170), (358, 130)], "189011": [(257, 132)], "198004": [(107, 150)], "198023": [(125, 145)],
    "198054": [(137, 178)], "216053": [(103, 97)], "225017": [(174, 225)], "23025": [(117, 150)],
    "23080": [(310, 77)], "23084": [(326, 86), (124, 113)], "239007": [(175, 180)], "239096": [(203, 105)],
    "245051": [(385, 119), (71, 141), (261, 127), (167, 142)], "246016": [(134, 135), (204, 333), (246, 233)],
    "246053": [(101, 170), (202, 166), (265, 60)], "260081": [(165, 220)],
}  # fmt: skip

Edit = Callable[[Pixels, Boxes], tuple[Pixels, Boxes]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("models")
    parser.add_argument("--peer", required=True)
    parser.add_argument("--without-builtin", action="store_true", help="it takes ten times as long as everything else")
    options = parser.parse_args()
    sets = {name: [edit(*one) for one in make_mosaics(options.data)] for name, edit in EDITS.items()}
    sets["labelled photographs"] = read_labelled(options.data)
    engines = {"reference": open_engine(find_pack(None, options.models))}
    if not options.without_builtin:
        engines["builtin"] = open_engine(find_pack(None, "builtin"))
    print("| What | faces | HOG | HOG, enlarged once | reference | builtin |\n| --- | --- | --- | --- | --- | --- |")
    for name, pictures in sets.items():
        peers = run_peer(options.peer, [picture for picture, _ in pictures])
        found = [[one[0] for one in peers], [one[1] for one in peers]]
        found += [[look(engine, picture) for picture, _ in pictures] for engine in engines.values()]
        truth = [boxes for _, boxes in pictures]
        cells = [tell_recall(truth, boxes) for boxes in found]
        print(f"| {name} | {sum(map(len, truth))} | {' | '.join(cells)} |", flush=True)
    thorough = open_engine(find_pack(None, options.models), thorough=True)
    for name in ("turned by 90", "turned by 45", "16 px"):
        truth = [boxes for _, boxes in sets[name]]
        print(name, "thorough:", tell_recall(truth, [look(thorough, picture) for picture, _ in sets[name]]))
    tell_false(options, engines)


def make_mosaics(data: Path) -> list[tuple[Pixels, Boxes]]:
    """Returns pictures of 640 x 480 with 12 LFW tiles each, and where the faces are (middle x, y, width)."""
    rng = np.random.default_rng(5)
    files = sorted((data / "faces" / "lfw").glob("*/*_0001.jpg"))
    count = ROWS * COLUMNS
    chosen = rng.choice(len(files), MOSAICS * count, replace=False).reshape(MOSAICS, count)
    return [_make_mosaic([files[one] for one in row]) for row in chosen]


def _make_mosaic(files: Sequence[Path]) -> tuple[Pixels, Boxes]:
    tiles = [np.asarray(Image.open(one).convert("RGB").resize((TILE, TILE), Image.Resampling.LANCZOS)) for one in files]
    rows = [np.hstack(tiles[row * COLUMNS : (row + 1) * COLUMNS]) for row in range(ROWS)]
    places = [((at % COLUMNS + 0.5) * TILE, (at // COLUMNS + 0.5) * TILE, FACE * TILE) for at in range(len(files))]
    return np.vstack(rows), np.array(places)


def scaled(factor: float) -> Edit:
    def edit(picture: Pixels, boxes: Boxes) -> tuple[Pixels, Boxes]:
        return cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), boxes * factor

    return edit


def turned(degrees: float) -> Edit:
    def edit(picture: Pixels, boxes: Boxes) -> tuple[Pixels, Boxes]:
        height, width = picture.shape[:2]
        side = 800
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        matrix[:, 2] += side / 2 - np.array([width / 2, height / 2])
        moved = boxes.copy()
        moved[:, :2] = boxes[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        return cv2.warpAffine(picture, matrix, (side, side)), moved

    return edit


def changed(change: Callable[[Pixels], Pixels]) -> Edit:
    return lambda picture, boxes: (np.ascontiguousarray(change(picture)), boxes)


def _darken(picture: Pixels) -> Pixels:
    noise = np.random.default_rng(1).normal(0, 4, picture.shape)
    return np.clip(picture * 0.12 + noise, 0, 255).astype(np.uint8)


def _grey(picture: Pixels) -> Pixels:
    return cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)


def _compress(picture: Pixels) -> Pixels:
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], cv2.IMREAD_COLOR)


def _hide(lower: bool) -> Edit:
    def edit(picture: Pixels, boxes: Boxes) -> tuple[Pixels, Boxes]:
        picture = picture.copy()
        for x, y, width in boxes:
            top, bottom = (y + 0.08 * width, y + width) if lower else (y - 0.35 * width, y - 0.02 * width)
            picture[int(top) : int(bottom), int(x - width / 2) : int(x + width / 2)] = 60
        return picture, boxes

    return edit


EDITS: dict[str, Edit] = {
    "as it is, 60 px": lambda picture, boxes: (picture, boxes),
    "half size, 30 px": scaled(0.5),
    "16 px": scaled(16 / 60),
    "dark, noisy": changed(_darken),
    "grey": changed(_grey),
    "JPEG 30": changed(_compress),
    "blurred, 2.5 px": changed(lambda picture: cv2.GaussianBlur(picture, (0, 0), 2.5)),
    "mouth hidden": _hide(lower=True),
    "eyes hidden": _hide(lower=False),
    "turned by 30": turned(30),
    "turned by 45": turned(45),
    "turned by 90": turned(90),
    "turned by 180": turned(180),
}


def read_labelled(data: Path) -> list[tuple[Pixels, Boxes]]:
    folder = data / "faces" / "photos"
    return [(read(folder / name), np.array(rows, np.float64)) for name, rows in LABELS.items()]


def read(path: Path) -> Pixels:
    return np.asarray(Image.open(path).convert("RGB"))


def look(engine: FaceEngine, picture: Pixels) -> list[list[float]]:
    return [[one.left, one.top, one.width, one.height] for one in engine.look(picture)]


def run_peer(interpreter: str, pictures: Sequence[Pixels]) -> list[list[list[list[float]]]]:
    """Returns HOG's boxes for each picture, without and with one enlargement."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pictures.npz"
        np.savez(path, **{f"p{at:04}": one for at, one in enumerate(pictures)})
        script = Path(__file__).with_name("face_peer.py")
        done = subprocess.run([interpreter, str(script), str(path)], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def tell_recall(truth: Sequence[Boxes], found: Sequence[Sequence[Sequence[float]]]) -> str:
    """Returns the share of faces found, with its 95 % interval, and boxes over no labelled face."""
    hits = [find_hits(one, boxes) for one, boxes in zip(truth, found, strict=True)]
    hit, count = sum(sum(one) for one, _ in hits), sum(map(len, truth))
    low, high = wilson(hit, count)
    return f"{hit / count:.3f} ({low:.2f}-{high:.2f}), {sum(extra for _, extra in hits)} more"


def find_hits(truth: Boxes, found: Sequence[Sequence[float]]) -> tuple[list[bool], int]:
    """Returns for each true face whether it was found, and how many boxes are over none."""
    used: set[int] = set()
    hits = []
    for x, y, width in truth:
        near = [at for at, box in enumerate(found) if at not in used and _is_near(box, x, y, width)]
        hits.append(bool(near))
        used.update(near)
    return hits, len(found) - len(used)


def _is_near(box: Sequence[float], x: float, y: float, width: float) -> bool:
    apart = max(abs(box[0] + box[2] / 2 - x), abs(box[1] + box[3] / 2 - y))
    return apart <= 0.5 * width and 0.5 <= box[2] / width <= 2.2


def wilson(hits: int, count: int) -> tuple[float, float]:
    share, z = hits / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z / (1 + z * z / count) * ((share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5)
    return middle - reach, min(1.0, middle + reach)


def tell_false(options: argparse.Namespace, engines: dict[str, FaceEngine]) -> None:
    """Prints boxes over nobody's face in the 120 photographs."""
    files = sorted((options.data / "photos").glob("*.jpg"))
    pictures = [read(path) for path in files]
    peers = run_peer(options.peer, pictures)
    found = {"HOG": [one[0] for one in peers], "HOG, enlarged once": [one[1] for one in peers]}
    for name, engine in engines.items():
        found[name] = [look(engine, picture) for picture in pictures]
    for name, boxes in found.items():
        true = false = 0
        for path, one in zip(files, boxes, strict=True):
            is_face = [_is_person(box, path.stem) for box in one]
            true, false = true + sum(is_face), false + len(one) - sum(is_face)
            if false and not all(is_face):
                print(
                    "  ", path.stem, [[round(v) for v in box] for box, ok in zip(one, is_face, strict=True) if not ok]
                )
        print(f"{name}: {true} boxes over faces, {false} over none, in 120 photographs", flush=True)


def _is_person(box: Sequence[float], name: str) -> bool:
    middle = (box[0] + box[2] / 2, box[1] + box[3] / 2)
    return any(max(abs(middle[0] - x), abs(middle[1] - y)) <= max(box[2], 12) for x, y in PEOPLE.get(name, []))


if __name__ == "__main__":
    main()
