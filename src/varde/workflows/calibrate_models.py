"""Measures what scores of a model are worth on a site's own people, whose ages are known, and keeps the tables."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from varde.core.age import AgeBand, find_band
from varde.core.audit import Act
from varde.core.errors import FormatError, NotFound, WrongUse
from varde.core.model import ModelTask
from varde.faces.calibration import COSINE, BandTable, Calibration
from varde.faces.calibration_format import read_calibration, write_calibration
from varde.faces.calibration_measure import BandOutcome, PeopleFaces, calibrate
from varde.models.pack import ModelCard
from varde.store import audit, calibrations, models
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.evaluate_faces import find_pack_in_use, stack_faces
from varde.workflows.read_people import LeftOut, PersonFace, PersonFile, list_people_files, read_people

_COLUMNS = ("person", "age")


@dataclass(frozen=True, slots=True)
class CalibrationOrder:
    """What to measure.

    Attributes:
        folder: one folder of pictures per person.
        ages: CSV file with the columns person, age (years), and perhaps file for pictures of one person at several
            ages; None where everybody is of one band.
        age_band: of everybody, where there is no file of ages.
        pack_name: name or folder of a pack; None takes the one in use.
    """

    folder: Path
    ages: Path | None
    age_band: AgeBand | None
    pack_name: str | None = None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What came of it.

    Attributes:
        pack: name and version.
        calibration_id: of the tables that are in force now; None where no band had enough people.
        bands: every band with its table and its check, or why it has none.
        faces, people: measured.
        left_out: files that gave no face.
        without_age: people in the folder whose age is not told.
    """

    pack: str
    calibration_id: int | None
    bands: tuple[BandOutcome, ...]
    faces: int
    people: int
    left_out: tuple[LeftOut, ...]
    without_age: tuple[str, ...]


def calibrate_model(
    site: Site, actor: Actor, order: CalibrationOrder, on_file: Callable[[int, int], None] = lambda done, of: None
) -> Calibrated:
    """Measures the model in use on a folder of people and puts the tables in force for this site.

    Raises:
        NotFound: if there is no such folder, file or pack.
        WrongUse: if no age is told, or nobody whose age is told has a face.
        FormatError: if the file of ages cannot be read.
    """
    find_age = _read_ages(order)
    pack = find_pack_in_use(site, order.pack_name)
    files = list_people_files(order.folder)
    known = [file for file in files if not file.person or find_age(file) is not None]
    without_age = sorted({file.person for file in files} - {file.person for file in known} - {""})
    read = []
    for done, one in enumerate(read_people(site.settings, pack, known), 1):
        read.append(one)
        on_file(done, len(known))
    faces = [one for one in read if isinstance(one, PersonFace)]
    if not faces:
        raise WrongUse("nobody whose age is told has a face in a picture", advice="Names in the file are folders'.")
    bands = calibrate(_stack(faces, find_age), np.random.default_rng(1))
    people = len({one.file.person for one in faces})
    made = _make_calibration(bands, f"measured by this site on {len(faces):,} faces of {people:,} people")
    number = None
    if made is not None:
        with site.database.write() as connection:
            identity = pack.identity(ModelTask.FACE_EMBED)
            model_id = models.ensure_model(connection, identity, actor.person, actor.clock())
            number = _keep(connection, actor, model_id, str(identity), made)
    left_out = tuple(one for one in read if isinstance(one, LeftOut))
    name = f"{pack.name}-{pack.version}"
    return Calibrated(name, number, tuple(bands), len(faces), people, left_out, tuple(without_age))


def find_in_force(connection: Connection, model_id: int, card: ModelCard) -> tuple[int | None, Calibration] | None:
    """Returns the calibration in force of a model: the site's own with its number, else the pack's, None without any.

    Args:
        connection: of the site.
        model_id: row number of the model that embeds.
        card: of that model.
    """
    own = calibrations.find_calibration(connection, model_id)
    if own is not None:
        return own.calibration_id, read_calibration(own.document)
    return (None, read_calibration(card.calibration)) if card.calibration else None


def _keep(connection: Connection, actor: Actor, model_id: int, model: str, made: Calibration) -> int:
    at = actor.clock()
    document = write_calibration(made)
    number = calibrations.add_calibration(connection, model_id, made.source, document, person=actor.person, at=at)
    subject: dict[str, str | int | None] = {
        "calibration": number,
        "model": model,
        "bands": ", ".join(f"{table.age} from {table.least_quality}" for table in made.tables),
        "people": max(table.people for table in made.tables),
    }
    audit.append_event(connection, at=at, person=actor.person, act=Act.MODEL_CALIBRATED, subject=subject)
    return number


def _make_calibration(bands: list[BandOutcome], source: str) -> Calibration | None:
    tables = tuple(band.table for band in bands if isinstance(band.table, BandTable))
    return Calibration(source, COSINE, tables) if tables else None


def _stack(faces: list[PersonFace], find_age: Callable[[PersonFile], AgeBand | None]) -> PeopleFaces:
    vectors, people = stack_faces(faces)
    order = list(AgeBand)
    ages = [order.index(age) for one in faces if (age := find_age(one.file)) is not None]
    quality = np.array([one.face.quality for one in faces], np.int64)
    return PeopleFaces(vectors, people, np.arange(len(faces)), quality, np.array(ages, np.int64))


def _read_ages(order: CalibrationOrder) -> Callable[[PersonFile], AgeBand | None]:
    """Returns what tells the age band of a file's person then, None where nobody said it."""
    if order.ages is None:
        if order.age_band is None:
            raise WrongUse(
                "nobody said how old these people are",
                advice="Give --ages CSV with the columns person, age; or --age-band BAND if all are of one band.",
            )
        band = order.age_band
        return lambda file: band
    if not order.ages.is_file():
        raise NotFound(f"there is no file {order.ages}")
    found = _parse_ages(order.ages)
    return lambda file: found.get((file.person, file.path.name)) or found.get((file.person, ""))


def _parse_ages(path: Path) -> dict[tuple[str, str], AgeBand]:
    found: dict[tuple[str, str], AgeBand] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if not set(_COLUMNS) <= set(rows.fieldnames or ()):
                raise FormatError("the file of ages has no columns person and age", line=1)
            for row in rows:
                found[row["person"], row.get("file") or ""] = _read_age(row["age"], rows.line_num)
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"the file of ages is no CSV in UTF-8: {error}") from error
    return found


def _read_age(text: str | None, line: int) -> AgeBand:
    try:
        return find_band(float(text or ""))
    except (ValueError, WrongUse) as error:
        raise FormatError(f"{text!r} is no age in years", line=line) from error
