"""Known sets as the ICSE hash list (Interpol): semicolon-separated, one fixed header."""

from __future__ import annotations

from collections.abc import Iterator

from varde.core.known import EntryState, Flag, KnownEntry
from varde.known.delimited import LINE_END, MAX_CELL_CHARS, RowWriter
from varde.known.formats.icse_csv import FIELDS, HEADER
from varde.known.losses import Losses
from varde.known.rows import is_truth
from varde.known.writer import OutgoingSet

_HELD = frozenset(("line", "md5", "sha1", "carried", "source_id", "series", "flags", "extra"))
_PHOTODNA = "photodna"
_FLAGS = frozenset(flag for flag in Flag if flag.value in FIELDS)
_WORDS = frozenset(flag.value for flag in _FLAGS)


class IcseCsvWriter:
    """Interpol ICSE hash list as CSV."""

    name = "icse-csv"
    title = "Interpol ICSE hash list, CSV with semicolons"
    reads = "icse-csv"
    marks_withdrawn = False

    def write(self, outgoing: OutgoingSet, losses: Losses) -> Iterator[bytes]:
        """Yields the file; see `KnownWriter.write`."""
        rows = RowWriter(";")
        yield f"{HEADER}{LINE_END}".encode()
        for entry, state in outgoing.entries():
            if state is EntryState.DISPUTED:
                losses.leave_out("marks of disputed entries", entry)
            cells = _fill(entry, losses)
            if any(cells.values()):
                yield rows.write([cells.get(field, "") for field in FIELDS]).encode()
            else:
                losses.leave_out("entries of which nothing can be written", entry)


def _fill(entry: KnownEntry, losses: Losses) -> dict[str, str]:
    """Returns the texts of a row by the name of the field, counting what has no column."""
    losses.count_unheld(entry, _HELD)
    cells = {
        "md5": entry.md5.hex().upper() if entry.md5 else "",
        "sha1": entry.sha1.hex().upper() if entry.sha1 else "",
        "id": entry.source_id,
        "series": entry.series,
    }
    for carried in entry.carried:
        if carried.kind == _PHOTODNA and "carried.photodna" not in cells:
            cells["carried.photodna"] = carried.value
        else:
            losses.leave_out("carried hashes", entry)
    for name, value in entry.extra:
        field = name if name in _WORDS else f"extra.{name}"
        if field in FIELDS and field not in cells and not (name in _WORDS and is_truth(value)):
            cells[field] = value
        else:
            losses.leave_out("further fields", entry)
    for flag, is_true in entry.flags:
        if flag in _FLAGS and flag.value not in cells:
            cells[flag.value] = str(is_true)
        else:
            losses.leave_out("flags", entry)
    return {field: _fit(value, entry, losses) for field, value in cells.items()}


def _fit(text: str, entry: KnownEntry, losses: Losses) -> str:
    if text != text.strip():
        losses.leave_out("white space around texts", entry)
    if len(text) <= MAX_CELL_CHARS:
        return text
    losses.leave_out(f"texts of more than {MAX_CELL_CHARS:,} characters", entry)
    return ""
