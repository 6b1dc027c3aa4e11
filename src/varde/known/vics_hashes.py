"""The hashes of a Media object of VICS JSON, read and written: fields of their own, and the list AlternativeHashes."""

from __future__ import annotations

import json
from typing import Any

from varde.core.digest import DigestAlgorithm, read_digest
from varde.core.errors import FormatError, WrongUse
from varde.core.known import KnownEntry
from varde.known.json_text import write_value
from varde.known.losses import Losses
from varde.known.notes import Notes
from varde.known.signals import ASSUMED_QUALITY, Hashes, add_hash, fold_name, is_compared, write_pdq
from varde.known.text import clean_text

HASH_FIELDS = ("MD5", "SHA1", "SHA256", "PhotoDNA", "AlternativeHashes")
HASH_LIST = "AlternativeHashes"
_OWN_KEYS = frozenset(("HashName", "HashValue", "Quality"))
_NAMES = {"photodna": "PhotoDNA"}


class FieldDefect(FormatError):
    """One field of an object is unusable.

    Attributes:
        field: its name.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def read_hashes(fields: dict[str, Any], line: int, notes: Notes, extra: list[tuple[str, str]]) -> Hashes:
    """Returns the hashes of a Media object.

    Args:
        fields: the object, decoded.
        line: its one-based line.
        notes: receives what was odd but readable.
        extra: receives the members of AlternativeHashes that say more than a name, a value and a quality.

    Raises:
        FieldDefect: if one is no hash of its name, or contradicts another.
    """
    hashes = Hashes(
        _read_digest(fields, "MD5", DigestAlgorithm.MD5),
        _read_digest(fields, "SHA1", DigestAlgorithm.SHA1),
        _read_digest(fields, "SHA256", DigestAlgorithm.SHA256),
    )
    if fields.get("PhotoDNA"):
        _add_named(hashes, "PhotoDNA", {"HashName": "PhotoDNA", "HashValue": fields["PhotoDNA"]}, line, notes)
    listed = fields.get(HASH_LIST)
    if not listed:
        return hashes
    whole = []
    for hashed in listed if isinstance(listed, list) else [listed]:
        if isinstance(hashed, dict):
            if not _add_named(hashes, HASH_LIST, hashed, line, notes):
                whole.append(hashed)
        elif hashed:
            raise FieldDefect(HASH_LIST, f"{HASH_LIST} is no list of HashName and HashValue")
    if whole:
        extra.append((HASH_LIST, clean_text(write_value(whole))))
    return hashes


def write_hashes(entry: KnownEntry, whole: str, losses: Losses) -> dict[str, object]:
    """Returns the fields of a Media object that hold an entry's hashes; `read_hashes` gives them back.

    Args:
        entry: whose hashes they are.
        whole: what `read_hashes` put into `extra`, "" where nothing.
        losses: receives what the format cannot hold.

    Raises:
        FieldDefect: if `whole` did not come from `read_hashes`.
    """
    fields: dict[str, object] = {}
    if entry.md5:
        fields["MD5"] = entry.md5.hex().upper()
    if entry.sha1:
        fields["SHA1"] = entry.sha1.hex().upper()
    listed = _list_hashes(entry, losses)
    for member in _read_members(whole) if whole else ():
        own = _write_again(member)
        if own in listed:
            listed[listed.index(own)] = member
        else:
            listed.append(member)
    if listed:
        fields[HASH_LIST] = listed
    return fields


def _list_hashes(entry: KnownEntry, losses: Losses) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = []
    if entry.sha256:
        listed.append({"HashName": "SHA256", "HashValue": entry.sha256.hex().upper()})
    listed += [_write_member(*pdq) for pdq in entry.pdq]
    for carried in entry.carried:
        if is_compared(carried.kind):
            losses.leave_out("carried hashes that the format would take for ones that are compared", entry)
        else:
            if fold_name(carried.kind) != carried.kind:
                losses.count("names of carried hashes whose punctuation is not read back", entry)
            listed.append({"HashName": _NAMES.get(carried.kind, carried.kind), "HashValue": carried.value})
    return listed


def _write_member(value: bytes, quality: int, offset_s: float | None) -> dict[str, object]:
    """Returns a PDQ hash as every program reads it, its quality beside; a frame of a video in the form of vPDQ."""
    if offset_s is not None:
        return {"HashName": "vPDQ", "HashValue": write_pdq(value, quality, offset_s)}
    member: dict[str, object] = {"HashName": "PDQ", "HashValue": value.hex()}
    return member if quality == ASSUMED_QUALITY else member | {"Quality": quality}


def _read_members(whole: str) -> list[dict[str, Any]]:
    try:
        members = json.loads(whole)
    except (ValueError, RecursionError):
        members = None
    if not isinstance(members, list) or not all(isinstance(member, dict) for member in members):
        raise FieldDefect(HASH_LIST, f"{HASH_LIST} is no list of HashName and HashValue")
    return members


def _write_again(member: dict[str, Any]) -> dict[str, object]:
    """Returns a member of the list as it would be written if it said nothing more; {} for one without a value."""
    hashes = Hashes()
    _add_named(hashes, HASH_LIST, member, 1, Notes())
    written = _list_hashes(
        KnownEntry(1, hashes.md5, hashes.sha1, hashes.sha256, tuple(hashes.pdq), tuple(hashes.carried)), Losses()
    )
    return written[0] if written else {}


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


def _add_named(hashes: Hashes, field: str, member: dict[str, Any], line: int, notes: Notes) -> bool:
    """Adds a hash by its name, and returns whether that is all the object says."""
    name, value = member.get("HashName"), member.get("HashValue")
    if value is None or value == "":
        return len(member) <= 1 + ("HashValue" in member)
    if not isinstance(value, str) or not isinstance(name, str) or not name.strip():
        raise FieldDefect(field, f"{field}: a hash needs a name and a text")
    before, before_pdq = len(hashes.carried), len(hashes.pdq)
    try:
        add_hash(hashes, name, value)
    except WrongUse as error:
        raise FieldDefect(field, f"{field}: {error}") from error
    if not all(hashes.is_plausible(carried) for carried in hashes.carried[before:]):
        notes.count("a PhotoDNA value that is not 144 bytes in base64 or hexadecimal; kept as it is", line)
    if len(member) == 2:
        return True
    return _take_quality(hashes, before_pdq, member.get("Quality")) and _OWN_KEYS.issuperset(member)


def _take_quality(hashes: Hashes, before: int, quality: object) -> bool:
    """Gives the PDQ hash that was added the quality stated beside it, and returns whether there was one of each."""
    is_quality = isinstance(quality, int) and not isinstance(quality, bool) and 0 <= quality <= 100
    if len(hashes.pdq) == before or not is_quality:
        return False
    value, _, offset_s = hashes.pdq[before]
    hashes.pdq[before] = (value, int(str(quality)), offset_s)
    return True
