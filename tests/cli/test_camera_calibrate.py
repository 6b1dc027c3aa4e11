"""The command that shows and measures what camera scores are worth: what is in force, its plots, wrong use."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from terminal import Terminal

from varde.core.camera import SearchExtent


def test_without_a_folder_it_shows_what_is_in_force(terminal: Terminal) -> None:
    found = terminal.json("camera", "calibrate")
    assert found["calibration"] is None
    assert {table["extent"] for table in found["tables"]} >= {extent.value for extent in SearchExtent}
    assert found["verbal_scale"].startswith("ENFSI")
    assert "In force: " in terminal("camera", "calibrate").err


def test_plots_are_written_for_every_table(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal("camera", "calibrate", "--plots", tmp_path / "plots")
    assert said.code == 0
    files = sorted((tmp_path / "plots").iterdir())
    assert any(path.name.endswith("-curve.svg") for path in files)
    for path in files:
        ET.fromstring(path.read_text("utf-8"))


def test_going_back_to_the_shipped_one_says_where_it_was_already(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal("camera", "calibrate", "--shipped")
    assert said.code == 0
    assert "in force already" in said.err
    assert terminal("camera", "calibrate", tmp_path, "--shipped").code == 2


def test_a_folder_that_names_no_camera_is_wrong_use(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "known").mkdir()
    said = terminal("camera", "calibrate", tmp_path / "known")
    assert said.code == 2
    assert "no folder named after a camera" in said.err
