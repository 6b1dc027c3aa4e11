"""Makes short benign videos: a few scenes with hard cuts, each a slow pan over a generated picture."""

from __future__ import annotations

import io
from typing import Any, cast

import numpy as np

from varde.testing.pictures import Pixels, make_photo

WIDTH_PX, HEIGHT_PX = 320, 240
_PAN_PX = 2
_CODECS: dict[str, dict[str, str]] = {
    # Looking ahead makes x264's choices depend on the timing of its threads.
    "libx264": {"crf": "16", "x264-params": "sync-lookahead=0:rc-lookahead=0:mbtree=0"},
    "mpeg4": {"b": "1500000"},
}


def make_video(rng: np.random.Generator, *, scenes: int = 4, frames_per_scene: int = 12, rate: int = 12) -> bytes:
    """Returns an MP4 file of 320 x 240 pixels, H.264 where the decoder library can write it and else MPEG-4.

    Every scene starts with a key frame. A few hundred kB and less than a second of CPU time at the defaults.

    Args:
        rng: decides the scenes.
        scenes: how many, with cuts between them.
        frames_per_scene: length of each.
        rate: frames per second.
    """
    return write_video([make_scene(rng, frames_per_scene) for _ in range(scenes)], rate)


def make_scene(rng: np.random.Generator, frames: int = 12) -> list[Pixels]:
    """Returns the frames of a slow pan over one picture, (240, 320, 3) each."""
    wide = make_photo(rng, WIDTH_PX + frames * _PAN_PX, HEIGHT_PX)
    return [np.ascontiguousarray(wide[:, number * _PAN_PX : number * _PAN_PX + WIDTH_PX]) for number in range(frames)]


def write_video(scenes: list[list[Pixels]], rate: int = 12) -> bytes:
    """Returns an MP4 file of scenes of equal size, with a key frame at the start of each.

    Args:
        scenes: frames of each, (240, 320, 3) RGB uint8.
        rate: frames per second.
    """
    import av
    from av.video.frame import PictureType

    codec = next(name for name in _CODECS if name in av.codecs_available)
    with io.BytesIO() as file:
        with av.open(file, mode="w", format="mp4") as out:
            stream = cast(Any, out.add_stream(codec, rate=rate))
            stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
            stream.codec_context.gop_size = 250
            stream.codec_context.thread_count = 1
            stream.options = _CODECS[codec]
            for scene in scenes:
                for number, pixels in enumerate(scene):
                    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                    frame.pict_type = PictureType.I if number == 0 else PictureType.NONE
                    out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        return file.getvalue()
