"""A whole VICS file as a known set: its region, its totals, its entries.

A category means nothing without its region, so the scheme is named after the region profile of the file:
``vics-us@2.0``. A 1.x file names none; its scheme is ``vics-unstated`` until a person states the region.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from varde.core.errors import FormatError
from varde.core.known import KnownEntry, SetHeader
from varde.known.format import OpenedSet, ReadOptions
from varde.known.json_stream import JsonStream
from varde.known.notes import Notes
from varde.known.repeats import Prefixes
from varde.known.vics_envelope import CaseFields, Context, read_context, walk_envelope, write_case_fields
from varde.known.vics_hashes import FieldDefect
from varde.known.vics_media import WITHDRAWN_FIELD, read_media

_REGION = re.compile(r"[\w.-]{1,40}")
_SCHEME = re.compile(r"vics-(?P<region>[\w.-]{1,40})@(?P<version>[\w.-]{1,40})")
_WITHDRAWN = (WITHDRAWN_FIELD, "true")


def open_vics(path: Path, options: ReadOptions) -> OpenedSet:
    """Returns the set with its header read and the stream before its first entry."""
    context = read_context(path) or Context(version="", region="", kind="")
    scheme, version = _choose_scheme(context, options.region)
    stream = JsonStream(path)
    notes: list[str] = []
    cases: list[CaseFields] = []
    entries = _read_entries(stream, cases, notes)
    try:
        first = list(itertools.islice(entries, 1))
    except FormatError:
        stream.close()
        raise
    header = _build_header(context, scheme, version, cases)
    return OpenedSet(header, itertools.chain(first, entries), notes, stream.close)


def _choose_scheme(context: Context, stated: str | None) -> tuple[str, str]:
    """Returns name and version of the scheme of the categories, as the file says it or a person does.

    Raises:
        FormatError: if they contradict each other.
    """
    named = _SCHEME.fullmatch(context.scheme)
    if named is None:
        return f"vics-{_choose_region(context, stated)}", context.version or "unstated"
    for region in (context.region, stated):
        if region and _fold(region) != named["region"]:
            raise FormatError(
                f"the file says its codes are on {context.scheme}, not on the scheme of the region {region[:80]}",
                advice="A category of one region means something else in another. Leave --region out.",
            )
    return f"vics-{named['region']}", named["version"]


def _choose_region(context: Context, stated: str | None) -> str:
    if stated is not None and not _REGION.fullmatch(stated):
        raise FormatError(
            f"{stated[:80]!r} is no name of a region", advice="Region profiles are named like --region US."
        )
    if stated and context.region and stated.casefold() != context.region.casefold():
        raise FormatError(
            f"the file names the region {context.region}, not {stated}",
            advice="A category of one region means something else in another. Leave --region out.",
        )
    return _fold(context.region or stated or "unstated")


def _fold(region: str) -> str:
    return re.sub(r"\s+", "-", region.strip().casefold())


def _build_header(context: Context, scheme: str, version: str, cases: list[CaseFields]) -> SetHeader:
    warnings = []
    if scheme == "vics-unstated":
        warnings.append("The file names no region: what its categories mean is not known. State it with --region.")
    if not context.version:
        warnings.append("The file has no VICS context; its version is not known.")
    totals = [total for total in (_read_total(case) for case in cases) if total is not None]
    return SetHeader(
        scheme=scheme,
        scheme_version=version,
        warning=" ".join(warnings),
        declared_total=sum(totals) if totals else None,
        extra=(("kind", context.kind), *(write_case_fields(cases[0]) if cases else ())),
    )


def _read_entries(stream: JsonStream, cases: list[CaseFields], notes: list[str]) -> Iterator[KnownEntry]:
    """Yields the entries; fills the notes at the end."""
    counted = Notes()
    distinct = Prefixes()
    ordinal = 0
    for line, fields in walk_envelope(stream, cases):
        ordinal += 1
        try:
            entry = read_media(fields, line, counted)
        except FieldDefect as defect:
            raise FormatError(f"entry {ordinal:,}: {defect}", line=stream.line_of_field(defect.field)) from defect
        if cases and entry.md5:
            distinct.add(entry.md5)
        if entry.extra and _WITHDRAWN in entry.extra:
            counted.count("an entry that the file marks as withdrawn; left out", line)
        else:
            yield entry
    if not ordinal:
        notes.append("the file holds no entries")
    notes.extend(_check_totals(cases, distinct) + counted.write())


def _check_totals(cases: list[CaseFields], distinct: Prefixes) -> list[str]:
    """Returns a note where the declared totals fit neither the number of entries nor that of distinct MD5s."""
    totals = [_read_total(case) for case in cases]
    declared = sum(total for total in totals if total is not None)
    entries = sum(case.media for case in cases)
    if not cases or None in totals or declared == entries:
        return []
    different = distinct.count_different()
    if declared == different:
        return [f"TotalMediaFiles counts the {different:,} distinct MD5s, not the {entries:,} entries"]
    return [f"TotalMediaFiles says {declared:,}, the file holds {entries:,} entries with {different:,} distinct MD5s"]


def _read_total(case: CaseFields) -> int | None:
    value = case.fields.get("TotalMediaFiles")
    return int(value) if isinstance(value, (int, str)) and re.fullmatch(r"\d{1,12}", str(value).strip()) else None
