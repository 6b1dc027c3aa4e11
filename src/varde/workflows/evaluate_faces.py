"""Evaluates a pack of models on a folder of people, with or without a site; nothing is kept of the pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from varde.core.errors import WrongUse
from varde.core.model import ModelIdentity, ModelTask
from varde.faces.evaluation import Evaluation, evaluate
from varde.measures.estimate import Ints, Scores
from varde.models.pack import Pack
from varde.models.registry import find_pack
from varde.store import models
from varde.store.settings import Settings
from varde.store.site import Site
from varde.workflows.read_people import LeftOut, PersonFace, list_people_files, read_people

BUILTIN = "builtin"


@dataclass(frozen=True, slots=True)
class FolderEvaluation:
    """What a pack is worth on a folder of people.

    Attributes:
        pack: name and version.
        model: that made the embeddings.
        files: in the folder.
        left_out: files that gave no face, each with its reason.
        several: pictures with more than one face.
        evaluation: of the faces that were found.
    """

    pack: str
    model: ModelIdentity
    files: int
    left_out: tuple[LeftOut, ...]
    several: int
    evaluation: Evaluation


def find_pack_in_use(site: Site | None, name: str | None) -> Pack:
    """Returns the pack of a name or folder; without one that of the site, or else the one that is always there."""
    if name is None and site is not None:
        with site.database.read() as connection:
            chosen = models.find_chosen(connection)
        if isinstance(chosen, models.Chosen):
            return find_pack(site.folder, chosen.key)
    return find_pack(site.folder if site else None, name or BUILTIN)


def evaluate_folder(
    site: Site | None, folder: Path, pack_name: str | None, on_file: Callable[[int, int], None] = lambda done, of: None
) -> FolderEvaluation:
    """Returns the figures of a pack on a folder with one folder per person.

    Args:
        site: whose packs and limits apply; None works without.
        folder: of people.
        pack_name: name or folder of a pack; None takes the one in use.
        on_file: told how many files are done, of how many.

    Raises:
        NotFound: if there is no such folder or pack.
        WrongUse: if fewer than two people have a face in their pictures.
    """
    files = list_people_files(folder)
    pack = find_pack_in_use(site, pack_name)
    settings = site.settings if site else Settings()
    faces: list[PersonFace] = []
    left_out: list[LeftOut] = []
    for done, one in enumerate(read_people(settings, pack, files), 1):
        if isinstance(one, PersonFace):
            faces.append(one)
        else:
            left_out.append(one)
        on_file(done, len(files))
    vectors, people = stack_faces(faces)
    if len(set(people.tolist())) < 2:
        raise WrongUse(
            f"{len(files)} files gave faces of {len(set(people.tolist()))} people; comparing needs two",
            advice=_advise(left_out),
        )
    several = sum(one.others > 0 for one in faces)
    return FolderEvaluation(
        f"{pack.name}-{pack.version}",
        pack.identity(ModelTask.FACE_EMBED),
        len(files),
        tuple(left_out),
        several,
        evaluate(vectors, people),
    )


def stack_faces(faces: list[PersonFace]) -> tuple[Scores, Ints]:
    """Returns the unit vectors (N, D) of faces and the number of each one's person (N,)."""
    vectors = [np.frombuffer(one.face.embedding, "<f4") for one in faces if isinstance(one.face.embedding, bytes)]
    names = sorted({one.file.person for one in faces})
    numbers = {name: number for number, name in enumerate(names)}
    people = np.array([numbers[one.file.person] for one in faces], np.int64)
    return np.array(vectors, np.float32).reshape(len(faces), -1) if faces else np.empty((0, 1), np.float32), people


def _advise(left_out: list[LeftOut]) -> str:
    if not left_out:
        return "Make one folder per person, with two pictures of each at least."
    first = left_out[0]
    return f"The first without a face: {first.file.path.name}: {first.detail} {first.advice}".strip()
