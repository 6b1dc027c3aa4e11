"""What became of one entry, as a line of a signed delta: written, and read back with every value checked."""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec

from varde.core.errors import FormatError, WrongUse
from varde.core.known import CarriedHash, Flag, KnownEntry
from varde.core.signal import LocalFeatures
from varde.hashing.local_points import read_points
from varde.known.text import clean_text

_MOST_ID_CHARACTERS = 1000
_MOST_FEATURES = 10_000
_LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32}


@dataclass(frozen=True, slots=True)
class DeltaChange:
    """What became of one entry.

    Attributes:
        source_id: the entry's identifier in this chain.
        entry: as it is now, with that identifier; None where it does not count any more.
        is_disputed: whether its members disagree.
    """

    source_id: str
    entry: KnownEntry | None = None
    is_disputed: bool = False


class _Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    md5: str = ""
    sha1: str = ""
    sha256: str = ""
    pdq: tuple[tuple[str, int, float | None], ...] = ()
    carried: tuple[tuple[str, str], ...] = ()
    code: str | None = None
    series: str = ""
    flags: dict[str, bool] = {}
    size_bytes: int | None = None
    mime: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    local_features: tuple[tuple[bytes, int, float | None], ...] = ()
    sampling: str = ""


class ChangeLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of a delta: an entry as it is now, and whether it is disputed; or the identifier of one that is gone."""

    entry: _Entry | None = None
    disputed: bool = False
    gone: str = ""


def write_change(change: DeltaChange) -> ChangeLine:
    """Returns the line that tells a change."""
    if change.entry is None:
        return ChangeLine(gone=change.source_id)
    return ChangeLine(_write_entry(change.source_id, change.entry), change.is_disputed)


def read_change(decoder: msgspec.json.Decoder[ChangeLine], raw: bytes, number: int) -> DeltaChange:
    """Returns the change that a line tells.

    Args:
        decoder: of `ChangeLine`.
        raw: the line.
        number: one-based, for the error.

    Raises:
        FormatError: if it tells none, or a value in it cannot be.
    """
    try:
        line = decoder.decode(raw)
        if (line.entry is None) == (not line.gone):
            raise ValueError("it says nothing, or two things at once")
        if line.entry is None:
            return DeltaChange(_check_id(line.gone))
        entry = _read_entry(line.entry, number)
        return DeltaChange(entry.source_id, entry, line.disputed)
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError(f"this is no line of a signed delta: {error}", line=number) from error


def _write_entry(source_id: str, entry: KnownEntry) -> _Entry:
    return _Entry(
        id=source_id,
        md5=entry.md5.hex() if entry.md5 else "",
        sha1=entry.sha1.hex() if entry.sha1 else "",
        sha256=entry.sha256.hex() if entry.sha256 else "",
        pdq=tuple((value.hex(), quality, offset_s) for value, quality, offset_s in entry.pdq),
        carried=tuple((one.kind, one.value) for one in entry.carried),
        code=entry.code,
        series=entry.series,
        flags={flag.value: value for flag, value in entry.flags},
        size_bytes=entry.size_bytes,
        mime=entry.mime,
        extra=entry.extra,
        local_features=tuple((one.data, one.points, one.offset_s) for one in entry.local_features),
        sampling=entry.sampling,
    )


def _check_id(source_id: str) -> str:
    if not source_id or len(source_id) > _MOST_ID_CHARACTERS or "\0" in source_id:
        raise ValueError(f"an identifier has 1 to {_MOST_ID_CHARACTERS:,} characters")
    return source_id


def _read_entry(found: _Entry, number: int) -> KnownEntry:
    digests: dict[str, bytes | None] = {}
    for name, length in _LENGTHS.items():
        value = bytes.fromhex(getattr(found, name))
        if value and len(value) != length:
            raise ValueError(f"a {name} digest has {length} bytes")
        digests[name] = value or None
    if found.size_bytes is not None and not 0 <= found.size_bytes < 1 << 62:
        raise ValueError("a size is a number of bytes")
    return KnownEntry(
        line=number,
        md5=digests["md5"],
        sha1=digests["sha1"],
        sha256=digests["sha256"],
        pdq=tuple((_read_pdq(text), _check_quality(quality), _check_offset(at)) for text, quality, at in found.pdq),
        carried=tuple(CarriedHash(clean_text(kind), clean_text(value)) for kind, value in found.carried),
        code=None if found.code is None else clean_text(found.code),
        series=clean_text(found.series),
        flags=tuple((Flag(name), value) for name, value in found.flags.items()),
        source_id=_check_id(found.id),
        size_bytes=found.size_bytes,
        mime=clean_text(found.mime),
        extra=tuple((clean_text(name), clean_text(value)) for name, value in found.extra),
        local_features=_read_features(found.local_features),
        sampling=clean_text(found.sampling),
    )


def _read_pdq(text: str) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != 32:
        raise ValueError("a PDQ hash has 32 bytes")
    return value


def _check_quality(quality: int) -> int:
    if not 0 <= quality <= 100:
        raise ValueError("a PDQ quality is a number from 0 to 100")
    return quality


def _check_offset(offset_s: float | None) -> float | None:
    if offset_s is not None and not (math.isfinite(offset_s) and 0 <= offset_s < 1e7):
        raise ValueError("an offset is a number of seconds")
    return offset_s


def _read_features(found: tuple[tuple[bytes, int, float | None], ...]) -> tuple[LocalFeatures, ...]:
    """Returns local features that can be compared: one that cannot would end every later comparison."""
    if len(found) > _MOST_FEATURES:
        raise ValueError(f"an entry has local features of up to {_MOST_FEATURES:,} frames")
    features = []
    for data, points, offset_s in found:
        try:
            count = len(read_points(data))
        except WrongUse as error:
            raise ValueError(str(error)) from error
        if count != points:
            raise ValueError(f"{points} local features said, {count} given")
        features.append(LocalFeatures(data, points, _check_offset(offset_s)))
    return tuple(features)
