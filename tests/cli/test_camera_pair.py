"""``varde camera pair`` as a person meets it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from terminal import Terminal
from tests.enrolled_cameras import make_jpeg, make_pattern


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path, Path]:
    """Two pictures of one sensor, and a part of the second."""
    pattern, found = make_pattern(1), []
    for seed in (1, 2):
        found.append(tmp_path / f"{seed}.jpg")
        found[-1].write_bytes(make_jpeg(pattern, seed))
    found.append(tmp_path / "part.jpg")
    with Image.open(io.BytesIO(found[1].read_bytes())) as whole:
        whole.crop((30, 20, 430, 420)).save(found[2], quality=95)
    return found[0], found[1], found[2]


def test_a_part_is_found_whichever_file_is_named_first(terminal: Terminal, pictures: tuple[Path, Path, Path]) -> None:
    one, _, part = pictures
    for words in ((one, part), (part, one)):
        said = terminal("camera", "pair", *words, "--extent", "shifted", "--json")
        assert said.code == 0 and said.data["assessable"] and said.data["pce"] > 60
        assert said.data["search"]["shift"] == [20.0, 30.0]


def test_a_score_comes_with_what_it_says_and_does_not(terminal: Terminal, pictures: tuple[Path, Path, Path]) -> None:
    said = terminal("camera", "pair", *pictures[:2])
    assert said.code == 0 and "into one cluster from z" in said.err and "of one scene" in said.err
    assert "a score and no ratio: What such a score of two single files is worth was not measured." in said.err


def test_a_missing_file_is_named(terminal: Terminal, pictures: tuple[Path, Path, Path]) -> None:
    said = terminal("camera", "pair", pictures[0], "none.jpg")
    assert said.code == 2 and "there is no file none.jpg" in said.err
