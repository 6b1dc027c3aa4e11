"""Known sets as files of the ThreatExchange library's file exchange: type, signal and perhaps an opinion on a line."""

from __future__ import annotations

from collections.abc import Iterator

from varde.core.known import EntryState, Flag, KnownEntry
from varde.known.format import HashKind
from varde.known.formats.threatexchange import (
    DISPUTED,
    HASH_TYPES,
    OPINIONS,
    SCHEME,
    SCHEME_VERSION,
    SIGNAL_TYPE,
    SPECIAL_TYPES,
    read_signal,
)
from varde.known.losses import Losses
from varde.known.signals import write_pdq
from varde.known.writer import OutgoingSet

_HELD = frozenset(("line", "md5", "sha1", "sha256", "pdq", "carried", "code", "flags", "extra"))
_KEY = f"{SCHEME}@{SCHEME_VERSION}"


class ThreatExchangeWriter:
    """Signal files of ThreatExchange's file exchange."""

    name = "threatexchange"
    title = "ThreatExchange signal file, type and signal on every line"
    reads = "threatexchange"
    marks_withdrawn = False

    def write(self, outgoing: OutgoingSet, losses: Losses) -> Iterator[bytes]:
        """Yields the file; see `KnownWriter.write`.

        If one kind of hash is asked for, only its bare hexadecimal digits are written, which is all that the library
        itself reads; else PDQ hashes have their quality and time behind them where they have any.
        """
        is_opinion = outgoing.scheme_key == _KEY
        for entry, state in outgoing.entries():
            losses.count_unheld(entry, _HELD)
            opinion = _choose_opinion(entry, state, losses, is_opinion=is_opinion)
            lines = [
                line
                for kind, signal in _list_signals(entry, outgoing.hash_kind, losses)
                for line in _write_line(kind, signal, opinion, entry, losses)
            ]
            if not lines:
                losses.leave_out("entries without such a signal", entry)
            elif len(lines) > 1:
                losses.count("entries written as several lines", entry)
            yield from (f"{line}\n".encode() for line in lines)


def _choose_opinion(entry: KnownEntry, state: EntryState, losses: Losses, *, is_opinion: bool) -> str:
    """Returns the opinion to write behind a signal, "" for none; a disputed entry's is that it is disputed."""
    flags = dict(entry.flags)
    code = entry.code if is_opinion and entry.code in OPINIONS else ""
    if entry.code and not code:
        losses.leave_out("codes", entry)
    is_disputed = state is EntryState.DISPUTED or flags.pop(Flag.DISPUTED, False)
    flags.pop(Flag.DISPUTED, None)
    if flags:
        losses.leave_out("flags", entry, len(flags))
    if is_disputed and code not in ("", DISPUTED):
        losses.leave_out("opinions of disputed entries", entry)
    return DISPUTED if is_disputed else code or ""


def _list_signals(entry: KnownEntry, only: HashKind | None, losses: Losses) -> Iterator[tuple[str, str]]:
    """Yields (type, signal) of whatever an entry can be compared by, or carries."""
    stated = dict(entry.extra).get(SIGNAL_TYPE, "")
    stated = stated if stated in SPECIAL_TYPES else ""
    lost = len(entry.extra) - bool(stated)
    if lost:
        losses.leave_out("further fields", entry, lost)
    for name in ("md5", "sha1", "sha256"):
        digest: bytes | None = getattr(entry, name)
        if digest:
            kind = stated if SPECIAL_TYPES.get(stated) == name else name
            yield from _select(kind, name, digest.hex(), only, entry, losses)
    for value, quality, offset_s in entry.pdq:
        if only and (quality != 100 or offset_s is not None):
            losses.leave_out("qualities and times of PDQ hashes", entry)
        signal = value.hex() if only else write_pdq(value, quality, offset_s)
        yield from _select(stated if stated == "vpdq" else "pdq", "pdq", signal, only, entry, losses)
    for carried in entry.carried:
        if carried.kind in HASH_TYPES:
            losses.leave_out("carried hashes that the format would take for ones that are compared", entry)
            continue
        yield from _select(carried.kind, "", carried.value, only, entry, losses)


def _select(
    kind: str, name: str, signal: str, only: HashKind | None, entry: KnownEntry, losses: Losses
) -> Iterator[tuple[str, str]]:
    if only is None or name == only.value:
        yield kind, signal
    else:
        losses.leave_out("hashes of another kind", entry)


def _write_line(kind: str, signal: str, opinion: str, entry: KnownEntry, losses: Losses) -> list[str]:
    """Returns the line that is read as this signal: with spaces as the library writes it, else with commas."""
    for gap in (" ", ","):
        line = gap.join([kind, signal, *([opinion] if opinion else [])])
        if line == line.strip() and read_signal(line) == (kind, signal, opinion):
            return [line]
    losses.leave_out("signals that such a line cannot hold", entry)
    return []
