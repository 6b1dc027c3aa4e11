"""What a person wants to add: which pack some files make up, and whether Varde knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from varde.core.errors import FormatError, NotFound, WrongUse
from varde.models.manifests import BUILTIN, SHIPPED, list_manifests, read_manifest
from varde.models.pack import PACK_FILE, Manifest, ModelCard, parse_manifest, read_pack_text
from varde.models.registry import recognise


@dataclass(frozen=True, slots=True)
class Addition:
    """A pack that could be added.

    Attributes:
        manifest: of the pack.
        text: of its ``pack.toml``.
        files: cards with the file of each, optional ones only where they are there.
        is_known: Varde ships this manifest.
    """

    manifest: Manifest
    text: str
    files: tuple[tuple[ModelCard, Path], ...]
    is_known: bool


def find_addition(paths: Sequence[Path]) -> Addition:
    """Returns the pack that files make up: by a ``pack.toml`` among them, or by their SHA-256.

    Args:
        paths: files, or folders of files.

    Raises:
        NotFound: if a path is not there, or files of the pack are missing.
        WrongUse: if the files are of no pack that is known and have no ``pack.toml``.
        FormatError: if the ``pack.toml`` is wrong.
    """
    files = _list_files(paths)
    described = [path for path in files if path.name == PACK_FILE]
    if described:
        return _read_described(described[0])
    found = recognise(files)
    if not found:
        raise WrongUse(
            "none of these files belongs to a pack that Varde knows",
            advice="`varde models list` names those packs; files of your own need a pack.toml in their folder "
            "(docs/reference/models.md).",
        )
    return _make_up(found)


def write_addition(addition: Addition, folder: Path) -> None:
    """Copies the files of a pack into an empty folder; whoever opens it checks their digests."""
    for card, path in addition.files:
        if path.stat().st_size != card.size_bytes:
            raise FormatError(f"{path.name} has not the size that the pack names", advice="Is the file complete?")
        (folder / card.file).write_bytes(path.read_bytes())
    (folder / PACK_FILE).write_text(addition.text, "utf-8")


def _list_files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if not path.exists():
            raise NotFound(f"there is no {path}")
        files += sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    return files


def _read_described(path: Path) -> Addition:
    text = read_pack_text(path)
    manifest = parse_manifest(text, path.name)
    shipped = next((one for one in list_manifests() if _is_same(one, manifest)), None)
    if shipped is not None and shipped.name != BUILTIN:
        manifest, text = shipped, read_manifest(shipped.name)
    if manifest.name in SHIPPED and shipped is None:
        raise WrongUse(f"the name {manifest.name} belongs to a pack of Varde's", advice="Give your pack another name.")
    if manifest.name == BUILTIN or any(card.convert for card in manifest.cards):
        raise WrongUse("this pack is converted from an installed package and cannot be added")
    pairs = [(card, path.parent / card.file) for card in manifest.cards]
    kept = [(card, file) for card, file in pairs if file.is_file() or not card.is_optional]
    if missing := [card for card, file in kept if not file.is_file()]:
        raise _name_missing(manifest, missing)
    return Addition(manifest, text, tuple(kept), shipped is not None)


def _is_same(shipped: Manifest, other: Manifest) -> bool:
    """Returns whether a manifest is a shipped one, perhaps of an earlier release: same name, version and files."""
    files = [{(card.task, card.file, card.sha256) for card in one.cards} for one in (shipped, other)]
    return shipped.key == other.key and files[0] == files[1]


def _make_up(found: Mapping[bytes, Path]) -> Addition:
    """Returns the known pack of which most of the files are there."""
    candidates = [one for one in list_manifests() if one.name != BUILTIN]
    best = max(candidates, key=lambda one: sum(card.sha256 in found for card in one.cards))
    if missing := [card for card in best.cards if card.sha256 not in found and not card.is_optional]:
        raise _name_missing(best, missing)
    files = tuple((card, found[card.sha256]) for card in best.cards if card.sha256 in found)
    return Addition(best, read_manifest(best.name), files, is_known=True)


def _name_missing(manifest: Manifest, missing: Sequence[ModelCard]) -> NotFound:
    named = "; ".join(f"{card.file} ({card.source}, SHA-256 {card.sha256.hex()})" for card in missing)
    return NotFound(f"pack {manifest.name} is not complete", advice=f"Missing: {named}.")
