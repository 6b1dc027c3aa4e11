"""Edited copies of a video, with the truth about which time of the copy is which time of the original."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from PIL import Image, ImageDraw

from varde.testing.pictures import Pixels, make_photo

Change = Callable[[Pixels], Pixels]
"""From one frame (H, W, 3) to another; the same for each frame of a video."""


def leave(frame: Pixels) -> Pixels:
    """Returns the frame as it is."""
    return frame


@dataclass(frozen=True, slots=True)
class VideoEdit:
    """One way to edit a video.

    Attributes:
        name: for tables.
        change: of every frame.
        speed: of playing; above 1 is faster.
        keep: of the frames one in so many is kept, at a rate as much lower.
        part: which part of the length is kept, from 0 to 1.
        around_s: seconds of other scenes put before and behind.
        crf: how hard H.264 compresses; larger is worse.
    """

    name: str
    change: Change = leave
    speed: float = 1.0
    keep: int = 1
    part: tuple[float, float] = (0.0, 1.0)
    around_s: float = 0.0
    crf: int = 26

    def to_original(self, at_s: float, duration_s: float) -> float:
        """Returns the time in the original of a time in the copy, in seconds.

        Args:
            at_s: in the copy.
            duration_s: length of the original.
        """
        return self.part[0] * duration_s + (at_s - self.around_s) * self.speed


def read_frames(data: bytes) -> tuple[list[Pixels], float]:
    """Returns all frames of a video, (H, W, 3) RGB each, and their rate per second."""
    import av

    with av.open(io.BytesIO(data), mode="r") as container:
        rate = float(container.streams.video[0].average_rate or 25)
        frames = container.decode(video=0)
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames], rate


def edit_video(frames: list[Pixels], rate: float, edit: VideoEdit, rng: np.random.Generator) -> bytes:
    """Returns the edited copy as an MP4 file.

    Args:
        frames: of the original, (H, W, 3) RGB each.
        rate: frames per second.
        edit: what is done.
        rng: decides the scenes around it.
    """
    count = len(frames)
    chosen = np.arange(round(edit.part[0] * count), round(edit.part[1] * count), edit.keep * edit.speed)
    kept = (edit.change(frames[int(number)]) for number in chosen)
    return write_frames(_surround(kept, edit, rate / edit.keep, rng), rate / edit.keep, crf=edit.crf)


def write_frames(frames: Iterable[Pixels], rate: float, *, crf: int = 26, gop: int = 250) -> bytes:
    """Returns frames as an MP4 file, H.264 where the decoder library can write it and else MPEG-4.

    Args:
        frames: (H, W, 3) RGB uint8 of one size; an odd row or column is left out.
        rate: frames per second.
        crf: how hard H.264 compresses.
        gop: frames from key frame to key frame at most.
    """
    import av

    is_h264 = "libx264" in av.codecs_available
    with io.BytesIO() as file:
        with av.open(file, mode="w", format="mp4") as out:
            stream: Any = None
            for pixels in frames:
                even = np.ascontiguousarray(pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2])
                if stream is None:
                    stream = cast(Any, out.add_stream("libx264" if is_h264 else "mpeg4", rate=round(rate)))
                    stream.height, stream.width, stream.pix_fmt = *even.shape[:2], "yuv420p"
                    stream.codec_context.gop_size, stream.codec_context.thread_count = gop, 1
                    stream.options = {"crf": str(crf), "preset": "veryfast"} if is_h264 else {"b": "2000000"}
                out.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
            if stream is not None:
                out.mux(stream.encode(None))
        return file.getvalue()


def make_moving_scene(rng: np.random.Generator, frames: int, width_px: int = 320, height_px: int = 240) -> list[Pixels]:
    """Returns a scene in which the camera wanders and a patch crosses the picture, (height, width, 3) each."""
    wide = make_photo(rng, width_px + 160, height_px + 120)
    patch = make_photo(rng, width_px // 3, height_px // 2)
    phase, pace = rng.uniform(0, 6.28, 3), rng.uniform(0.02, 0.06, 3)
    made = []
    for number in range(frames):
        swing = np.sin(phase + pace * number)
        x, y = int(80 + 79 * swing[0]), int(60 + 59 * swing[1])
        frame = wide[y : y + height_px, x : x + width_px].copy()
        left = int((width_px - patch.shape[1]) * (0.5 + 0.5 * swing[2]))
        frame[height_px // 4 : height_px // 4 + patch.shape[0], left : left + patch.shape[1]] = patch
        made.append(frame)
    return made


def _surround(kept: Iterator[Pixels], edit: VideoEdit, rate: float, rng: np.random.Generator) -> Iterator[Pixels]:
    first = next(kept)
    around = round(edit.around_s * rate)
    height, width = first.shape[:2]
    if around:
        yield from make_moving_scene(rng, around, width, height)
    yield first
    yield from kept
    if around:
        yield from make_moving_scene(rng, around, width, height)


def _resize(frame: Pixels, width: int, height: int) -> Pixels:
    return np.asarray(Image.fromarray(frame).resize((max(2, width), max(2, height)), Image.Resampling.BILINEAR))


def scale(share: float) -> Change:
    """Returns a change to so much of the width and height."""
    return lambda frame: _resize(frame, round(frame.shape[1] * share), round(frame.shape[0] * share))


def crop(area: float) -> Change:
    """Returns a change that cuts so much of the area off, equally on all sides."""

    def change(frame: Pixels) -> Pixels:
        margin = (1 - np.sqrt(1 - area)) / 2
        top, left = round(frame.shape[0] * margin), round(frame.shape[1] * margin)
        return frame[top : frame.shape[0] - top, left : frame.shape[1] - left]

    return change


def add_bars(share: float, *, sides: bool) -> Change:
    """Returns a change that adds black bars, each so much of the width (sides) or height (above and below)."""

    def change(frame: Pixels) -> Pixels:
        size = round(frame.shape[1 if sides else 0] * share)
        return np.pad(frame, ((0, 0), (size, size), (0, 0)) if sides else ((size, size), (0, 0), (0, 0)))

    return change


def add_logo(area: float) -> Change:
    """Returns a change that draws a bright sign over so much of the area, in the lower right corner."""

    def change(frame: Pixels) -> Pixels:
        height, width = frame.shape[:2]
        side = np.sqrt(area)
        box = (width * (0.97 - side), height * (0.97 - side), width * 0.97, height * 0.97)
        image = Image.fromarray(frame)
        draw = ImageDraw.Draw(image)
        draw.rounded_rectangle(box, radius=max(2, width // 60), fill=(250, 220, 30))
        inset = (box[2] - box[0]) / 5
        draw.ellipse((box[0] + inset, box[1] + inset, box[2] - inset, box[3] - inset), fill=(200, 20, 40))
        return np.asarray(image)

    return change


def add_caption(share: float) -> Change:
    """Returns a change that covers so much of the height at the bottom with a white strip of words."""

    def change(frame: Pixels) -> Pixels:
        height, width = frame.shape[:2]
        top = round(height * (1 - share))
        image = Image.fromarray(frame)
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, top, width, height), fill="white")
        draw.text((width * 0.05, top + 2), "WHEN YOU SEE IT", fill="black", font_size=max(8, (height - top) * 0.7))
        return np.asarray(image)

    return change


def turn(degrees: float) -> Change:
    """Returns a change that turns every frame, the corners black."""
    return lambda frame: np.asarray(Image.fromarray(frame).rotate(degrees, Image.Resampling.BILINEAR))


def put_inside(share: float, background: Pixels) -> Change:
    """Returns a change that shows the video in a window of so much of the width, over a still picture."""

    def change(frame: Pixels) -> Pixels:
        height, width = frame.shape[:2]
        small = _resize(frame, round(width * share), round(height * share))
        canvas = _resize(background, width, height).copy()
        top, left = round((height - small.shape[0]) * 0.8), round((width - small.shape[1]) * 0.2)
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
        return canvas

    return change


def make_grey(frame: Pixels) -> Pixels:
    """Returns the frame without its colours."""
    return np.asarray(Image.fromarray(frame).convert("L").convert("RGB"))


def brighten(frame: Pixels) -> Pixels:
    """Returns the frame brighter and with more contrast."""
    return np.asarray(np.clip(frame.astype(np.float32) * 1.3 + 10, 0, 255), np.uint8)


def mirror(frame: Pixels) -> Pixels:
    """Returns the frame mirrored left to right."""
    return np.ascontiguousarray(frame[:, ::-1])


def list_edits(rng: np.random.Generator) -> tuple[VideoEdit, ...]:
    """Returns the edits that are measured; the generator decides the background of the window."""
    background = make_photo(rng, 640, 480)
    return (
        VideoEdit("re-encoded", crf=26),
        VideoEdit("re-encoded hard", crf=40),
        VideoEdit("half size", scale(0.5)),
        VideoEdit("half the frame rate", keep=2),
        VideoEdit("speed 1.5", speed=1.5),
        VideoEdit("speed 0.8", speed=0.8),
        VideoEdit("clip from the middle", part=(0.35, 0.65)),
        VideoEdit("inside a longer video", around_s=8.0),
        VideoEdit("grey", make_grey),
        VideoEdit("brighter", brighten),
        VideoEdit("logo 3 %", add_logo(0.03)),
        VideoEdit("logo 10 %", add_logo(0.10)),
        VideoEdit("caption 15 %", add_caption(0.15)),
        VideoEdit("mirrored", mirror),
        VideoEdit("bars at the sides", add_bars(0.15, sides=True)),
        VideoEdit("letterbox", add_bars(0.15, sides=False)),
        VideoEdit("turned by 3 degrees", turn(3)),
        VideoEdit("cropped by 10 %", crop(0.10)),
        VideoEdit("cropped by 30 %", crop(0.30)),
        VideoEdit("window of 60 %", put_inside(0.6, background)),
    )
