"""Keeps cohorts: reference faces of consenting people, by which reviewers are measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from varde.core.age import AgeBand
from varde.core.audit import Act
from varde.core.errors import WrongUse
from varde.core.model import ModelTask
from varde.measures.estimate import Ints, Scores
from varde.store import audit, cohorts, models
from varde.store.cohorts import Cohort, NewCohortFace
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.evaluate_faces import find_pack_in_use
from varde.workflows.read_people import LeftOut, PersonFace, list_people_files, read_people

_MOST_NAME_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class CohortOrder:
    """What to keep.

    Attributes:
        name: of the cohort, new or not.
        folder: one folder of pictures per person.
        age_band: of everybody in it.
        consent: where these people's consent is recorded; it stands in the audit log.
    """

    name: str
    folder: Path
    age_band: AgeBand
    consent: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of it.

    Attributes:
        faces: that the cohort did not have yet.
        people: in the folder.
        left_out: files that gave no face.
    """

    faces: int
    people: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class CohortFaces:
    """A site's cohort faces as one model sees them: row number, person's number and unit vector of each."""

    ids: Ints
    people: Ints
    vectors: Scores


def add_cohort(
    site: Site, actor: Actor, order: CohortOrder, on_file: Callable[[int, int], None] = lambda done, of: None
) -> Kept:
    """Keeps the faces of a folder of people: their crops and embeddings, not their pictures.

    Raises:
        NotFound: if there is no such folder.
        WrongUse: if the name is none, or no file gives a face.
    """
    name = order.name.strip()
    if not name or len(name) > _MOST_NAME_CHARACTERS or not name.isprintable():
        raise WrongUse(f"a cohort's name has 1 to {_MOST_NAME_CHARACTERS} printable characters")
    pack = find_pack_in_use(site, None)
    files = list_people_files(order.folder)
    read = []
    for done, one in enumerate(read_people(site.settings, pack, files), 1):
        read.append(one)
        on_file(done, len(files))
    faces = [_make_face(one) for one in read if isinstance(one, PersonFace)]
    left_out = tuple(one for one in read if isinstance(one, LeftOut))
    if not faces:
        raise WrongUse("no file gave a face", advice=f"The first: {left_out[0].detail}" if left_out else "")
    people = len({face.person for face in faces})
    with site.database.write() as connection:
        at = actor.clock()
        model_id = models.ensure_model(connection, pack.identity(ModelTask.FACE_EMBED), actor.person, at)
        added = cohorts.add_faces(connection, name, order.age_band, model_id, faces, person=actor.person, at=at)
        subject: dict[str, str | int | None] = {
            "cohort": name,
            "age_band": order.age_band.value,
            "faces": added,
            "people": people,
            "consent": order.consent or None,
        }
        audit.append_event(connection, at=at, person=actor.person, act=Act.COHORT_ADDED, subject=subject)
    return Kept(added, people, left_out)


def list_cohorts(site: Site) -> list[Cohort]:
    """Returns the cohorts of a site."""
    with site.database.read() as connection:
        return cohorts.list_cohorts(connection)


def remove_cohort(site: Site, actor: Actor, name: str) -> int:
    """Deletes a cohort and returns how many faces it had.

    Raises:
        NotFound: if there is none of that name.
    """
    with site.database.write() as connection:
        count = cohorts.remove_cohort(connection, name)
        subject: dict[str, str | int | None] = {"cohort": name, "faces": count}
        audit.append_event(connection, at=actor.clock(), person=actor.person, act=Act.COHORT_REMOVED, subject=subject)
    return count


def load_cohort(site: Site, model_id: int, dimensions: int, age_bands: tuple[AgeBand, ...] = ()) -> CohortFaces:
    """Returns the cohort faces of a site that a model has embedded, of some age bands or of all; perhaps none."""
    with site.database.read() as connection:
        found = cohorts.list_vectors(connection, model_id, age_bands)
    numbers = {person: number for number, person in enumerate(sorted({one.person for one in found}))}
    rows = [np.frombuffer(one.vector, "<f4") for one in found]
    return CohortFaces(
        np.array([one.cohort_face_id for one in found], np.int64),
        np.array([numbers[one.person] for one in found], np.int64),
        np.array(rows, np.float32).reshape(-1, dimensions),
    )


def _make_face(one: PersonFace) -> NewCohortFace:
    vector = one.face.embedding
    if not isinstance(vector, bytes):
        raise WrongUse("a face without an embedding cannot be kept in a cohort")
    return NewCohortFace(one.file.person, one.face.quality, one.face.frames[0].crop, vector)
