"""Which archive readers there are: Varde's own, and others only where the site lists them by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import EntryPoint
from typing import BinaryIO, cast

from varde.core.plugins import check_parts, load_plugins
from varde.evidence.archive import ArchiveReader

GROUP = "varde.evidence"
"""Entry-point group in which a distribution names its readers (``name = "package.module:READER"``)."""

_PARTS = ("name", "mimes", "is_indexed", "detect", "members")


def load_readers(listed: Sequence[str] = (), found: Iterable[EntryPoint] | None = None) -> tuple[ArchiveReader, ...]:
    """Returns Varde's own readers, then the listed ones of other distributions, each part in order of name.

    Args:
        listed: names of third-party entry points the site has switched on; installed but unlisted ones are ignored.
        found: entry points to choose from; None looks at what is installed.

    Raises:
        PluginError: if a listed reader, or one of Varde's own, is missing or cannot be loaded.
    """
    loaded = load_plugins(GROUP, listed, found)
    for name, reader in loaded.items():
        check_parts(name, reader, _PARTS)
    ordered = sorted(loaded, key=lambda name: (name in listed, name))
    return tuple(cast(ArchiveReader, loaded[name]) for name in ordered)


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
