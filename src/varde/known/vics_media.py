"""One Media object of VICS JSON into a known entry, with every trap that public readers met.

Booleans come as strings; the category as number, string or null; a series as text or as an object; hashes in capitals
or not; times in five notations. Nothing is lost: what has no field of its own is kept as text in `KnownEntry.extra`,
text as it is, anything else as compact JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from varde.core.digest import DigestAlgorithm, read_digest
from varde.core.errors import FormatError, WrongUse
from varde.core.known import Flag, KnownEntry
from varde.known.notes import Notes
from varde.known.signals import Hashes, add_hash
from varde.known.text import clean_text
from varde.known.timestamps import Zone, read_timestamp

FLAG_FIELDS = {
    "VictimIdentified": Flag.VICTIM_IDENTIFIED,
    "OffenderIdentified": Flag.OFFENDER_IDENTIFIED,
    "IsDistributed": Flag.DISTRIBUTED,
    "IsSuspected": Flag.SUSPECTED,
    "IsPrecategorized": Flag.PRECATEGORIZED,
    "SelfGenerated": Flag.SELF_GENERATED,
}
EMPTY_FILE_MD5 = bytes.fromhex("d41d8cd98f00b204e9800998ecf8427e")
_OWN_FIELDS = (
    "MD5",
    "SHA1",
    "SHA256",
    "PhotoDNA",
    "AlternativeHashes",
    "Category",
    "Series",
    "MediaID",
    "MediaSize",
    "MimeType",
)
_DATE_FIELDS = ("DateUpdated",)
_FILE_DATE_FIELDS = ("Created", "Written", "Accessed")
_OTHER_FIELDS = ("Tags", "Comments", "RelativeFilePath", "Exifs", "MediaFiles", "Miniature", "PrecategorizationSource")
_FIELDS = frozenset((*_OWN_FIELDS, *FLAG_FIELDS, *_DATE_FIELDS, *_OTHER_FIELDS))
_HANDLED_FIELDS = frozenset((*_OWN_FIELDS, *FLAG_FIELDS))
_BY_FOLDED = {name.casefold(): name for name in _FIELDS}
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_SIZE_LIMIT = 1 << 63
_CODE = re.compile(r"[\w.+-]{1,64}")


class FieldDefect(FormatError):
    """One field of an object is unusable.

    Attributes:
        field: its name.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


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
        fields = {
            _BY_FOLDED.get(name.casefold(), name): value for name, value in fields.items() if "odata." not in name
        }
    hashes = _read_hashes(fields, line, notes)
    extra: list[tuple[str, str]] = []
    code = _read_code(fields.get("Category"))
    flags = _read_flags(fields, line, notes, extra)
    if code is None and (Flag.PRECATEGORIZED, True) in flags:
        notes.count("IsPrecategorized is true where there is no Category, and is ignored", line)
        flags = tuple(flag for flag in flags if flag[0] is not Flag.PRECATEGORIZED)
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
        source_id=_read_id(fields.get("MediaID")),
        size_bytes=_read_size(fields.get("MediaSize"), line, notes, extra),
        mime=_read_mime(fields.get("MimeType"), line, notes, extra),
        extra=(*extra, *_read_rest(fields, line, notes)),
    )
    if not entry.is_comparable:
        notes.count("an entry without any hash that can be compared here", line)
    if entry.md5 == EMPTY_FILE_MD5:
        notes.count("an entry that is the empty file", line)
    return entry


def _read_hashes(fields: dict[str, Any], line: int, notes: Notes) -> Hashes:
    hashes = Hashes(
        _read_digest(fields, "MD5", DigestAlgorithm.MD5),
        _read_digest(fields, "SHA1", DigestAlgorithm.SHA1),
        _read_digest(fields, "SHA256", DigestAlgorithm.SHA256),
    )
    if fields.get("PhotoDNA"):
        _add_named(hashes, "PhotoDNA", "PhotoDNA", fields["PhotoDNA"], line, notes)
    listed = fields.get("AlternativeHashes")
    if not listed:
        return hashes
    for hashed in listed if isinstance(listed, list) else [listed]:
        if isinstance(hashed, dict):
            _add_named(hashes, "AlternativeHashes", hashed.get("HashName"), hashed.get("HashValue"), line, notes)
        elif hashed:
            raise FieldDefect("AlternativeHashes", "AlternativeHashes is no list of HashName and HashValue")
    return hashes


def _read_digest(fields: dict[str, Any], name: str, algorithm: DigestAlgorithm) -> bytes | None:
    value = fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise FieldDefect(name, f"{name} is no text")
    try:
        raw = bytes.fromhex(value)
        if len(value) == 2 * len(raw) == 2 * algorithm.length_bytes:
            return raw  # the usual case, several times as fast
    except ValueError:
        pass
    try:
        return read_digest(value, algorithm)[1] if value.strip() else None
    except WrongUse as error:
        raise FieldDefect(name, f"{name}: {error}") from error


def _add_named(hashes: Hashes, field: str, name: object, value: object, line: int, notes: Notes) -> None:
    if value is None or value == "":
        return
    if not isinstance(value, str) or not isinstance(name, str) or not name.strip():
        raise FieldDefect(field, f"{field}: a hash needs a name and a text")
    before = len(hashes.carried)
    try:
        add_hash(hashes, name, value)
    except WrongUse as error:
        raise FieldDefect(field, f"{field}: {error}") from error
    if not all(hashes.is_plausible(carried) for carried in hashes.carried[before:]):
        notes.count("a PhotoDNA value that is not 144 bytes in base64 or hexadecimal; kept as it is", line)


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
            extra.append((name, _write(value)))
        else:
            flags.append((flag, truth))
    return tuple(flags)


def _read_series(value: object, extra: list[tuple[str, str]]) -> str:
    name = value.get("Name") if isinstance(value, dict) else value
    if isinstance(value, (dict, list)) and value and value != {"Name": name}:
        extra.append(("Series", _write(value)))
    return clean_text(name.strip()) if isinstance(name, str) else ""


def _read_id(value: object) -> str:
    return clean_text(str(value).strip()) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


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
    extra.append(("MediaSize", _write(value)))
    return None


def _read_mime(value: object, line: int, notes: Notes, extra: list[tuple[str, str]]) -> str:
    if not isinstance(value, str) or not value.strip():
        return ""
    mime = clean_text(value.strip().lower())
    if mime.endswith("/unknown") or "/" not in mime:
        notes.count("MimeType is no type (such as image/unknown); kept as it is", line)
        extra.append(("MimeType", _write(value)))
        return ""
    return mime


def _read_rest(fields: dict[str, Any], line: int, notes: Notes) -> list[tuple[str, str]]:
    """Returns the fields that have no place of their own, times in UTC."""
    kept = []
    for name, value in fields.items():
        if name in _HANDLED_FIELDS or value is None or value == "":
            continue
        if name in _DATE_FIELDS:
            value = _read_date(value, line, notes)
        elif name == "MediaFiles" and isinstance(value, list):
            value = [_read_file(file, line, notes) for file in value]
        kept.append((clean_text(name), _write(value)))
    return kept


def _read_file(file: object, line: int, notes: Notes) -> object:
    """Returns a MediaFiles object with its times in UTC."""
    if not isinstance(file, dict):
        return file
    return {
        name: _read_date(value, line, notes) if name in _FILE_DATE_FIELDS else value for name, value in file.items()
    }


_ZONE_REMARKS = {
    Zone.CONTRADICTED: "a time with both an offset and Z (such as +3:00Z); the offset was believed",
    Zone.NONE: "a time without a zone; kept as it is",
    Zone.UNREADABLE: "a time that cannot be read; kept as it is",
}


def _read_date(value: object, line: int, notes: Notes) -> object:
    if not isinstance(value, str) or not value:
        return value
    timestamp = read_timestamp(value)
    if timestamp.zone is not Zone.UTC:
        notes.count(_ZONE_REMARKS[timestamp.zone], line)
    return timestamp.text


_COMPACT: Callable[[object], str] = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def _write(value: object) -> str:
    return clean_text(value if isinstance(value, str) else _COMPACT(value))
