"""Behaviour of the main job where only local features find a copy: forwards, backwards, and for earlier items."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from terminal import Terminal

from varde.testing.pictures import make_photo


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of known pictures, and an exhibit with a large crop of one of them and an unrelated picture."""
    random = np.random.default_rng(8)
    known, exhibit = tmp_path / "known", tmp_path / "exhibit"
    known.mkdir()
    exhibit.mkdir()
    for number in range(3):
        Image.fromarray(make_photo(random, 640, 480)).save(known / f"{number}.png")
    Image.open(known / "1.png").crop((80, 60, 560, 420)).save(exhibit / "crop.jpg", quality=85)
    Image.fromarray(make_photo(random, 640, 480)).save(exhibit / "other.jpg", quality=85)
    return known, exhibit


def make_case(terminal: Terminal, exhibit: Path) -> None:
    assert terminal("case", "new", "harbour", "--authorisation", "warrant 1").code == 0
    assert terminal("exhibit", "add", "harbour", exhibit).code == 0


def find_matches(terminal: Terminal) -> dict[str, list[tuple[str, str]]]:
    """Returns (method, entry) of the matches of each item."""
    items: list[dict[str, Any]] = terminal.json("item", "list", "harbour")
    shown = [terminal.json("item", "show", str(item["item"])) for item in items]
    return {one["locator"]: [(m["method"], m["entry"]) for m in one["matches"]] for one in shown}


FOUND = {"crop.jpg": [("local-features/1", "1.png")], "other.jpg": []}


def test_a_crop_is_found_when_it_comes_after_the_set(terminal: Terminal, folders: tuple[Path, Path]) -> None:
    known, exhibit = folders
    assert terminal("known", "import", known).code == 0
    make_case(terminal, exhibit)
    assert terminal.json("process", "harbour")["run"]["matches_by_features"] == 1
    assert find_matches(terminal) == FOUND


def test_the_match_is_drawn_for_a_person(terminal: Terminal, folders: tuple[Path, Path], tmp_path: Path) -> None:
    known, exhibit = folders
    assert terminal("known", "import", known).code == 0
    make_case(terminal, exhibit)
    assert terminal("process", "harbour").code == 0
    crop, other = sorted(terminal.json("item", "list", "harbour"), key=lambda item: item["locator"])
    (drawn,) = terminal.json("item", "draw", str(crop["item"]), "--output", tmp_path / "drawings")
    assert drawn["entry"] == "1.png"
    with Image.open(drawn["file"]) as picture:
        colours = {colour for _, colour in picture.getcolors(1 << 20)}
        assert picture.width > 900 and (255, 96, 0) in colours, "the outline of a copy"
    again = terminal("item", "draw", str(crop["item"]), "--output", tmp_path / "drawings")
    assert again.code == 2 and "is there already" in again.err
    nothing = terminal("item", "draw", str(other["item"]), "--output", tmp_path / "none")
    assert nothing.code == 2 and "nothing to draw" in nothing.err
    acts = [event["act"] for event in terminal.json("audit", "list")]
    assert acts.count("alignment_drawn") == 1


def test_a_hunt_finds_it_when_the_set_comes_later(terminal: Terminal, folders: tuple[Path, Path]) -> None:
    known, exhibit = folders
    settings = terminal.site / "varde.toml"
    settings.write_text('[matching]\nlocal_features = "always"\n')
    make_case(terminal, exhibit)
    assert terminal("process", "harbour").code == 0
    assert terminal("known", "import", known).code == 0
    assert find_matches(terminal) == {"crop.jpg": [], "other.jpg": []}
    assert terminal("hunt").code == 0
    assert find_matches(terminal) == FOUND
    assert not [path for path in (terminal.site / "indexes").iterdir() if path.name.startswith("hunt-")]


def test_items_examined_without_features_get_them_when_asked(terminal: Terminal, folders: tuple[Path, Path]) -> None:
    known, exhibit = folders
    make_case(terminal, exhibit)
    assert terminal("process", "harbour").code == 0
    assert terminal("known", "import", known).code == 0
    assert terminal("process", "harbour").code == 0
    assert find_matches(terminal) == {"crop.jpg": [], "other.jpg": []}
    assert terminal.json("process", "harbour", "--features")["run"]["items"] == 2
    assert find_matches(terminal) == FOUND
    assert terminal.json("process", "harbour", "--features")["run"]["items"] == 0


def test_features_can_be_switched_off(terminal: Terminal, folders: tuple[Path, Path]) -> None:
    known, exhibit = folders
    (terminal.site / "varde.toml").write_text('[matching]\nlocal_features = "never"\n')
    assert terminal("known", "import", known).code == 0
    make_case(terminal, exhibit)
    assert terminal("process", "harbour").code == 0
    assert find_matches(terminal) == {"crop.jpg": [], "other.jpg": []}
