"""Enrols a camera: makes its fingerprint from photographs or videos of it, and keeps that as a new version."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from varde.camera.fingerprint import Fingerprint
from varde.camera.fingerprint_file import write_fingerprint
from varde.core.audit import Act
from varde.core.camera import FingerprintKind, Reference, ReferenceState
from varde.core.errors import NotFound, Refused, VardeError, WrongUse
from varde.core.outcome import NotComparable
from varde.pipeline.machine import count_cores
from varde.pipeline.make_fingerprint import Making, make_fingerprint
from varde.pipeline.read_residuals import ResidualReader
from varde.store import audit, cameras, cases
from varde.store.cameras import (
    Camera,
    NewCamera,
    NewFingerprint,
    StoredFingerprint,
    check_name,
    fingerprint_path,
)
from varde.store.durable import make_folder, sync_folder
from varde.store.site import Site
from varde.workflows.actor import Actor

MOST_CHARACTERS: Final = 2_000
_UNNAMED: Final = ".unnamed"
_KEPT_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class EnrolOrder:
    """What somebody wants to be enrolled.

    Attributes:
        name: of the camera; one that is there gets a new version of its fingerprint.
        paths: files, and folders of which every file is taken.
        kind: photo or video; None takes that of the first file.
        case: name of the case it belongs to; None for a laboratory's own reference, or as it was enrolled before.
        exhibit: number of the exhibit that the camera is.
        authorisation, note: kept with it.
    """

    name: str
    paths: tuple[Path, ...]
    kind: FingerprintKind | None = None
    case: str | None = None
    exhibit: str = ""
    authorisation: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of it.

    Attributes:
        kind: what it was made from.
        references: every file, and what became of it.
        camera, fingerprint: as they are kept; None where nothing was enrolled.
        refused: why nothing was; None where something was.
    """

    kind: FingerprintKind
    references: tuple[Reference, ...]
    camera: Camera | None = None
    fingerprint: StoredFingerprint | None = None
    refused: NotComparable | None = None


def enrol_camera(
    site: Site,
    actor: Actor,
    order: EnrolOrder,
    *,
    case_ids: Collection[int] | None,
    watch: Callable[[int, int], None] = lambda done, of: None,
) -> Enrolled:
    """Returns a camera with a new version of its fingerprint, or why none could be made. Audited where one was made.

    Nothing is kept until the fingerprint is on disk: ended in the middle, the site is as it was.

    Args:
        site, actor: where and who.
        order: what is to be enrolled.
        case_ids: cases that the person has access to; None for whoever works on the machine itself.
        watch: told how many of how many files were read.

    Raises:
        NotFound: if a file or the case is not there, or not for this person.
        WrongUse: if the name is none, or there are no files.
        Refused: if a camera of that name was withdrawn, or is another case's.
        ExhibitChanged: if a file changes meanwhile.
        VardeError: if the disk is full.
    """
    paths = list_files(order.paths)
    _check_words(order)
    with site.database.read() as connection:
        _check_camera(connection, order, case_ids)
    # Starting a process costs as much as reading ten photographs.
    processes = min(site.settings.processing.workers or count_cores(), max(1, len(paths) // 10))
    with ResidualReader(site.settings, processes) as reader:
        making = Making(reader, site.spool, lambda done: watch(done, len(paths)))
        kind, examined = make_fingerprint(making, paths, order.kind)
    if isinstance(examined.outcome, NotComparable):
        return Enrolled(kind, examined.references, refused=examined.outcome)
    camera, stored = _keep(site, actor, order, examined.outcome, case_ids)
    return Enrolled(kind, examined.references, camera, stored)


def list_files(paths: Sequence[Path]) -> list[Path]:
    """Returns files, and of folders every file directly in them, by name; links in folders are left out.

    A link in a seized folder can point anywhere on this machine: whoever means its target names it.

    Raises:
        NotFound: if one is not there.
        WrongUse: if there are no files.
    """
    found: list[Path] = []
    for path in paths:
        try:
            path.stat()
            inside = list(path.iterdir()) if path.is_dir() else [path]
        except OSError as error:
            raise NotFound(f"there is no file {path}, or it is closed to you ({error.strerror})") from error
        found += sorted(each for each in inside if each is path or (each.is_file() and not each.is_symlink()))
    if not found:
        named = ", ".join(map(str, paths))
        raise WrongUse(f"there are no files in {named}", advice="Name photographs that the camera took.")
    return found


def _check_words(order: EnrolOrder) -> None:
    check_name(order.name)
    for what, text in (("exhibit", order.exhibit), ("authorisation", order.authorisation), ("note", order.note)):
        if len(text) > MOST_CHARACTERS or not text.isprintable():
            raise WrongUse(f"the {what} has more than {MOST_CHARACTERS:,} characters, or some that cannot be printed")


def _check_camera(connection: Connection, order: EnrolOrder, case_ids: Collection[int] | None) -> Camera | None:
    """Returns the camera that gets a new version; None where it will be new."""
    case = cases.get_case(connection, order.case, case_ids) if order.case is not None else None
    known = cameras.find_camera(connection, order.name, None)
    if known is None:
        return None
    if case_ids is not None and known.case_id is not None and known.case_id not in case_ids:
        raise WrongUse(f"the name {order.name!r} is taken", advice="Choose another name.")
    if known.withdrawn_at is not None:
        raise Refused(
            f"camera {order.name} was withdrawn on {known.withdrawn_at:%Y-%m-%d}", advice="Enrol it under another name."
        )
    if case is not None and known.case_id != case.case_id:
        whose = f"case {known.case}" if known.case else "no case"
        raise Refused(f"camera {order.name} belongs to {whose}", advice="Choose another name, or leave --case out.")
    return known


def _keep(
    site: Site, actor: Actor, order: EnrolOrder, made: Fingerprint, case_ids: Collection[int] | None
) -> tuple[Camera, StoredFingerprint]:
    """Returns camera and fingerprint as they are kept: the file first, its row with its name."""
    make_folder(site.cameras)
    unnamed = site.cameras / f"{os.urandom(8).hex()}{_UNNAMED}"
    try:
        sha256 = _write(unnamed, made)
        with site.database.write() as connection:
            _sweep(site, connection)
            camera = _check_camera(connection, order, case_ids) or _add_camera(connection, actor, order, made, case_ids)
            unnamed.rename(fingerprint_path(site, sha256))
            sync_folder(site.cameras)
            stored = cameras.add_fingerprint(
                connection, camera.camera_id, _describe(made, sha256), person=actor.person, at=actor.clock()
            )
            _audit(connection, actor, camera, stored, made)
    finally:
        unnamed.unlink(missing_ok=True)
    return camera, stored


def _write(path: Path, made: Fingerprint) -> bytes:
    try:
        return write_fingerprint(path, made)
    except OSError as error:
        raise VardeError(
            f"the fingerprint cannot be written to {path.parent}: {error.strerror or error}",
            advice="Make room where the site is, then enrol the camera again; nothing was recorded.",
        ) from error


def _add_camera(
    connection: Connection, actor: Actor, order: EnrolOrder, made: Fingerprint, case_ids: Collection[int] | None
) -> Camera:
    case = cases.get_case(connection, order.case, case_ids) if order.case is not None else None
    new = NewCamera(
        order.name,
        case.case_id if case else None,
        order.exhibit,
        _find_stated(made, "make"),
        _find_stated(made, "model"),
        _find_stated(made, "serial"),
        order.authorisation,
        order.note,
    )
    return cameras.add_camera(connection, new, person=actor.person, at=actor.clock())


def _find_stated(made: Fingerprint, fact: str) -> str:
    """Returns what most of the used references state of their camera; "" where they state nothing."""
    used = [each for each in made.references if each.state is ReferenceState.USED]
    stated = Counter(str(each.facts[fact]) for each in used if each.facts.get(fact))
    return stated.most_common(1)[0][0] if stated else ""


def _describe(made: Fingerprint, sha256: bytes) -> NewFingerprint:
    return NewFingerprint(
        made.kind, str(made.method), made.height_px, made.width_px, made.used, made.facts, sha256, made.references
    )


def _audit(connection: Connection, actor: Actor, camera: Camera, stored: StoredFingerprint, made: Fingerprint) -> None:
    subject: dict[str, str | int | None] = {
        "camera": camera.name,
        "case": camera.case,
        "kind": stored.kind.value,
        "version": stored.version,
        "used": stored.used,
        "given": len(made.references),
        "sha256": stored.sha256.hex(),
    }
    audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.CAMERA_ENROLLED, subject=subject)


def _sweep(site: Site, connection: Connection) -> None:
    """Deletes files that an enrolment or a deletion left when it was ended; names are given while writing only."""
    kept = {fingerprint_path(site, sha256) for sha256 in cameras.list_kept_digests(connection)}
    oldest = time.time() - _KEPT_S
    for path in site.cameras.iterdir():
        with suppress(FileNotFoundError):  # another enrolment gave it its name meanwhile
            if path not in kept and path.is_file() and path.stat().st_mtime < oldest:
                path.unlink()
