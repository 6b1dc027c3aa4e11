"""Small benign pictures and videos of every format, generated in memory."""

from __future__ import annotations

import io
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
import pillow_heif
from av.video.stream import VideoStream
from PIL import Image

Pixels = npt.NDArray[np.uint8]

PICTURE_FORMATS = (
    *("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF", "AVIF", "JPEG2000", "ICO", "PPM", "PCX", "TGA"),
    *("QOI", "SGI", "DDS", "MPO"),
)


def make_scene(height: int = 120, width: int = 160, seed: int = 0) -> Pixels:
    """(H, W, 3) uint8: coloured waves, different in every corner."""
    rng = np.random.default_rng(seed)
    rows, columns = np.linspace(0, 1, height)[:, None, None], np.linspace(0, 1, width)[None, :, None]
    scene = np.full((height, width, 3), 128.0)
    for _ in range(12):
        fy, fx = rng.uniform(0, 9, 2)
        scene += rng.uniform(5, 30, 3) * np.cos(6.28 * (fy * rows + fx * columns) + rng.uniform(0, 6.28, 3))
    return np.clip(scene, 0, 255).astype(np.uint8)


def encode(picture: Image.Image | Pixels, name: str, **options: Any) -> bytes:
    pillow_heif.register_heif_opener()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    with io.BytesIO() as file:
        image.save(file, format=name, **options)
        return file.getvalue()


def make_video(
    container: str = "mp4", codec: str = "mpeg4", *, seconds: float = 3, rate: int = 10, rotation: int = 0, **tags: str
) -> bytes:
    """A moving scene of 160 x 120 with a key frame every second."""
    with io.BytesIO() as file:
        options = {"movflags": "use_metadata_tags"} if container in ("mp4", "mov", "3gp") else {}
        with av.open(file, mode="w", format=container, options=options) as out:
            out.metadata.update(tags)
            stream = cast(VideoStream, out.add_stream(codec, rate=rate, options={"g": str(rate)}))
            stream.width, stream.height = 160, 120
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.codec_context.gop_size = rate
            if rotation:
                stream.set_display_rotation(rotation)
            scene = make_scene(120, 400)
            for number in range(int(seconds * rate)):
                pixels = np.ascontiguousarray(scene[:, 5 * number % 240 :][:, :160])
                for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                    out.mux(packet)
            for packet in stream.encode(None):
                out.mux(packet)
        return file.getvalue()
