"""The manifest of a folder of segments: which of them count; replaced atomically, believed only if it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from varde.core.errors import IntegrityFailure, WrongUse
from varde.segments.container import Facts, sync_folder

_NAME: Final = re.compile(r"[0-9a-z]+\.segment")
"""What a segment may be called: files of these names are removed, so none may lie elsewhere."""

ADVICE: Final = "It is a copy of what the database holds: remove the folder and it is built again."


@dataclass(frozen=True, slots=True)
class Listed:
    """A segment as the manifest names it."""

    name: str
    size_bytes: int
    sha256: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class Manifest:
    """What counts in a folder, at one moment.

    Attributes:
        generation: grows by one with every change.
        facts: of the whole, such as the highest id it covers.
        listed: in the order they were added; a replacement stands where the first it replaces stood.
    """

    generation: int = 0
    facts: Facts = field(default_factory=dict)
    listed: tuple[Listed, ...] = ()


def read_manifest(path: Path, kind: str, version: int) -> Manifest:
    """Returns the manifest; an empty one where there is no file.

    Raises:
        IntegrityFailure: if it is damaged.
        WrongUse: if it is of segments of another kind or version.
    """
    try:
        document = _read_document(path, path.read_bytes())
    except FileNotFoundError:
        return Manifest()
    if (document.get("kind"), document.get("version")) != (kind, version):
        found = f"{document.get('kind')} version {document.get('version')}"
        raise WrongUse(f"{path.parent} holds {found}, not {kind} version {version}", advice=ADVICE)
    try:
        listed = tuple(Listed(**entry) for entry in document["segments"])
        manifest = Manifest(document["generation"], dict(document["facts"]), listed)
        if not all(_NAME.fullmatch(each.name) for each in listed):
            raise ValueError("a segment's name")
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityFailure(f"{path} is damaged: it makes no sense", advice=ADVICE) from error
    return manifest


def write_manifest(path: Path, kind: str, version: int, manifest: Manifest) -> None:
    """Replaces the manifest atomically and durably."""
    document = {
        "kind": kind,
        "version": version,
        "generation": manifest.generation,
        "facts": manifest.facts,
        "segments": [
            {"name": each.name, "size_bytes": each.size_bytes, "sha256": each.sha256, "facts": each.facts}
            for each in manifest.listed
        ],
    }
    replace_file(path, json.dumps(document | {"sha256": _digest(document)}, indent=1, sort_keys=True).encode())


def replace_file(path: Path, data: bytes) -> None:
    """Replaces a small file atomically and durably."""
    temporary = path.with_name(f"{path.name}.{os.urandom(6).hex()}.partial")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _read_document(path: Path, text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
        stated = document.pop("sha256")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise IntegrityFailure(f"{path} is damaged: it is no manifest", advice=ADVICE) from error
    if _digest(document) != stated:
        raise IntegrityFailure(f"{path} is damaged: it does not have its SHA-256", advice=ADVICE)
    return dict(document)


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
