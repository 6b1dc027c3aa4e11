"""The formats known sets can be read in: our own, and those of other distributions that a site lists by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import cast

from varde.core.errors import FormatError, NotFound, PluginError, WrongUse
from varde.core.plugins import check_parts, load_plugins
from varde.known.format import KnownFormat, ReadOptions
from varde.known.text import read_head

GROUP = "varde.known_formats"
_PARTS = ("name", "title", "detect", "open", "examples")
_MAPPED = "csv"
_MOST_BLANK_BYTES = 1 << 16


def load_formats(listed: Sequence[str] = (), *, found: Iterable[EntryPoint] | None = None) -> tuple[KnownFormat, ...]:
    """Returns our own formats and the listed ones, by name.

    Args:
        listed: names of formats of other distributions; one that is merely installed is left alone.
        found: entry points to choose from; None takes the installed ones of group ``varde.known_formats``.

    Raises:
        PluginError: if a listed format is missing, is offered twice, or does not load; the run must stop.
    """
    return tuple(_make(name, loaded) for name, loaded in load_plugins(GROUP, listed, found).items())


def choose_format(path: Path, name: str, options: ReadOptions, listed: Sequence[str] = ()) -> KnownFormat:
    """Returns the format to read a file in: the one a person names, CSV if columns are mapped, else by its content.

    Raises:
        WrongUse: if it is no regular file.
        FormatError: if it is empty, and as `detect_format`.
        NotFound, PluginError: as `get_format`.
    """
    if not path.is_file():
        raise WrongUse(f"{path} is no regular file", advice="Copy what it holds to a file, and import that.")
    if path.stat().st_size <= _MOST_BLANK_BYTES and not read_head(path, _MOST_BLANK_BYTES).strip("\ufeff \t\r\n"):
        raise FormatError("the file is empty")
    name = name or (_MAPPED if options.mapping else "")
    return get_format(name, listed) if name else detect_format(path, listed)


def get_format(name: str, listed: Sequence[str] = ()) -> KnownFormat:
    """Returns the format of that name.

    Raises:
        NotFound: if there is none; the advice names those there are.
        PluginError: as `load_formats`.
    """
    formats = load_formats(listed)
    for candidate in formats:
        if candidate.name == name:
            return candidate
    names = ", ".join(candidate.name for candidate in formats)
    raise NotFound(f"no known-set format is called {name!r}", advice=f"--format takes: {names}.")


def detect_format(path: Path, listed: Sequence[str] = ()) -> KnownFormat:
    """Returns the one format whose content test the file passes.

    Raises:
        FormatError: if none or several fit; the advice names the formats to choose from.
        PluginError: as `load_formats`.
    """
    formats = load_formats(listed)
    fitting = [candidate for candidate in formats if candidate.detect(path)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(candidate.name for candidate in fitting)
        raise FormatError(
            "the file could be in more than one known-set format", advice=f"Name one with --format: {names}."
        )
    titles = "; ".join(f"{candidate.name} ({candidate.title})" for candidate in formats)
    advice = f"Name it with --format NAME: {titles}. For a CSV, say what its columns hold with --map."
    raise FormatError("the file is in no known-set format that is known here", advice=advice)


def _make(name: str, loaded: object) -> KnownFormat:
    made = loaded() if callable(loaded) else loaded
    check_parts(name, made, _PARTS)
    known_format = cast(KnownFormat, made)
    if known_format.name != name:
        raise PluginError(f"the known-set format {known_format.name!r} is registered under another name, {name!r}")
    return known_format
