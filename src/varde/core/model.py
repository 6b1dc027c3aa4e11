"""Learned models: what each is for, where it comes from, and the identity that every result carries."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ModelTask(StrEnum):
    """What a model does."""

    FACE_DETECT = "face.detect"
    FACE_LANDMARKS = "face.landmarks"
    FACE_EMBED = "face.embed"
    FACE_AGE = "face.age"
    IMAGE_TRIAGE = "image.triage"
    IMAGE_EMBED = "image.embed"
    CAMERA_RESIDUAL = "camera.residual"


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model computed something; what two different ones computed is never compared.

    Attributes:
        pack: name of the pack it belongs to.
        version: of the pack.
        task: what it does.
        sha256: of the model's file as its maker published it, 32 bytes.
    """

    pack: str
    version: str
    task: ModelTask
    sha256: bytes

    def __str__(self) -> str:
        """Returns ``pack/version task``, for people."""
        return f"{self.pack}/{self.version} {self.task}"
