"""The builtin pack: dlib's networks from the files of the package face-recognition-models, converted once.

The package is never imported (its code asks for a module that is gone); only its files are read, and only those whose
SHA-256 the manifest names. The 68-point landmark file is not used: the set it was trained on excludes commercial use.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Final

from varde.core.errors import IntegrityFailure, NotFound, VardeError
from varde.models.manifests import BUILTIN, get_manifest, read_manifest
from varde.models.pack import MADE_FILE, PACK_FILE, ModelCard, Pack, open_pack
from varde.models.placing import place_pack

PACKAGE: Final = "face-recognition-models"
_ADVICE: Final = "Install Varde with its extra `face` (pip install 'varde[face]'), or use another pack."

_CONVERTERS: Final = {
    "dlib_mmod": ("varde.models.dlib_mmod", "detector.onnx"),
    "dlib_landmarks": ("varde.models.dlib_landmarks", "landmarks.segment"),
    "dlib_resnet": ("varde.models.dlib_resnet", "embedder.onnx"),
}
"""Module with a function ``convert(data: bytes) -> bytes``, and name of what it makes."""


def has_builtin() -> bool:
    """Returns whether the package with the builtin pack's files is installed."""
    try:
        return bool(metadata.files(PACKAGE))
    except metadata.PackageNotFoundError:
        return False


def make_builtin(folder: Path) -> Pack:
    """Returns the builtin pack, converting its files into a folder if that was not done before.

    Args:
        folder: where packs lie; the pack gets a folder of its own in it.

    Raises:
        NotFound: if the package with the files is not installed.
        IntegrityFailure: if a file of the package is not the one the manifest names.
        VardeError: if the folder cannot be written to.
    """
    manifest = get_manifest(BUILTIN)
    place = folder / manifest.key
    if (place / PACK_FILE).is_file():
        try:
            return open_pack(place)
        except IntegrityFailure:
            pass  # a copy that rots, or of an older converter: the source is the package, so it is made again
    try:
        place_pack(folder, manifest.key, lambda making: _make(manifest.cards, making))
    except OSError as error:
        raise VardeError(f"the builtin pack cannot be made in {folder}: {error.strerror}") from error
    return open_pack(place)


def read_source(card: ModelCard) -> bytes:
    """Returns a published file from the installed package.

    Raises:
        NotFound: if the package is not installed or has no such file.
        IntegrityFailure: if the file is not the one the manifest names.
    """
    try:
        files = metadata.files(PACKAGE) or []
    except metadata.PackageNotFoundError as error:
        raise NotFound(f"the package {PACKAGE} is not installed", advice=_ADVICE) from error
    found = next((Path(str(file.locate())) for file in files if file.name == card.file), None)
    if found is None or not found.is_file():
        raise NotFound(f"the package {PACKAGE} has no {card.file}", advice=_ADVICE)
    data = found.read_bytes()
    if hashlib.sha256(data).digest() != card.sha256:
        raise IntegrityFailure(f"{card.file} of the package {PACKAGE} is not the published one", advice=_ADVICE)
    return data


def _make(cards: tuple[ModelCard, ...], making: Path) -> None:
    made: dict[str, dict[str, str]] = {}
    for card in cards:
        data = _find_converter(card)(read_source(card))
        name = _CONVERTERS[card.convert][1]
        (making / name).write_bytes(data)
        made[card.sha256.hex()] = {"file": name, "sha256": hashlib.sha256(data).hexdigest()}
    (making / MADE_FILE).write_text(json.dumps(made, indent=1), "utf-8")
    (making / PACK_FILE).write_text(read_manifest(BUILTIN), "utf-8")


def _find_converter(card: ModelCard) -> Callable[[bytes], bytes]:
    module, _ = _CONVERTERS[card.convert]
    converter: Callable[[bytes], bytes] = importlib.import_module(module).convert
    return converter
