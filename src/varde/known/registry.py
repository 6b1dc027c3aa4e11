"""The formats known sets can be read in: our own, and those of other distributions that a site lists by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from varde.core.errors import FormatError, NotFound, PluginError
from varde.known.format import KnownFormat

GROUP = "varde.known_formats"
_OURS = "varde"


def load_formats(listed: Sequence[str] = (), *, found: Iterable[EntryPoint] | None = None) -> tuple[KnownFormat, ...]:
    """Returns our own formats and the listed ones, by name.

    Args:
        listed: names of formats of other distributions; one that is merely installed is left alone.
        found: entry points to choose from; None takes the installed ones of group ``varde.known_formats``.

    Raises:
        PluginError: if a listed format is missing, is offered twice, or does not load; the run must stop.
    """
    points = sorted(entry_points(group=GROUP) if found is None else found, key=lambda point: point.name)
    chosen = [point for point in points if _is_ours(point) or point.name in listed]
    names = [point.name for point in chosen]
    for name in listed:
        if name not in names:
            raise PluginError(
                f"the listed known-set format {name!r} is not installed",
                advice="Install the distribution that offers it, or take it off the list in the settings.",
            )
    for name in names:
        if names.count(name) > 1:
            raise PluginError(f"more than one installed distribution offers the known-set format {name!r}")
    return tuple(_load(point) for point in chosen)


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
    raise NotFound(f"no known-set format is called {name!r}", advice=f"There are: {names}.")


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
        raise FormatError("the file could be in more than one known-set format", advice=f"Name one of: {names}.")
    titles = "; ".join(f"{candidate.name} ({candidate.title})" for candidate in formats)
    raise FormatError("the file is in no known-set format that is known here", advice=f"Name the format: {titles}.")


def _is_ours(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == _OURS


def _load(point: EntryPoint) -> KnownFormat:
    try:
        loaded = point.load()
    except (ImportError, AttributeError, SyntaxError) as error:
        raise PluginError(f"the known-set format {point.name!r} cannot be loaded: {error}") from error
    made = loaded() if callable(loaded) else loaded
    missing = [part for part in ("name", "title", "detect", "open", "examples") if not hasattr(made, part)]
    if missing:
        raise PluginError(f"{point.value} is no known-set format: it lacks {', '.join(missing)}")
    if made.name != point.name:
        raise PluginError(f"the known-set format {made.name!r} is registered under another name, {point.name!r}")
    return cast(KnownFormat, made)
