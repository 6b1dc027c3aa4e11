"""The formats known sets can be written in: our own, and those of other distributions that a site lists by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint
from typing import cast

from varde.core.errors import NotFound, PluginError
from varde.core.plugins import check_parts, load_plugins
from varde.known.writer import KnownWriter

GROUP = "varde.known_writers"
_PARTS = ("name", "title", "reads", "marks_withdrawn", "write")
_WHOLE = "csv"
_OLD_VICS = "vics-1.3"


def load_writers(listed: Sequence[str] = (), *, found: Iterable[EntryPoint] | None = None) -> dict[str, KnownWriter]:
    """Returns our own writers and the listed ones, by name.

    Args:
        listed: names of writers of other distributions; one that is merely installed is left alone.
        found: entry points to choose from; None takes the installed ones of group ``varde.known_writers``.

    Raises:
        PluginError: if a listed writer is missing, is offered twice, or does not load; the run must stop.
    """
    return {name: _make(name, loaded) for name, loaded in load_plugins(GROUP, listed, found).items()}


def choose_writer(name: str, came_in: str, scheme_version: str, listed: Sequence[str] = ()) -> KnownWriter:
    """Returns the writer a person names, else that of the format the set came in, else CSV, which holds everything.

    Args:
        name: as typed, "" for none.
        came_in: name of the known-set format the set was read in.
        scheme_version: of the set's scheme, which tells the versions of VICS apart.
        listed: as in `load_writers`.

    Raises:
        NotFound: if there is none of that name; the advice names those there are.
        PluginError: as `load_writers`.
    """
    writers = load_writers(listed)
    if name and name not in writers:
        raise NotFound(f"known sets cannot be written as {name!r}", advice=f"--format takes: {', '.join(writers)}.")
    own = _OLD_VICS if came_in == "vics" and scheme_version.startswith("1.") else came_in
    return writers[name or (own if own in writers else _WHOLE)]


def _make(name: str, loaded: object) -> KnownWriter:
    made = loaded() if callable(loaded) else loaded
    check_parts(name, made, _PARTS)
    writer = cast(KnownWriter, made)
    if writer.name != name:
        raise PluginError(f"the writer {writer.name!r} is registered under another name, {name!r}")
    return writer
