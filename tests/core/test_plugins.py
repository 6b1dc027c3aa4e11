"""Behaviour of `varde.core.plugins`: listed, not merely installed; a listed one that fails stops the run."""

from __future__ import annotations

from importlib.metadata import Distribution, EntryPoint
from os import PathLike
from pathlib import Path

import pytest

from varde.core.errors import PluginError
from varde.core.plugins import load_plugins

GROUP = "varde.evidence"


class NamedDistribution(Distribution):
    """A distribution of which only the name is known."""

    def __init__(self, name: str) -> None:
        self._text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: str | PathLike[str]) -> Path:
        return Path(path)


def point(name: str, value: str, distribution: str | None = "varde") -> EntryPoint:
    made = EntryPoint(name, value, GROUP)
    if distribution is not None:
        vars(made)["dist"] = NamedDistribution(distribution)
    return made


OURS = point("zip", "json:dumps")


def test_our_own_are_always_loaded() -> None:
    loaded = load_plugins(GROUP, found=[OURS, point("tar", "json:loads")])
    assert list(loaded) == ["tar", "zip"]
    assert loaded["zip"].__name__ == "dumps"  # type: ignore[attr-defined]


def test_a_merely_installed_one_is_left_alone() -> None:
    broken = point("theirs", "no_such_module:thing", "other")
    assert list(load_plugins(GROUP, found=[OURS, broken])) == ["zip"]


def test_a_listed_one_is_loaded() -> None:
    theirs = point("theirs", "json:loads", "other")
    assert list(load_plugins(GROUP, ["theirs"], [OURS, theirs])) == ["theirs", "zip"]


def test_a_listed_one_that_is_not_installed_stops_the_run() -> None:
    with pytest.raises(PluginError, match=r"'theirs' of varde\.evidence is not installed") as caught:
        load_plugins(GROUP, ["theirs"], [OURS])
    assert "varde.toml" in caught.value.advice


@pytest.mark.parametrize("value", ["no_such_module:thing", "json:no_such_name"])
def test_one_that_cannot_be_loaded_stops_the_run(value: str) -> None:
    with pytest.raises(PluginError, match=r"'theirs' of varde\.evidence cannot be loaded"):
        load_plugins(GROUP, ["theirs"], [OURS, point("theirs", value, "other")])


def test_two_of_one_name_stop_the_run() -> None:
    with pytest.raises(PluginError, match="more than one installed distribution offers the plugin 'zip'"):
        load_plugins(GROUP, ["zip"], [OURS, point("zip", "json:loads", "other")])


def test_a_foreign_one_of_our_name_is_left_alone_unless_listed() -> None:
    loaded = load_plugins(GROUP, found=[OURS, point("zip", "json:loads", "other")])
    assert loaded["zip"].__name__ == "dumps"  # type: ignore[attr-defined]


def test_without_our_own_nothing_goes_on() -> None:
    with pytest.raises(PluginError, match="not registered") as caught:
        load_plugins(GROUP, found=[point("theirs", "json:loads", "other"), point("loose", "json:loads", None)])
    assert caught.value.advice == "Install varde again."


@pytest.mark.parametrize("group", ["varde.evidence", "varde.known_formats", "varde.reports"])
def test_the_installed_ones_load(group: str) -> None:
    assert load_plugins(group)
