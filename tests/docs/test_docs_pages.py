"""What is told of the pages is what they do: keys, roles, permissions, areas."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from varde.core.account import PERMISSIONS, Permission
from varde.web.pages.areas import AREAS

COMMAND = re.compile(r"keys: \[([^\]]+)\][^}]*?label: \"([^\"]+)\"", re.DOTALL)
ROW = re.compile(r"^\| ((?:`[^`]+` ?)+)\| ([^|]+) \|", re.MULTILINE)
CHAPTERS = {
    "commands.js": "The grid and queues",
    "queue.js": "In a queue, besides",
    "item.js": "An item's page",
    "face_list.js": "Candidates, leads and a victim's faces",
    "compare_page.js": "Two faces compared",
    "clusters.js": "The clusters of a case",
}


def told_keys(reference: Path, chapter: str) -> dict[str, set[str]]:
    """Returns what a chapter of the page says: label to keys."""
    text = (reference / "keys.md").read_text("utf-8")
    part = re.split(r"^# ", text.partition(f"\n## {chapter}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = ROW.findall(re.split(r"^## ", part, maxsplit=1, flags=re.MULTILINE)[0])
    return {label.strip(): set(re.findall(r"`([^`]+)`", keys)) for keys, label in rows}


def real_keys(root: Path, script: str) -> dict[str, set[str]]:
    """Returns what a script says: label to keys; grades, whose keys are a case's, are left out."""
    found: dict[str, set[str]] = {}
    for keys, label in COMMAND.findall((root / "src/varde/web/static" / script).read_text("utf-8")):
        named = {"Space" if key == " " else key for key in re.findall(r'"([^"]+)"', keys)}
        found.setdefault(label[0].lower() + label[1:], set()).update(named)
    return found


@pytest.mark.parametrize(("script", "chapter"), CHAPTERS.items())
def test_keys_are_told_with_what_they_do(script: str, chapter: str, root: Path, reference: Path) -> None:
    real = real_keys(root, script)
    assert real
    assert told_keys(reference, chapter) == real


def test_every_script_with_keys_has_a_chapter(root: Path) -> None:
    folder = root / "src/varde/web/static"
    assert {path.name for path in folder.glob("*.js") if COMMAND.search(path.read_text("utf-8"))} == set(CHAPTERS)


def test_grades_have_the_digits_as_keys(reference: Path) -> None:
    assert "| `0` to `9` |" in (reference / "keys.md").read_text("utf-8")


def test_roles_are_told_with_exactly_what_they_permit(reference: Path) -> None:
    text = (reference / "roles.md").read_text("utf-8").partition("| Permission |")[0]
    told = {
        role: set(re.findall(r"`(\w+)`", rest)) for role, rest in re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.M)
    }
    assert told == {role.value: {one.value for one in given} for role, given in PERMISSIONS.items()}


def test_every_permission_is_told(reference: Path) -> None:
    text = (reference / "roles.md").read_text("utf-8").partition("| Permission |")[2]
    assert set(re.findall(r"^\| `(\w+)` \| \S", text, re.M)) == {one.value for one in Permission}


def test_every_area_is_told_with_who_may_go_there(reference: Path) -> None:
    text = (reference / "pages.md").read_text("utf-8")
    for area in AREAS:
        permission = f"`{area.permission.value}`" if area.permission else "everybody"
        row = re.search(rf"^\| {re.escape(area.label)} \| `{re.escape(area.path)}` \| {permission} \| \S", text, re.M)
        assert row, area
