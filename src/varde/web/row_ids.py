"""Row numbers in requests: one that the database could not hold never reaches it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Query

HIGHEST_ROW: Final = (1 << 63) - 1

RowPath = Annotated[int, Path(ge=1, le=HIGHEST_ROW)]
"""A part of a path that is the number of a row."""

AfterRow = Annotated[int, Query(ge=0, le=HIGHEST_ROW)]
"""The row after which a page begins, 0 for the first page."""


def is_row(number: int) -> bool:
    """Returns whether there could be a row of that number."""
    return 0 < number <= HIGHEST_ROW
