"""One Media object of VICS JSON into a known entry, with every trap that public readers met.

Booleans come as strings; the category as number, string or null; a series as text or as an object; hashes in capitals
or not; times in five notations, kept as they came. Nothing is lost: what has no field of its own is kept as text in
`KnownEntry.extra`, see `varde.known.json_text`; `varde.known.vics_writing` gives all of it back.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from varde.core.known import Flag, KnownEntry
from varde.known.json_text import write_value
from varde.known.notes import Notes
from varde.known.text import clean_text
from varde.known.timestamps import Zone, read_timestamp
from varde.known.vics_hashes import HASH_FIELDS, FieldDefect, read_hashes

FLAG_FIELDS = {
    "VictimIdentified": Flag.VICTIM_IDENTIFIED,
    "OffenderIdentified": Flag.OFFENDER_IDENTIFIED,
    "IsDistributed": Flag.DISTRIBUTED,
    "IsSuspected": Flag.SUSPECTED,
    "IsPrecategorized": Flag.PRECATEGORIZED,
    "SelfGenerated": Flag.SELF_GENERATED,
    "IsBaseline": Flag.BASELINE,
    "IsDisputed": Flag.DISPUTED,
}
"""The last two are Varde's own: no program seen so far writes or reads them."""

WITHDRAWN_FIELD = "IsWithdrawn"
"""Varde's own mark of an entry that its authority took back."""

EMPTY_FILE_MD5 = bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e")
_OWN_FIELDS = (*HASH_FIELDS, "Category", "Series", "MediaID", "MediaSize", "MimeType")
_DATE_FIELDS = ("DateUpdated",)
_FILE_DATE_FIELDS = ("Created", "Written", "Accessed")
_OTHER_FIELDS = ("Tags", "Comments", "RelativeFilePath", "Exifs", "MediaFiles", "Miniature", "PrecategorizationSource")
_FIELDS = frozenset((*_OWN_FIELDS, *FLAG_FIELDS, *_DATE_FIELDS, *_OTHER_FIELDS))
_HANDLED_FIELDS = frozenset((*_OWN_FIELDS, *FLAG_FIELDS))
_BY_FOLDED = {name.casefold(): name for name in _FIELDS}
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_NOTHING: tuple[object, ...] = (None, "", [], {})
_CODE = re.compile(r"[\w.+-]{1,64}")


def read_media(fields: dict[str, Any], line: int, notes: Notes) -> KnownEntry:
    """Returns the entry that a Media object describes.

    Args:
        fields: the object, decoded.
        line: its one-based line.
        notes: receives what was odd but readable.

    Raises:
        FieldDefect: if a hash or the category is unusable; anything else that is odd is kept in `extra` and noted.
    """
    if not _FIELDS.issuperset(fields):
        fields = _fold_names(fields)
    extra: list[tuple[str, str]] = []
    hashes = read_hashes(fields, line, notes, extra)
    code = _read_code(fields.get("Category"))
    flags = _read_flags(fields, line, notes, extra)
    if code is None and (Flag.PRECATEGORIZED, True) in flags:
        notes.count("IsPrecategorized is true where there is no Category, and is ignored", line)
        flags = tuple(flag for flag in flags if flag[0] is not Flag.PRECATEGORIZED)
        extra.append(("IsPrecategorized", "true"))
    entry = KnownEntry(
        line=line,
        md5=hashes.md5,
        sha1=hashes.sha1,
        sha256=hashes.sha256,
        pdq=tuple(hashes.pdq),
        carried=tuple(dict.fromkeys(hashes.carried)),
        code=code,
        series=_read_series(fields.get("Series"), extra),
        flags=flags,
        source_id=_read_id(fields.get("MediaID"), extra),
        size_bytes=_read_size(fields.get("MediaSize"), line, notes, extra),
        mime=_read_mime(fields.get("MimeType"), line, notes, extra),
        extra=(*extra, *_read_rest(fields, line, notes)),
    )
    if not entry.is_comparable:
        notes.count("an entry without any hash that can be compared here", line)
    if entry.md5 == EMPTY_FILE_MD5:
        notes.count("an entry that is the empty file", line)
    return entry


def _read_code(value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        text = str(value).strip()
        if not text:
            return None
        if _CODE.fullmatch(text):
            return text
    raise FieldDefect("Category", f"Category is neither a code nor null: {str(value)[:80]!r}")


def is_category_code(text: str) -> bool:
    """Returns whether a code can stand in the field Category."""
    return _CODE.fullmatch(text) is not None


def _read_flags(
    fields: dict[str, Any], line: int, notes: Notes, extra: list[tuple[str, str]]
) -> tuple[tuple[Flag, bool], ...]:
    flags = []
    for name, flag in FLAG_FIELDS.items():
        value = fields.get(name)
        if value is None or value == "":
            continue
        truth = value if value is True or value is False else _BOOLEANS.get(str(value).strip().casefold())
        if truth is None:
            notes.count(f"{name} is neither true nor false; kept as it is", line)
            extra.append((name, clean_text(write_value(value))))
        else:
            flags.append((flag, truth))
    return tuple(flags)


def _fold_names(fields: dict[str, Any]) -> dict[str, Any]:
    """Returns the fields under the names known here; one that would take another's place keeps its own name."""
    folded: dict[str, Any] = {}
    for name, value in fields.items():
        if "odata." not in name:
            own = _BY_FOLDED.get(name.casefold(), name)
            folded[name if own in folded or (own != name and own in fields) else own] = value
    return folded


def _read_series(value: object, extra: list[tuple[str, str]]) -> str:
    name = value.get("Name") if isinstance(value, dict) else value
    if isinstance(name, str):
        if value is not name and value != {"Name": name}:
            extra.append(("Series", clean_text(write_value(value))))
        return clean_text(name.strip())
    if value not in _NOTHING:
        extra.append(("Series", clean_text(write_value(value))))
    return ""


def _read_id(value: object, extra: list[tuple[str, str]]) -> str:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return clean_text(str(value).strip())
    if value is not None:
        extra.append(("MediaID", clean_text(write_value(value))))
    return ""


def _read_size(value: object, line: int, notes: Notes, extra: list[tuple[str, str]]) -> int | None:
    if value is None or value == "":
        return None
    if (
        isinstance(value, (int, str))
        and not isinstance(value, bool)
        and re.fullmatch(r"[0-9]{1,18}", str(value).strip())
    ):
        return int(value)
    notes.count("MediaSize is no number of bytes; kept as it is", line)
    extra.append(("MediaSize", clean_text(write_value(value))))
    return None


def _read_mime(value: object, line: int, notes: Notes, extra: list[tuple[str, str]]) -> str:
    if not isinstance(value, str):
        if value is not None:
            extra.append(("MimeType", clean_text(write_value(value))))
        return ""
    if not value.strip():
        return ""
    mime = clean_text(value.strip().lower())
    if mime.endswith("/unknown") or "/" not in mime:
        notes.count("MimeType is no type (such as image/unknown); kept as it is", line)
        extra.append(("MimeType", clean_text(write_value(value))))
        return ""
    return mime


def _read_rest(fields: dict[str, Any], line: int, notes: Notes) -> list[tuple[str, str]]:
    """Returns the fields that have no place of their own, as they came."""
    kept = []
    for name, value in fields.items():
        if name in _HANDLED_FIELDS or value is None or value == "":
            continue
        if name in _DATE_FIELDS:
            _look_at_date(value, line, notes)
        elif name == "MediaFiles" and isinstance(value, list):
            for file in value:
                for date in _FILE_DATE_FIELDS if isinstance(file, dict) else ():
                    _look_at_date(file.get(date), line, notes)
        kept.append((clean_text(name), clean_text(write_value(value))))
    return kept


_ZONE_REMARKS = {
    Zone.CONTRADICTED: "a time with both an offset and Z (such as +3:00Z); kept as it is",
    Zone.NONE: "a time without a zone; kept as it is",
    Zone.UNREADABLE: "a time that cannot be read; kept as it is",
}


def _look_at_date(value: object, line: int, notes: Notes) -> None:
    """Notes a time that cannot be relied on. None is rewritten: the zone a source gave is a fact of its own."""
    if isinstance(value, str) and value:
        zone = read_timestamp(value).zone
        if zone is not Zone.UTC:
            notes.count(_ZONE_REMARKS[zone], line)


@lru_cache(maxsize=1024)
def is_plain_name(name: str) -> bool:
    """Returns whether a field of that name is kept as it is, whatever else the object says."""
    own = _BY_FOLDED.get(name.casefold())
    return name not in _HANDLED_FIELDS and own in (None, name) and "odata." not in name
