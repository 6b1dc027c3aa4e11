"""Writing entries and reading them back, for the tests of every writer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from varde.core.known import EntryState, KnownEntry, SetHeader, SetRole
from varde.known.format import HashKind, KnownFormat, ReadOptions
from varde.known.losses import Losses
from varde.known.registry import get_format
from varde.known.writer import KnownWriter, OutgoingSet
from varde.known.writer_registry import load_writers

WRITERS = load_writers()
NOTHING_SAID = ReadOptions()


def outgoing(
    entries: Iterable[KnownEntry],
    *,
    scheme: str = "",
    role: SetRole = SetRole.ALERT,
    state: EntryState = EntryState.ACTIVE,
    hash_kind: HashKind | None = None,
) -> OutgoingSet:
    """Returns entries as a set; `scheme` is ``name@version``."""
    kept = list(entries)
    name, _, version = scheme.partition("@")
    return OutgoingSet("made up", "1", role, name, version, lambda: ((entry, state) for entry in kept), hash_kind)


@dataclass(frozen=True)
class WrittenSet:
    """A file, and what it could not hold."""

    content: bytes
    losses: dict[str, int]


def write(writer: KnownWriter, made: OutgoingSet) -> WrittenSet:
    losses = Losses()
    content = b"".join(writer.write(made, losses))
    return WrittenSet(content, losses.as_counts())


def read(
    known_format: KnownFormat, path: Path, options: ReadOptions = NOTHING_SAID
) -> tuple[SetHeader, list[KnownEntry], list[str]]:
    with known_format.open(path, options) as opened:
        return opened.header, list(opened.entries), opened.notes


def read_back(
    writer: KnownWriter, written: WrittenSet, folder: Path, options: ReadOptions = NOTHING_SAID
) -> tuple[SetHeader, list[KnownEntry], list[str]]:
    path = folder / "written"
    path.write_bytes(written.content)
    return read(get_format(writer.reads), path, options)


def without_lines(entries: Sequence[KnownEntry]) -> list[KnownEntry]:
    """Returns the entries as if all stood on line 1."""
    return [replace(entry, line=1) for entry in entries]
