"""The models in use, ready to search with: pack, row number, gallery, and what scores mean."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from varde.core.errors import Refused
from varde.core.model import ModelIdentity, ModelTask
from varde.models.pack import Pack
from varde.models.registry import find_pack
from varde.pipeline.face_scale import FaceScale, make_scale
from varde.store.models import NotChosen, ensure_model, find_chosen
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.calibrate_models import find_in_force
from varde.workflows.manage_models import choose

_BUILTIN = "builtin"


@dataclass(frozen=True, slots=True)
class FaceModelsInUse:
    """The pack that embeds faces at a site.

    Attributes:
        model_id: row number of its embedder.
    """

    pack: Pack
    model_id: int
    model: ModelIdentity
    scale: FaceScale

    @property
    def dimensions(self) -> int:
        """Of its embeddings."""
        return int(self.pack.get(ModelTask.FACE_EMBED).output["dimensions"])


def ensure_models(site: Site, actor: Actor) -> bool:
    """Returns whether no models were in use and the builtin ones are now; choosing them is audited.

    Raises:
        NotFound: if they are not installed.
    """
    with site.database.read() as connection:
        if not isinstance(find_chosen(connection), NotChosen):
            return False
    choose(site, actor, _BUILTIN)
    return True


def open_models(site: Site, actor: Actor) -> FaceModelsInUse:
    """Returns the models in use.

    Raises:
        Refused: if none are.
        NotFound: if their files are gone.
        IntegrityFailure: if a file is not what it should be.
    """
    with site.database.read() as connection:
        chosen = find_chosen(connection)
    if isinstance(chosen, NotChosen):
        raise Refused(
            "no face models are in use at this site",
            advice="An administrator chooses them: `varde models use builtin`.",
        )
    pack = find_pack(site.folder, chosen.key)
    model = pack.identity(ModelTask.FACE_EMBED)
    with site.database.write() as connection:
        model_id = ensure_model(connection, model, actor.person, actor.clock())
        return FaceModelsInUse(pack, model_id, model, _read_scale(connection, pack, model_id))


def _read_scale(connection: Connection, pack: Pack, model_id: int) -> FaceScale:
    return make_scale(pack, find_in_force(connection, model_id, pack.get(ModelTask.FACE_EMBED)))
