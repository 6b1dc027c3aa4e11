"""Videos of synthetic sensors: H.264 at a bit rate, of a moving scene, stabilised electronically or not.

As in a phone, a video shows a centred crop of the sensor with the video's own sides, made smaller; with stabilisation a
smaller crop that moves, turns and grows a little over the sensor from frame to frame, so that the scene stands still.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import av
import cv2
import numpy as np
import numpy.typing as npt

from varde.testing.cameras import Plane, Scene, SyntheticSensor, make_scene

_SHOT_NOISE, _READ_NOISE = 0.14, 0.8
_STEADINESS = 0.9
_MARGIN = 0.1
_PAN_PX = 1.5
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_CHROMA = np.array([[-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]], np.float32)


@dataclass(frozen=True, slots=True)
class Stabilisation:
    """How far simulated electronic stabilisation moves the frame over the sensor; standard deviations over time.

    Attributes:
        shift_px: in each direction, pixels of the video.
        angle_deg: turning.
        scale: growing and shrinking, as a share.
    """

    shift_px: float = 3.0
    angle_deg: float = 0.25
    scale: float = 0.002


@dataclass(frozen=True, slots=True)
class FramePlace:
    """Where one frame lies on the crop of the sensor, about the frame's middle: the truth a search has to find.

    Attributes:
        shift: (rows, columns) in pixels of the video.
        angle_deg: counter-clockwise.
        scale: pixels of the video per pixel of the steady crop.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    angle_deg: float = 0.0
    scale: float = 1.0


def make_places(rng: np.random.Generator, frames: int, stabilised: Stabilisation | None) -> list[FramePlace]:
    """Returns where each frame lies on the sensor: all at the same place without stabilisation, else a smooth walk."""
    if stabilised is None:
        return [FramePlace()] * frames
    spread = np.array([stabilised.shift_px, stabilised.shift_px, stabilised.angle_deg, stabilised.scale])
    state, places = rng.standard_normal(4), []
    for _ in range(frames):
        state = _STEADINESS * state + np.sqrt(1 - _STEADINESS**2) * rng.standard_normal(4)
        rows, columns, angle, scale = (float(value) for value in state * spread)
        places.append(FramePlace((rows, columns), angle, 1 + scale))
    return places


def take_video(
    sensor: SyntheticSensor,
    rng: np.random.Generator,
    *,
    size: tuple[int, int] = (720, 1280),
    frames: int = 60,
    bit_rate: int = 4_000_000,
    gop: int = 30,
    rate: int = 30,
    stabilised: Stabilisation | None = None,
    places: list[FramePlace] | None = None,
) -> bytes:
    """Returns a video as an MP4 file, H.264 by x264.

    Args:
        sensor: what takes it; where it is larger than the video, its centred crop is made smaller.
        rng: decides scene, motion and noise.
        size: (rows, columns) of the video; even.
        frames: how many.
        bit_rate: aimed at, in bits per second.
        gop: frames from key frame to key frame.
        rate: frames per second.
        stabilised: how it is stabilised; None is not at all.
        places: of the frames as `make_places` gives them; None makes them.
    """
    places = make_places(rng, frames, stabilised) if places is None else places
    margin = _MARGIN if stabilised else 0.0
    pattern = get_video_pattern(sensor, size, margin)
    with io.BytesIO() as file:
        with av.open(file, mode="w", format="mp4") as out:
            stream = cast(Any, out.add_stream("libx264", rate=rate))
            stream.height, stream.width, stream.pix_fmt, stream.bit_rate = *size, "yuv420p", bit_rate
            stream.codec_context.gop_size, stream.codec_context.thread_count = gop, 1
            stream.options = {
                "preset": "veryfast",
                "x264-params": f"vbv-maxrate={bit_rate * 3 // 2000}:vbv-bufsize=4000",
            }
            for scene, place in zip(_move_scene(rng, len(places), size), places, strict=True):
                picture = _take_frame(scene, pattern, place, rng)
                frame = av.VideoFrame.from_ndarray(_to_planes(picture, scene), format="yuv420p")
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        return file.getvalue()


def get_video_pattern(sensor: SyntheticSensor, size: tuple[int, int], margin: float = 0.0) -> Plane:
    """Returns the sensor's pattern as it lies under a video, (H, W) float32: the truth a video's fingerprint estimates.

    Args:
        sensor: at least as large as the video.
        size: (rows, columns) of the video.
        margin: share by which it is larger than the video in each direction, for stabilisation to move in.
    """
    height, width = (2 * round(side * (1 + margin) / 2) for side in size)
    share = min(sensor.height_px / height, sensor.width_px / width)
    rows, columns = round(height * share), round(width * share)
    top, left = (sensor.height_px - rows) // 2, (sensor.width_px - columns) // 2
    crop = (sensor.luma_pattern + sensor.shared / np.float32(128))[top : top + rows, left : left + columns]
    return np.asarray(cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _take_frame(scene: Scene, pattern: Plane, place: FramePlace, rng: np.random.Generator) -> Plane:
    """Returns the luma of one frame: the scene lies still in it, the sensor's pattern lies where the place says."""
    light = scene @ _LUMA
    height, width = light.shape
    if pattern.shape == light.shape:
        return _expose(light, pattern, rng)
    matrix = cv2.getRotationMatrix2D(
        (pattern.shape[1] / 2 - 0.5, pattern.shape[0] / 2 - 0.5), place.angle_deg, place.scale
    )
    matrix[:, 2] += ((width - pattern.shape[1]) / 2 + place.shift[1], (height - pattern.shape[0]) / 2 + place.shift[0])
    there = cv2.warpAffine(
        light,
        matrix,
        (pattern.shape[1], pattern.shape[0]),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT,
    )
    raw = _expose(np.asarray(there, np.float32), pattern, rng)
    return np.asarray(cv2.warpAffine(raw, matrix, (width, height), flags=cv2.INTER_LINEAR), np.float32)


def _expose(light: Plane, pattern: Plane, rng: np.random.Generator) -> Plane:
    noise = rng.standard_normal(light.shape, np.float32)
    noise *= np.sqrt(light * np.float32(_SHOT_NOISE**2) + np.float32(_READ_NOISE**2))
    noise += light * (np.float32(1) + pattern)
    return noise


def _move_scene(rng: np.random.Generator, frames: int, size: tuple[int, int]) -> Iterator[Scene]:
    """Yields a scene that wanders by a pixel or two per frame, with a patch that crosses it."""
    height, width = size
    reach = min(int(_PAN_PX * frames) + 2, height, width)
    wide = make_scene(rng, height + reach, width + reach)
    patch = make_scene(rng, max(16, height // 3), max(16, width // 4))
    for number in range(frames):
        along = reach / 2 * (1 - np.cos(np.pi * number / max(frames, 1)))
        scene = wide[int(along / 2) : int(along / 2) + height, int(along) : int(along) + width].copy()
        left = int((width - patch.shape[1]) * (0.5 + 0.5 * np.sin(number / 12)))
        scene[height // 3 : height // 3 + patch.shape[0], left : left + patch.shape[1]] = patch
        yield scene


def _to_planes(luma: Plane, scene: Scene) -> npt.NDArray[np.uint8]:
    """Returns Y, U and V of limited range one below the other, (H * 3 / 2, W) uint8, as yuv420p wants them."""
    height, width = luma.shape
    small = np.asarray(cv2.resize(scene, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.float32)
    chroma = 128 + np.moveaxis(small @ _CHROMA.T, 2, 0) * np.float32(224 / 255)
    planes = np.concatenate([(16 + luma * np.float32(219 / 255)).ravel(), chroma.ravel()])
    return np.asarray(np.clip(np.rint(planes), 0, 255), np.uint8).reshape(height * 3 // 2, width)
