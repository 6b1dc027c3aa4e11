"""Receives one uploaded file into an unnamed file: nothing of it has a name here, and nothing stays of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from varde.web.errors import refuse, refuse_for_now

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MOST_PARTS = 16
_MOST_FIELD_BYTES = 64 << 10
_MOST_BOUNDARY_BYTES = 70
_NO_FILE = "The request needs a multipart/form-data body with one file."
_TWO_FILES = "Only one file is taken in a request."
_BROKEN = "The request's multipart body is cut off or malformed."


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was received.

    Attributes:
        content_type: name of the form field it came in, or what else says it.
        descriptor: open for reading only; closed by whoever lent it.
        texts: the other fields of the form.
    """

    content_type: str
    descriptor: int
    size_bytes: int
    texts: dict[str, str] = field(default_factory=dict)


@asynccontextmanager
async def receive_upload(request: Request, spool: Path) -> AsyncIterator[Upload]:
    """Lends the one file of a request; it is gone afterwards.

    Args:
        request: whose body was not read yet.
        spool: folder on the disk that files are kept on; no name appears in it.

    Raises:
        HTTPException: 400 if the body is not multipart, is cut off, has no file or several; 503 if the disk is full.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= _MOST_BOUNDARY_BYTES:
        raise refuse(400, _NO_FILE)
    with tempfile.TemporaryFile(dir=spool) as file:
        form = _Form(file)
        await _parse(request, form, MultipartParser(boundary, form.callbacks()))
        if form.file_field is None:
            raise refuse(400, _NO_FILE)
        with lend_reading(file) as descriptor:
            yield Upload(form.file_field, descriptor, file.tell(), form.texts)


class lend_reading:  # noqa: N801 - used like a function
    """Lends a descriptor of an unnamed file that cannot write to it."""

    def __init__(self, file: IO[bytes]) -> None:
        file.flush()
        self._descriptor = os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self) -> int:
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


async def _parse(request: Request, form: _Form, parser: MultipartParser) -> None:
    try:
        async for chunk in request.stream():
            parser.write(chunk)
        parser.finalize()
    except FormParserError as error:
        raise refuse(400, _BROKEN) from error
    except OSError as error:
        raise refuse_for_now("There is no room on the server's disk for this file now.") from error
    if not form.is_complete:
        raise refuse(400, _BROKEN)


class _Form:
    """Takes a multipart body apart as it comes; of file names nothing is even read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._header = b""
        self._value = b""
        self._disposition = b""
        self._parts = 0
        self._name = ""
        self._text: bytearray | None = None
        self.file_field: str | None = None
        self.texts: dict[str, str] = {}
        self.is_complete = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise refuse(400, f"A form may have {_MOST_PARTS} parts at most.")
        self._disposition = self._header = self._value = b""

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header = self._value = b""

    def _end_headers(self) -> None:
        kind, options = parse_options_header(self._disposition)
        if kind != b"form-data" or b"name" not in options:
            raise refuse(400, _BROKEN)
        self._name = options[b"name"].decode("utf-8", "replace")
        self._text = None if b"filename" in options else bytearray()
        if self._text is None:
            if self.file_field is not None:
                raise refuse(400, _TWO_FILES)
            self.file_field = self._name

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._text is None:
            self._file.write(data[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > _MOST_FIELD_BYTES:
            raise refuse(400, f"A field of the form may have {_MOST_FIELD_BYTES} bytes at most.")

    def _end_part(self) -> None:
        if self._text is not None:
            self.texts[self._name] = self._text.decode("utf-8", "replace")

    def _end(self) -> None:
        self.is_complete = True
