"""Reads the faces of people from a folder with one folder per person, in the sandboxed processes exhibits are read in.

What is measured, calibrated and kept as a cohort all comes from here. Nothing of it is recorded.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from varde.core.errors import NotFound, WrongUse
from varde.core.face import Face, FacesFound
from varde.core.outcome import NotComparable
from varde.models.pack import Pack
from varde.pipeline.examine import ExamineRequest
from varde.pipeline.examine_files import FileExaminer
from varde.pipeline.probe_faces import advise, read_outcome
from varde.store.settings import Settings

_UNLIKELY_PEOPLE = 200_000


@dataclass(frozen=True, slots=True)
class PersonFile:
    """A file in the folder of a person; `person` is the folder's name, and "" for a file beside the folders."""

    person: str
    path: Path


@dataclass(frozen=True, slots=True)
class PersonFace:
    """The face of a person in one file.

    Attributes:
        file: where it is.
        face: with an embedding.
        others: further faces in the picture, which are not counted for anybody.
    """

    file: PersonFile
    face: Face
    others: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that gave no face to compare, and what could be done about it."""

    file: PersonFile
    reason: NotComparable | None
    advice: str

    @property
    def detail(self) -> str:
        """Why, for people."""
        return self.reason.detail if self.reason else "It lies in no person's folder."


def list_people_files(folder: Path) -> list[PersonFile]:
    """Returns the files of a folder by person and name; hidden ones and links out of it are not looked at.

    Raises:
        NotFound: if there is no such folder.
        WrongUse: if it has no folders in it.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}", advice="Name a folder that has one folder per person in it.")
    people = [one for one in sorted(folder.iterdir()) if one.is_dir() and not one.name.startswith(".")]
    if not people:
        raise WrongUse(
            f"{folder} has no folders in it",
            advice="Make one folder per person, named as you like, with their pictures.",
        )
    if len(people) > _UNLIKELY_PEOPLE:
        raise WrongUse(f"{folder} has {len(people):,} folders", advice=f"At most {_UNLIKELY_PEOPLE:,} are compared.")
    strays = [PersonFile("", one) for one in sorted(folder.iterdir()) if one.is_file() and one.name[0] != "."]
    return [PersonFile(person.name, path) for person in people for path in _list_files(person)] + strays


def read_people(settings: Settings, pack: Pack, files: list[PersonFile]) -> Iterator[PersonFace | LeftOut]:
    """Yields the person's face in each file, or why there is none, in the order of the files.

    In a picture of several people the largest face near the middle counts.

    Args:
        settings: limits of decoding.
        pack: finds and embeds.
        files: as `list_people_files` gives them.
    """
    inside = [file for file in files if file.person]
    request = ExamineRequest(0, 0, settings.decode.limits(), faces=True)
    with FileExaminer(settings, request, pack=pack) as examiner:
        for file, examined in zip(inside, examiner.examine_all(file.path for file in inside), strict=True):
            outcome = read_outcome(examined)
            yield _choose(file, outcome) if isinstance(outcome, FacesFound) else _leave_out(file, outcome)
    yield from (LeftOut(file, None, "Move it into a person's folder.") for file in files if not file.person)


def _list_files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != ".")
        yield from (Path(place, name) for name in sorted(names) if name[0] != ".")


def _choose(file: PersonFile, found: FacesFound) -> PersonFace | LeftOut:
    face = max(found.faces, key=_prefer)
    if isinstance(face.embedding, NotComparable):
        return _leave_out(file, face.embedding)
    return PersonFace(file, face, len(found.faces) - 1 + found.dropped)


def _prefer(face: Face) -> float:
    """Returns more for a larger and surer face, and much more for one nearer to the middle of the picture."""
    box = face.box
    away = ((box.left + box.width / 2 - 0.5) ** 2 + (box.top + box.height / 2 - 0.5) ** 2) ** 0.5
    return float(face.confidence * box.width**0.5 * max(0.0, 1 - away) ** 4)


def _leave_out(file: PersonFile, reason: NotComparable) -> LeftOut:
    return LeftOut(file, reason, advise(reason.reason))
