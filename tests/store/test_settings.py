"""Behaviour of `varde.store.settings`: defaults without a file, and the wrong key by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from varde.core.errors import SettingsError
from varde.core.limits import ArchiveLimits, DecodeLimits
from varde.store.settings import Settings, read_settings


def read(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "varde.toml").write_text(text, "utf-8")
    return read_settings(tmp_path / "varde.toml")


def test_no_file_and_an_empty_file_mean_all_defaults(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "none.toml") == Settings() == read(tmp_path, "")


def test_the_defaults_are_those_of_the_limits() -> None:
    assert Settings().decode.limits() == DecodeLimits()
    assert Settings().archive.limits() == ArchiveLimits()


def test_settings_are_read_by_section(tmp_path: Path) -> None:
    text = '[processing]\nworkers = 3\n[matching]\npdq_max_distance = 20\n[plugins]\nevidence = ["theirs"]\n'
    settings = read(tmp_path, text)
    assert (settings.processing.workers, settings.matching.pdq_max_distance) == (3, 20)
    assert settings.plugins.evidence == ("theirs",)
    assert settings.decode == Settings().decode


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[processing]\nworker = 3", "processing.worker"),
        ("[procesing]\nworkers = 3", "procesing"),
        ("[processing]\nworkers = -1", "processing.workers"),
        ('[processing]\nworkers = "many"', "processing.workers"),
        ("[matching]\npdq_max_distance = 32", "matching.pdq_max_distance"),
        ("[matching]\npdq_min_quality = 101", "matching.pdq_min_quality"),
        ("[processing]\ntime_limit_s = 0", "processing.time_limit_s"),
        ("[decode]\nthumbnail_px = 5", "decode.thumbnail_px"),
        ("processing = 3", "processing"),
        ("[archive]\nmax_ratio = 1.5", "archive.max_ratio"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    assert f": {key}: " in str(caught.value)
    assert "docs/reference/settings.md" in caught.value.advice


def test_several_mistakes_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"processing\.workers: .*; matching\.pdq_min_quality: "):
        read(tmp_path, "[processing]\nworkers = -1\n[matching]\npdq_min_quality = 101\n")


@pytest.mark.parametrize("data", [b"[processing", b"workers == 3", b"\xff\xfe", b"a = 1\na = 2"])
def test_what_is_no_toml_is_said(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "varde.toml").write_bytes(data)
    with pytest.raises(SettingsError, match=r"varde\.toml (is not TOML|cannot be read)"):
        read_settings(tmp_path / "varde.toml")


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path)
