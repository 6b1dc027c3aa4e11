"""Probes: the perceptual hashes of contents, and of their variants, as arrays to be searched for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from varde.core.errors import WrongUse
from varde.core.finding import OperatingPoint
from varde.hashing.variants import RECORD_BYTES, VARIANTS
from varde.known.perceptual import is_degenerate
from varde.known.probe_column import Probes
from varde.store.database import Database
from varde.store.probes import list_signal_rows
from varde.store.types import AnyRow

ROWS = 20_000
"""Hashes read in one step, variants not counted: a long video has thousands, so contents are no measure of memory."""


@dataclass(frozen=True, slots=True)
class ReadProbes:
    """The probes of some whole contents.

    Attributes:
        probes: without degenerate hashes, by content.
        degenerate: hashes left out because they say too little to be compared by distance.
        up_to: the last of these contents; those without a hash are among them.
    """

    probes: Probes
    degenerate: int
    up_to: int


def read_probes(database: Database, point: OperatingPoint, after: int, newest: int) -> ReadProbes:
    """Returns the probes of the next contents, of about `ROWS` hashes.

    Args:
        database: the site's.
        point: says the method and the least quality.
        after: row number of the content before the first.
        newest: row number of the last content that may be read.
    """
    words = (point.method.name, point.min_quality, after)
    with database.read() as connection:
        rows = list(list_signal_rows(connection, *words, newest, ROWS))
        if len(rows) < ROWS:
            return make_probes(rows, point.min_quality, newest)
        last = rows[-1].content_id
        whole = [row for row in rows if row.content_id != last]
        if whole:
            return make_probes(whole, point.min_quality, whole[-1].content_id)
        return make_probes(list(list_signal_rows(connection, *words, last)), point.min_quality, last)


def make_probes(rows: Sequence[AnyRow], min_quality: int, up_to: int) -> ReadProbes:
    """Returns the probes of rows as `varde.store.probes.list_signal_rows` yields them.

    Raises:
        WrongUse: if stored variants are none that this version knows.
    """
    # Each hash as a record like those of its variants: one byte that says which, 0 for itself, and 32 bytes.
    parts = [(b"\0" + row.value if row.quality >= min_quality else b"") + (row.variants or b"") for row in rows]
    sizes = np.array([len(part) for part in parts], np.int64)
    if (sizes % RECORD_BYTES).any():
        raise WrongUse(f"stored variants are no records of {RECORD_BYTES} bytes")
    records = np.frombuffer(b"".join(parts), np.uint8).reshape(-1, RECORD_BYTES)
    codes, hashes = records[:, 0], np.ascontiguousarray(records[:, 1:])
    if not np.isin(codes, list(VARIANTS)).all():
        raise WrongUse("a stored variant is of a kind that this version does not know")
    repeats, kept = sizes // RECORD_BYTES, ~is_degenerate(hashes)
    probes = Probes(
        content_ids=np.repeat(np.array([row.content_id for row in rows], np.int64), repeats)[kept],
        positions=np.repeat(np.array([row.position for row in rows], np.int32), repeats)[kept],
        codes=codes[kept],
        hashes=hashes[kept],
    )
    return ReadProbes(probes, int(len(kept) - kept.sum()), up_to)
