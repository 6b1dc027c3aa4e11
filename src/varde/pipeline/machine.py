"""What this machine brings to a run: its cores, and the software that takes part.."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

_SOFTWARE = (
    *("varde", "pillow", "pillow-heif", "av", "numpy", "numba", "opencv-python-headless", "py7zr"),
    *("onnx", "onnxruntime"),
)


def count_cores() -> int:
    """Returns the number of CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def list_software() -> dict[str, str]:
    """Returns name and version of everything that takes part in examining and comparing an item."""
    from av import library_versions
    from PIL import features

    software = {name: version(name) for name in _SOFTWARE}
    for name in ("libjpeg_turbo", "webp", "avif", "zlib"):
        software[name] = str(features.version(name))
    software["libavcodec"] = ".".join(map(str, library_versions["libavcodec"]))
    return {"python": platform.python_version(), "system": platform.platform(), **software}
