"""Hands known sets on to other sites as signed deltas.

Each delta is kept in the site's folder before it is recorded, and recorded before it is handed out: a kill at any
moment leaves a chain without gaps and forks, and an older delta can be written again for a site that lost it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO

import msgspec
from sqlalchemy import Connection

from varde.core.audit import Act
from varde.core.errors import NotFound, Refused, SiteBusy
from varde.core.known import EntryState
from varde.known.exchanges.site_delta import KIND, DeltaHeader, write_delta
from varde.known.exchanges.site_delta_entries import DeltaChange
from varde.store import audit, exchanges, keys, known_sets
from varde.store.durable import make_folder, sync_folder
from varde.store.exchanges import Position
from varde.store.known_entries import StoredEntry
from varde.store.known_sets import KnownSet
from varde.store.site import Site
from varde.store.types import write_utc
from varde.workflows.actor import Actor
from varde.workflows.outgoing_file import NewFile, write_new_file
from varde.workflows.output_place import check_output

OUTGOING = "site-out"


@dataclass(frozen=True, slots=True)
class ExportedDelta:
    """A delta that was written.

    Attributes:
        known_set: what it is of.
        revision: that it leads to.
        changes: entries it tells of.
        digest: that the next one names, hexadecimal.
    """

    known_set: KnownSet
    revision: int
    changes: int
    digest: str


@dataclass(frozen=True, slots=True)
class _Chain:
    """How far a set was handed on."""

    revision: int = 0
    digest: str = ""
    position: Position = field(default_factory=Position)

    @classmethod
    def read(cls, settings: dict[str, str]) -> _Chain:
        position = Position(int(settings["entry_id"]), int(settings["event_id"]))
        return cls(int(settings["revision"]), settings["digest"], position)

    def settings(self) -> dict[str, str]:
        """Returns what is recorded of it."""
        place = {"entry_id": str(self.position.entry_id), "event_id": str(self.position.event_id)}
        return {"revision": str(self.revision), "digest": self.digest, **place}


def export_delta(site: Site, actor: Actor, name: str, version: str | None, output: Path) -> ExportedDelta:
    """Writes what became of a known set since its last delta to a new file; the first delta holds everything.

    Raises:
        NotFound: if there is no such set.
        Refused: if nothing changed since the last delta.
        WrongUse: if the file exists or cannot be written.
        IntegrityFailure: if the site's key is gone.
    """
    check_output(site, output)
    with _lock(site), write_new_file(output) as new, site.database.read() as connection:
        known_set = known_sets.get_set(connection, name, version)
        chain = _read_chain(connection, known_set)
        position = exchanges.read_position(connection, known_set.set_id)
        if position == chain.position:
            raise Refused(
                f"nothing happened to {name} since its revision {chain.revision} was exported",
                advice="`--revision` writes an earlier delta again, `--full` one that holds everything.",
            )
        header = _make_header(site, actor, known_set, chain)
        counted = _Counted(_list_changes(connection, known_set, chain.position, position))
        kept = _kept_path(site, known_set, header.to_revision)
        make_folder(kept.parent)
        digest = _write_kept(kept, partial(_write, site, header, counted))
        following = _Chain(header.to_revision, digest, position)
        exported = ExportedDelta(known_set, header.to_revision, counted.count, digest)
        _record(site, actor, exported, following)
        _copy(kept, new)
    return exported


def export_kept(site: Site, name: str, version: str | None, revision: int, output: Path) -> ExportedDelta:
    """Writes a delta that was exported before to a new file once more.

    Raises:
        NotFound: if there is no such set, or no such delta of it.
        WrongUse: if the file exists or cannot be written.
    """
    check_output(site, output)
    with site.database.read() as connection:
        known_set = known_sets.get_set(connection, name, version)
        chain = _read_chain(connection, known_set)
    kept = _kept_path(site, known_set, revision)
    if not 1 <= revision <= chain.revision or not kept.exists():
        raise NotFound(f"{name} has no exported revision {revision}", advice=f"It has 1 to {chain.revision}.")
    with write_new_file(output) as new:
        _copy(kept, new)
    return ExportedDelta(known_set, revision, 0, "")


def export_whole(site: Site, actor: Actor, name: str, version: str | None, output: Path) -> ExportedDelta:
    """Writes a delta that holds everything at the last exported revision, for sites that missed some.

    Raises:
        NotFound: if there is no such set.
        Refused: if something happened since the last delta, or there was none: that one comes first.
        WrongUse: if the file exists or cannot be written.
    """
    check_output(site, output)
    with _lock(site), write_new_file(output) as new, site.database.read() as connection:
        known_set = known_sets.get_set(connection, name, version)
        chain = _read_chain(connection, known_set)
        position = exchanges.read_position(connection, known_set.set_id)
        if not chain.revision or position != chain.position:
            raise Refused(
                f"something happened to {name} that is in no delta yet", advice="Export that first, without --full."
            )
        header = msgspec.structs.replace(
            _make_header(site, actor, known_set, chain),
            from_revision=0,
            to_revision=chain.revision,
            previous="",
            stands_for=chain.digest,
        )
        every = _list_changes(connection, known_set, Position(), position)
        counted = _Counted(change for change in every if change.entry is not None)
        digest = _write(site, header, counted, new.file)
        new.finish()
        exported = ExportedDelta(known_set, chain.revision, counted.count, digest)
        _record(site, actor, exported, chain)
        new.publish()
    return exported


@dataclass(slots=True)
class _Counted:
    """Counts changes on their way."""

    changes: Iterator[DeltaChange]
    count: int = 0

    def __iter__(self) -> Iterator[DeltaChange]:
        for change in self.changes:
            self.count += 1
            yield change


def _list_changes(
    connection: Connection, known_set: KnownSet, after: Position, up_to: Position
) -> Iterator[DeltaChange]:
    """Yields what became of the entries of a set; of all of them where something happened to the set as a whole."""
    if exchanges.has_set_event(connection, known_set.set_id, after):
        after = Position(0, after.event_id)
    repeated = exchanges.find_repeated(connection, known_set.set_id)
    for some in exchanges.list_changed(connection, known_set.set_id, after, up_to):
        gone = [one.entry.source_id for one in some if one.state is EntryState.WITHDRAWN]
        replaced = exchanges.find_counting(connection, known_set.set_id, gone)
        for stored in some:
            yield from _describe(stored, known_set, repeated, replaced)


def _describe(
    stored: StoredEntry, known_set: KnownSet, repeated: set[str], replaced: set[str]
) -> Iterator[DeltaChange]:
    """Yields the changes that tell one entry.

    It bears its source's identifier, or its row number here where it has none of its own. What is gone is told by both,
    since the identifier may have become its own, or somebody else's, since it was told.
    """
    source_id, row = stored.entry.source_id, f"varde-row:{stored.entry_id}"
    if EntryState.WITHDRAWN in (stored.state, known_set.state):
        yield DeltaChange(row)
        if source_id and (source_id not in replaced or known_set.state is EntryState.WITHDRAWN):
            yield DeltaChange(source_id)
        return
    name = row if not source_id or source_id in repeated else source_id
    entry = stored.entry
    if source_id and name != source_id:
        entry = replace(entry, extra=(*entry.extra, ("source_id", source_id)))
    yield DeltaChange(name, entry, EntryState.DISPUTED in (stored.state, known_set.state))


def _make_header(site: Site, actor: Actor, known_set: KnownSet, chain: _Chain) -> DeltaHeader:
    scheme = f"{known_set.scheme}@{known_set.scheme_version}" if known_set.scheme else ""
    return DeltaHeader(
        kind=KIND,
        site=site.name(),
        public_key=site.public_key().hex(),
        name=known_set.name,
        version=known_set.version,
        owner=known_set.owner,
        scheme=scheme,
        from_revision=chain.revision,
        to_revision=chain.revision + 1,
        at=write_utc(actor.clock()),
        previous=chain.digest,
    )


def _read_chain(connection: Connection, known_set: KnownSet) -> _Chain:
    row = exchanges.find_exchange(connection, OUTGOING, known_set.set_id)
    return _Chain() if row is None else _Chain.read(row.settings)


def _record(site: Site, actor: Actor, exported: ExportedDelta, chain: _Chain) -> None:
    at, known_set = actor.clock(), exported.known_set
    with site.database.write() as connection:
        row = exchanges.find_exchange(connection, OUTGOING, known_set.set_id)
        if row is None:
            exchanges.add_exchange(
                connection,
                name=f"deltas of {known_set.name} {known_set.version}",
                api=OUTGOING,
                set_id=known_set.set_id,
                settings=chain.settings(),
                person=actor.person,
                at=at,
            )
        else:
            exchanges.record_settings(connection, row.exchange_id, chain.settings())
        subject: dict[str, str | int | None] = {
            "set": known_set.name,
            "version": known_set.version,
            "revision": exported.revision,
            "changes": exported.changes,
            "sha256": exported.digest,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.DELTA_EXPORTED, subject=subject)


@contextmanager
def _lock(site: Site) -> Iterator[None]:
    with (site.folder / "deltas.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SiteBusy("another process exports a delta", advice="Wait until it is done.") from None
        yield


def _kept_path(site: Site, known_set: KnownSet, revision: int) -> Path:
    return site.folder / "deltas" / str(known_set.set_id) / f"{revision:08d}.delta"


def _write(site: Site, header: DeltaHeader, changes: _Counted, file: IO[bytes]) -> str:
    return write_delta(file, header, changes, partial(keys.sign, site.key_path))


def _write_kept(path: Path, write: Callable[[IO[bytes]], str]) -> str:
    """Writes a file that has its name only once it is whole and on disk; one that was left by a kill is replaced."""
    temporary = path.with_name(f".{path.name[:200]}.new")
    with temporary.open("wb") as file:
        digest = write(file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)
    return digest


def _copy(kept: Path, new: NewFile) -> None:
    with kept.open("rb") as source:
        shutil.copyfileobj(source, new.file, 1 << 20)
    new.finish()
    new.publish()
