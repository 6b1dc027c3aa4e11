"""What looking for faces adds to examining a picture: reading its colours, and the models.

Run as ``python benchmarks/faces_pipeline.py PACK DATA``. Process CPU time of one thread, best of several, as ratios in
one run: with and without colours, and against a second decode at full size, which is what two separate steps would do.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
from PIL import Image

from varde.core.limits import DecodeLimits
from varde.hashing.variants import compute_pdq_variants
from varde.media.picture import read_picture
from varde.models.registry import find_pack
from varde.pipeline.look_for_faces import PICTURE_PX, open_looker

LIMITS = DecodeLimits()
SIZES = (("JPEG", 640, 480), ("JPEG", 1632, 1224), ("JPEG", 4000, 3000), ("JPEG", 8000, 6000), ("PNG", 1632, 1224))


def measure(work: Callable[[], object]) -> float:
    """Returns the least CPU time in milliseconds of several runs."""
    best, spent = float("inf"), 0.0
    while spent < 1.0:
        start = time.process_time()
        work()
        took = time.process_time() - start
        best, spent = min(best, took), spent + took
    return best * 1e3


def decode_again(data: bytes) -> None:
    """Decodes a picture at its full size in colour and scales it, as a step of its own would do."""
    image = Image.open(io.BytesIO(data))
    image.load()
    image.thumbnail((PICTURE_PX, PICTURE_PX), Image.Resampling.BILINEAR, reducing_gap=2.0)
    np.asarray(image.convert("RGB"))


def main() -> None:
    """Prints the table."""
    pack, photos = find_pack(None, sys.argv[1]), Path(sys.argv[2]) / "faces" / "photos"
    looker = open_looker(str(pack.folder))
    with Image.open(photos / "obama_and_biden.jpg") as opened:
        original = opened.convert("RGB")
    print(f"{pack.name}/{pack.version}")
    print(
        "| Picture | decode | + colours | + second decode | hash | faces | faces found |\n|---|---|---|---|---|---|---|"
    )
    for kind, width, height in SIZES:
        with io.BytesIO() as file:
            original.resize((width, height), Image.Resampling.LANCZOS).save(file, kind, quality=90)
            data = file.getvalue()
        plain = measure(lambda data=data: read_picture(data, LIMITS))
        colours = measure(lambda data=data: read_picture(data, LIMITS, PICTURE_PX)) - plain
        again = measure(lambda data=data: decode_again(data))
        reading = read_picture(data, LIMITS, PICTURE_PX)
        hashed = measure(lambda reading=reading: compute_pdq_variants(reading.grey))
        looked = measure(lambda reading=reading, width=width: looker.look_at_picture(reading.colour, width))
        found = looker.look_at_picture(reading.colour, width)
        print(
            f"| {kind} {width} x {height} | {plain:.1f} ms | {colours:+.1f} | {again:+.1f} | {hashed:.1f} "
            f"| {looked:.1f} | {len(found.faces)} |"
        )


if __name__ == "__main__":
    main()
