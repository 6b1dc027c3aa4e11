"""Known sets as CSV with all columns: whatever an entry holds but its local features; see `varde.known.own_csv`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from varde.core.errors import Refused
from varde.core.known import EntryState, KnownEntry
from varde.known.delimited import MAX_CELL_CHARS, RowWriter
from varde.known.losses import Losses
from varde.known.own_csv import CARRIED, EXTRA, FIXED_COLUMNS, write_column
from varde.known.rows import MOST_LINES_IN_ROW
from varde.known.signals import write_pdq
from varde.known.text import MAX_LINE_CHARS
from varde.known.writer import OutgoingSet

_HELD = frozenset(KnownEntry.__slots__) - {"local_features"}
_HASHES_IN_CELL = 1_000
_MOST_COLUMNS = 5_000
_LONG_CELL_CHARS = 1_000


class MappedCsvWriter:
    """CSV with all columns."""

    name = "csv"
    title = "CSV with all columns, read back without mapping rules"
    reads = "csv"
    marks_withdrawn = True

    def write(self, outgoing: OutgoingSet, losses: Losses) -> Iterator[bytes]:
        """Yields the file; see `KnownWriter.write`. The entries are asked for twice: first for their columns.

        Raises:
            Refused: if the entries have more than 5,000 different further fields.
        """
        columns = (*FIXED_COLUMNS, *_find_columns(outgoing))
        rows = RowWriter(",")
        yield rows.write(columns).encode()
        for entry, state in outgoing.entries():
            losses.count_unheld(entry, _HELD)
            cells = _fill(entry, state, outgoing.scheme_key)
            yield _write_row(rows, columns, cells, entry, losses).encode()


def _find_columns(outgoing: OutgoingSet) -> list[str]:
    """Returns the columns beyond the fixed ones, in an order that is that of every entry where there is one."""
    seen: dict[tuple[str, ...], None] = {}
    columns: dict[str, None] = {}
    for entry, _ in outgoing.entries():
        names = tuple(_name_further(entry))
        if names not in seen:
            seen[names] = None
            columns |= dict.fromkeys(names)
            if len(columns) > _MOST_COLUMNS:
                raise Refused(
                    f"the entries of {outgoing.name} have more than {_MOST_COLUMNS:,} different further fields",
                    advice="Write it in a format without columns, such as --format vics.",
                )
    return _sort_columns(columns, seen)


def _sort_columns(columns: Iterable[str], orders: Iterable[tuple[str, ...]]) -> list[str]:
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for column in columns:
        sorter.add(column)
    for order in orders:
        for before, after in pairwise(order):
            sorter.add(after, before)
    try:
        return list(sorter.static_order())
    except CycleError:
        return list(columns)


def _name_further(entry: KnownEntry) -> Iterator[str]:
    """Yields the columns of an entry's further PDQ hashes, carried hashes and further fields."""
    for number in range(2, 2 + (len(entry.pdq) - 1) // _HASHES_IN_CELL):
        yield f"pdq#{number}"
    if entry.carried:
        yield from _number(CARRIED, (carried.kind for carried in entry.carried))
    yield from _number(EXTRA, (name for name, _ in entry.extra))


def _number(prefix: str, names: Iterable[str]) -> Iterator[str]:
    times: Counter[str] = Counter()
    for name in names:
        times[name] += 1
        yield write_column(prefix, name, times[name])


def _fill(entry: KnownEntry, state: EntryState, scheme: str) -> dict[str, str]:
    """Returns the texts of a row by column."""
    hashes = [write_pdq(*pdq) for pdq in entry.pdq]
    chunks = [" ".join(hashes[at : at + _HASHES_IN_CELL]) for at in range(0, len(hashes), _HASHES_IN_CELL)]
    further = (*chunks[1:], *(carried.value for carried in entry.carried), *(value for _, value in entry.extra))
    return {
        "md5": entry.md5.hex() if entry.md5 else "",
        "sha1": entry.sha1.hex() if entry.sha1 else "",
        "sha256": entry.sha256.hex() if entry.sha256 else "",
        "pdq": chunks[0] if chunks else "",
        "code": entry.code or "",
        "scheme": scheme,
        "series": entry.series,
        "id": entry.source_id,
        "size": "" if entry.size_bytes is None else str(entry.size_bytes),
        "mime": entry.mime,
        "sampling": entry.sampling,
        **{flag.value: "true" if value else "false" for flag, value in entry.flags},
        "state": state.value,
        **dict(zip(_name_further(entry), further, strict=True)),
    }


def _write_row(
    rows: RowWriter, columns: tuple[str, ...], cells: dict[str, str], entry: KnownEntry, losses: Losses
) -> str:
    """Returns the line of a row, without texts that nobody could read back."""
    for column, text in cells.items():
        if len(text) > MAX_CELL_CHARS:
            losses.leave_out(f"texts of more than {MAX_CELL_CHARS:,} characters", entry)
            cells[column] = ""
    line = rows.write([cells.get(column, "") for column in columns])
    if len(line) <= MAX_LINE_CHARS and line.count("\n") < MOST_LINES_IN_ROW:
        return line
    long = [column for column, text in cells.items() if len(text) > _LONG_CELL_CHARS and column not in FIXED_COLUMNS]
    losses.leave_out("long texts of rows that are too long to be read back", entry, len(long))
    return rows.write(["" if column in long else cells.get(column, "") for column in columns])
