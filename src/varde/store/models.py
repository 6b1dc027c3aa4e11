"""Models a site knows: which computed something, and which pack is in use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from varde.core.errors import NotFound
from varde.core.model import ModelIdentity, ModelTask
from varde.store.face_tables import model_choices, models
from varde.store.types import AnyRow

FACES = "faces"
"""Purpose for which one pack is in use."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The pack in use."""

    pack: str
    version: str

    @property
    def key(self) -> str:
        """``name-version``, by which `varde.models.registry.find_pack` finds exactly this one."""
        return f"{self.pack}-{self.version}"


@dataclass(frozen=True, slots=True)
class NotChosen:
    """No pack is in use."""


def find_chosen(connection: Connection) -> Chosen | NotChosen:
    """Returns the pack that looks for faces, or that none was chosen."""
    query = select(model_choices.c.pack, model_choices.c.version).where(model_choices.c.purpose == FACES)
    row = connection.execute(query).first()
    return Chosen(row.pack, row.version) if row else NotChosen()


def choose_pack(connection: Connection, pack: str, version: str, person: str, at: datetime) -> None:
    """Records which pack is in use from now on."""
    values = {"pack": pack, "version": version, "chosen_at": at, "chosen_by": person}
    changed = connection.execute(update(model_choices).where(model_choices.c.purpose == FACES).values(**values))
    if not changed.rowcount:
        connection.execute(insert(model_choices).values(purpose=FACES, **values))


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model that a site knows: what it computed stays, also when its file was removed."""

    id: int
    identity: ModelIdentity
    added_at: datetime
    added_by: str
    removed_at: datetime | None


def list_models(connection: Connection) -> list[StoredModel]:
    """Returns all models the site ever had, by pack, version and task."""
    table = models.c
    rows = connection.execute(select(models).order_by(table.pack, table.version, table.task, table.id))
    return [StoredModel(row.id, _identity(row), row.added_at, row.added_by, row.removed_at) for row in rows]


def record_return(connection: Connection, pack: str, version: str) -> None:
    """Records that a pack's files are here again."""
    table = models.c
    connection.execute(update(models).where(table.pack == pack, table.version == version).values(removed_at=None))


def record_removal(connection: Connection, pack: str, version: str, at: datetime) -> None:
    """Records that a pack's files are gone; embeddings of its models stay, and name them."""
    table = models.c
    here = (table.pack == pack, table.version == version, table.removed_at.is_(None))
    connection.execute(update(models).where(*here).values(removed_at=at))


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
    return _identity(row)


def _identity(row: AnyRow) -> ModelIdentity:
    return ModelIdentity(row.pack, row.version, ModelTask(row.task), row.sha256)
