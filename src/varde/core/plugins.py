"""Loads implementations by entry point: Varde's own always, those of other distributions only where they are listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points

from varde.core.errors import PluginError

_OURS = "varde"
_LOAD_ERRORS = (
    ImportError,
    AttributeError,
    SyntaxError,
    NameError,
    ArithmeticError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What importing somebody else's module may plausibly raise."""


def load_plugins(
    group: str, listed: Sequence[str] = (), found: Iterable[EntryPoint] | None = None
) -> dict[str, object]:
    """Returns what the entry points of a group name, by name: our own and the listed ones.

    Args:
        group: such as ``varde.evidence``.
        listed: names of other distributions' entry points that the site has switched on; a merely installed one is
            left alone.
        found: entry points to choose from; None looks at what is installed.

    Raises:
        PluginError: if one of ours or a listed one is missing, is offered twice, or cannot be loaded. The run must
            stop: going on without it would examine less than the site asked for.
    """
    points = sorted(entry_points(group=group) if found is None else found, key=lambda point: point.name)
    chosen = [point for point in points if _is_ours(point) or point.name in listed]
    names = [point.name for point in chosen]
    if not any(_is_ours(point) for point in chosen):
        raise PluginError(f"Varde's own {group} plugins are not registered", advice="Install varde again.")
    for name in listed:
        if name not in names:
            raise PluginError(
                f"the listed plugin {name!r} of {group} is not installed",
                advice="Install the distribution that offers it, or take it off the list in varde.toml.",
            )
    for name in set(names):
        if names.count(name) > 1:
            raise PluginError(f"more than one installed distribution offers the plugin {name!r} of {group}")
    return {point.name: _load(point, group) for point in chosen}


def check_parts(name: str, plugin: object, parts: Sequence[str]) -> None:
    """Does nothing if a plugin has everything its interface asks for.

    Raises:
        PluginError: naming what it lacks.
    """
    missing = [part for part in parts if not hasattr(plugin, part)]
    if missing:
        raise PluginError(f"the plugin {name!r} lacks {', '.join(missing)}")


def _is_ours(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == _OURS


def _load(point: EntryPoint, group: str) -> object:
    try:
        return point.load()
    except _LOAD_ERRORS as error:
        raise PluginError(f"the plugin {point.name!r} of {group} cannot be loaded: {error}") from error
