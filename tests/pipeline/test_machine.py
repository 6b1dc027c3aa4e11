"""Behaviour of `varde.pipeline.machine`: what is recorded of the software that took part."""

from __future__ import annotations

from importlib.metadata import version

from varde.pipeline.machine import count_cores, list_software


def test_everything_that_examines_or_compares_is_named_with_its_version() -> None:
    software = list_software()
    for name in ("varde", "pillow", "av", "numpy", "numba", "opencv-python-headless"):
        assert software[name] == version(name)
    assert {"python", "system", "libjpeg_turbo", "libavcodec"} <= set(software)


def test_there_is_a_core() -> None:
    assert count_cores() >= 1
