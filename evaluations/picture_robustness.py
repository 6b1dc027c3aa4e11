"""What the stages of matching find of edited pictures, what they accept wrongly, and what they cost.

Usage: ``python evaluations/picture_robustness.py [--output FILE] [--sizes 1000 10000 100000] DATA``, where DATA holds
``photos``, ``pdq``, ``faces``, ``camera`` and ``metadata``. Thresholds were chosen on every second photograph; the
figures are of the other half.
"""

from __future__ import annotations

import argparse
import math
import platform
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import skimage
from picture_edits import EDITS, Picture, save_jpeg
from PIL import Image, UnidentifiedImageError

from varde.core.outcome import NotComparable
from varde.core.signal import PerceptualHash
from varde.hashing.local_features import compute_points, warm_up
from varde.hashing.local_points import Points, pack_points, read_points
from varde.hashing.pdq import MAX_DISTANCE, MIN_QUALITY, compute_pdq
from varde.hashing.variants import compute_pdq_variants, read_variants
from varde.known.alignment import Alignment, Verdict, align
from varde.known.local_index import LocalIndex
from varde.testing.pictures import make_chart, make_photo, make_texture

LONGEST_PX = 1600
TILES = "astronaut.png chelsea.png coffee.png motorcycle_left.png rocket.jpg coins.png ihc.png".split()  # noqa: SIM905
GENERATED = 60
PAIRS_CHECKED = 20_000


@dataclass
class Known:
    """The gallery: file name, PDQ hash and local features of every picture."""

    names: list[str] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    qualities: list[int] = field(default_factory=list)
    points: dict[int, Points] = field(default_factory=dict)

    def add(self, name: str, grey: np.ndarray) -> None:
        """Adds a picture; what cannot be hashed has 32 zero bytes of quality 0."""
        outcome = compute_pdq(grey)
        good = isinstance(outcome, PerceptualHash)
        self.hashes.append(outcome.value if good else bytes(32))
        self.qualities.append(outcome.quality if good else 0)
        found = compute_points(grey)
        if isinstance(found, Points):
            self.points[len(self.names)] = read_points(pack_points(found))
        self.names.append(name)


@dataclass
class Tally:
    """How often an edit was found, by stage."""

    tried: int = 0
    plain: int = 0
    variants: int = 0
    features: int = 0
    together: int = 0


def load(path: Path) -> Picture:
    """Returns a picture of at most LONGEST_PX, orientation tag not applied."""
    picture = Image.open(path).convert("RGB")
    picture.thumbnail((LONGEST_PX, LONGEST_PX))
    return picture


def to_grey(picture: Picture) -> np.ndarray:
    """Returns (H, W) uint8."""
    return np.asarray(picture.convert("L"))


def list_distractors(data: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yields benign pictures that have nothing to do with the photographs; of the many faces every second one."""
    paths = [path for folder in ("metadata", "faces/photos", "pdq") for path in sorted((data / folder).rglob("*.jpg"))]
    paths += [path for path in sorted((data / "camera").rglob("*")) if path.is_file()]
    for path in paths + sorted((data / "faces" / "lfw").rglob("*.jpg"))[::2]:
        try:
            yield path.relative_to(data).as_posix(), to_grey(load(path))
        except (UnidentifiedImageError, OSError):
            continue
    for seed in range(GENERATED):
        for make in (make_photo, make_chart, make_texture):
            pixels = make(np.random.default_rng(1000 + seed), 640, 480)
            yield f"generated/{make.__name__}-{seed}", to_grey(Image.fromarray(pixels))


def find_by_hash(known: Known, values: np.ndarray) -> set[int]:
    """Returns the gallery pictures within the operating point of any of (M, 32) probes."""
    gallery = np.frombuffer(b"".join(known.hashes), np.uint8).reshape(-1, 32).view(np.uint64)
    good = np.array(known.qualities) >= MIN_QUALITY
    found: set[int] = set()
    for probe in np.ascontiguousarray(values).view(np.uint64):
        apart = np.bitwise_count(gallery ^ probe).sum(axis=1)
        found.update(np.flatnonzero((apart <= MAX_DISTANCE) & good).tolist())
    return found


def find_by_features(known: Known, index: LocalIndex, points: Points | None) -> dict[int, Alignment]:
    """Returns every alignment of the second stage by gallery picture."""
    found = {}
    for candidate in index.search(points) if points else ():
        alignment = align(points, known.points[candidate.known_id - 1], candidate.view)
        if alignment:
            found[candidate.known_id - 1] = alignment
    return found


def get_points(grey: np.ndarray) -> Points | None:
    """Returns the points as a database gives them, None where there are none."""
    found = compute_points(grey)
    return None if isinstance(found, NotComparable) else read_points(pack_points(found))


@dataclass
class Wrong:
    """What was accepted, or led to, although it has nothing to do with the query."""

    pairs: int = 0
    hashes: list[tuple[str, str]] = field(default_factory=list)
    copies: list[tuple[str, str, str]] = field(default_factory=list)
    leads: list[tuple[str, str, str]] = field(default_factory=list)

    def note(self, query: str, name: str, alignment: Alignment) -> None:
        """Adds one alignment with a picture that is not in the query."""
        pixels = alignment.pixels
        what = f"{len(alignment.inliers)} points, {pixels.parts:.0%} of {pixels.checked} parts"
        (self.copies if alignment.verdict is Verdict.COPY else self.leads).append((query, name, what))


def measure_edits(known: Known, index: LocalIndex, path: Path) -> tuple[dict[str, Tally], Wrong]:
    """Returns the tallies of every edit of one photograph of the gallery, and what was accepted wrongly."""
    tiles = [load(Path(skimage.__file__).parent / "data" / name) for name in TILES]
    tallies, wrong = {}, Wrong()
    own, picture = known.names.index(path.name), load(path)
    for name, edit in EDITS.items():
        rng = np.random.default_rng(zlib.crc32((path.name + name).encode()))
        others = [tiles[at] for at in rng.permutation(len(tiles))[:4]]
        grey = to_grey(save_jpeg(edit(picture, rng, others), 80))
        hashed, aligned = compute_pdq_variants(grey), find_by_features(known, index, get_points(grey))
        plain, varied = set(), set()
        if isinstance(hashed, PerceptualHash):
            if hashed.quality >= MIN_QUALITY:
                plain = find_by_hash(known, np.frombuffer(hashed.value, np.uint8).reshape(1, 32))
            varied = plain | find_by_hash(known, read_variants(hashed.variants)[1])
        copies = {at for at, each in aligned.items() if each.verdict is Verdict.COPY}
        tallies[name] = Tally(1, own in plain, own in varied, own in copies, own in copies | varied)
        wrong.pairs += len(known.names) - 1
        wrong.hashes += [(f"{path.name}, {name}", known.names[at]) for at in varied - {own}]
        for at, each in aligned.items():
            if at != own:
                wrong.note(f"{path.name}, {name}", known.names[at], each)
    return tallies, wrong


def measure_unrelated(known: Known, index: LocalIndex, places: list[int]) -> tuple[dict[str, Tally], Wrong]:
    """Looks some pictures of the gallery up in the gallery."""
    wrong = Wrong()
    for own in places:
        wrong.pairs += len(known.names) - 1
        for at, each in find_by_features(known, index, known.points[own]).items():
            if at != own:
                wrong.note(known.names[own], known.names[at], each)
    return {}, wrong


def measure_all(
    known: Known, index: LocalIndex, photos: list[Path], workers: int
) -> tuple[dict[str, Tally], Wrong, tuple[int, int]]:
    """Returns what `measure_edits`, `measure_unrelated` and `measure_exhaustive` find, added up."""
    tallies, wrong = {name: Tally() for name in EDITS}, Wrong()
    places = list(known.points)
    with ProcessPoolExecutor(workers, get_context("fork")) as pool:
        jobs = [pool.submit(measure_edits, known, index, path) for path in photos]
        jobs += [pool.submit(measure_unrelated, known, index, places[start::40]) for start in range(40)]
        pairs = [pool.submit(measure_exhaustive, known, PAIRS_CHECKED // 20, seed) for seed in range(20)]
        for job in jobs:
            found, accepted = job.result()
            for name, one in found.items():
                tallies[name] = Tally(*(a + b for a, b in zip(astuple(tallies[name]), astuple(one), strict=True)))
            wrong = Wrong(*(a + b for a, b in zip(list_parts(wrong), list_parts(accepted), strict=True)))
        aligned, copies = (sum(numbers) for numbers in zip(*(job.result() for job in pairs), strict=True))
    return tallies, wrong, (aligned, copies)


def list_parts(
    wrong: Wrong,
) -> tuple[int, list[tuple[str, str]], list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """Returns the parts, to be added up."""
    return wrong.pairs, wrong.hashes, wrong.copies, wrong.leads


def measure_exhaustive(known: Known, count: int, seed: int) -> tuple[int, int]:
    """Returns how many of so many random pairs align, and how many of these are called copies, without any index."""
    rng = np.random.default_rng(seed)
    places, aligned, copies = list(known.points), 0, 0
    for _ in range(count):
        first, second = rng.choice(places, 2, replace=False)
        found = align(known.points[first], known.points[second])
        if found and find_family(known.names[first]) != find_family(known.names[second]):
            aligned += 1
            copies += found.verdict is Verdict.COPY
    return aligned, copies


def make_synthetic(known: Known, rng: np.random.Generator) -> Callable[[], Points]:
    """Returns a maker of pictures that never were: points drawn from real ones, a tenth of their bits changed."""
    pool = list(known.points.values())
    words = np.concatenate([points.words for points in pool])
    signatures = np.concatenate([points.signatures for points in pool])

    def make() -> Points:
        drawn = rng.integers(0, len(words), 256)
        noise = np.packbits(rng.random((256, 16, 8)) < 0.1, axis=2).reshape(256, 16).view("<u4")
        zeros = np.zeros(256, np.float32)
        return replace(
            pool[0],
            x=zeros, y=zeros, size=zeros + 8, angle=zeros,
            words=words[drawn], signatures=signatures[drawn] ^ noise,
        )  # fmt: skip

    return make


def measure_sizes(known: Known, photos: list[Path], sizes: list[int], folder: Path) -> list[str]:
    """Returns table rows: gallery size, bytes, CPU ms of search and of alignment, recall of hard edits."""
    rows, tiles = [], [load(Path(skimage.__file__).parent / "data" / name) for name in TILES]
    queries = []
    for path in photos[:20]:
        for name in ("crop 50 %", "rotated 10 degrees", "corner logo 25 %", "collage 2 x 2", "perspective 8 %"):
            rng = np.random.default_rng(zlib.crc32((path.name + name).encode()))
            grey = to_grey(save_jpeg(EDITS[name](load(path), rng, tiles), 80))
            queries.append((known.names.index(path.name), get_points(grey)))
    for size in sizes:
        index, make = LocalIndex(folder / str(size)), make_synthetic(known, np.random.default_rng(size))
        real = ((at + 1, points) for at, points in known.points.items())
        start = time.process_time()
        index.append(real)
        index.append(((1 << 32) + number, make()) for number in range(max(0, size - len(known.points))))
        added_s = time.process_time() - start
        bytes_each = sum(file.stat().st_size for file in (folder / str(size)).iterdir()) / len(index)
        searched, aligned, hits = [], [], 0
        for _, points in queries[:10]:
            index.search(points)  # so that what is measured does not read the file first
        for own, points in queries:
            start = time.process_time()
            candidates = index.search(points)
            middle = time.process_time()
            found = {
                each.known_id - 1: alignment
                for each in candidates
                if each.known_id - 1 in known.points
                and (alignment := align(points, known.points[each.known_id - 1], each.view))
            }
            aligned.append(time.process_time() - middle)
            searched.append(middle - start)
            hits += own in found and found[own].verdict is Verdict.COPY
        spent = np.array([searched, aligned]) * 1000
        rows.append(
            f"| {len(index):,} | {bytes_each:,.0f} | {1000 * added_s / size:.2f} | {np.median(spent[0]):.0f} / "
            f"{np.percentile(spent[0], 95):.0f} | {np.median(spent[1]):.0f} / {np.percentile(spent[1], 95):.0f} | "
            f"{hits} of {len(queries)} |"
        )
    return rows


def measure_costs() -> list[str]:
    """Returns table rows: CPU ms of the parts, medians of 9."""
    rows = []
    rng = np.random.default_rng(0)
    for width, height in ((1600, 1200), (4000, 3000)):
        grey = to_grey(Image.fromarray(make_photo(rng, width, height)))
        steps = {
            "PDQ alone": lambda grey=grey: compute_pdq(grey),
            "PDQ and variants": lambda grey=grey: compute_pdq_variants(grey),
            "local features": lambda grey=grey: compute_points(grey),
        }
        for name, step in steps.items():
            step()
            times = []
            for _ in range(9):
                start = time.process_time()
                step()
                times.append(1000 * (time.process_time() - start))
            rows.append(f"| {name} | {width * height / 1e6:.1f} MP | {np.median(times):.1f} |")
    return rows


def find_family(name: str) -> str:
    """Returns what a picture of the test material is an edit of, where the folder says so; else its own name."""
    if name.startswith("pdq/") and ("bridge" in name or "misc-images/modes" in name):
        return "bridge"
    if "exif-rotn" in name or name.startswith(("metadata/landscape_", "metadata/portrait_")):
        return name.rpartition("_")[0] if "exif-rotn" not in name else "exif-rotn"
    return name


def wilson(hits: int, tried: int) -> str:
    """Returns a share in percent with its 95 % interval (Wilson 1927)."""
    if not tried:
        return "-"
    share, z = hits / tried, 1.96
    middle = (share + z * z / (2 * tried)) / (1 + z * z / tried)
    half = z * math.sqrt(share * (1 - share) / tried + z * z / (4 * tried * tried)) / (1 + z * z / tried)
    return f"{100 * share:.0f} ({100 * max(0, middle - half):.0f}-{100 * min(1, middle + half):.0f})"


def write_report(
    known: Known, tallies: dict[str, Tally], wrong: Wrong, exhaustive: tuple[int, int], sizes: list[str]
) -> str:
    """Returns the evaluation as Markdown."""
    tried = next(iter(tallies.values())).tried
    copies = sorted({each for each in wrong.copies if find_family(each[0]) != find_family(each[1])})
    edited = sum(", " in query for query, _, _ in copies)
    lines = [
        "# Robustness of picture matching",
        "",
        f"Date: {datetime.now(UTC):%Y-%m-%d}. Method: `evaluations/picture_robustness.py`, edits:",
        "`evaluations/picture_edits.py`, each result saved as JPEG of quality 80. Operating points: PDQ distance at",
        "most 31, quality at least 50; `local-features/1` as in `src/varde/known/alignment.py`. Thresholds were chosen",
        f"on 60 of the 120 photographs of BSDS500; every figure here is of the other {tried}, looked up in a gallery",
        f"of {len(known.names):,} pictures (all photographs, faces, camera test pictures, metadata and PDQ samples,",
        f"and {3 * GENERATED} generated ones). Machine: two noisy cores, {platform.machine()}; CPU time, one thread.",
        "",
        "## Found, in percent (95 % interval)",
        "",
        "| Edit | PDQ | + variants | local features alone | all stages |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, tally in tallies.items():
        counts = (tally.plain, tally.variants, tally.features, tally.together)
        lines.append(f"| {name} | {' | '.join(wilson(hits, tally.tried) for hits in counts)} |")
    lines += [
        "",
        "## Accepted wrongly",
        "",
        f"Query-picture pairs that have nothing to do with one another: {wrong.pairs:,}. Each is a query looked up in",
        "the gallery; the index drops most pairs, the alignment the rest.",
        "",
        f"- PDQ with variants: {len(set(wrong.hashes))} (edited photographs only).",
        f"- Local features, edited photographs called a copy of another picture: {edited}.",
        f"- Local features, pictures of the gallery called a copy of another: {len(copies) - edited}, listed below.",
        "  Edits and turns of one picture in the test material (`bridge`, `exif-rotn`, `landscape`, `portrait`) do not",
        "  count.",
        f"- Local features, same-place leads (the same emblem, room or series; no matches): {len(set(wrong.leads))}.",
        f"- Without any index, {PAIRS_CHECKED:,} random pairs of the gallery in all four views:",
        f"  {exhaustive[0]} aligned, {exhaustive[1]} of them called copies.",
        "",
    ]
    if copies:
        lines += ["| Query | Called a copy of | Why |", "| --- | --- | --- |"]
        lines += [f"| {query} | {name} | {what} |" for query, name, what in copies] + [""]
    lines += [
        "## Cost of a picture",
        "",
        "| Step | Size | CPU ms |",
        "| --- | --- | --- |",
        *measure_costs(),
        "",
        "## Cost of a query",
        "",
        "Galleries beyond the real pictures are synthetic: points drawn one by one from the real ones, a tenth of the",
        "bits of their signatures changed. Search is in four views (as it is, mirrored, and both as negatives); of up",
        "to 24 candidates those that are real pictures are aligned. Medians and 95th percentiles of 100 queries.",
        "",
        "| Pictures | Index bytes each | Adding, ms each | Search, ms | Alignment, ms | Hard edits found |",
        "| --- | --- | --- | --- | --- | --- |",
        *sizes,
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Writes the evaluation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=[2_000, 10_000, 100_000])
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    warm_up()
    photos = sorted((arguments.data / "photos").glob("*.jpg"))
    known = Known()
    for path in photos:
        known.add(path.name, to_grey(load(path)))
    for name, grey in list_distractors(arguments.data):
        known.add(name, grey)
    with tempfile.TemporaryDirectory() as place:
        index = LocalIndex(Path(place) / "gallery")
        index.append((at + 1, points) for at, points in known.points.items())
        index.search(known.points[0])  # compiled before the processes are split off
        align(known.points[0], known.points[0])
        tallies, wrong, exhaustive = measure_all(known, index, photos[1::2], arguments.workers)
        sizes = measure_sizes(known, photos[1::2], arguments.sizes, Path(place))
    text = write_report(known, tallies, wrong, exhaustive, sizes)
    print(text)
    print("\n".join(map(str, sorted(set(wrong.leads))[:80])))
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
