"""Makes benign archives in memory, well-formed ones by the usual libraries: the same members give the same bytes."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

Content = tuple[str, bytes]
"""Name and bytes of a member; a name with a bare surrogate stands for a byte that is not UTF-8."""

_TIME_S = 1580608922


def make_zip(members: Iterable[Content], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Returns a ZIP archive of these members, dated 2020-02-02 02:02:02."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, (2020, 2, 2, 2, 2, 2))
            archive.writestr(info, data, zipfile.ZIP_STORED if name.endswith("/") else method)
    return out.getvalue()


def make_streamed_zip(members: Iterable[Content]) -> bytes:
    """Returns a ZIP archive as written to a pipe: sizes and checksums follow the data."""
    out = _Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, (2020, 2, 2, 2, 2, 2)), data, zipfile.ZIP_DEFLATED)
    return bytes(out.data)


def make_tar(members: Iterable[Content], packing: str = "", layout: int = tarfile.PAX_FORMAT) -> bytes:
    """Returns a tar archive of these members.

    Args:
        members: names may hold surrogates for bytes that are not UTF-8.
        packing: "", "gz", "bz2" or "xz".
        layout: one of tarfile's formats.
    """
    out = io.BytesIO()
    mode: Any = f"w:{packing}"
    with tarfile.open(fileobj=out, mode=mode, format=layout, encoding="utf-8", errors="surrogateescape") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), _TIME_S
            archive.addfile(info, io.BytesIO(data))
    packed = out.getvalue()
    return packed[:4] + struct.pack("<I", _TIME_S) + packed[8:] if packing == "gz" else packed


def make_7z(
    members: Iterable[Content], filters: Sequence[dict[str, Any]] | None = None, password: str | None = None
) -> bytes:
    """Returns a 7z archive of these members in one solid block.

    Args:
        members: any names, unpacking to which may be dangerous.
        filters: py7zr's list of filters; None takes its default.
        password: encrypts the members.
    """
    import py7zr

    out = io.BytesIO()
    chosen: Any = None if filters is None else list(filters)
    with py7zr.SevenZipFile(out, "w", filters=chosen, password=password) as archive:
        for name, data in members:
            archive._writef(io.BytesIO(data), name)  # the public form refuses dangerous names
            written = archive.header.files_info.files[-1]
            for field in ("creationtime", "lastwritetime", "lastaccesstime"):
                written[field] = py7zr.helpers.ArchiveTimestamp.from_datetime(_TIME_S)
    return out.getvalue()


class _Pipe(io.RawIOBase):
    """Takes bytes and cannot seek."""

    def __init__(self) -> None:
        super().__init__()
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += data
        return len(data)
