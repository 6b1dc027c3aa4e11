"""Which packs there are: manifests that Varde ships, packs a site added, and folders of files."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from varde.core.errors import NotFound, WrongUse
from varde.models.builtin import make_builtin
from varde.models.manifests import BUILTIN, SHIPPED, get_manifest, list_manifests
from varde.models.pack import PACK_FILE, Manifest, ModelCard, Pack, open_pack, parse_manifest, read_pack_text

__all__ = ["find_pack", "list_added", "list_manifests", "make_builtin", "models_folder", "open_folder", "recognise"]

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_]*(-[A-Za-z0-9][A-Za-z0-9.]*)?")


def models_folder(site_folder: Path | None) -> Path:
    """Returns where packs lie: in the site, or without one in the user's cache."""
    if site_folder is not None:
        return site_folder / "models"
    cache_folder = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache_folder).expanduser() / "varde" / "models"


def find_pack(site_folder: Path | None, name: str) -> Pack:
    """Returns a pack with its files checked.

    Args:
        site_folder: of the site in use, if any.
        name: ``builtin``; an added pack (``name``, or ``name-version`` where there are several); or a folder of files.

    Raises:
        NotFound: if there is no such pack.
        WrongUse: if several versions of it were added.
        IntegrityFailure: if a file is not the one the pack names.
    """
    if name in (BUILTIN, get_manifest(BUILTIN).key):
        return _renew(make_builtin(models_folder(site_folder)))
    if _KEY.fullmatch(name):
        found = _find_added(models_folder(site_folder), name)
        if found is not None:
            return _renew(open_pack(found))
    if Path(name).is_dir():
        return open_folder(Path(name))
    if name in SHIPPED:
        raise NotFound(
            f"pack {name} is known, but its files were not added",
            advice=f"`varde models show {name}` says where they are from; `varde models add FOLDER` adds them.",
        )
    raise NotFound(
        f"there is no pack {name!r} here",
        advice="`varde models list` shows those there are; a folder with a pack's files will do too.",
    )


def list_added(site_folder: Path) -> list[Manifest]:
    """Returns the packs in a site's folder by name and version; their files are not looked at.

    Of a pack that Varde ships a manifest of, that one is given: it may know more than when the pack was added.
    """
    folder = models_folder(site_folder)
    manifests = [parse_manifest(read_pack_text(one / PACK_FILE), one.name) for one in _list_folders(folder)]
    shipped = {one.key: one for one in list_manifests()}
    return [shipped.get(one.key, one) for one in manifests]


def open_folder(folder: Path) -> Pack:
    """Returns the pack that the files of a folder make up: by its ``pack.toml``, or a shipped one by their digests.

    Raises:
        NotFound: if the files make up no pack that Varde knows.
        IntegrityFailure: if a file is not the one its ``pack.toml`` names.
    """
    if (folder / PACK_FILE).is_file():
        return _renew(open_pack(folder))
    recognised = recognise([path for path in sorted(folder.iterdir()) if path.is_file()])
    for manifest in list_manifests():
        if pack := _make_up(manifest, folder, recognised):
            return pack
    raise NotFound(
        f"the files in {folder} make up no pack that is known here",
        advice="`varde models show` names the files of a known pack; files of your own need a pack.toml beside them.",
    )


def recognise(paths: list[Path]) -> dict[bytes, Path]:
    """Returns those files that a shipped manifest names, by their SHA-256. Only files of the right size are read."""
    sizes = {card.size_bytes for manifest in list_manifests() for card in manifest.cards}
    digests = {card.sha256 for manifest in list_manifests() for card in manifest.cards}
    read = {hashlib.sha256(path.read_bytes()).digest(): path for path in paths if path.stat().st_size in sizes}
    return {digest: path for digest, path in read.items() if digest in digests}


def _renew(pack: Pack) -> Pack:
    """Returns a pack with the cards that Varde ships for its models now: their thresholds and limits may be newer."""
    shipped = {card.sha256: card for one in list_manifests() if one.key == pack.key for card in one.cards}
    cards = [shipped.get(card.sha256, card) for card in pack.cards]
    pairs = zip(cards, pack.cards, strict=True)
    return replace(pack, cards=tuple(replace(new, file=old.file, file_sha256=old.file_sha256) for new, old in pairs))


def _make_up(manifest: Manifest, folder: Path, recognised: Mapping[bytes, Path]) -> Pack | None:
    cards = [_place(card, recognised) for card in manifest.cards if card.sha256 in recognised]
    missing = [card for card in manifest.cards if card.sha256 not in recognised and not card.is_optional]
    if missing or any(card.convert for card in cards):
        return None
    return Pack(manifest.name, manifest.version, manifest.title, tuple(cards), folder)


def _place(card: ModelCard, recognised: Mapping[bytes, Path]) -> ModelCard:
    return replace(card, file=recognised[card.sha256].name)


def _find_added(folder: Path, name: str) -> Path | None:
    found = [one for one in _list_folders(folder) if one.name == name or one.name.partition("-")[0] == name]
    if len(found) > 1:
        keys = ", ".join(one.name for one in found)
        raise WrongUse(f"there are several versions of pack {name}", advice=f"Say which: {keys}.")
    return found[0] if found else None


def _list_folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [one for one in sorted(folder.iterdir()) if _KEY.fullmatch(one.name) and (one / PACK_FILE).is_file()]
