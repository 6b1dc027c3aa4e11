"""Which archive readers there are: Varde's own, and others only where the site lists them by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import BinaryIO

from varde.core.errors import PluginError
from varde.evidence.archive import ArchiveReader

GROUP = "varde.evidence"
"""Entry-point group in which a distribution names its readers (``name = "package.module:READER"``)."""

_OWN_DISTRIBUTION = "varde"
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


def load_readers(listed: Sequence[str] = (), found: Iterable[EntryPoint] | None = None) -> tuple[ArchiveReader, ...]:
    """Returns Varde's own readers, then the listed ones of other distributions, each part in order of name.

    Args:
        listed: names of third-party entry points the site has switched on; installed but unlisted ones are ignored.
        found: entry points to choose from; None looks at what is installed.

    Raises:
        PluginError: if a listed reader, or one of Varde's own, is missing or cannot be loaded.
    """
    points = list(entry_points(group=GROUP) if found is None else found)
    own = sorted((point for point in points if _distribution(point) == _OWN_DISTRIBUTION), key=lambda point: point.name)
    if not own:
        raise PluginError("Varde's own archive readers are not registered", advice="Install varde again.")
    others = [_find_listed(name, points) for name in sorted(set(listed))]
    return tuple(_load(point) for point in [*own, *others])


@cache
def own_readers() -> tuple[ArchiveReader, ...]:
    """Returns Varde's own readers; looked up once in a process."""
    return load_readers()


def find_reader(readers: Sequence[ArchiveReader], file: BinaryIO, mime: str) -> ArchiveReader | None:
    """Returns the reader for a file, None where no reader takes it.

    Readers of the media type are asked first, then all others: many formats (documents, books, programs) are ZIP
    archives under a media type of their own.

    Args:
        readers: to choose from, first that fits.
        file: seekable.
        mime: media type of the file.
    """
    ordered = sorted(readers, key=lambda reader: mime not in reader.mimes)
    return next((reader for reader in ordered if reader.detect(file)), None)


def _distribution(point: EntryPoint) -> str:
    return point.dist.name.lower() if point.dist is not None else ""


def _find_listed(name: str, points: Iterable[EntryPoint]) -> EntryPoint:
    for point in points:
        if point.name == name and _distribution(point) != _OWN_DISTRIBUTION:
            return point
    raise PluginError(
        f"the listed archive reader {name!r} is not installed", advice="Install it, or take it off the list."
    )


def _load(point: EntryPoint) -> ArchiveReader:
    try:
        reader = point.load()
    except _LOAD_ERRORS as error:
        raise PluginError(
            f"the archive reader {point.name!r} ({point.value}) cannot be loaded: {error}",
            advice="Repair its installation, or take it off the list.",
        ) from error
    missing = [part for part in ("name", "mimes", "is_indexed", "detect", "members") if not hasattr(reader, part)]
    if missing:
        raise PluginError(f"the archive reader {point.name!r} ({point.value}) lacks: {', '.join(missing)}")
    return reader  # type: ignore[no-any-return]
