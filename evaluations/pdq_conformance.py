"""PDQ against published hashes and the reference implementation, file by file.

Needs the dependency group ``peers``. Usage: ``python evaluations/pdq_conformance.py [--output FILE] DATA``, where DATA
is the folder that holds ``pdq/published_hashes.csv`` and, for more pictures, ``photos`` and ``metadata``.
"""

from __future__ import annotations

import argparse
import csv
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pdqhash
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes

from varde.core.limits import DecodeLimits
from varde.core.signal import PerceptualHash
from varde.hashing.pdq import MAX_DISTANCE, MIN_QUALITY, compute_pdq, distance
from varde.media.picture import read_picture


@dataclass(frozen=True)
class Result:
    """One file as Varde and the reference see it."""

    value: bytes
    quality: int
    same_pixels: int
    same_quality: bool
    same_file: int


def hash_file(path: Path) -> Result | None:
    """Returns the distances of one file's hash; None where Varde calls it not comparable."""
    data = path.read_bytes()
    grey = read_picture(data, DecodeLimits()).grey
    outcome = compute_pdq(grey)
    if not isinstance(outcome, PerceptualHash):
        return None
    bits, quality = pdqhash.compute(np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2)))
    on_pixels = np.packbits(np.asarray(bits, np.uint8)).tobytes()
    on_file = bytes.fromhex(pdq_from_bytes(data)[0])
    return Result(
        outcome.value,
        outcome.quality,
        distance(outcome.value, on_pixels),
        quality == outcome.quality,
        distance(outcome.value, on_file),
    )


def list_promises(rows: list[dict[str, str]]) -> list[tuple[str, str, str, int]]:
    """Returns source, two files and their published distance for all pairs that must match."""
    promises = []
    for source, group in itertools.groupby(sorted(rows, key=lambda row: row["source"]), lambda row: row["source"]):
        published = {row["file"]: bytes.fromhex(row["pdq_hex"]) for row in group}
        for first, second in itertools.combinations(sorted(published), 2):
            apart = distance(published[first], published[second])
            if apart <= MAX_DISTANCE:
                promises.append((source, first, second, apart))
    return promises


def summarise(name: str, distances: list[int]) -> str:
    """Returns a table row: median, largest and share of zeros."""
    zero = sum(value == 0 for value in distances)
    return f"| {name} | {len(distances)} | {zero} | {np.median(distances):.0f} | {max(distances)} |"


def report_published(rows: list[dict[str, str]], results: dict[str, Result]) -> list[str]:
    """Returns the table of published hashes."""
    lines = [
        "## Published hashes",
        "",
        "Distances in bits of 256. *Same pixels*: to the reference (pdqhash) on the grey pixels Varde decoded.",
        "*Same file*: to threatexchange, which decodes to RGB and keeps fractions of the luma. *Published* hashes come",
        "from implementations that shrink and decode differently, hence differ among themselves.",
        "",
        "| File | Source | Quality | Same pixels | Same file | Published |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        result = results[row["file"]]
        apart = distance(result.value, bytes.fromhex(row["pdq_hex"]))
        ours = f"{result.quality} | {result.same_pixels} | {result.same_file} | {apart}"
        lines.append(f"| {row['file']} | {row['source']} | {ours} |")
    good = [
        distance(results[row["file"]].value, bytes.fromhex(row["pdq_hex"]))
        for row in rows
        if results[row["file"]].quality >= MIN_QUALITY
    ]
    lines += [
        "",
        f"Of quality >= {MIN_QUALITY}: {len(good)} published hashes, mean distance {np.mean(good):.1f},",
        f"largest {max(good)}; {sum(value <= 10 for value in good)} are within the 10 bits that the reference's",
        "documentation allows between implementations.",
        "",
    ]
    return lines


def report_promises(rows: list[dict[str, str]], results: dict[str, Result]) -> list[str]:
    """Returns how many of the matches among published hashes Varde's own hashes give, and each that it does not."""
    promises = list_promises(rows)
    missed = []
    for source, first, second, apart in promises:
        ours = distance(results[first].value, results[second].value)
        if ours > MAX_DISTANCE or min(results[first].quality, results[second].quality) < MIN_QUALITY:
            missed.append(f"| {source} | {first} | {second} | {apart} | {ours} |")
    lines = [
        "## Matches the published table promises",
        "",
        f"Pairs of different files whose published hashes are within {MAX_DISTANCE} of each other: {len(promises)}.",
        f"Found with Varde's hashes at distance <= {MAX_DISTANCE} and quality >= {MIN_QUALITY}:",
        f"{len(promises) - len(missed)}.",
        "",
    ]
    if missed:
        lines += ["| Source | File | File | Published | Varde |", "| --- | --- | --- | --- | --- |", *missed, ""]
    crossed = [
        distance(results[row["file"]].value, bytes.fromhex(row["pdq_hex"])) <= MAX_DISTANCE
        for row in rows
        if results[row["file"]].quality >= MIN_QUALITY
    ]
    lines += [
        f"Each file searched with Varde's hash among the published ones finds its own entry in {sum(crossed)} of",
        f"{len(crossed)} cases (quality >= {MIN_QUALITY}).",
        "",
    ]
    return lines


def report_reference(data: Path) -> list[str]:
    """Returns the summary over many pictures of several folders."""
    lines = [
        "## The reference on more pictures",
        "",
        f"Quality >= {MIN_QUALITY}; the quality itself was equal wherever the pixels were, except as noted.",
        "",
        "| Pictures, compared on | Number | Equal | Median | Largest |",
        "| --- | --- | --- | --- | --- |",
    ]
    unequal = 0
    for folder in ("pdq", "photos", "metadata"):
        found = [path for path in sorted((data / folder).rglob("*")) if path.suffix.lower() in (".jpg", ".png")]
        # threatexchange takes a palette's numbers for grey and the inks of a CMYK picture for red, green and blue.
        found = [path for path in found if path.name not in ("P.png", "CMYK.jpg", "1.png")]
        results = [result for path in found if (result := hash_file(path)) and result.quality >= MIN_QUALITY]
        unequal += sum(not result.same_quality for result in results)
        lines.append(summarise(f"{folder}, same pixels", [result.same_pixels for result in results]))
        lines.append(summarise(f"{folder}, same file", [result.same_file for result in results]))
    return [*lines, "", f"Quality differed on equal pixels in {unequal} cases.", ""]


def main() -> None:
    """Writes the evaluation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    with (arguments.data / "pdq" / "published_hashes.csv").open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["file"], row["source"]))
    rows = [row for number, row in enumerate(rows) if row not in rows[:number]]
    hashed = {name: hash_file(arguments.data / "pdq" / name) for name in sorted({row["file"] for row in rows})}
    results = {name: result for name, result in hashed.items() if result}
    rows = [row for row in rows if row["file"] in results]
    lines = [
        "# PDQ conformance",
        "",
        f"Date: {datetime.now(UTC):%Y-%m-%d}. Method: `evaluations/pdq_conformance.py`; references: pdqhash 0.2.8",
        "(the C++ reference, compiled) and threatexchange 1.2.17. The reference's own rule: equal on equal pixels,",
        "within 10 bits where quality is 80 or more. Orientation tags are not applied before hashing, as there.",
        "",
        f"Not comparable: {', '.join(sorted(set(hashed) - set(results))) or 'none of the published files'}.",
        "",
        *report_published(rows, results),
        *report_promises(rows, results),
        *report_reference(arguments.data),
    ]
    text = "\n".join(lines)
    print(text)
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
