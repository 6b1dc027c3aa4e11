"""Writes a case's contents and decisions as VICS 2.0 JSON. What goes where: docs/reference/report-vics.md.

One Media per distinct content, except that places of one content with different decisions in force are never merged:
they become one Media per decision, with the same MD5 and a comment that says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import TextIO

from varde.core.errors import IntegrityFailure
from varde.core.media import MediaKind
from varde.reports.content import ReportItem, ReportOptions, ReportSource, Written
from varde.reports.output import open_output, read_written
from varde.reports.vics_media import (
    CONTINUED,
    DECIDED_DIFFERENTLY,
    MORE_NOTES,
    compute_category,
    describe_case,
    describe_comments,
    describe_content,
    describe_place,
    dump,
    get_digests,
)

_TOTAL_DIGITS = 12
_MOST_PLACES_CHARS = 1 << 20
_MOST_NOTES = 20


def write(source: ReportSource, folder: Path, options: ReportOptions) -> Written:
    """Writes ``vics.json``: pictures and videos, and whatever else is decided or matched. Streamed; no item is kept.

    Returns:
        The file and the counts ``media`` (entries), ``places``, ``categorised`` (entries with a Category),
        ``grades_in_tags`` (entries whose grade no Category can carry), ``decided_differently`` (contents with more than
        one grade in force), ``partly_decided`` (contents decided at some places only), ``continued`` (further
        entries for contents at very many places), ``left_out`` (items of other kinds, undecided and unmatched).

    Raises:
        OSError: if the folder cannot be written to.
        IntegrityFailure: if `ReportSource.media` is out of order or gives an item without digests.
    """
    path = folder / "vics.json"
    with open_output(path) as file:
        writer = _CaseWriter(file, source)
        writer.write_case()
    return Written((read_written(path),), writer.counts)


class _CaseWriter:
    """Writes one case object, entry by entry."""

    def __init__(self, file: TextIO, source: ReportSource) -> None:
        self._file = file
        self._source = source
        self._scheme = source.head.scheme
        names = "media places categorised grades_in_tags decided_differently partly_decided continued left_out"
        self.counts = dict.fromkeys(names.split(), 0)

    def write_case(self) -> None:
        context, case = describe_case(self._source.head)
        self._file.write(f'{{"@odata.context": {dump(context)}, "value": [\n{dump(case)[:-1]}, "TotalMediaFiles": ')
        total_at = self._file.tell()
        self._file.write(" " * _TOTAL_DIGITS + ', "Media": [')
        for _, items in groupby(_check_order(self._source.media()), key=_content_key):
            self._write_content(filter(self._belongs, items))
        self._file.write("\n]}]}\n")
        self._file.seek(total_at)
        self._file.write(f"{self.counts['media']:>{_TOTAL_DIGITS}}")

    def _belongs(self, item: ReportItem) -> bool:
        belongs = item.kind in (MediaKind.PICTURE, MediaKind.VIDEO) or item.is_notable
        self.counts["left_out"] += not belongs
        return belongs

    def _write_content(self, items: Iterator[ReportItem]) -> None:
        """Writes one Media for each decision in force among the places of one content."""
        keys: list[str] = []
        notes: dict[str, None] = {}
        for key, places in groupby(items, key=lambda item: item.grade_key):
            if keys:
                self._close_media(notes, DECIDED_DIFFERENTLY)
            if key in keys:
                raise IntegrityFailure(f"places decided {key or 'nothing'!r} of one content are not given together")
            keys.append(key)
            notes = self._write_media(places)
        if keys:
            self._close_media(notes, DECIDED_DIFFERENTLY if len(keys) > 1 else "")
        self.counts["decided_differently"] += len(set(keys) - {""}) > 1
        self.counts["partly_decided"] += "" in keys and len(keys) > 1

    def _write_media(self, places: Iterator[ReportItem]) -> dict[str, None]:
        """Writes an entry up to and including its places, more entries if they are very many; returns the notes."""
        notes: dict[str, None] = {}
        written = 0
        for number, item in enumerate(places):
            place = dump(describe_place(item))
            if number and written + len(place) > _MOST_PLACES_CHARS:
                self._close_media(notes, CONTINUED)
                self.counts["continued"] += 1
                written = 0
            if written:
                self._file.write(", ")
            else:
                self._open_media(item)
            written += self._file.write(place)
            self.counts["places"] += 1
            _collect_note(item, notes)
        return notes

    def _open_media(self, item: ReportItem) -> None:
        self._file.write(",\n" if self.counts["media"] else "\n")
        self.counts["media"] += 1
        category = compute_category(item, self._scheme)
        self.counts["categorised"] += category is not None
        self.counts["grades_in_tags"] += category is None and item.decision is not None
        entry = {"MediaID": self.counts["media"], "Category": category, **describe_content(item, self._scheme)}
        self._file.write(dump(entry)[:-1] + ', "MediaFiles": [')

    def _close_media(self, notes: dict[str, None], remark: str) -> None:
        comments = describe_comments(notes, remark)
        self._file.write("]" + (f', "Comments": {dump(comments)}' if comments else "") + "}")


def _check_order(items: Iterator[ReportItem]) -> Iterator[ReportItem]:
    previous = b""
    for item in items:
        if _content_key(item) < previous:
            raise IntegrityFailure(f"item {item.item_id} is not in the order of SHA-256 that the report was promised")
        previous = _content_key(item)
        yield item


def _collect_note(item: ReportItem, notes: dict[str, None]) -> None:
    note = item.decision.note if item.decision else ""
    if note and note not in notes and len(notes) <= _MOST_NOTES:
        notes[note if len(notes) < _MOST_NOTES else MORE_NOTES] = None


def _content_key(item: ReportItem) -> bytes:
    return get_digests(item).sha256
