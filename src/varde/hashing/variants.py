"""Hashes of a picture as it may have been before somebody edited it: turned, with a border, or part of a collage.

They are probes only: a known entry has the one hash of its picture, and the picture in question is asked about in every
variant. A record is one byte that says which variant, and the 32 bytes of its hash.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable
from varde.core.signal import PerceptualHash
from varde.hashing.borders import Grey, find_border
from varde.hashing.jarosz import Floats
from varde.hashing.pdq import HASH_BYTES, MIN_QUALITY, Spectrum, compute_bits, compute_spectrum

RECORD_BYTES = 1 + HASH_BYTES

ORIENTATIONS = (
    "",
    "mirrored",
    "upside down and mirrored",
    "turned upside down",
    "mirrored and turned 90 degrees anticlockwise",
    "turned 90 degrees anticlockwise",
    "turned 90 degrees clockwise",
    "mirrored and turned 90 degrees clockwise",
)
"""What was done to the picture before it was hashed. Bit 0: mirrored left to right, bit 1: top to bottom, bit 2: then
rows and columns exchanged."""

LEAST_PART_PX = 64
"""A half or quarter with a shorter side is not hashed: a hash of so few pixels is tens of bits off."""

WITHOUT_BORDER = 8
WINDOWS = 16
WITHOUT_ALL_BORDERS = 24
INSIDE_WINDOWS = 32

_WINDOWS = (
    ("upper left quarter", (0, 0, 1, 1)),
    ("upper right quarter", (0, 1, 1, 2)),
    ("lower left quarter", (1, 0, 2, 1)),
    ("lower right quarter", (1, 1, 2, 2)),
    ("left half", (0, 0, 2, 1)),
    ("right half", (0, 1, 2, 2)),
    ("upper half", (0, 0, 1, 2)),
    ("lower half", (1, 0, 2, 2)),
)
"""Name and box (top, left, bottom, right) in halves of the picture."""

_LEAST_SIDE_PX = 512
_SIGNS = (-1.0) ** np.arange(1, 17)


def _name_variants() -> dict[int, str]:
    names = dict(enumerate(ORIENTATIONS))
    for first, what in ((WITHOUT_BORDER, "without its border"), (WITHOUT_ALL_BORDERS, "without all its borders")):
        names |= {first + code: ", ".join(filter(None, (what, name))) for code, name in enumerate(ORIENTATIONS)}
    for number, (name, _) in enumerate(_WINDOWS):
        names |= {WINDOWS + number: name, INSIDE_WINDOWS + number: f"{name}, without its border"}
    return names


VARIANTS = _name_variants()
"""Every code and what it says to a person; 0 is the picture as it is."""


def compute_pdq_variants(grey: Grey, *, windows: bool = True) -> PerceptualHash | NotComparable:
    """Returns what `compute_pdq` returns, with the hashes of the picture's variants.

    A variant below `MIN_QUALITY`, or equal to one before it, is left out.

    Convention: (H, W) uint8 luma, 0-255, row 0 on top, orientation tag not applied.

    Args:
        grey: as for `compute_pdq`.
        windows: whether halves and quarters of at least `LEAST_PART_PX` are hashed too; frames of videos do without.

    Raises:
        WrongUse: if the array is not two-dimensional uint8 with at least one pixel.

    Source: ours, evaluations/picture_robustness.md. A mirrored or turned picture has the same frequencies with other
        signs and axes, so eight orientations need one transform.

    Limits: everything but the eight orientations of the whole is hashed of every n-th pixel, n so that 512 pixels are
        left of the shorter side; against all pixels that moves a hash by about ten bits.
    """
    outcome = compute_spectrum(grey)
    if isinstance(outcome, NotComparable):
        return outcome
    found: dict[bytes, int] = {}
    values = compute_orientations(outcome.amplitudes)
    whole = PerceptualHash(values[0], outcome.quality)
    if outcome.quality >= MIN_QUALITY:
        _collect(found, 0, values)
    step = max(1, min(grey.shape) // _LEAST_SIDE_PX)
    # The middle pixel of each block: its first one would shift the picture.
    small = np.ascontiguousarray(grey[step // 2 :: step, step // 2 :: step])
    inner, innermost = _cut(small, one_colour=True), _cut(small, one_colour=False)
    for first, part in ((WITHOUT_BORDER, inner), (WITHOUT_ALL_BORDERS, innermost)):
        spectrum = None if part is None else _compute_good(part)
        if spectrum is not None:
            _collect(found, first, compute_orientations(spectrum.amplitudes))
    if windows:
        _collect_windows(found, small if inner is None else inner)
    found.pop(whole.value, None)
    return replace(whole, variants=b"".join(bytes([code]) + value for value, code in found.items()))


def compute_orientations(amplitudes: Floats) -> list[bytes]:
    """Returns the hashes of a picture in eight orientations, in the order of `ORIENTATIONS`.

    Args:
        amplitudes: (16, 16) float32, of `Spectrum`.
    """
    across, down = _SIGNS[None, :].astype(np.float32), _SIGNS[:, None].astype(np.float32)
    upright = (amplitudes, amplitudes * across, amplitudes * down, amplitudes * across * down)
    return [compute_bits(each) for each in upright] + [compute_bits(each.T) for each in upright]


def read_variants(records: bytes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Returns the codes (N,) and hashes (N, 32), both uint8, of stored variants.

    Raises:
        WrongUse: if they are no records of variants.
    """
    if len(records) % RECORD_BYTES:
        raise WrongUse(f"{len(records)} bytes are no records of {RECORD_BYTES} bytes")
    rows = np.frombuffer(records, np.uint8).reshape(-1, RECORD_BYTES)
    if not are_codes(rows[:, 0]):
        raise WrongUse("a variant that this version does not know")
    return rows[:, 0], rows[:, 1:]


def are_codes(codes: npt.NDArray[np.uint8]) -> bool:
    """Returns whether all (N,) uint8 are codes of variants, none twice."""
    return bool(np.isin(codes, list(VARIANTS)[1:]).all()) and len(np.unique(codes)) == len(codes)


def _collect(found: dict[bytes, int], first: int, values: list[bytes]) -> None:
    for number, value in enumerate(values):
        found.setdefault(value, first + number)


def _collect_windows(found: dict[bytes, int], grey: Grey) -> None:
    height, width = grey.shape
    for number, (_, halves) in enumerate(_WINDOWS):
        top, bottom = (side * height // 2 for side in halves[::2])
        left, right = (side * width // 2 for side in halves[1::2])
        part = grey[top:bottom, left:right]
        if min(part.shape) < LEAST_PART_PX:
            continue
        # The gutter between the pictures of a collage is a border of each.
        for first, shown in ((WINDOWS, part), (INSIDE_WINDOWS, _cut(part, one_colour=True))):
            spectrum = None if shown is None else _compute_good(shown)
            if spectrum is not None:
                _collect(found, first + number, [compute_bits(spectrum.amplitudes)])


def _cut(grey: Grey, *, one_colour: bool) -> Grey | None:
    """Returns the picture inside its border, None where it has no border."""
    top, left, bottom, right = find_border(grey, one_colour=one_colour)
    if (top, left, bottom, right) == (0, 0, *grey.shape):
        return None
    return grey[top:bottom, left:right]


def _compute_good(grey: Grey) -> Spectrum | None:
    """Returns the spectrum, None where its hash should not be compared."""
    spectrum = compute_spectrum(grey) if grey.size else None
    return spectrum if isinstance(spectrum, Spectrum) and spectrum.quality >= MIN_QUALITY else None
