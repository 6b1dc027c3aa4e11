"""What is told of the pages is what they do: keys, roles, permissions, areas."""

from __future__ import annotations

import re
from pathlib import Path

from varde.core.account import PERMISSIONS, Permission
from varde.web.pages.areas import AREAS

COMMAND = re.compile(r"keys: \[([^\]]+)\][^}]*?label: \"([^\"]+)\"", re.DOTALL)
ROW = re.compile(r"^\| ((?:`[^`]+` ?)+)\| ([^|]+) \|", re.MULTILINE)


def scripts(root: Path) -> str:
    folder = root / "src/varde/web/static"
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.js")))


def told_keys(reference: Path) -> dict[str, set[str]]:
    """Returns what the page says: label to keys."""
    text = (reference / "keys.md").read_text("utf-8")
    return {label.strip(): set(re.findall(r"`([^`]+)`", keys)) for keys, label in ROW.findall(text)}


def real_keys(root: Path) -> dict[str, set[str]]:
    """Returns what the scripts say: label to keys; grades, whose keys are a case's, are left out."""
    found: dict[str, set[str]] = {}
    for keys, label in COMMAND.findall(scripts(root)):
        named = {key.replace(" ", "Space") if key == " " else key for key in re.findall(r'"([^"]+)"', keys)}
        found.setdefault(label[0].lower() + label[1:], set()).update(named)
    return found


def test_every_key_of_the_pages_is_told_with_what_it_does(root: Path, reference: Path) -> None:
    told, real = told_keys(reference), real_keys(root)
    assert len(real) > 20
    missing = {label: keys for label, keys in real.items() if not any(keys <= t for k, t in told.items() if label in k)}
    assert not missing, f"docs/reference/keys.md lacks: {missing}"


def test_no_key_is_told_that_does_nothing(root: Path, reference: Path) -> None:
    real = {key for keys in real_keys(root).values() for key in keys}
    told = {key for keys in told_keys(reference).values() for key in keys}
    assert told <= real


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
