"""Measures how far edits of a picture, and other pictures of the same scene, are from it: where stacks are cut off.

`python evaluations/stack_distance.py`: prints the table of stack_distance.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from picture_edits import EDITS, Edit, Picture
from PIL import Image, ImageDraw

from varde.core.signal import PerceptualHash
from varde.hashing.pdq import MIN_QUALITY, compute_pdq, distance
from varde.testing.pictures import make_photo

PHOTOS = 60
LIMITS = (4, 8, 12, 16)
SAME_FOR_A_PERSON = ("JPEG 50", "JPEG 10", "half size", "64 px thumbnail", "blur", "noise", "grey")
SOMETHING_ELSE = ("rotated 1 degree", "crop 2 %", "caption bar 10 %", "corner logo 3 %")


def move_object(share: float) -> Edit:
    """Another picture of the same scene: something of that share of the area is there, or has gone elsewhere."""

    def edit(picture: Picture, rng: np.random.Generator, others: Sequence[Picture]) -> Picture:
        out = picture.copy()
        side = (share * out.width * out.height) ** 0.5
        x, y = rng.uniform(0, out.width - side), rng.uniform(0, out.height - side)
        colour = tuple(rng.integers(0, 255, 3).tolist())
        ImageDraw.Draw(out).ellipse((x, y, x + side, y + side), fill=colour)
        return out

    return edit


def main() -> None:
    rng = np.random.default_rng(1)
    photos = [Image.fromarray(make_photo(rng)) for _ in range(PHOTOS)]
    hashes = [compute_hash(photo) for photo in photos]
    edits = {name: EDITS[name] for name in SAME_FOR_A_PERSON}
    edits |= {f"object of {100 * share:.0f} % elsewhere": move_object(share) for share in (0.01, 0.02, 0.05, 0.10)}
    edits |= {name: EDITS[name] for name in SOMETHING_ELSE}
    limits = " | ".join(f"<= {limit}" for limit in LIMITS)
    print(f"| edit | median | p95 | most | {limits} |\n| --- |{' --- |' * (3 + len(LIMITS))}")
    for name, edit in edits.items():
        found = [
            distance(compute_hash(edit(photo, rng, photos)).value, hashes[number].value)
            for number, photo in enumerate(photos)
        ]
        within = " | ".join(f"{100 * np.mean(np.array(found) <= limit):.0f} %" for limit in LIMITS)
        print(f"| {name} | {np.median(found):.0f} | {np.percentile(found, 95):.0f} | {max(found)} | {within} |")
    apart = [distance(one.value, other.value) for at, one in enumerate(hashes) for other in hashes[:at]]
    print(f"\ndifferent pictures: {len(apart):,} pairs, nearest {min(apart)}, median {np.median(apart):.0f}")


def compute_hash(picture: Picture) -> PerceptualHash:
    outcome = compute_pdq(np.asarray(picture.convert("L")))
    assert isinstance(outcome, PerceptualHash)
    assert outcome.quality >= MIN_QUALITY
    return outcome


if __name__ == "__main__":
    main()
