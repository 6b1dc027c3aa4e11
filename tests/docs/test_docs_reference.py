"""Every setting, act, issue, reason, flag, role, format, error and noun is described."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import varde.core
from varde.core import errors
from varde.core.audit import Act
from varde.core.issue import IssueCode, Step
from varde.core.known import Flag, SetRole
from varde.core.outcome import Reason
from varde.store.settings import Settings
from varde.store.tables import metadata

ROW = re.compile(r"^\| `([^`]+)` \|(.*)\|$", re.MULTILINE)


def rows(path: Path) -> dict[str, list[str]]:
    """Returns the tables of a page: first cell (in code quotes) to the other cells."""
    return {key: [cell.strip() for cell in rest.split(" | ")] for key, rest in ROW.findall(path.read_text("utf-8"))}


def settings() -> Iterator[tuple[str, FieldInfo]]:
    for section, outer in Settings.model_fields.items():
        model = outer.annotation
        assert isinstance(model, type)
        assert issubclass(model, BaseModel)
        for name, field in model.model_fields.items():
            yield f"{section}.{name}", field


def core_classes() -> list[type]:
    modules = [
        importlib.import_module(f"varde.core.{found.name}") for found in pkgutil.iter_modules(varde.core.__path__)
    ]
    return [
        found
        for module in modules
        for name, found in inspect.getmembers(module, inspect.isclass)
        if found.__module__ == module.__name__ and not name.startswith("_")
    ]


@pytest.mark.parametrize(("name", "field"), list(settings()), ids=lambda value: value if isinstance(value, str) else "")
def test_setting_is_described_with_its_default(name: str, field: FieldInfo, reference: Path) -> None:
    described = rows(reference / "settings.md")
    assert name in described
    expected = {"": '""', "()": "[]"}.get(str(field.default), str(field.default))
    assert described[name][0] == f"`{expected}`"
    assert field.description


def test_no_setting_is_described_that_does_not_exist(reference: Path) -> None:
    described = {name for name in rows(reference / "settings.md") if "." in name}
    assert described == {name for name, _ in settings()}


@pytest.mark.parametrize(
    ("members", "page"),
    [
        (Act, "audit.md"),
        (IssueCode, "issues.md"),
        (Step, "issues.md"),
        (Reason, "issues.md"),
        (Flag, "formats.md"),
        (SetRole, "formats.md"),
    ],
)
def test_every_member_of_a_closed_set_is_described(members: type[StrEnum], page: str, reference: Path) -> None:
    described = rows(reference / page)
    missing = [member.value for member in members if not "".join(described.get(member.value, []))]
    assert not missing, f"docs/reference/{page} does not describe: {', '.join(missing)}"


def test_no_act_or_issue_is_described_that_does_not_exist(reference: Path) -> None:
    fields = {"statement", "signature", "public_key"}
    assert set(rows(reference / "audit.md")) - fields == {act.value for act in Act}
    known = {member.value for members in (IssueCode, Step, Reason) for member in members}
    assert set(rows(reference / "issues.md")) == known


@pytest.mark.parametrize("group", ["varde.evidence", "varde.known_formats", "varde.known_writers", "varde.reports"])
def test_every_entry_point_is_described(group: str, reference: Path) -> None:
    ours = {point.name for point in entry_points(group=group) if point.dist and point.dist.name == "varde"}
    assert ours
    assert ours <= set(rows(reference / "formats.md"))


def test_every_error_code_is_described(reference: Path) -> None:
    codes = {
        found.code for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, errors.VardeError)
    }
    assert codes <= set(rows(reference / "exit-codes.md"))


def test_every_table_of_the_database_is_described(reference: Path) -> None:
    assert set(metadata.tables) <= set(rows(reference / "site-layout.md"))


@pytest.mark.parametrize("noun", core_classes(), ids=lambda noun: noun.__name__)
def test_every_noun_of_core_is_in_the_glossary(noun: type, reference: Path) -> None:
    page = (reference / "glossary.md").read_text("utf-8")
    assert re.search(rf"^\| \*\*.+\*\* \| `{noun.__name__}` \| \S", page, re.MULTILINE)


def test_glossary_names_no_class_that_does_not_exist(reference: Path) -> None:
    page = (reference / "glossary.md").read_text("utf-8")
    named = set(re.findall(r"^\| \*\*.+\*\* \| `(\w+)` \|", page, re.MULTILINE))
    assert named == {noun.__name__ for noun in core_classes()}


def test_case_show_fields_are_described(reference: Path) -> None:
    source = inspect.getsource(importlib.import_module("varde.cli.case").describe_case)
    described = (reference / "commands.md").read_text("utf-8")
    section = described.partition("`varde case show`")[2].partition("\n## ")[0]
    missing = [name for name in re.findall(r'^        "(\w+)":', source, re.MULTILINE) if f"`{name}`" not in section]
    assert not missing
