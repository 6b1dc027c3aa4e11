"""Models a site knows: which computed something, and which pack is in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from varde.core.errors import NotFound
from varde.core.model import ModelIdentity, ModelTask
from varde.store.face_tables import model_choices, models

FACES = "faces"
"""Purpose for which one pack is in use."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The pack in use."""

    pack: str
    version: str


@dataclass(frozen=True, slots=True)
class NotChosen:
    """No pack is in use."""


def find_chosen(connection: Connection) -> Chosen | NotChosen:
    """Returns the pack that looks for faces, or that none was chosen."""
    query = select(model_choices.c.pack, model_choices.c.version).where(model_choices.c.purpose == FACES)
    row = connection.execute(query).first()
    return Chosen(row.pack, row.version) if row else NotChosen()


def ensure_model(connection: Connection, identity: ModelIdentity, person: str, at: datetime) -> int:
    """Returns the row number of a model, recorded now if it was not known."""
    table = models.c
    query = select(table.id).where(
        table.pack == identity.pack,
        table.version == identity.version,
        table.task == identity.task.value,
        table.sha256 == identity.sha256,
    )
    found = connection.execute(query).scalar()
    if found is not None:
        return int(found)
    values = {
        "pack": identity.pack,
        "version": identity.version,
        "task": identity.task.value,
        "sha256": identity.sha256,
        "added_at": at,
        "added_by": person,
    }
    return int(connection.execute(insert(models).values(**values).returning(table.id)).scalar_one())


def get_identity(connection: Connection, model_id: int) -> ModelIdentity:
    """Returns which model a row number names.

    Raises:
        NotFound: if there is none.
    """
    row = connection.execute(select(models).where(models.c.id == model_id)).first()
    if row is None:
        raise NotFound(f"there is no model {model_id}", advice="`varde models list` shows them.")
    return ModelIdentity(row.pack, row.version, ModelTask(row.task), row.sha256)
