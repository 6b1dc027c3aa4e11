"""Rows written as delimited text: the inverse of `varde.known.rows.read_rows`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

MAX_CELL_CHARS = 131_000
"""Longer cells are refused when they are read: the standard library's limit is 131,072."""

LINE_END = "\r\n"


class RowWriter:
    """Turns rows into lines of delimited text, quoted where needed, ended as RFC 4180 has it."""

    def __init__(self, delimiter: str) -> None:
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer, delimiter=delimiter, lineterminator=LINE_END)

    def write(self, cells: Sequence[str]) -> str:
        """Returns the line of a row, with its line end."""
        self._writer.writerow(cells)
        line = self._buffer.getvalue()
        self._buffer.seek(0)
        self._buffer.truncate()
        return line
