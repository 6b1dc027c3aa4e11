"""Adds packs of models to a site, chooses the one in use, and removes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from varde.core.audit import Act
from varde.core.errors import IntegrityFailure, NotFound, Refused, WrongUse
from varde.core.model import ModelTask
from varde.models.additions import Addition, find_addition, write_addition
from varde.models.builtin import has_builtin
from varde.models.manifests import BUILTIN, SHIPPED, list_manifests
from varde.models.pack import Manifest, Pack, open_pack
from varde.models.placing import place_pack, remove_pack
from varde.models.registry import find_pack, list_added, models_folder
from varde.models.self_test import Check, check_pack, refuse_faulty
from varde.store import audit, models
from varde.store.face_re_embedding import FaceKind, count_missing
from varde.store.models import Chosen
from varde.store.site import Site
from varde.workflows.actor import Actor


class PackState(StrEnum):
    """How near a pack is to being used."""

    IN_USE = "in use"
    READY = "ready"
    """Its files are here."""

    NOT_INSTALLED = "not installed"
    """It comes in a package that is not installed."""

    NOT_ADDED = "not added"
    """Its manifest is known; its files have to be added."""


@dataclass(frozen=True, slots=True)
class ListedPack:
    """A pack with its state."""

    manifest: Manifest
    state: PackState


@dataclass(frozen=True, slots=True)
class Added:
    """A pack that was added, with its test; ``is_new`` is False where the same files were here before."""

    pack: Pack
    checks: tuple[Check, ...]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A pack that was chosen.

    Attributes:
        previous: the one that was in use before, if any.
        missing: how many stored faces have no embedding by its model, by kind: they are not found until they have.
    """

    pack: Pack
    previous: Chosen | None
    missing: dict[FaceKind, int]


def list_packs(site: Site | None) -> list[ListedPack]:
    """Returns the packs that are known here, with their state; files are not looked at."""
    chosen = find_choice(site) if site else None
    added = {manifest.key: manifest for manifest in (list_added(site.folder) if site else [])}
    known = {manifest.key: manifest for manifest in list_manifests()} | added
    return [ListedPack(one, _find_state(one, chosen, set(added))) for one in known.values()]


def find_choice(site: Site) -> Chosen | None:
    """Returns which pack is in use, None where none was chosen."""
    with site.database.read() as connection:
        found = models.find_chosen(connection)
    return found if isinstance(found, Chosen) else None


def show_manifest(site: Site | None, name: str) -> ListedPack:
    """Returns a pack by its name, or by ``name-version``.

    Raises:
        NotFound: if there is none.
    """
    for listed in list_packs(site):
        if name in (listed.manifest.name, listed.manifest.key):
            return listed
    raise NotFound(f"there is no pack {name!r} here", advice="`varde models list` shows those there are.")


def add(
    site: Site, actor: Actor, paths: Sequence[Path], *, accepts_licence: bool, accepts_unknown: bool = False
) -> Added:
    """Returns the pack that was added after its test; audited. The same files again change nothing.

    Args:
        site, actor: where and who.
        paths: files of one pack, or a folder of them; known by their SHA-256, or by a ``pack.toml`` in the folder.
        accepts_licence: the person has read the licences and accepts them for the site.
        accepts_unknown: use files that no manifest of Varde names.

    Raises:
        NotFound: if files are missing, with their names, digests and sources.
        Refused: if the licences were not accepted, or the files are unknown and that was not accepted.
        IntegrityFailure: if a file is not the one that its ``pack.toml`` names.
        FormatError: if the ``pack.toml`` is wrong.
        VardeError: if the pack fails its test.
    """
    addition = find_addition(paths)
    _refuse_unasked(addition, accepts_licence=accepts_licence, accepts_unknown=accepts_unknown)
    folder, key = models_folder(site.folder), addition.manifest.key
    is_new = not _is_there(folder / key, addition)
    checks = _place(folder, key, addition) if is_new else ()
    pack = open_pack(folder / key)
    _record_added(site, actor, pack, addition)
    return Added(pack, checks, is_new)


def choose(site: Site, actor: Actor, name: str) -> Choice:
    """Returns the pack that is in use from now on; audited. Faces are searched by its embeddings only.

    Args:
        site, actor: where and who.
        name: ``builtin``, or a pack that was added.

    Raises:
        NotFound: if there is no such pack here, or it cannot detect and embed faces.
        WrongUse: if several versions of it were added.
        IntegrityFailure: if a file of it is not what its card says.
    """
    if name not in _list_names(site):
        raise _explain_unusable(name)
    pack = find_pack(site.folder, name)
    identities = [pack.identity(card.task) for card in pack.cards]
    pack.get(ModelTask.FACE_DETECT)
    embedder, at = pack.identity(ModelTask.FACE_EMBED), actor.clock()
    with site.database.write() as connection:
        found = models.find_chosen(connection)
        previous = found if isinstance(found, Chosen) else None
        for identity in identities:
            models.ensure_model(connection, identity, actor.person, at)
        model_id = models.ensure_model(connection, embedder, actor.person, at)
        missing = {kind: count_missing(connection, kind, model_id) for kind in FaceKind}
        if previous is None or previous.key != pack.key:
            models.choose_pack(connection, pack.name, pack.version, actor.person, at)
            subject: dict[str, str | int | None] = {"pack": pack.key, "before": previous.key if previous else None}
            audit.append_event(connection, at=at, person=actor.person, act=Act.MODEL_CHOSEN, subject=subject)
    return Choice(pack, previous, missing)


def remove(site: Site, actor: Actor, name: str) -> Manifest:
    """Returns the pack whose files were removed; audited. Embeddings made with it stay, and name it.

    Raises:
        NotFound: if it was not added.
        Refused: if it is in use.
        WrongUse: if several versions of it were added.
    """
    found = [one for one in list_added(site.folder) if name in (one.name, one.key)]
    if not found:
        raise NotFound(f"no pack {name!r} was added here", advice="`varde models list` shows those there are.")
    if len(found) > 1:
        raise WrongUse(f"there are several versions of {name}", advice=", ".join(one.key for one in found))
    manifest, chosen = found[0], find_choice(site)
    if chosen and chosen.key == manifest.key:
        raise Refused(f"pack {manifest.key} is in use", advice="Choose another one first: `varde models use NAME`.")
    at = actor.clock()
    with site.database.write() as connection:
        models.record_removal(connection, manifest.name, manifest.version, at)
        subject: dict[str, str | int | None] = {"pack": manifest.key}
        audit.append_event(connection, at=at, person=actor.person, act=Act.MODEL_REMOVED, subject=subject)
    remove_pack(models_folder(site.folder), manifest.key)
    return manifest


def test(site: Site | None, name: str | None) -> tuple[Pack, tuple[Check, ...]]:
    """Returns a pack and the test of each of its models.

    Args:
        site: whose packs; None for the builtin one or a folder.
        name: of the pack, or a folder; None for the one in use, else the builtin one.

    Raises:
        NotFound: if there is no such pack.
        IntegrityFailure: if a file of it is not what its card says.
    """
    chosen = find_choice(site) if site and name is None else None
    pack = find_pack(site.folder if site else None, name or (chosen.key if chosen else BUILTIN))
    return pack, check_pack(pack)


def _find_state(manifest: Manifest, chosen: Chosen | None, added: set[str]) -> PackState:
    if chosen and chosen.key == manifest.key:
        return PackState.IN_USE
    if manifest.key in added:
        return PackState.READY
    if manifest.name == BUILTIN:
        return PackState.READY if has_builtin() else PackState.NOT_INSTALLED
    return PackState.NOT_ADDED


def _list_names(site: Site) -> set[str]:
    manifests = [*list_added(site.folder), *(one for one in list_manifests() if one.name == BUILTIN)]
    return {one.name for one in manifests} | {one.key for one in manifests}


def _explain_unusable(name: str) -> NotFound:
    if name in SHIPPED:
        return NotFound(
            f"pack {name} is known, but its files were not added",
            advice=f"`varde models show {name}` says where they are from; `varde models add FOLDER` adds them.",
        )
    return NotFound(f"no pack {name!r} was added here", advice="`varde models add FOLDER` adds one.")


def _refuse_unasked(addition: Addition, *, accepts_licence: bool, accepts_unknown: bool) -> None:
    if not addition.is_known and not accepts_unknown:
        raise Refused(
            f"nobody of Varde knows the files of pack {addition.manifest.name}",
            advice="If you know where they are from and what they may be used for, add them with --accept-unknown.",
        )
    if not accepts_licence:
        raise Refused(
            f"the licences of pack {addition.manifest.name} were not accepted",
            advice="Read them (`varde models show`); if they allow your use, add the pack with --accept-licence.",
        )


def _is_there(place: Path, addition: Addition) -> bool:
    try:
        here = open_pack(place)
    except (NotFound, IntegrityFailure):
        return False
    return {card.sha256 for card in here.cards} == {card.sha256 for card, _ in addition.files}


def _place(folder: Path, key: str, addition: Addition) -> tuple[Check, ...]:
    checks: list[Check] = []

    def write(making: Path) -> None:
        write_addition(addition, making)
        pack = open_pack(making)
        checks.extend(check_pack(pack))
        refuse_faulty(pack, checks)

    place_pack(folder, key, write)
    return tuple(checks)


def _record_added(site: Site, actor: Actor, pack: Pack, addition: Addition) -> None:
    """Records a pack that was not recorded, or was removed since; one that is known and here is left as it is."""
    at = actor.clock()
    with site.database.write() as connection:
        known = {one.identity for one in models.list_models(connection) if one.removed_at is None}
        identities = [pack.identity(card.task) for card in pack.cards]
        if known.issuperset(identities):
            return
        for identity in identities:
            models.ensure_model(connection, identity, actor.person, at)
        models.record_return(connection, pack.name, pack.version)
        subject: dict[str, str | int | None] = {
            "pack": pack.key,
            "models": " ".join(f"{card.task.value}:{card.sha256.hex()}" for card in pack.cards),
            "manifest_sha256": hashlib.sha256(addition.text.encode()).hexdigest(),
            "licence": "accepted",
            "known": "yes" if addition.is_known else "no",
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.MODEL_ADDED, subject=subject)
