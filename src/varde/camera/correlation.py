"""Correlating a probe's weighted residual with a fingerprint: at one place, or at every circular shift by real FFT."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from varde.camera.pce import REACH, Peak, Plane, compute_peak
from varde.core.errors import WrongUse
from varde.segments.compiled import compiled

if TYPE_CHECKING:
    from varde.camera.fingerprint import Fingerprint
    from varde.camera.residual import Residual

Spectrum = NDArray[np.complex64]

_LARGEST_PRIME: Final = 61
"""Lengths with a larger prime factor are padded: their transform takes several times as long."""


@dataclass(frozen=True, slots=True)
class PreparedFingerprint:
    """A fingerprint with its spectrum, to be compared with many probes.

    Attributes:
        values: (H, W) float32, the fingerprint.
        spectrum: (H', W' / 2 + 1) complex64 real FFT of the values in a plane of `plane_px`.
        plane_px: (rows, columns) of the plane, the fingerprint's own size or a little more where that is much faster.
    """

    values: Plane
    spectrum: Spectrum
    plane_px: tuple[int, int]

    @property
    def size_px(self) -> tuple[int, int]:
        """Returns (rows, columns) of the sensor."""
        return self.values.shape[0], self.values.shape[1]


def prepare(fingerprint: Fingerprint) -> PreparedFingerprint:
    """Returns a fingerprint ready to be compared with many probes; it is not changed."""
    return prepare_values(fingerprint.values)


def prepare_values(values: Plane) -> PreparedFingerprint:
    """Returns (H, W) float32 values of a fingerprint, or of a picture compared as one, ready to be compared.

    Raises:
        WrongUse: if they are not a picture of at least 16 x 16 finite numbers.
    """
    if values.ndim != 2 or min(values.shape) < 16:
        raise WrongUse("A fingerprint has at least 16 rows and 16 columns.")
    plane_px = choose_length(values.shape[0]), choose_length(values.shape[1])
    spectrum = transform(values, plane_px)
    if not np.isfinite(spectrum[0, 0]):
        raise WrongUse("A fingerprint holds finite numbers only.")
    return PreparedFingerprint(values, spectrum, plane_px)


def compute_signal(residual: Residual) -> Plane:
    """Returns what is correlated with a fingerprint K: weight x residual x root of luma of every pixel, with mean 0.

    The likelihood of a residual W = I K + noise of local variance 1 / w is monotonous in the sum of w W I K, so that
    correlating w W I with K equals correlating the weighted residual with the template I K at every shift at once.
    The root of I takes the place of I: the light's own noise grows with it, which a variance measured in a residual
    shows in part only (docs/decisions/0030). Masked pixels (weight 0) stay 0.

    Convention: returns (H, W) float32, a new array.
    Source: Chen, Fridrich, Goljan & Lukas 2008, equation 8, with a variance for every pixel; the root is ours.
    """
    return weigh(
        np.ascontiguousarray(residual.values, np.float32),
        np.ascontiguousarray(residual.weights, np.float32),
        np.ascontiguousarray(residual.luma, np.uint8),
    )


def choose_length(length: int) -> int:
    """Returns the length of a transform of at least `length`: that itself unless a longer one is much faster."""
    rest, factor = length, 2
    while factor * factor <= rest:
        if rest % factor:
            factor += 1
        else:
            rest //= factor
    return length if rest <= _LARGEST_PRIME else int(scipy.fft.next_fast_len(length, real=True))


def transform(values: Plane, plane_px: tuple[int, int]) -> Spectrum:
    """Returns the real FFT, complex64, of values in the top left corner of a plane of zeros."""
    spectrum: Spectrum = scipy.fft.rfft2(values, plane_px)
    return spectrum


def transform_back(spectrum: Spectrum, plane_px: tuple[int, int]) -> Plane:
    """Returns the plane of a half spectrum, which is overwritten; one axis after the other, without a copy between."""
    columns = scipy.fft.ifft(spectrum, axis=0, overwrite_x=True)
    plane: Plane = scipy.fft.irfft(columns, plane_px[1], axis=1, overwrite_x=True)
    return plane


def correlate(probe: Spectrum, prepared: PreparedFingerprint, *, turned: bool = False, flipped: bool = False) -> Plane:
    """Returns the plane of correlations at every circular shift of a probe on the sensor.

    Place (r, c) holds the sum over (y, x) of probe(y, x) fingerprint(y + r, x + c).

    Args:
        probe: spectrum of the probe in a plane of `prepared.plane_px`.
        prepared: the fingerprint.
        turned: correlates probe(-y, -x) instead.
        flipped: correlates probe(-y, x) instead; with `turned`, probe(y, -x).
    """
    product, _ = _multiply(probe, prepared, turned=turned, flipped=flipped)
    return transform_back(product, prepared.plane_px)


def read_place(
    probe: Spectrum,
    prepared: PreparedFingerprint,
    place: tuple[int, int],
    *,
    turned: bool = False,
    flipped: bool = False,
) -> Peak:
    """Returns the signed PCE at one place of the plane that `correlate` would return, without computing that plane.

    The energy of the plane is that of its spectrum (Parseval), and the 11 x 11 places around the peak are a product
    with 11 rows of the Fourier matrix.
    """
    product, energy = _multiply(probe, prepared, turned=turned, flipped=flipped)
    near = read_near(product, prepared.plane_px, place, REACH)
    return compute_peak(place[0], place[1], near, energy, prepared.values.size)


def read_near(product: Spectrum, plane_px: tuple[int, int], place: tuple[int, int], reach: int) -> Plane:
    """Returns the places around one of the plane whose spectrum is given, wrapping at its borders."""
    height, width = plane_px
    rows, columns = np.arange(-reach, reach + 1) + place[0], np.arange(-reach, reach + 1) + place[1]
    turns = np.outer(rows, np.arange(height)) % height / height
    waves = np.exp(2j * np.pi * turns).astype(np.complex64) / np.float32(height)
    lines: Plane = scipy.fft.irfft(waves.astype(np.complex64) @ product, width, axis=1)
    return lines[:, columns % width]


def interpolate(
    product: Spectrum, plane_px: tuple[int, int], rows: NDArray[np.float64], columns: NDArray[np.float64]
) -> Plane:
    """Returns values of the plane whose half spectrum is given, also between its places, (rows, columns) float32."""
    height, width = plane_px
    down = np.exp(2j * np.pi * np.outer(rows, np.fft.fftfreq(height))).astype(np.complex64)
    right = np.exp(2j * np.pi * np.outer(np.fft.rfftfreq(width), columns)).astype(np.complex64)
    right[1 : (width + 1) // 2] *= np.float32(2)
    values = ((down @ product) @ right).real / np.float32(height * width)
    return np.asarray(values, np.float32)


def _multiply(probe: Spectrum, prepared: PreparedFingerprint, *, turned: bool, flipped: bool) -> tuple[Spectrum, float]:
    """Returns the spectrum of the plane of correlations, and the plane's energy."""
    product = np.empty_like(prepared.spectrum)
    squares = multiply(probe, prepared.spectrum, prepared.plane_px[1] % 2 == 0, turned, flipped, product)
    return product, squares / (prepared.plane_px[0] * prepared.plane_px[1])


@compiled
def weigh(values: Plane, weights: Plane, luma: NDArray[np.uint8]) -> Plane:
    """Returns weight x value x root of luma, less the mean over the pixels whose weight is not 0."""
    rows, columns = values.shape
    signal = np.empty((rows, columns), np.float32)
    total, count = 0.0, 0
    for row in range(rows):
        line = 0.0
        for column in range(columns):
            value = weights[row, column] * values[row, column] * np.sqrt(np.float32(luma[row, column]))
            signal[row, column] = value
            line += value
            count += weights[row, column] > 0
        total += line
    mean = np.float32(total / max(count, 1))
    for row in range(rows):
        for column in range(columns):
            if weights[row, column] > 0:
                signal[row, column] -= mean
    return signal


@compiled
def multiply(
    probe: Spectrum, fingerprint: Spectrum, even: bool, turned: bool, flipped: bool, product: Spectrum
) -> float:
    """Writes the spectrum of the correlation of two half spectra; returns the energy of the whole spectrum.

    Args:
        probe: half spectrum of the probe.
        fingerprint: half spectrum of the fingerprint, of the same shape.
        even: whether the plane has an even number of columns.
        turned: whether the probe is turned by 180 degrees about (0, 0).
        flipped: whether the probe's rows are taken upside down about row 0.
        product: written to.
    """
    rows, columns = fingerprint.shape
    sign = np.float32(1.0) if turned else np.float32(-1.0)
    energy = 0.0
    for row in range(rows):
        source = (rows - row) % rows if flipped else row
        line = 0.0
        for column in range(columns):
            a, b = probe[source, column], fingerprint[row, column]
            real = a.real * b.real - sign * a.imag * b.imag
            imag = a.real * b.imag + sign * a.imag * b.real
            product[row, column] = complex(real, imag)
            line += real * real + imag * imag
        first, last = product[row, 0], product[row, columns - 1]
        energy += 2.0 * line - (first.real * first.real + first.imag * first.imag)
        if even:
            energy -= last.real * last.real + last.imag * last.imag
    return energy


@compiled
def measure_agreement(signal: Plane, weights: Plane, pattern: Plane) -> tuple[float, int]:
    """Returns the normalised correlation of signal and pattern over their usable pixels, and how many these are.

    A pixel is usable where its weight is above 0 and the pattern is not 0.
    """
    rows, columns = signal.shape
    product, here, there, count = 0.0, 0.0, 0.0, 0
    for row in range(rows):
        for column in range(columns):
            one, other = signal[row, column], pattern[row, column]
            if weights[row, column] > 0 and other != 0:
                product += one * other
                here += one * one
                there += other * other
                count += 1
    norm = math.sqrt(here * there)
    return (product / norm if norm > 0 else 0.0), count
