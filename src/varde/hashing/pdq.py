"""PDQ: a 256-bit perceptual hash of a picture's coarse structure, equal to the reference implementation's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method, PerceptualHash
from varde.hashing.jarosz import SAMPLES, Floats, sample_64x64

METHOD = Method("pdq", "1")
MAX_DISTANCE = 31
MIN_QUALITY = 50
MIN_SIDE_PX = 5
HASH_BYTES = 32

_FREQUENCIES = 16
_ROUNDING_NOISE = 0.01


def compute_pdq(grey: npt.NDArray[np.uint8]) -> PerceptualHash | NotComparable:
    """Returns the picture's PDQ hash with its quality, or why it has none.

    A quality below `MIN_QUALITY` still gives the hash: whoever compares it decides.

    Convention: (H, W) uint8 luma, 0-255, row 0 on top, orientation tag not applied.

    Args:
        grey: any size from 1 x 1; smaller than `MIN_SIDE_PX` on a side is not comparable (the reference's limit).

    Raises:
        WrongUse: if the array is not two-dimensional uint8 with at least one pixel.

    Source: PDQ reference (facebook/ThreatExchange, pdq/cpp/hashing) and its paper "The TMK+PDQF Video-Hashing
        Algorithm and the PDQ Image-Hashing Algorithm" (2019), section on PDQ.

    Limits: found after scaling, recompression and colour changes; not after crops beyond about 2 % of the area, turns,
        mirroring or borders. The reference hashes the rounding noise of pictures in which nothing changes both
        across and down (flat, striped), even with quality 100: here they are not comparable. In an exactly
        mirror-symmetric picture half of the bits are such noise, here as there.
    """
    spectrum = compute_spectrum(grey)
    if isinstance(spectrum, NotComparable):
        return spectrum
    return PerceptualHash(compute_bits(spectrum.amplitudes), spectrum.quality)


@dataclass(frozen=True, slots=True)
class Spectrum:
    """What PDQ hashes of a picture.

    Attributes:
        amplitudes: (16, 16) float32: the lowest frequencies without the constant ones, vertical frequency first.
        quality: 0-100, the reference's gradient measure; larger is more structure.
    """

    amplitudes: Floats
    quality: int


def compute_spectrum(grey: npt.NDArray[np.uint8]) -> Spectrum | NotComparable:
    """Returns what `compute_pdq` hashes, or why the picture has no hash.

    Convention: as `compute_pdq`.

    Raises:
        WrongUse: if the array is not two-dimensional uint8 with at least one pixel.
    """
    if grey.ndim != 2 or grey.dtype != np.uint8 or grey.size == 0:
        raise WrongUse(f"PDQ needs a grey picture (H, W) of uint8 with pixels, not {grey.shape} of {grey.dtype}")
    height, width = grey.shape
    if min(height, width) < MIN_SIDE_PX:
        return NotComparable(Reason.TOO_SMALL, f"{width} x {height} pixels; PDQ needs at least {MIN_SIDE_PX} each way")
    samples = sample_64x64(grey)
    cosines = _compute_cosines()
    amplitudes = np.asarray(cosines @ samples @ cosines.T, np.float32)
    if np.abs(amplitudes).max() < _ROUNDING_NOISE:
        return NotComparable(
            Reason.QUALITY_TOO_LOW, "flat or striped: nothing changes both across and down the picture"
        )
    return Spectrum(amplitudes, compute_quality(samples))


def compute_bits(amplitudes: Floats) -> bytes:
    """Returns the 32 bytes of the hash of (16, 16) amplitudes."""
    spectrum = amplitudes.ravel()
    # 1. A bit is set where the amplitude is above the median; of the two middle values the reference takes the lower.
    median = np.partition(spectrum, spectrum.size // 2 - 1)[spectrum.size // 2 - 1]
    # 2. The first frequency is the least significant bit; hexadecimal text starts with the most significant one.
    return np.packbits((spectrum > median)[::-1]).tobytes()


def compute_quality(samples: Floats) -> int:
    """Returns 0-100: how much structure the (64, 64) float32 samples hold, larger is more.

    Source: PDQ reference: neighbouring differences in whole hundredths of the range, summed, divided by 90.
    """
    total = 0
    for axis in (0, 1):
        steps = np.diff(samples, axis=axis) * np.float32(100) / np.float32(255)
        total += int(np.abs(steps.astype(np.int32)).sum())
    return min(total // 90, 100)


def distance(a: bytes, b: bytes) -> int:
    """Returns in how many of 256 bits two PDQ hashes differ; smaller is closer, 0 is equal.

    Raises:
        WrongUse: if either is not 32 bytes long.
    """
    if len(a) != HASH_BYTES or len(b) != HASH_BYTES:
        raise WrongUse(f"a PDQ hash has {HASH_BYTES} bytes, not {len(a)} and {len(b)}")
    return (int.from_bytes(a) ^ int.from_bytes(b)).bit_count()


@lru_cache(maxsize=1)
def _compute_cosines() -> Floats:
    """Returns (16, 64) float32: rows 1 to 16 of the orthonormal DCT-II."""
    frequency = np.arange(1, _FREQUENCIES + 1)[:, None]
    position = 2 * np.arange(SAMPLES)[None, :] + 1
    return np.asarray(np.sqrt(2 / SAMPLES) * np.cos(np.pi / (2 * SAMPLES) * frequency * position), np.float32)
