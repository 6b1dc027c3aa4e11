"""Which models look for faces in a run: the pack in use, ready to be opened by decoder processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from varde.core.model import ModelTask
from varde.models.pack import Pack
from varde.models.registry import find_pack
from varde.store.database import PATIENCE_S
from varde.store.face_writing import FaceModels
from varde.store.models import Chosen, ensure_model, find_chosen
from varde.store.settings import FacesUse
from varde.store.site import Site

_BUILTIN = "builtin"


class NoFaces(StrEnum):
    """Why a run does not look for faces."""

    NO_PACK = "no_pack"
    """No models are in use."""

    TURNED_OFF = "turned_off"
    """The setting ``faces.examine`` says never."""


@dataclass(frozen=True, slots=True)
class FaceSetup:
    """What a run needs to look for faces.

    Attributes:
        folder: of the pack, for decoder processes.
        models: row numbers of its models.
        dimensions: of its embeddings.
    """

    folder: Path
    models: FaceModels
    dimensions: int


def find_setup(site: Site, person: str, clock: Callable[[], datetime]) -> FaceSetup | NoFaces:
    """Returns with what faces are looked for, or why they are not.

    Raises:
        NotFound: if the pack in use is gone.
        IntegrityFailure: if a file of it is not what its card says.
    """
    use = site.settings.faces.examine
    if use is FacesUse.NEVER:
        return NoFaces.TURNED_OFF
    with site.database.read() as connection:
        chosen = find_chosen(connection)
    if isinstance(chosen, Chosen):
        return record_setup(site, find_pack(site.folder, chosen.key), person, clock())
    if use is FacesUse.AUTO:
        return NoFaces.NO_PACK
    return record_setup(site, find_pack(site.folder, _BUILTIN), person, clock())


def record_setup(site: Site, pack: Pack, person: str, at: datetime) -> FaceSetup:
    """Returns what a run needs to look for faces with a pack, its models recorded."""
    detect, embed = pack.identity(ModelTask.FACE_DETECT), pack.identity(ModelTask.FACE_EMBED)
    with site.database.write(patience_s=PATIENCE_S) as connection:
        models = FaceModels(
            detector_id=ensure_model(connection, detect, person, at),
            embedder_id=ensure_model(connection, embed, person, at),
        )
    return FaceSetup(pack.folder, models, int(pack.get(ModelTask.FACE_EMBED).output["dimensions"]))
