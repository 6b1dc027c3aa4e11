"""Packs: a folder with ``pack.toml`` and the files of models, each accepted by its SHA-256 and by nothing else.

``pack.toml`` holds what a person has to know before using a model (licence, training data, limits) and what a program
has to (input, output, thresholds). docs/reference/models.md describes every field.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from varde.core.errors import FormatError, IntegrityFailure, NotFound
from varde.core.model import ModelIdentity, ModelTask

PACK_FILE: Final = "pack.toml"
MADE_FILE: Final = "made.json"
"""Beside ``pack.toml`` where files were converted: which file was made from which published one."""

_MOST_TEXT: Final = 1 << 20
_MOST_FILE: Final = 2 << 30

FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
PackName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
PackVersion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.]{0,39}$")]
HexDigest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model of a pack: its file, where that is from, what may be done with it, how to call it, where it fails.

    Attributes:
        task: what it does.
        file: name of the file in the pack's folder that is run.
        sha256: of the file as its maker published it, 32 bytes; the model's identity.
        size_bytes: of the published file.
        source: address or package it comes from.
        licence: its terms, as its maker states them.
        commercial: whether they allow commercial use: yes, no, or unclear and why.
        training_data: what it was trained on.
        input: size, colour order, mean, deviation, alignment template.
        output: decoder, dimensions, metric.
        thresholds: false accept rate, such as ``1e-3``, to the score from which it holds.
        measured: what the thresholds were measured on; "" where there are none.
        calibration: tables from score to likelihood ratio (see `varde.faces.calibration`).
        limits: where it is known to fail.
        adapt: names of changes made to the graph when it is loaded (see `varde.models.adapting`).
        convert: name of the converter that made ``file`` from the published file; "" where that is run as it is.
        file_sha256: of ``file``; equals ``sha256`` unless it was converted.
        is_optional: the pack works without it.
    """

    task: ModelTask
    file: str
    sha256: bytes
    size_bytes: int
    source: str
    licence: str
    commercial: str
    training_data: str
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    thresholds: Mapping[str, float]
    measured: str
    calibration: Mapping[str, Any]
    limits: tuple[str, ...]
    adapt: tuple[str, ...]
    convert: str
    file_sha256: bytes
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What ``pack.toml`` says, before any file was looked at."""

    name: str
    version: str
    title: str
    cards: tuple[ModelCard, ...]

    @property
    def key(self) -> str:
        """``name-version``, as its folder in a site is named."""
        return f"{self.name}-{self.version}"

    def find(self, task: ModelTask) -> ModelCard | None:
        """Returns the card of a task, or None if the pack has no such model."""
        return next((card for card in self.cards if card.task is task), None)

    def get(self, task: ModelTask) -> ModelCard:
        """Returns the card of a task.

        Raises:
            NotFound: if the pack has no such model.
        """
        card = self.find(task)
        if card is None:
            raise NotFound(f"pack {self.name} has no model for {task.value}", advice="Use a pack that has one.")
        return card

    def identity(self, task: ModelTask) -> ModelIdentity:
        """Returns what every result of this model carries.

        Raises:
            NotFound: if the pack has no such model.
        """
        return ModelIdentity(self.name, self.version, task, self.get(task).sha256)


@dataclass(frozen=True, slots=True)
class Pack(Manifest):
    """A manifest with its files, which were checked when it was opened.

    Attributes:
        folder: where the files are.
        held: bytes of models that were read before; see `hold`.
    """

    folder: Path
    held: Mapping[ModelTask, bytes] = field(default_factory=dict, repr=False)

    def read(self, task: ModelTask) -> bytes:
        """Returns the bytes of a model's file.

        Raises:
            NotFound: if the pack has no such model.
            IntegrityFailure: if the file is gone or is not the one the card names.
        """
        if task in self.held:
            return self.held[task]
        card = self.get(task)
        data = _read_file(self.folder / card.file, card)
        if hashlib.sha256(data).digest() != card.file_sha256:
            raise _refuse(card.file)
        return data

    def hold(self, tasks: Collection[ModelTask]) -> Pack:
        """Returns the pack with the files of some models in memory, for a process that can open no files later.

        Raises:
            IntegrityFailure: as `read`. Tasks that the pack has no model for are left out.
        """
        return replace(self, held={task: self.read(task) for task in tasks if self.find(task)})


def open_pack(folder: Path) -> Pack:
    """Returns the pack in a folder after checking the digest of each of its files.

    Raises:
        NotFound: if there is no ``pack.toml`` in the folder.
        FormatError: if it is not what it should be.
        IntegrityFailure: if a file is gone or is not the one its card names.
    """
    manifest = parse_manifest(read_pack_text(folder / PACK_FILE), PACK_FILE)
    made = _read_made(folder)
    cards = [_resolve(card, made) for card in manifest.cards]
    kept = [card for card in cards if not card.is_optional or (folder / card.file).is_file()]
    pack = Pack(manifest.name, manifest.version, manifest.title, tuple(kept), folder)
    for card in pack.cards:
        pack.read(card.task)
    return pack


def parse_manifest(text: str, name: str) -> Manifest:
    """Returns what a ``pack.toml`` says.

    Args:
        text: its content.
        name: what to call it in messages.

    Raises:
        FormatError: if it is no TOML, or a field is missing, unknown or out of range.
    """
    try:
        document = _Document.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise FormatError(f"{name} is no TOML: {error}") from error
    except RecursionError as error:
        raise FormatError(f"{name} is nested too deeply") from error
    except ValidationError as error:
        raise FormatError(
            f"{name}: {_first_fault(error)}", advice="docs/reference/models.md lists the fields."
        ) from error
    cards = tuple(_make_card(row) for row in document.model)
    if len({card.task for card in cards}) != len(cards) or len({card.file for card in cards}) != len(cards):
        raise FormatError(f"{name} names a task or a file twice")
    return Manifest(document.pack.name, document.pack.version, document.pack.title, cards)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _PackRow(_Section):
    format: int = Field(ge=1, le=1)
    name: PackName
    version: PackVersion
    title: Line


class _ModelRow(_Section):
    task: ModelTask
    file: FileName
    sha256: HexDigest
    size_bytes: int = Field(gt=0, le=_MOST_FILE)
    source: Line
    licence: Line
    commercial: Line
    training_data: Line
    limits: tuple[Line, ...] = Field(min_length=1)
    input: dict[str, Any] = Field(default_factory=dict)
    output: dict[str, Any] = Field(default_factory=dict)
    thresholds: dict[str, Annotated[float, Field(ge=-1e6, le=1e6)]] = Field(default_factory=dict)
    measured: str = ""
    calibration: dict[str, Any] = Field(default_factory=dict)
    adapt: tuple[str, ...] = ()
    convert: str = ""
    optional: bool = False


def list_fields() -> list[str]:
    """Returns the names of the fields that a model has in ``pack.toml``."""
    return list(_ModelRow.model_fields)


class _Document(_Section):
    pack: _PackRow
    model: tuple[_ModelRow, ...] = Field(min_length=1, max_length=32)


def _make_card(row: _ModelRow) -> ModelCard:
    fields = row.model_dump(exclude={"sha256", "optional"})
    sha256 = bytes.fromhex(row.sha256)
    return ModelCard(**fields, sha256=sha256, file_sha256=sha256, is_optional=row.optional)


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"


def read_pack_text(path: Path) -> str:
    """Returns the text of a ``pack.toml``.

    Raises:
        NotFound: if it is not there.
        FormatError: if it is too large or no text.
    """
    try:
        data = path.read_bytes() if path.stat().st_size <= _MOST_TEXT else None
    except FileNotFoundError as error:
        raise NotFound(
            f"{path.parent} has no {path.name}", advice="A pack is a folder with pack.toml in it."
        ) from error
    if data is None:
        raise FormatError(f"{path.name} is larger than any pack's")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path.name} is no text in UTF-8") from error


def _read_made(folder: Path) -> dict[str, dict[str, str]]:
    """Returns name and digest of converted files by the published file's digest."""
    path = folder / MADE_FILE
    if not path.exists():
        return {}
    try:
        document = json.loads(read_pack_text(path))
        files = {str(key): {"file": str(row["file"]), "sha256": str(row["sha256"])} for key, row in document.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise IntegrityFailure(f"{MADE_FILE} of a pack cannot be read", advice="Remove the folder.") from error
    return files


def _resolve(card: ModelCard, made: Mapping[str, Mapping[str, str]]) -> ModelCard:
    """Returns a card that names the file which is run: the converted one where there is a converter."""
    if not card.convert:
        return card
    row = made.get(card.sha256.hex())
    if row is None or "/" in row["file"] or len(row["sha256"]) != 64:
        raise IntegrityFailure(f"{card.file} was not converted", advice="Remove the pack's folder; it is made again.")
    return replace(card, file=row["file"], file_sha256=bytes.fromhex(row["sha256"]))


def _read_file(path: Path, card: ModelCard) -> bytes:
    try:
        if not card.convert and path.stat().st_size != card.size_bytes:
            raise _refuse(card.file)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise IntegrityFailure(f"{card.file} of a pack is gone", advice="Add the pack again.") from error


def _refuse(file: str) -> IntegrityFailure:
    return IntegrityFailure(
        f"{file} is not the file that the pack names", advice="Get the file from its source again and add it anew."
    )
