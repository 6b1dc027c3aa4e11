"""The noise residual of a picture: what its sensor left in it, with the scene, saturated and dark pixels taken out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from varde.camera.cleaning import clean_as_published, clean_noise, compute_means
from varde.camera.cleaning_kernels import hide
from varde.camera.masks import DARK, SATURATED, mark_usable
from varde.camera.wavelet import compute_joint_noise, compute_noise
from varde.camera.weighting import level_and_weigh
from varde.camera.workspace import Bytes, Floats, Workspace
from varde.core.errors import WrongUse
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method

__all__ = [
    "DARK",
    "LEAST_USABLE",
    "METHOD",
    "SATURATED",
    "SMALLEST_PX",
    "Residual",
    "Workspace",
    "clean_noise",
    "extract_noise",
    "extract_published",
    "extract_residual",
    "warm_up",
]

METHOD: Final = Method("camera.residual", "2")

SMALLEST_PX: Final = 256
"""Sides shorter than this carry too little to compare."""

LEAST_USABLE: Final = 0.25
"""Share of pixels neither saturated nor dark below which a picture is not assessed."""

NOISE_VARIANCE: Final = 36.0
"""Of the noise that is looked for, in squared grey levels: 25 as published leaves more of the scene's texture in."""

LEAST_NOISE: Final = 0.02
"""Standard deviation in grey levels below which a picture holds no noise at all."""

_SHARES: Final = (0.29893602, 0.58704307, 0.11402090)
_SMALLEST_PUBLISHED_PX: Final = 8


@dataclass(frozen=True, slots=True)
class Residual:
    """A picture's noise, ready to be compared.

    Attributes:
        values: (H, W) float32 noise in grey levels, levelled, zero where masked.
        weights: (H, W) float32 inverse local variance of the noise, zero where masked.
        luma: (H, W) uint8 of the picture, in the sensor's layout.
        usable: share of pixels neither saturated nor dark.
        method: how it was extracted.
    """

    values: Floats
    weights: Floats
    luma: Bytes
    usable: float
    method: Method = METHOD

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.luma.shape[0], self.luma.shape[1]


def extract_residual(
    luma: Bytes | npt.NDArray[np.uint16], *, workspace: Workspace | None = None
) -> Residual | NotComparable:
    """Returns the noise residual of a picture's luma, or why it has none worth comparing.

    Steps: 1. wavelet noise (`varde.camera.wavelet`); 2. saturated and dark pixels and what lies beside clipped ones
    are hidden; 3. means of rows, columns and coding blocks are taken out; 4. weights by inverse local variance.
    The spectrum is not filtered: a fingerprint's is, which suffices and costs once (docs/decisions/0024).

    Convention: (H, W) uint8 or uint16 over its whole range, in the sensor's layout. Not changed; `Residual.luma` may
    be this very array.

    Args:
        luma: grey picture, or luma of one in colour.
        workspace: of the picture's size; what is returned then lies in it.

    Raises:
        WrongUse: if it is no plane of these types, or the workspace has another size.

    Limits: pictures that were resized, turned or heavily coded again keep little of their sensor's noise.
    """
    _check(luma, (2,), (np.uint8, np.uint16))
    height, width = luma.shape
    if min(height, width) < SMALLEST_PX:
        return NotComparable(Reason.TOO_SMALL, f"It has {width} x {height} pixels; at least {SMALLEST_PX} a side.")
    space = _choose(workspace, luma.shape)
    small = _narrow(luma)
    np.copyto(space.usable, small)
    saturated, dark = mark_usable(space.usable)
    usable = 1 - saturated - dark
    if usable < LEAST_USABLE:
        return _refuse_exposure(usable, is_dark=dark > saturated)
    values = compute_noise(_widen(luma, space), space, variance=NOISE_VARIANCE)
    hide(values, space.usable)
    means = compute_means(values, space, blocks=True)
    energy = level_and_weigh(values, means.rows, means.columns, space)
    if not energy >= LEAST_NOISE**2 * usable * luma.size:
        return NotComparable(Reason.BLANK, "It holds no noise: it is blank or drawn, not taken by a camera.")
    return Residual(values, space.weights, small, usable)


def extract_noise(luma: Bytes, workspace: Workspace) -> Floats:
    """Returns the bare noise of one plane, neither masked nor levelled; it lies in `workspace.noise`.

    Meant for frames of videos, whose sum is cleaned once by `clean_noise`.

    Convention: (H, W) uint8 in, (H, W) float32 out in grey levels.

    Raises:
        WrongUse: if the workspace has another size.
    """
    _check(luma, (2,), (np.uint8,))
    return compute_noise(_widen(luma, _choose(workspace, luma.shape)), workspace)


def extract_published(picture: Bytes, *, workspace: Workspace | None = None) -> Floats:
    """Returns the residual as published: each channel's noise, joined to grey, levelled, its spectrum filtered.

    Equal to the reference implementation's within 1e-3 of the residual's standard deviation; no pixel is masked.

    Convention: (H, W, 3) RGB or (H, W) uint8 in, at least 8 pixels a side; (H, W) float32 out in grey levels.

    Args:
        picture: in the sensor's layout.
        workspace: of the picture's size; what is returned then lies in it.

    Raises:
        WrongUse: if it is no such picture, or the workspace has another size.

    Source: Lukas, Fridrich & Goljan 2006; Chen et al. 2008; checked against polimi-ispl/prnu-python.
    """
    _check(picture, (2, 3), (np.uint8,))
    if min(picture.shape[:2]) < _SMALLEST_PUBLISHED_PX or picture.shape[2:] not in ((), (3,)):
        raise WrongUse(f"A picture of {picture.shape} has no published residual.")
    space = _choose(workspace, picture.shape)
    if picture.ndim == 2:
        noise = compute_noise(_widen(picture, space), space)
    else:
        noise = compute_joint_noise(_read_channels(picture, space), space)
    return clean_as_published(noise, space)


def warm_up() -> None:
    """Compiles and loads all that extracting needs, so that nothing has to be opened later, as in a sandbox."""
    noise = np.random.default_rng(1).integers(30, 200, (SMALLEST_PX, SMALLEST_PX, 3), dtype=np.uint8)
    noise[0, 0] = 255
    space = Workspace(SMALLEST_PX, SMALLEST_PX)
    extract_published(noise, workspace=space)
    for luma in (noise[:, :, 0], noise[:, :, 0].astype(np.uint16) * 257):
        extract_residual(luma, workspace=space)
    clean_noise(space.noise.copy(), space.usable, space)


def _check(picture: npt.NDArray[np.generic], dimensions: tuple[int, ...], types: tuple[type, ...]) -> None:
    if picture.ndim not in dimensions or picture.dtype.type not in types:
        raise WrongUse(f"No residual can be taken of an array of {picture.shape}, {picture.dtype}.")


def _choose(workspace: Workspace | None, shape: tuple[int, ...]) -> Workspace:
    if workspace is None:
        return Workspace(shape[0], shape[1])
    if not workspace.fits(shape):
        raise WrongUse(f"The workspace is for {workspace.shape}, the picture has {shape[:2]}.")
    return workspace


def _narrow(luma: Bytes | npt.NDArray[np.uint16]) -> Bytes:
    if luma.dtype == np.uint8:
        return luma.view(np.uint8)
    return ((luma.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _widen(luma: npt.NDArray[np.generic], workspace: Workspace) -> Floats:
    """Returns a plane in grey levels 0-255 as compiled loops read it; it lies in `workspace.plane`."""
    if luma.dtype == np.uint16:
        np.multiply(luma, np.float32(1 / 257), out=workspace.plane, casting="unsafe")
    else:
        np.copyto(workspace.plane, luma, casting="unsafe")
    return workspace.plane


def _read_channels(picture: Bytes, workspace: Workspace) -> Iterator[tuple[float, Floats]]:
    for channel, share in enumerate(_SHARES):
        yield share, _widen(picture[:, :, channel], workspace)


def _refuse_exposure(usable: float, *, is_dark: bool) -> NotComparable:
    reason, fault = (Reason.TOO_DARK, "dark") if is_dark else (Reason.OVEREXPOSED, "saturated")
    detail = (
        f"Only {usable:.0%} of its pixels are usable, most others are {fault}; at least {LEAST_USABLE:.0%} are needed."
    )
    return NotComparable(reason, detail)
