"""Times as exporters really write them, turned into one form without losing a digit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,12}))?\s*(Z|([+-])(\d{1,2}):?(\d\d)?(Z?))?", re.IGNORECASE
)
_MICROSOFT = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Zone(Enum):
    """What is known of a timestamp's zone."""

    UTC = "utc"
    """It was given, and the text is in UTC."""

    CONTRADICTED = "contradicted"
    """Both an offset and ``Z`` were given (``+3:00Z``); the offset was believed, and the text is in UTC."""

    NONE = "none"
    """None was given; the text is as the source wrote it and must not be taken for UTC."""

    UNREADABLE = "unreadable"
    """The text is no timestamp; it is kept as the source wrote it."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A timestamp of a source.

    Attributes:
        text: ``YYYY-MM-DDThh:mm:ss[.fraction]Z`` where the zone is known, else the source's own text.
        zone: what is known of its zone.
    """

    text: str
    zone: Zone


def read_timestamp(text: str) -> Timestamp:
    """Returns the timestamp in UTC, every digit of its fraction kept.

    Read are ISO 8601 with ``Z``, ``-05:00``, ``-0500`` or ``+3`` and a fraction of any length,
    ``/Date(milliseconds)/``, and the contradictory ``+3:00Z``.
    """
    stripped = text.strip()
    microsoft = _MICROSOFT.fullmatch(stripped)
    if microsoft:
        return _from_milliseconds(stripped, int(microsoft.group(1)))
    iso = _ISO.fullmatch(stripped)
    if iso is None:
        return Timestamp(stripped, Zone.UNREADABLE)
    day, clock, fraction, zone, sign, hours, minutes, also_z = iso.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=UTC)
        if zone is None:
            return Timestamp(stripped, Zone.NONE)
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        instant = local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        return Timestamp(stripped, Zone.UNREADABLE)
    return Timestamp(_write(instant, fraction or ""), Zone.CONTRADICTED if also_z else Zone.UTC)


def _from_milliseconds(text: str, milliseconds: int) -> Timestamp:
    try:
        instant = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return Timestamp(text, Zone.UNREADABLE)
    thousandths = milliseconds % 1000
    return Timestamp(_write(instant.replace(microsecond=0), f"{thousandths:03d}" if thousandths else ""), Zone.UTC)


def _write(instant: datetime, fraction: str) -> str:
    seconds = instant.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    return f"{seconds}.{fraction}Z" if fraction else f"{seconds}Z"
