"""Imports a known set: a file in any format that is known, or a folder of pictures hashed as the site's own set."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import msgspec

from varde.core.audit import Act
from varde.core.errors import FormatError, WrongUse
from varde.core.known import KnownEntry, SetHeader, SetRole
from varde.core.locator import escape
from varde.known.format import OpenedSet, ReadOptions
from varde.known.guard import CodeCounts, check_role
from varde.known.registry import detect_format, get_format
from varde.pipeline.hashing_folder import hash_folder
from varde.store import audit, known_sets
from varde.store.known_sets import KnownSet, NewSet
from varde.store.site import Site
from varde.workflows.actor import Actor


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
    """Returns the imported set. One transaction: all of it is there afterwards, or nothing.

    Raises:
        WrongUse: if the path does not exist or this version of the set is there already.
        FormatError: with the line of the defect.
        Refused: if it means harmless files and is to be loaded as an alert list.
    """
    if not request.path.exists():
        raise WrongUse(f"{request.path} does not exist")
    if request.path.is_dir():
        return _import_folder(site, actor, request, progress)
    plugins = site.settings.plugins.known_formats
    chosen = get_format(request.format, plugins) if request.format else detect_format(request.path, plugins)
    with tempfile.TemporaryDirectory(dir=site.spool, prefix="import-") as temporary:
        options = replace(request.options, temporary=Path(temporary))
        with chosen.open(request.path, options) as opened:
            return _import(site, actor, request, chosen.name, opened, progress)


def _import_folder(site: Site, actor: Actor, request: ImportRequest, progress: Callable[[int], None]) -> ImportResult:
    """Hashes the pictures of a folder as the site's own set; its files stay where they are.

    Hashing may take hours, so it is done before the transaction that nobody else can write during.
    """
    notes: list[str] = []
    with tempfile.TemporaryFile(dir=site.spool) as spool:
        for count, entry in enumerate(hash_folder(site, request.path, notes), start=1):
            data = msgspec.msgpack.encode(entry)
            spool.write(len(data).to_bytes(4, "big") + data)
            progress(count)
        spool.seek(0)
        opened = OpenedSet(SetHeader(suggested_role=SetRole.OWN), _read_spool(spool), notes)
        return _import(site, actor, request, "folder", opened, progress)


def _read_spool(spool: IO[bytes]) -> Iterator[KnownEntry]:
    decoder = msgspec.msgpack.Decoder(KnownEntry)
    while length := spool.read(4):
        yield decoder.decode(spool.read(int.from_bytes(length, "big")))


def _import(
    site: Site,
    actor: Actor,
    request: ImportRequest,
    format_name: str,
    opened: OpenedSet,
    progress: Callable[[int], None],
) -> ImportResult:
    at = actor.clock()
    role = request.role or opened.header.suggested_role or SetRole.ALERT
    scheme, scheme_version = _choose_scheme(opened.header, request.scheme)
    new = NewSet(
        name=request.name or escape(os.fsencode(request.path.stem)),
        version=request.version or at.strftime("%Y-%m-%d"),
        owner=request.owner,
        role=role,
        scheme=scheme,
        scheme_version=scheme_version,
        format=format_name,
        source_name=escape(os.fsencode(request.path.name)),
        source_sha256=_digest(request.path),
        warning=opened.header.warning,
    )
    names = (new.name, request.path.name)
    check_role(opened.header, role, names=names, confirm=request.confirm)
    counter = _Counter(opened.entries)
    with site.database.write() as connection:
        set_id = known_sets.add_set(connection, new, person=actor.person, at=at)
        if known_sets.add_entries(connection, set_id, counter, progress) == 0:
            raise FormatError("the set has no entries")
        check_role(opened.header, role, names=names, statistics=counter.codes, confirm=request.confirm)
        if counter.codes.codes and not new.scheme:
            raise WrongUse(
                "the entries carry codes, but nothing says on which grade scheme",
                advice="A code means nothing without its scheme: name it with --scheme NAME@VERSION.",
            )
        recorded = known_sets.get_set(connection, new.name, new.version)
        subject: dict[str, str | int | None] = {
            "set": new.name,
            "version": new.version,
            "role": role.value,
            "format": format_name,
            "entries": recorded.entries,
            "source_sha256": new.source_sha256.hex() if new.source_sha256 else None,
            "confirmed": int(request.confirm),
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.KNOWN_SET_IMPORTED, subject=subject)
    return ImportResult(recorded, tuple(opened.notes), counter.not_comparable)


def _choose_scheme(header: SetHeader, wanted: str) -> tuple[str, str]:
    """Returns name and version of the scheme of the entries' codes; ("", "") where neither file nor person says it."""
    if not wanted:
        return header.scheme, header.scheme_version
    name, _, version = wanted.partition("@")
    if not name or not version:
        raise WrongUse(f"{wanted!r} is no NAME@VERSION of a grade scheme")
    if header.scheme and (name, version) != (header.scheme, header.scheme_version):
        raise WrongUse(f"the file says its codes are on {header.scheme}@{header.scheme_version}, not on {wanted}")
    return name, version


class _Counter:
    """Passes entries on and keeps what has to be known of all of them."""

    def __init__(self, entries: Iterator[KnownEntry]) -> None:
        self._entries = entries
        self.codes = CodeCounts()
        self.not_comparable = 0

    def __iter__(self) -> Iterator[KnownEntry]:
        for entry in self._entries:
            self.codes.add(entry)
            self.not_comparable += not entry.is_comparable
            yield entry


def _digest(path: Path) -> bytes | None:
    if path.is_dir():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
