"""Grey pixels out of every way a picture can store its colours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

Grey = npt.NDArray[np.uint8]

_DIRECT = frozenset({"L", "1", "LA", "La", "RGB", "RGBA", "RGBX", "P", "PA", "YCbCr"})


def compute_grey(image: Image.Image) -> Grey:
    """Returns the luma of a decoded picture.

    Convention: (H, W) uint8, 0-255; ITU-R 601 weights on R, G and B as stored, alpha ignored. Palettes are looked up,
    CMYK and HSV turned into RGB first, L*a*b* gives its L*, wide samples are scaled by `scale_samples`.

    Raises:
        ValueError: if Pillow has no conversion for the picture's mode.
    """
    mode = image.mode
    if mode == "L":
        return np.asarray(image)
    if mode == "LAB":
        return np.asarray(image.getchannel(0))
    if mode in ("I", "F") or mode.startswith("I;"):
        return scale_samples(np.asarray(image))
    if mode not in _DIRECT:
        image = image.convert("RGBA" if mode == "RGBa" else "RGB")
    return np.asarray(image.convert("L"))


def decode_luma(image: Image.Image, *, clear: bool) -> Grey:
    """Returns the pixels of an opened but not yet decoded picture of mode L.

    They are decoded straight into the returned array. Pillow's own way allocates, fills and copies them twice, which
    takes two thirds as long again (benchmarks/throughput.py).

    Args:
        image: after `Image.open` and `draft`; decoded afterwards.
        clear: whether to start from zeros, for files that may end before their pixels do.
    """
    pixels = np.zeros(image.size[::-1], np.uint8) if clear else np.empty(image.size[::-1], np.uint8)
    mapped = Image.frombuffer("L", image.size, pixels, "raw", "L", 0, 1).im
    image.im = mapped
    image.load()
    # A plug-in that takes memory of its own is asked for a copy.
    return pixels if image.im is mapped else np.asarray(image)


def scale_samples(samples: npt.NDArray[np.generic]) -> Grey:
    """Returns wide samples as 0-255.

    The range they were meant for is not stored with them, so it is told from the largest: up to 1 in floating point,
    up to 255 (kept as they are), up to 65535 (the upper byte is kept), otherwise from smallest to largest;
    a flat picture outside these ranges becomes black.

    Args:
        samples: (H, W) of integers or floats; what is not a finite number counts as 0.
    """
    values = np.nan_to_num(samples.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1 and samples.dtype.kind == "f":
        values = np.rint(values * 255)
    elif low >= 0 and high <= 255 and samples.dtype != np.uint16:
        values = np.rint(values)
    elif low >= 0 and high <= 65_535:
        values = values // 256
    elif low == high:
        values[:] = 0
    else:
        # Divided before subtracting, so that the span of extreme values stays finite.
        values = np.rint((values / 2 - low / 2) / (high / 2 - low / 2) * 255)
    return values.astype(np.uint8)
