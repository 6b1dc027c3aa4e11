"""Search of all cameras with one picture: CPU a query among 10,000, who is found, beside prnu-python in the same run.

Usage: python benchmarks/camera_search.py FOLDER [--photos PHOTOS] [--peer PYTHON PRNU] [--cameras N] [--queries Q]

FOLDER, on a disk with room for 0.75 MB a camera, gets the index and is used again. PHOTOS is a folder with ``ff-jpg``
and ``nat-jpg`` as the Dresden image set names its files: fingerprints are made of the flat fields of each device and
enrolled among the synthetic ones, and the ordinary photographs are searched. PYTHON is an interpreter that can import
``prnu`` from the folder PRNU. Everything on one thread; CPU time.

Synthetic fingerprints are white and of 6 megapixels (3008 x 2000). Who is found is measured on patterns of 96 x 128
with the same code: scores of cameras that did not take the picture are normally distributed whatever the number of
pixels, so that recall depends on the strength of the query alone, and many more queries can be made.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from varde.camera.bits import count_words, pack_signs, scan_signs
from varde.camera.fingerprint import ReferenceSource, build_fingerprint
from varde.camera.fingerprint_file import map_values, write_fingerprint
from varde.camera.fingerprint_index import FingerprintIndex, Signed
from varde.camera.geometry import ORIENTATIONS
from varde.camera.residual import Residual, extract_residual
from varde.camera.turned_signs import SignQuery, correlate
from varde.core.camera import FingerprintKind
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable
from varde.measures.estimate import estimate_share
from varde.media.sensor import read_sensor_picture

SIZE = (2000, 3008)
CHECKED = 50
LISTED = 10
ROUNDS = 3
BASE = 1_000_000
"""Row numbers of real cameras are above this."""

SMALL = (96, 128)
STRENGTHS = (5.0, 6.0, 7.0, 8.0, 10.0)
AT_ONCE = 50
FLIPS = ((1, 1), (-1, -1), (1, -1), (-1, 1))
PEER = """
import sys, time, numpy as np
sys.path.insert(0, sys.argv[1])
import prnu
rng = np.random.default_rng(1)
one, other = (rng.standard_normal((2000, 3008)).astype(np.float32) for _ in range(2))
for _ in range(3):
    start = time.process_time()
    prnu.pce(prnu.crosscorr_2d(one.copy(), other.copy()))
    print(time.process_time() - start, flush=True)
"""


def main() -> None:
    """Measures and prints what belongs into results/camera_search.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--peer", nargs=2, metavar=("PYTHON", "FOLDER"))
    parser.add_argument("--cameras", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=2_000)
    given = parser.parse_args()
    if given.queries:
        measure_recall(given.cameras, given.queries)
    index = FingerprintIndex(given.folder / "index", SIZE)
    fill(index, given.cameras)
    photos = read_photos(given.photos, index) if given.photos else {}
    measure_bandwidth()
    spent = measure_queries(index, given.folder, photos)
    if given.peer:
        compare_peer(given.peer, spent, given.cameras)
    open_afresh(given.folder / "index")


def fill(index: FingerprintIndex, cameras: int) -> None:
    """Adds synthetic fingerprints until there are as many as asked for."""
    start, words = time.process_time(), count_words(SIZE[0] * SIZE[1])
    missing = sorted(set(range(1, cameras + 1)) - index.list_held().keys())

    def make() -> Iterator[Signed]:
        for number in missing:
            rng = np.random.default_rng(number)
            yield Signed(number, number.to_bytes(32, "big"), rng.integers(0, 1 << 64, words, np.uint64))

    added = index.append(make())
    if added:
        print(f"added {added} synthetic cameras: {(time.process_time() - start) / added * 1e3:.1f} ms of CPU each")


def read_photos(folder: Path, index: FingerprintIndex) -> dict[str, tuple[int, Residual]]:
    """Enrols each device by its flat fields, and returns its photographs' residuals with the device's number."""
    found: dict[str, tuple[int, Residual]] = {}
    devices = sorted({name_device(path) for path in (folder / "ff-jpg").iterdir()})
    for number, device in enumerate(devices, BASE):
        flats = sorted(path for path in (folder / "ff-jpg").iterdir() if name_device(path) == device)
        made = build_fingerprint(lambda: read_references(flats), FingerprintKind.PHOTO)  # noqa: B023 - used at once
        if isinstance(made, NotComparable) or made.values.shape != SIZE:
            print(f"{device} is left out")
            continue
        index.append([Signed(number, number.to_bytes(32, "big"), pack_signs(made.values))])
        for path in sorted(path for path in (folder / "nat-jpg").iterdir() if name_device(path) == device):
            residual = extract(path)
            if isinstance(residual, Residual):
                found[path.name] = number, residual
    return found


def name_device(path: Path) -> str:
    """Returns model and number of the device that a file is named after."""
    return path.name.rsplit("_", 1)[0]


def read_references(paths: list[Path]) -> Iterator[tuple[ReferenceSource, Residual | NotComparable]]:
    """Yields each file with its residual."""
    for path in paths:
        yield ReferenceSource(path.name, path.name.encode().ljust(32, b"-")[:32]), extract(path)


def extract(path: Path) -> Residual | NotComparable:
    """Returns a picture's residual."""
    return extract_residual(read_sensor_picture(path.read_bytes(), DecodeLimits()).pixels)


def measure_bandwidth() -> None:
    """Prints how fast memory is read and how fast signs are compared, one query and four."""
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 1 << 64, (1_000, count_words(SIZE[0] * SIZE[1])), np.uint64)
    query, within = rows[:4] ^ rows[4:8], rows[8:12].copy()
    read = min(clock(lambda: rows.sum()) for _ in range(ROUNDS))
    print(f"memory is read at {rows.nbytes / read / 1e9:.1f} GB/s (numpy's sum)")
    for turns in (1, 4):
        some = query[:turns], within[:turns]
        spent = min(clock(lambda: scan_signs(rows, *some)) for _ in range(ROUNDS))  # noqa: B023 - used at once
        print(f"{turns} turn(s): {rows.nbytes / spent / 1e9:.1f} GB/s of index, {spent:.4f} ms a camera")


def measure_queries(index: FingerprintIndex, folder: Path, photos: dict[str, tuple[int, Residual]]) -> float:
    """Prints what a query takes, part by part, and whom it finds; returns the CPU seconds of the median query."""
    if not photos:
        photos = {"synthetic": (1, make_residual(1))}
    files = write_files(folder / "fingerprints")
    parts: dict[str, list[float]] = {"query": [], "scan": [], "exact": []}
    for name, (owner, residual) in photos.items():
        for _ in range(ROUNDS):
            start = time.process_time()
            query = SignQuery.of(residual)
            packed = time.process_time()
            scanned = index.scan(query, CHECKED)
            done = time.process_time()
            laid = [query.lay(each) for each in ORIENTATIONS[::2]]
            for number, path in enumerate(files):
                correlate(laid[number % len(laid)], map_values(path))
            for part, spent in zip(parts, (packed - start, done - packed, time.process_time() - done), strict=True):
                parts[part].append(spent)
        ranks = [each.fingerprint_id for each in scanned.ranked]
        place = ranks.index(owner) + 1 if owner in ranks else None
        best, second = scanned.ranked[0].z, scanned.ranked[1].z
        print(f"{name}: rank {place} of {scanned.searched} by signs (z {best:.1f}, the next {second:.1f})")
    for part, spent in parts.items():
        print(f"{part}: median {median(spent):.3f} s of CPU ({min(spent):.3f}-{max(spent):.3f})")
    totals = [sum(each) for each in zip(*parts.values(), strict=True)]
    print(f"a query in all: median {median(totals):.3f} s of CPU ({min(totals):.3f}-{max(totals):.3f})")
    return median(totals)


def write_files(folder: Path) -> list[Path]:
    """Returns as many files of fingerprints as are compared exactly."""
    from varde.camera.fingerprint import METHOD, Fingerprint

    folder.mkdir(exist_ok=True)
    written = []
    for number in range(CHECKED):
        values = np.random.default_rng(number).standard_normal(SIZE, np.float32) * np.float32(0.01)
        path = folder / f"{number}.fingerprint"
        write_fingerprint(path, Fingerprint(values, FingerprintKind.PHOTO, (), METHOD, {}))
        written.append(path)
    return written


def make_residual(seed: int) -> Residual:
    """Returns white noise as if it were a picture's."""
    values = np.random.default_rng(seed).standard_normal(SIZE, np.float32)
    return Residual(values, np.ones(SIZE, np.float32), np.full(SIZE, 128, np.uint8), 1.0)


def compare_peer(peer: list[str], spent: float, cameras: int) -> None:
    """Prints what comparing with one camera takes the peer, and the ratio."""
    command = [peer[0], "-W", "ignore", "-c", PEER, peer[1]]
    told = subprocess.run(command, capture_output=True, text=True, check=True, env={"OMP_NUM_THREADS": "1"})
    each = median(float(line) for line in told.stdout.split())
    print(f"prnu-python: {each:.3f} s of CPU a camera of 6 MP (crosscorr_2d + pce)")
    own = spent / cameras
    print(f"Varde: {own * 1e3:.4f} ms a camera, everything counted: {each / own:,.0f} times less")


def open_afresh(folder: Path) -> None:
    """Prints what the first query of a fresh process takes, the index being in the page cache."""
    code = (
        "import sys, time, numpy as np\nfrom pathlib import Path\n"
        "from varde.camera.fingerprint_index import FingerprintIndex\nfrom varde.camera.residual import Residual\n"
        "from varde.camera.turned_signs import SignQuery, correlate\n"
        f"size = {SIZE}\nvalues = np.random.default_rng(1).standard_normal(size, np.float32)\n"
        "query = SignQuery.of(Residual(values, np.ones(size, np.float32), np.full(size, 128, np.uint8), 1.0))\n"
        "start, wall = time.process_time(), time.perf_counter()\nindex = FingerprintIndex(Path(sys.argv[1]), size)\n"
        "held = len(index.list_held())\nopened = time.process_time() - start\nindex.scan(query, 50)\n"
        "print(f'a fresh process: opened in {opened:.3f} s, first query {time.process_time() - start:.3f} s of CPU "
        "and {time.perf_counter() - wall:.3f} s in all, {held} cameras')"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True)


def measure_recall(cameras: int, queries: int) -> None:
    """Prints how often the camera that took the picture is listed, by exact search of all and by Varde."""
    pixels = SMALL[0] * SMALL[1]
    rng = np.random.default_rng(28)
    with tempfile.TemporaryDirectory() as folder:
        index = FingerprintIndex(Path(folder), SMALL)
        values = np.empty((cameras, pixels), np.float32)
        for row in range(cameras):
            values[row] = rng.standard_normal(pixels, np.float32)
        index.append(Signed(row + 1, bytes(32), pack_signs(values[row].reshape(SMALL))) for row in range(cameras))
        for strength in STRENGTHS:
            tell_recall(index, values, strength, queries, rng)


def tell_recall(
    index: FingerprintIndex, values: NDArray[np.float32], strength: float, queries: int, rng: np.random.Generator
) -> None:
    """Prints recall of queries whose exact z-score is normal around a strength, in one of four turns each."""
    exact_found, found, both = 0, 0, 0
    for _ in range(0, queries, AT_ONCE):
        owners = rng.integers(len(values), size=AT_ONCE)
        asked = [SignQuery.of(draw_residual(values[owner], strength, rng)) for owner in owners]
        turned = [
            np.ascontiguousarray(one.signal[::down, ::right]).reshape(-1) for one in asked for down, right in FLIPS
        ]
        exact = (values @ np.stack(turned).T).reshape(len(values), AT_ONCE, len(FLIPS)).max(axis=2)
        for place, (owner, query) in enumerate(zip(owners, asked, strict=True)):
            scores = exact[:, place]
            in_exact = int((scores > scores[owner]).sum()) < LISTED
            ranked = [each.fingerprint_id - 1 for each in index.scan(query, CHECKED).ranked]
            ranked.sort(key=lambda row: -scores[row])
            in_found = owner in ranked[:LISTED]
            exact_found, found, both = exact_found + in_exact, found + in_found, both + (in_exact and in_found)
    kept = estimate_share(both, max(1, exact_found))
    print(
        f"z about {strength:.0f} (PCE {strength**2:.0f}): {queries} queries, exact search lists {exact_found}, ", end=""
    )
    print(
        f"Varde {found}; of those that exact search lists {kept.value:.4%} ({kept.low:.4%}-{kept.high:.4%})", flush=True
    )


def draw_residual(pattern: NDArray[np.float32], strength: float, rng: np.random.Generator) -> Residual:
    """Returns a residual with a pattern in it whose exact correlation is expected at so many standard deviations.

    Weights differ from place to place by a factor of up to 30, as they do in photographs with texture.
    """
    weights = np.exp(rng.uniform(np.log(1 / 30), 0.0, SMALL)).astype(np.float32)
    noise = rng.standard_normal(SMALL, np.float32) / np.sqrt(weights)
    gain = strength / np.sqrt(float(weights.sum()))
    values = noise + np.float32(gain) * pattern.reshape(SMALL)
    return Residual(values, weights, np.full(SMALL, 128, np.uint8), 1.0)


def clock(work: Callable[[], object]) -> float:
    """Returns the CPU seconds that something takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
