"""A laboratory's own verbal scale is read from the settings, and one that is none is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from varde.core.errors import SettingsError
from varde.store.settings import read_settings


def _write(folder: Path, scale: str) -> Path:
    path = folder / "varde.toml"
    path.write_text(f"[camera]\nverbal_scale = {scale}\n", "utf-8")
    return path


def test_a_laboratory_sets_its_own_words(tmp_path: Path) -> None:
    found = read_settings(_write(tmp_path, '[[3, "slight support"], [300, "clear support"]]'))
    assert found.camera.verbal_scale == ((3, "slight support"), (300, "clear support"))


@pytest.mark.parametrize(
    "scale", ['[[1, "any"]]', '[[10, "a"], [5, "b"]]', '[[2, " "]]', '[["weak"]]', '[[inf, "a"]]', '[[nan, "a"]]']
)
def test_what_is_no_scale_is_refused_with_its_name(tmp_path: Path, scale: str) -> None:
    with pytest.raises(SettingsError, match=r"camera\.verbal_scale"):
        read_settings(_write(tmp_path, scale))
