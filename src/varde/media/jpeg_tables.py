"""What a JPEG's quantisation table says of how strongly it was compressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

# ITU-T T.81, table K.1, row by row: the sum of its entries is what a table of quality 50 has.
_USUAL_SUM: Final = 3688
_ENTRIES: Final = 64


def estimate_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """Returns the quality (1-100) at which the usual encoder makes a luma table about as coarse; None without one.

    Source: the Independent JPEG Group's scaling, solved for the quality by the sum of the table.

    Limits: makers have tables of their own, for which this is the closest number only. Below 25 it is too high, since
        the entries end at 255.
    """
    luma = tables.get(0)
    if luma is None or len(luma) != _ENTRIES or min(luma) < 1:
        return None
    scale = 100.0 * sum(luma) / _USUAL_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return max(1, min(100, round(quality)))
