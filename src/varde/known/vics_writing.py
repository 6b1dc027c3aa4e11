"""A known set as VICS JSON: the inverse of `varde.known.vics_set`, entry by entry, one a line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache

from varde.core.errors import Refused
from varde.core.known import EntryState, Flag, KnownEntry
from varde.core.scheme import Grade
from varde.known.json_text import write_source
from varde.known.losses import Losses
from varde.known.notes import Notes
from varde.known.vics_envelope import SCHEME_KEY
from varde.known.vics_hashes import HASH_LIST, FieldDefect, write_hashes
from varde.known.vics_media import FLAG_FIELDS, WITHDRAWN_FIELD, is_category_code, is_plain_name, read_media
from varde.known.writer import OutgoingSet

_CONTEXT_1 = "http://github.com/ICMEC/ProjectVic/DataModels/{version}.xml#Media"
_CONTEXT_2 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/{version}.xml/{region}/$metadata#Media"
_PREFIX = "vics-"
_REGIONS = {"us": "US", "uk": "UK", "default": "Default", "custom": "CUSTOM"}
_HELD = frozenset(KnownEntry.__slots__) - {"local_features", "sampling"}
_FLAG_NAMES = {flag: name for name, flag in FLAG_FIELDS.items()}
_COMPACT: Callable[[object], str] = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def write_vics(outgoing: OutgoingSet, version: str, losses: Losses) -> Iterator[bytes]:
    """Yields a flat hash set.

    Codes are written as ``Category`` only where the set's scheme is a VICS one. Where the envelope's context does not
    name that scheme exactly, a field ``Scheme`` beside it does. Codes of other schemes become a field ``Grade``.

    Args:
        outgoing: the set.
        version: of the data model: ``1.2``, ``1.3`` or ``2.0``.
        losses: receives what the format cannot hold.

    Raises:
        Refused: if version 2.0 is asked for, whose context names a region, and the set's scheme names none.
    """
    yield f'{{{_write_head(outgoing, version)},"value":['.encode()
    separator = b"\n"
    for entry, state in outgoing.entries():
        yield separator + _write_media(entry, state, outgoing, losses).encode()
        separator = b",\n"
    yield b"\n]}\n"


def _write_head(outgoing: OutgoingSet, version: str) -> str:
    """Returns the fields of the envelope that stand before its list."""
    is_category = outgoing.scheme.startswith(_PREFIX)
    name = outgoing.scheme.removeprefix(_PREFIX) if is_category else "custom"
    if version.startswith("1."):
        head = f'"odata.metadata":{_COMPACT(_CONTEXT_1.format(version=version))}'
        implied = f"vics-unstated@{version}"
    elif name == "unstated":
        raise Refused(
            f"what the codes of {outgoing.name} mean is not known: its scheme, {outgoing.scheme_key}, names no region, "
            "and VICS 2.0 has to name one",
            advice="Write it as it came: --format vics-1.3.",
        )
    else:
        region = _REGIONS.get(name, name)
        head = f'"@odata.context":{_COMPACT(_CONTEXT_2.format(version=version, region=region))}'
        implied = f"{_PREFIX}{name}@{version}"
    if is_category and outgoing.scheme_key != implied:
        head += f',"{SCHEME_KEY}":{_COMPACT(outgoing.scheme_key)}'
    return head


def _write_media(entry: KnownEntry, state: EntryState, outgoing: OutgoingSet, losses: Losses) -> str:
    losses.count_unheld(entry, _HELD)
    own = dict(_list_own(entry, state, outgoing))
    if "Grade" in own:
        losses.count("codes that are no VICS category, written as Grade", entry)
    if own["Category"] is None and own.get("IsPrecategorized") is True:
        losses.count("marks of precategorised entries without a category, which readers must ignore", entry)
    extra = _choose_extra(entry, losses)
    odd = [name for name in extra if not is_plain_name(name)]
    if odd and not _is_read_back(own, extra, entry):
        # A column called Category of some CSV file must not become a category.
        for name in odd:
            losses.leave_out("further fields that would be read as something else", entry)
            del extra[name]
    return _write_object(own, extra, entry, losses)


def _write_object(own: dict[str, object], extra: dict[str, str], entry: KnownEntry, losses: Losses) -> str:
    fields = {name: value for name, value in own.items() if name not in extra}
    fields |= write_hashes(entry, extra.get(HASH_LIST, ""), losses)
    kept = (item for item in extra.items() if item[0] != HASH_LIST)
    rest = "".join(f",{_write_name(name)}:{write_source(value)}" for name, value in kept)
    return f"{_COMPACT(fields)[:-1]}{rest}}}"


def _is_read_back(own: dict[str, object], extra: dict[str, str], entry: KnownEntry) -> bool:
    """Returns whether the further fields change nothing of what the object says without them, and come back whole."""
    try:
        plain = read_media(json.loads(_write_object(own, {}, entry, Losses())), entry.line, Notes())
        whole = read_media(json.loads(_write_object(own, extra, entry, Losses())), entry.line, Notes())
    except FieldDefect:
        return False
    return replace(plain, extra=()) == replace(whole, extra=()) and set(extra.items()) <= set(whole.extra)


def _list_own(entry: KnownEntry, state: EntryState, outgoing: OutgoingSet) -> Iterator[tuple[str, object]]:
    """Yields the fields an entry has places of its own for; what it does not state stays absent."""
    if entry.source_id:
        yield "MediaID", _write_number(entry.source_id)
    is_category = entry.code is not None and outgoing.scheme.startswith(_PREFIX) and is_category_code(entry.code)
    yield "Category", _write_number(entry.code) if entry.code is not None and is_category else None
    if entry.code is not None and not is_category:
        yield "Grade", str(Grade(outgoing.scheme, outgoing.scheme_version, entry.code))
    if entry.size_bytes is not None:
        yield "MediaSize", entry.size_bytes
    if entry.mime:
        yield "MimeType", entry.mime
    flags = dict(entry.flags)
    if state is EntryState.DISPUTED:
        flags[Flag.DISPUTED] = True
    for flag, value in flags.items():
        yield _FLAG_NAMES[flag], value
    if entry.series:
        yield "Series", entry.series
    if state is EntryState.WITHDRAWN:
        yield WITHDRAWN_FIELD, True


_NO_VALUE = ("", "null")
"""What readers, ours too, take for a field that is not there."""


def _choose_extra(entry: KnownEntry, losses: Losses) -> dict[str, str]:
    """Returns the further fields by name; of several of one name, which an object cannot hold, the first."""
    extra: dict[str, str] = {}
    for name, value in entry.extra:
        if name in extra:
            losses.leave_out("further fields of the same name as another", entry)
        elif name.casefold() == WITHDRAWN_FIELD.casefold():
            losses.leave_out("further fields that would be read as something else", entry)
        elif value in _NO_VALUE:
            losses.leave_out("further fields whose value is null or empty", entry)
        else:
            extra[name] = value
    return extra


def _write_number(text: str) -> object:
    """Returns a whole number where that says the same as the text: exporters write numbers."""
    is_number = len(text) <= 15 and text.isascii() and text.isdecimal() and (text == "0" or text[0] != "0")
    return int(text) if is_number else text


@lru_cache(maxsize=1024)
def _write_name(name: str) -> str:
    return _COMPACT(name)
