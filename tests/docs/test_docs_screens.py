"""The pictures of the pages: each that the command makes is there, is shown on the page, and is small."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

MOST_BYTES = 150 << 10


@pytest.fixture(scope="session")
def folder(root: Path) -> Path:
    return root / "docs" / "screens"


def made(folder: Path) -> list[str]:
    """Returns the names in the command's own list, read without running it: it needs a browser."""
    tree = ast.parse((folder / "make_screens.py").read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return [node.args[0].value for node in calls if node.func.id == "Screen" and isinstance(node.args[0], ast.Constant)]  # type: ignore[attr-defined, misc]


def test_every_screen_that_is_made_is_there_and_no_other(folder: Path) -> None:
    assert len(made(folder)) > 10
    assert sorted(made(folder)) == sorted(path.stem for path in folder.glob("*.webp")), "run: make screens"


def test_the_page_shows_every_screen_with_words(folder: Path, root: Path) -> None:
    text = (root / "docs/screens.md").read_text("utf-8")
    shown = re.findall(r"^!\[([^\]]{20,})\]\(screens/([\w-]+)\.webp\)$", text, re.MULTILINE)
    assert sorted(name for _, name in shown) == sorted(made(folder))


def test_screens_are_small(folder: Path) -> None:
    assert not [path.name for path in folder.glob("*.webp") if path.stat().st_size > MOST_BYTES]
