"""Loads and runs every archive codec once, before a sandbox forbids loading anything more."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import py7zr

from varde.core.errors import PluginError
from varde.core.limits import ArchiveLimits
from varde.evidence.archive import ArchiveReader
from varde.evidence.expand import expand
from varde.evidence.registry import own_readers

_CONTENT = b"nothing of interest, again and again. " * 40
_SEVENZIP_FILTERS: tuple[list[dict[str, Any]], ...] = (
    [{"id": py7zr.FILTER_LZMA2, "preset": 1}],
    [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA2, "preset": 1}],
    [{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA, "preset": 1}],
    [{"id": py7zr.FILTER_BZIP2}],
    [{"id": py7zr.FILTER_DEFLATE}],
    [{"id": py7zr.FILTER_ZSTD, "level": 1}],
    [{"id": py7zr.FILTER_BROTLI, "level": 1}],
    [{"id": py7zr.FILTER_COPY}],
)


def warm_up(readers: Sequence[ArchiveReader] | None = None) -> None:
    """Unpacks a small archive of every kind from memory to memory; nothing is loaded later that was not loaded now.

    Args:
        readers: archive readers; None takes Varde's own, which looks up what is installed.

    Raises:
        PluginError: if one of them is not unpacked as it was packed: an installation that cannot be trusted.
    """
    chosen = own_readers() if readers is None else readers
    for mime, data in _archives():
        spool = io.BytesIO()
        result = expand(io.BytesIO(data), mime, spool, ArchiveLimits(), readers=chosen)
        if result.issues or spool.getvalue() != _CONTENT:
            causes = "; ".join(issue.cause for _, issue in result.issues)
            raise PluginError(f"a sound {mime} archive is not unpacked as it should be: {causes}")


def _archives() -> Iterator[tuple[str, bytes]]:
    """Gives the media type and bytes of a small archive of every kind."""
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr("content", _CONTENT)
        yield "application/zip", out.getvalue()
    for filters in _SEVENZIP_FILTERS:
        out = io.BytesIO()
        with py7zr.SevenZipFile(out, "w", filters=filters) as sevenzip:
            sevenzip.writef(io.BytesIO(_CONTENT), "content")
        yield "application/x-7z-compressed", out.getvalue()
    tar = _make_tar()
    yield "application/x-tar", tar
    for content in (_CONTENT, tar):
        yield "application/gzip", gzip.compress(content)
        yield "application/x-bzip2", bz2.compress(content)
        yield "application/x-xz", lzma.compress(content)


def _make_tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("content")
        info.size = len(_CONTENT)
        archive.addfile(info, io.BytesIO(_CONTENT))
    return out.getvalue()
