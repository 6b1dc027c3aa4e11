"""Exports a known set to a file in any format that known sets are written in, as it is now or as it was at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.errors import Refused, WrongUse
from varde.core.known import EntryState, KnownEntry
from varde.core.locator import escape
from varde.known.format import HashKind
from varde.known.losses import Losses
from varde.known.writer import Entries, KnownWriter, OutgoingSet
from varde.known.writer_registry import choose_writer
from varde.store import audit, known_sets
from varde.store.known_at import KnownAt, replay
from varde.store.known_entries import list_entries
from varde.store.known_history import list_events, list_revisions
from varde.store.known_sets import KnownSet
from varde.store.site import Site
from varde.store.types import write_utc
from varde.workflows.actor import Actor
from varde.workflows.outgoing_file import NewFile, write_new_file
from varde.workflows.output_place import check_output

_WORST_FIRST = (EntryState.WITHDRAWN, EntryState.DISPUTED)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What a person wants written.

    Attributes:
        set_name: of the set.
        output: file to make.
        version: of the set, None where it has only one.
        format: name of the writer, "" for that of the format the set came in.
        hash_kind: the one kind of hash to write; None leaves it to the entries.
        at: as the set was at this time; None for now.
        withdrawn: whether withdrawn entries go with it, marked.
        replace: whether a file that is there already may be replaced.
    """

    set_name: str
    output: Path
    version: str | None = None
    format: str = ""
    hash_kind: HashKind | None = None
    at: datetime | None = None
    withdrawn: bool = False
    replace: bool = False


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What was written.

    Attributes:
        known_set: that was exported.
        format: name of the writer.
        sha256: of the file.
        size_bytes: of the file.
        entries: that were written, or as much of each as the format holds.
        withdrawn: entries left out because they are withdrawn.
        disputed: entries among those written that are disputed.
        left_out: what the format cannot hold, counted by wording.
        remarks: the same as lines for a person, naming the first entries of each.
    """

    known_set: KnownSet
    format: str
    sha256: bytes
    size_bytes: int
    entries: int
    withdrawn: int
    disputed: int
    left_out: dict[str, int]
    remarks: tuple[str, ...]


def export_known_set(site: Site, actor: Actor, request: ExportRequest, progress: Callable[[int], None]) -> ExportResult:
    """Writes the set and returns what became of it. All of it is read in one transaction.

    Raises:
        NotFound: if there is no such set, or no such writer.
        WrongUse: if the output's name is taken, or nothing is left to write.
        Refused: if the output would lie in an exhibit or in the site, or the set must not leave in that format.
        PluginError: if a listed writer cannot be loaded.
        VardeError: if the disk is full or the folder cannot be written to.
    """
    check_output(site, request.output)
    _check_outside(site, request.output)
    with site.database.read() as connection:
        known_set = known_sets.get_set(connection, request.set_name, request.version)
        writer = choose_writer(
            request.format, known_set.format, known_set.scheme_version, site.settings.plugins.known_writers
        )
        _check(writer, request)
        with write_new_file(request.output, replace=request.replace) as new:
            stored = _StoredSet(connection, known_set, request, progress)
            result = _write(new, writer, stored)
            new.finish()
            _record(site, actor, request, result)
            new.publish()
    return result


class _StoredSet:
    """The entries to be written, counted as they go by."""

    def __init__(
        self, connection: Connection, known_set: KnownSet, request: ExportRequest, progress: Callable[[int], None]
    ) -> None:
        self.known_set = known_set
        self.request = request
        self.counts = _Counts()
        self._connection = connection
        self._progress = progress
        self._known_at = _read_known_at(connection, known_set, request.at)

    def entries(self) -> Entries:
        """Yields the entries from the first, and counts them anew."""
        self.counts = _Counts()
        for entry, state in self._list_all():
            self.counts.withdrawn += state is EntryState.WITHDRAWN and not self.request.withdrawn
            if state is not EntryState.WITHDRAWN or self.request.withdrawn:
                self.counts.entries += 1
                self.counts.disputed += state is EntryState.DISPUTED
                self._progress(self.counts.entries)
                yield entry, state

    def _list_all(self) -> Iterator[tuple[KnownEntry, EntryState]]:
        """Yields the entries that had come, with the worse of their own and their set's state."""
        set_id, of_set = self.known_set.set_id, self.known_set.state
        for stored in list_entries(self._connection, set_id, with_withdrawn=True):
            if self._known_at is None:
                states = {of_set, stored.state}
                yield stored.entry, next((state for state in _WORST_FIRST if state in states), EntryState.ACTIVE)
            else:
                state = self._known_at.find_state(set_id, stored.entry_id)
                if state is not None:
                    yield stored.entry, state


@dataclass(slots=True)
class _Counts:
    entries: int = 0
    withdrawn: int = 0
    disputed: int = 0


@dataclass(slots=True)
class _Sum:
    """Digest and size of what is written."""

    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    size_bytes: int = 0


def _read_known_at(connection: Connection, known_set: KnownSet, at: datetime | None) -> KnownAt | None:
    if at is None:
        return None
    set_id = known_set.set_id
    return replay(list_revisions(connection, set_id), list_events(connection, set_id), at)


def _check(writer: KnownWriter, request: ExportRequest) -> None:
    if request.withdrawn and not writer.marks_withdrawn:
        raise Refused(
            f"the format {writer.name} has no mark for withdrawn entries: whoever reads it would take them as valid",
            advice="Leave --withdrawn out, or write csv or vics.",
        )


def _check_outside(site: Site, output: Path) -> None:
    if output.resolve().is_relative_to(site.folder.resolve()):
        raise Refused(f"{output} lies in the site's own folder", advice="Write it somewhere else.")


def _write(new: NewFile, writer: KnownWriter, stored: _StoredSet) -> ExportResult:
    known_set, losses, total = stored.known_set, Losses(), _Sum()
    outgoing = OutgoingSet(
        name=f"{known_set.name} {known_set.version}",
        version=known_set.version,
        role=known_set.role,
        scheme=known_set.scheme,
        scheme_version=known_set.scheme_version,
        entries=stored.entries,
        hash_kind=stored.request.hash_kind,
    )
    for piece in writer.write(outgoing, losses):
        total.digest.update(piece)
        total.size_bytes += new.file.write(piece)
    counts = stored.counts
    if not counts.entries:
        raise WrongUse(_say_nothing_left(stored), advice="`varde known list` shows how many entries a set has.")
    if not total.size_bytes:
        raise WrongUse(
            f"nothing of {outgoing.name} can be written as {writer.name}: {'; '.join(losses.write())}",
            advice="Choose another --format, or another --hash.",
        )
    return ExportResult(
        known_set=known_set,
        format=writer.name,
        sha256=total.digest.digest(),
        size_bytes=total.size_bytes,
        entries=counts.entries,
        withdrawn=counts.withdrawn,
        disputed=counts.disputed,
        left_out=losses.as_counts(),
        remarks=tuple(losses.write()),
    )


def _say_nothing_left(stored: _StoredSet) -> str:
    name = f"{stored.known_set.name} {stored.known_set.version}"
    then = f" at {write_utc(stored.request.at)}" if stored.request.at else ""
    if stored.counts.withdrawn:
        return f"nothing is left to write of {name}{then}: all {stored.counts.withdrawn:,} entries are withdrawn"
    return f"nothing is there to write: {name} had no entries{then}" if then else f"{name} has no entries"


def _record(site: Site, actor: Actor, request: ExportRequest, result: ExportResult) -> None:
    """Records the export before the file has its name: an export nobody knows of must not exist."""
    with site.database.write() as connection:
        subject: dict[str, str | int | None] = {
            "set": result.known_set.name,
            "version": result.known_set.version,
            "format": result.format,
            "file": escape(os.fsencode(request.output.name)),
            "entries": result.entries,
            "sha256": result.sha256.hex(),
            "as_of": write_utc(request.at) if request.at else None,
            "withdrawn": int(request.withdrawn),
        }
        audit.append_event(
            connection, at=actor.clock(), person=actor.person, act=Act.KNOWN_SET_EXPORTED, subject=subject
        )
