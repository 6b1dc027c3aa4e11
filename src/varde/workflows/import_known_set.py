"""Imports a known set: a file in any format that is known, or a folder of pictures hashed as the site's own set."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec

from varde.core.audit import Act
from varde.core.errors import FormatError, WrongUse
from varde.core.known import KnownEntry, SetHeader, SetRole
from varde.core.locator import escape
from varde.known.format import OpenedSet, ReadOptions
from varde.known.guard import CodeCounts, check_role
from varde.known.notes import write_nothing_left
from varde.known.registry import choose_format
from varde.known.repeats import Repeats
from varde.store import audit, known_history, known_sets, spool
from varde.store.comparisons import read_newest
from varde.store.database import PATIENCE_S
from varde.store.known_history import Revision
from varde.store.known_sets import KnownSet, NewSet
from varde.store.site import Site
from varde.workflows.actor import Actor

_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What a person says about a set.

    Attributes:
        path: file or folder.
        name: of the set; "" takes the file's name.
        version: of the set; "" takes the day of import.
        owner: authority it comes from, "" where unknown.
        role: None takes what the file speaks for, otherwise ``alert``.
        format: name of the format, "" finds it by content.
        scheme: ``name@version`` of the entries' codes, "" where the file says it or there are none.
        confirm: that it is an alert list although it looks like harmless files.
        options: what the reader is told.
    """

    path: Path
    name: str = ""
    version: str = ""
    owner: str = ""
    role: SetRole | None = None
    format: str = ""
    scheme: str = ""
    confirm: bool = False
    options: ReadOptions = field(default_factory=ReadOptions)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What was imported.

    Attributes:
        known_set: as recorded.
        notes: what a person should know of the file.
        not_comparable: entries in which nothing can be compared here; they are kept.
    """

    known_set: KnownSet
    notes: tuple[str, ...]
    not_comparable: int


def import_known_set(site: Site, actor: Actor, request: ImportRequest, progress: Callable[[int], None]) -> ImportResult:
    """Returns the imported set: all of it is there afterwards, or nothing.

    Raises:
        WrongUse: if the path does not exist, a name cannot be shown, or this version of the set is there already.
        FormatError: with the line of the defect.
        Refused: if it means harmless files and is to be loaded as an alert list.
    """
    if not request.path.exists():
        raise WrongUse(f"{request.path} does not exist")
    _check_words(request)
    with ExitStack() as stack:
        temporary = stack.enter_context(spool.lend_folder(site.spool))
        if request.path.is_dir():
            return _import(site, actor, request, "folder", _open_folder(site, request.path), progress, temporary)
        plugins = site.settings.plugins.known_formats
        chosen = choose_format(request.path, request.format, request.options, plugins)
        options = replace(request.options, temporary=temporary)
        opened = stack.enter_context(chosen.open(request.path, options))
        return _import(site, actor, request, chosen.name, opened, progress, temporary)


def _check_words(request: ImportRequest) -> None:
    """Refuses what would spoil a list or a report in which it is shown; what is left out is chosen here and fits."""
    words = {"name": request.name, "version": request.version, "owner": request.owner, "scheme": request.scheme}
    for option, word in words.items():
        if word and (not word.strip() or len(word) > _MOST_CHARACTERS or not word.isprintable()):
            raise WrongUse(f"--{option} needs 1 to {_MOST_CHARACTERS} printable characters, not {word[:80]!r}")


def _open_folder(site: Site, folder: Path) -> OpenedSet:
    """Returns the pictures of a folder as the site's own set; its files stay where they are."""
    from varde.pipeline.hashing_folder import hash_folder  # here: it loads what decodes and hashes, for a second

    notes: list[str] = []
    return OpenedSet(SetHeader(suggested_role=SetRole.OWN), hash_folder(site, folder, notes), notes)


def _import(
    site: Site,
    actor: Actor,
    request: ImportRequest,
    format_name: str,
    opened: OpenedSet,
    progress: Callable[[int], None],
    temporary: Path,
) -> ImportResult:
    """Reads and checks everything first, which may take hours, and only then keeps others from writing."""
    at = actor.clock()
    new = _describe(request, opened.header, format_name, at)
    names = (new.name, request.path.name)
    check_role(opened.header, new.role, names=names, confirm=request.confirm)
    with site.database.read() as connection:
        known_sets.check_new(connection, new)
    seen = _Seen()
    with tempfile.TemporaryFile(dir=temporary) as file:
        _write_spool(file, opened.entries, seen, progress)
        check_role(opened.header, new.role, names=names, statistics=seen.codes, confirm=request.confirm)
        _check_entries(new, seen, opened.notes)
        file.seek(0)
        with site.database.write(patience_s=PATIENCE_S) as connection:
            set_id = known_sets.add_set(connection, new, person=actor.person, at=at)
            first = read_newest(connection).entry_id + 1
            count = known_sets.add_entries(connection, set_id, _read_spool(file), lambda count: None)
            ends = (first, first + count - 1)
            revision = Revision(set_id, at, actor.person, new.source_name, *ends, added=count, removed=0, checkpoint={})
            known_history.record_revision(connection, revision)
            recorded = known_sets.get_set(connection, new.name, new.version)
            subject: dict[str, str | int | None] = {
                "set": new.name,
                "version": new.version,
                "role": new.role.value,
                "format": format_name,
                "entries": recorded.entries,
                "source_sha256": new.source_sha256.hex() if new.source_sha256 else None,
                "confirmed": int(request.confirm),
            }
            audit.append_event(connection, at=at, person=actor.person, act=Act.KNOWN_SET_IMPORTED, subject=subject)
    return ImportResult(recorded, (*opened.notes, *seen.repeats.write()), seen.not_comparable)


def _describe(request: ImportRequest, header: SetHeader, format_name: str, at: datetime) -> NewSet:
    scheme, scheme_version = _choose_scheme(header, request.scheme)
    return NewSet(
        name=request.name or escape(os.fsencode(request.path.stem)),
        version=request.version or at.strftime("%Y-%m-%d"),
        owner=request.owner,
        role=request.role or header.suggested_role or SetRole.ALERT,
        scheme=scheme,
        scheme_version=scheme_version,
        format=format_name,
        source_name=escape(os.fsencode(request.path.name)),
        source_sha256=_digest(request.path),
        warning=header.warning,
    )


def _check_entries(new: NewSet, seen: _Seen, notes: list[str]) -> None:
    if not seen.codes.entries:
        raise FormatError("the set has no entries", advice=write_nothing_left(new.format, notes))
    if seen.codes.codes and not new.scheme:
        raise WrongUse(
            "the entries carry codes, but nothing says on which grade scheme",
            advice="A code means nothing without its scheme: name it with --scheme NAME@VERSION.",
        )


@dataclass(slots=True)
class _Seen:
    """What has to be known of all entries."""

    codes: CodeCounts = field(default_factory=CodeCounts)
    repeats: Repeats = field(default_factory=Repeats)
    not_comparable: int = 0


def _write_spool(file: IO[bytes], entries: Iterator[KnownEntry], seen: _Seen, progress: Callable[[int], None]) -> None:
    encoder = msgspec.msgpack.Encoder()
    for entry in entries:
        data = encoder.encode(entry)
        file.write(len(data).to_bytes(4, "big") + data)
        seen.codes.add(entry)
        seen.repeats.add(entry)
        seen.not_comparable += not entry.is_comparable
        progress(seen.codes.entries)


def _read_spool(file: IO[bytes]) -> Iterator[KnownEntry]:
    decoder = msgspec.msgpack.Decoder(KnownEntry)
    while length := file.read(4):
        yield decoder.decode(file.read(int.from_bytes(length, "big")))


def _choose_scheme(header: SetHeader, wanted: str) -> tuple[str, str]:
    """Returns name and version of the scheme of the entries' codes; ("", "") where neither file nor person says it."""
    if not wanted:
        return header.scheme, header.scheme_version
    name, _, version = wanted.partition("@")
    if not name or not version:
        raise WrongUse(f"{wanted!r} is no NAME@VERSION of a grade scheme", advice="Write it like --scheme vics-us@2.0.")
    if header.scheme and (name, version) != (header.scheme, header.scheme_version):
        raise WrongUse(
            f"the file says its codes are on {header.scheme}@{header.scheme_version}, not on {wanted}",
            advice="Leave --scheme out.",
        )
    return name, version


def _digest(path: Path) -> bytes | None:
    if path.is_dir():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
