"""Synthetic sensors over ordinary generated scenes: photographs whose camera is known, from fixed seeds.

A sensor has its own multiplicative pattern under a Bayer mosaic, and traces it shares with every device of its model:
lines, 8 x 8 blocks, the trace of interpolating colours. The strength is set by phones of the shared test data, under
one plain residual: an ordinary photograph in JPEG quality 95 agrees with a fingerprint of twelve flat fields at a
normalised correlation of about 0.02 over the whole frame (the phones: 0.017 to 0.047), with the true pattern at about
0.07. Whatever is measured with them is measured on synthetic sensors, and has to say so.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Plane = npt.NDArray[np.float32]
"""(H, W) float32."""

Scene = npt.NDArray[np.float32]
"""(H, W) or (H, W, 3) float32, 0-255: the light that falls on the sensor."""

Pixels = npt.NDArray[np.uint8]

PHONE_STRENGTH = 0.0025
"""Standard deviation of the sensor's own pattern, as a share of the light: what this generator needs for a phone's."""

_SHOT_NOISE, _READ_NOISE = 0.28, 1.5
_BLOCK_PX = 8
_MODEL_LINES, _MODEL_BLOCKS = 0.06, 0.05
_MODEL_TRACE = 0.0006
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_MAKE, _MODEL, _ORIENTATION = 271, 272, 274
_CELLS = (3, 6, 12, 24, 48, 96, 192, 384, 768, 1536)
_ROUGHNESS = 0.68


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticSensor:
    """One made-up camera; the same seed is the same device.

    Attributes:
        seed: of the device.
        height_px, width_px: of the sensor; even.
        strength: standard deviation of the device's own pattern, as a share of the light.
        model_seed: of what all devices of a model share besides their own patterns; None leaves that out.
        pattern: (H, W) float32, the device's own pattern on the mosaic, around 0.
        shared: (H, W) float32, what the model adds to every picture, in grey levels.
    """

    seed: int
    height_px: int
    width_px: int
    strength: float = PHONE_STRENGTH
    model_seed: int | None = None
    pattern: Plane = field(init=False, repr=False)
    shared: Plane = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Makes the patterns."""
        size = (self.height_px, self.width_px)
        pattern = np.random.default_rng((1, self.seed)).standard_normal(size, np.float32)
        object.__setattr__(self, "pattern", pattern * np.float32(self.strength))
        object.__setattr__(self, "shared", _make_shared(self.model_seed, *size))

    @property
    def luma_pattern(self) -> Plane:
        """The device's own pattern as it shows in luma, (H, W) float32 around 0: the truth a fingerprint estimates."""
        level = np.clip(128 * 64 * (1 + self.pattern), 0, 65535).astype(np.uint16)
        luma: Plane = _demosaic(level) @ _LUMA / np.float32(128 * 64) - np.float32(1)
        return luma

    def take(self, scene: Scene, rng: np.random.Generator) -> Pixels:
        """Returns the picture of a scene: uint8 of the scene's shape, not compressed.

        Args:
            scene: (H, W) or (H, W, 3) RGB of the sensor's size.
            rng: decides the noise.

        Raises:
            ValueError: if the scene has another size.
        """
        if scene.shape[:2] != (self.height_px, self.width_px):
            raise ValueError(f"the sensor is {self.height_px} x {self.width_px}, the scene {scene.shape[:2]}")
        light = scene if scene.ndim == 2 else _mosaic(scene)
        colours = _demosaic(np.clip(self._expose(light, rng) * 64, 0, 255 * 64).astype(np.uint16)) / np.float32(64)
        picture = colours if scene.ndim == 3 else colours @ _LUMA
        picture += self.shared if scene.ndim == 2 else self.shared[:, :, None]
        return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)

    def flat(self, rng: np.random.Generator, level: float = 170.0) -> Pixels:
        """Returns the picture of an evenly lit surface, (H, W, 3) uint8, a little darker at the corners.

        Args:
            rng: decides the noise and the shade.
            level: brightness in the middle, 0-255.
        """
        return self.take(make_flat_scene(rng, self.height_px, self.width_px, level), rng)

    def _expose(self, light: Plane, rng: np.random.Generator) -> Plane:
        noise = rng.standard_normal(light.shape, np.float32)
        noise *= np.sqrt(light * np.float32(_SHOT_NOISE**2) + np.float32(_READ_NOISE**2))
        noise += light * (np.float32(1) + self.pattern)
        return noise


def make_scene(rng: np.random.Generator, height_px: int, width_px: int) -> Scene:
    """Returns an ordinary scene, (H, W, 3) float32 RGB 0-255: smooth fields, shapes with edges, texture in places.

    Args:
        rng: decides everything.
        height_px, width_px: 16 at least each.
    """
    grey = _make_texture(rng, height_px, width_px)
    _draw_shapes(rng, grey)
    tints = _resize(rng.uniform(0.75, 1.2, (3, 4, 3)).astype(np.float32), height_px, width_px)
    tints *= grey[:, :, None]
    return np.clip(tints, 4, 246, out=tints)


def make_flat_scene(rng: np.random.Generator, height_px: int, width_px: int, level: float = 170.0) -> Scene:
    """Returns an evenly lit surface, (H, W, 3) float32 0-255, up to a fifth darker at the corners.

    Args:
        rng: decides shade and colour.
        height_px, width_px: size.
        level: brightness in the middle, 0-255.
    """
    rows = np.linspace(-1, 1, height_px, dtype=np.float32)[:, None] + np.float32(rng.uniform(-0.2, 0.2))
    columns = np.linspace(-1, 1, width_px, dtype=np.float32)[None] + np.float32(rng.uniform(-0.2, 0.2))
    shade = np.float32(level * rng.uniform(0.9, 1.1)) * (1 - np.float32(0.08) * (rows * rows + columns * columns))
    colours: Scene = shade[:, :, None] * rng.uniform(0.95, 1.0, 3).astype(np.float32)
    return colours


def save_jpeg(
    pixels: Pixels, quality: int, *, orientation: int | None = None, make: str | None = None, model: str | None = None
) -> bytes:
    """Returns a picture as a JPEG file; the pixels stay as they lie, whatever orientation is stated.

    Args:
        pixels: (H, W) grey or (H, W, 3) RGB uint8.
        quality: 1-100.
        orientation: EXIF orientation to state, 1-8; None leaves it out.
        make, model: of the camera to state; None leaves them out.
    """
    exif = Image.Exif()
    for tag, value in ((_ORIENTATION, orientation), (_MAKE, make), (_MODEL, model)):
        if value is not None:
            exif[tag] = value
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, format="JPEG", quality=quality, exif=exif)
        return file.getvalue()


def _make_shared(seed: int | None, height_px: int, width_px: int) -> Plane:
    """Returns what a model adds: lines of rows and columns, 8 x 8 blocks, gains of the mosaic's four places."""
    shared = np.zeros((height_px, width_px), np.float32)
    if seed is None:
        return shared
    rng = np.random.default_rng((2, seed))
    shared += rng.normal(0, _MODEL_LINES, (height_px, 1)).astype(np.float32)
    shared += rng.normal(0, _MODEL_LINES, (1, width_px)).astype(np.float32)
    block = rng.normal(0, _MODEL_BLOCKS, (_BLOCK_PX, _BLOCK_PX)).astype(np.float32)
    block[::2, ::2] += np.float32(128 * _MODEL_TRACE)
    repeats = (-(-height_px // _BLOCK_PX), -(-width_px // _BLOCK_PX))
    shared += np.tile(block, repeats)[:height_px, :width_px]
    return shared


def _mosaic(scene: Scene) -> Plane:
    """Returns what a Bayer mosaic (red, green; green, blue) lets through of a scene, (H, W)."""
    light = scene[:, :, 1].copy()
    light[::2, ::2], light[1::2, 1::2] = scene[::2, ::2, 0], scene[1::2, 1::2, 2]
    return light


def _demosaic(light: npt.NDArray[np.uint16]) -> Scene:
    """Returns colours out of a mosaic, (H, W, 3) float32 RGB in the mosaic's own unit."""
    return np.asarray(cv2.demosaicing(light, cv2.COLOR_BayerRGGB2RGB), np.float32)


def _make_texture(rng: np.random.Generator, height_px: int, width_px: int) -> Plane:
    """Returns noise whose strength falls with fineness as in photographs, the fine part only in places."""
    coarse, fine = (np.zeros((height_px, width_px), np.float32) for _ in range(2))
    strength = 34.0
    for cells in _CELLS:
        if cells > min(height_px, width_px):
            break
        grid = rng.standard_normal((cells, max(2, cells * width_px // height_px)), np.float32)
        into = coarse if cells <= 24 else fine
        into += _resize(grid * np.float32(strength), height_px, width_px)
        strength *= _ROUGHNESS
    places = _resize(rng.uniform(-1.2, 1.2, (5, 7)).astype(np.float32), height_px, width_px)
    fine *= np.clip(places, 0, 1, out=places)
    coarse += fine
    coarse += np.float32(rng.uniform(95, 150))
    return coarse


def _draw_shapes(rng: np.random.Generator, grey: Plane) -> None:
    height_px, width_px = grey.shape
    for _ in range(int(rng.integers(4, 10))):
        mask = np.zeros(grey.shape, np.uint8)
        centre = (int(rng.integers(width_px)), int(rng.integers(height_px)))
        axes = (int(width_px * rng.uniform(0.03, 0.2)) + 1, int(height_px * rng.uniform(0.03, 0.25)) + 1)
        cv2.ellipse(mask, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1, cv2.LINE_AA)
        amount = mask.astype(np.float32) * np.float32(rng.uniform(0.5, 1) / 255)
        grey += amount * (np.float32(rng.uniform(20, 230)) - grey) * np.float32(0.7)


def _resize(grid: Plane | Scene, height_px: int, width_px: int) -> Plane:
    return np.asarray(cv2.resize(grid, (width_px, height_px), interpolation=cv2.INTER_CUBIC), np.float32)
