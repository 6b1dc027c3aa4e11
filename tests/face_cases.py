"""Cases with made-up faces: unit vectors around made-up people, no network involved."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from varde.core.age import AgeBand
from varde.core.case import Keeping
from varde.core.content import Content
from varde.core.digest import Digests
from varde.core.face import AgeBracket, Face, FaceBox, FaceFrame, FacesFound
from varde.core.face_search import ProbeExamined
from varde.core.item import Origin
from varde.core.locator import path_locator
from varde.core.media import Facts, MediaKind, MediaType
from varde.core.model import ModelTask
from varde.faces.calibration import COSINE, BandTable, Calibration
from varde.faces.calibration_format import write_calibration
from varde.models.pack import open_pack
from varde.store import calibrations, cases, items, tables
from varde.store.face_tables import faces
from varde.store.face_writing import FaceModels
from varde.store.items import ExaminedItem, NewItem
from varde.store.models import choose_pack, ensure_model
from varde.store.site import Site
from varde.workflows.actor import Actor

DIMENSIONS = 16
JPEG = MediaType(MediaKind.PICTURE, "image/jpeg")

_MODEL = """
[[model]]
task = "{task}"
file = "{file}"
sha256 = "{digest}"
size_bytes = 4
source = "made up"
licence = "none"
commercial = "no"
training_data = "none"
limits = ["none of it is real"]
[model.input]
size = [112, 112]
[model.output]
dimensions = 16
"""
_THRESHOLDS = '[model.thresholds]\n"1e-2" = 0.5\n"1e-3" = 0.6\n"1e-4" = 0.7\n"1e-5" = 0.8\n'


def use_made_up_pack(site: Site, actor: Actor, *, with_thresholds: bool = True) -> FaceModels:
    """Puts a pack whose files are no networks into use, and returns the numbers of its models."""
    folder = site.folder / "models" / "madeup-1"
    folder.mkdir(parents=True)
    text = '[pack]\nformat = 1\nname = "madeup"\nversion = "1"\ntitle = "Made up"\n'
    for task, data in ((ModelTask.FACE_DETECT, b"find"), (ModelTask.FACE_EMBED, b"tell")):
        (folder / f"{data.decode()}.onnx").write_bytes(data)
        block = _MODEL.format(task=task.value, file=f"{data.decode()}.onnx", digest=hashlib.sha256(data).hexdigest())
        if task is ModelTask.FACE_EMBED:
            block = block.replace("[model.input]", 'measured = "nothing"\n[model.input]')
            block += _THRESHOLDS if with_thresholds else ""
        text += block
    (folder / "pack.toml").write_text(text)
    pack = open_pack(folder)
    with site.database.write() as connection:
        numbers = [
            ensure_model(connection, pack.identity(task), actor.person, actor.clock())
            for task in (ModelTask.FACE_DETECT, ModelTask.FACE_EMBED)
        ]
        choose_pack(connection, "madeup", "1", actor.person, actor.clock())
    return FaceModels(*numbers)


def calibrate(site: Site, models: FaceModels, *, scale: str = COSINE) -> int:
    """Puts a calibration of adults in force by which a score of 1 has a log10 likelihood ratio of 4, and 0 of -4."""
    table = BandTable(AgeBand.ADULT, 20, 50, 100, 1_000, (0.0, 1.0), (-4.0, 4.0), ((0.01, 0.5), (0.001, 0.6)))
    document = write_calibration(Calibration("made up", scale, (table,)))
    at = datetime(2026, 10, 1, tzinfo=UTC)
    with site.database.write() as connection:
        return calibrations.add_calibration(connection, models.embedder_id, "made up", document, person="bodil", at=at)


def make_vector(person: int, look: float = 0.0) -> NDArray[np.float32]:
    """Returns a look at a person: cosine between looks a and b of one person is cos(a - b), of two people 0."""
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[2 * person], vector[2 * person + 1] = np.cos(look), np.sin(look)
    return vector


def make_face(person: int, look: float = 0.0, *, quality: int = 80, age: AgeBracket | None = None) -> Face:
    crop = b"crop of %d at %.3f" % (person, look)
    return Face(
        box=FaceBox(0.25, 0.25, 0.5, 0.5),
        landmarks=((0.4, 0.4), (0.6, 0.4), (0.5, 0.5), (0.4, 0.6), (0.6, 0.6)),
        angle=0,
        size_px=80.0,
        confidence=0.9,
        frames=(FaceFrame(None, crop, quality),),
        embedding=make_vector(person, look).astype("<f4").tobytes(),
        age=age,
    )


def make_probe(person: int, look: float = 0.0) -> ProbeExamined:
    return ProbeExamined(make_face(person, look), hashlib.sha256(b"%d %f" % (person, look)).digest())


def add_case(
    site: Site, actor: Actor, name: str, models: FaceModels, pictures: dict[str, tuple[Face, ...]]
) -> list[int]:
    """Adds a case with one exhibit of pictures that were examined, and returns the numbers of their faces."""
    with site.database.write() as connection:
        known = {case.name for case in cases.list_cases(connection)}
        if name not in known:
            words = {"authorisation": "warrant 1", "scheme": "vics-us@2.0"}
            cases.create_case(connection, name=name, **words, person=actor.person, at=actor.clock())
        case = cases.get_case(connection, name)
        number = len(cases.list_exhibits(connection, case.case_id))
        exhibit = cases.add_exhibit(
            connection,
            case=case,
            path=Path(f"/evidence/{name}/{number}"),
            keeping=Keeping.REFERENCE,
            person=actor.person,
            at=actor.clock(),
        )
        cases.record_walked(connection, exhibit.exhibit_id)
        locators = {str(path_locator(path.encode())): path for path in pictures}
        found = [NewItem(path_locator(path.encode()), Origin.FILE, 10, actor.clock()) for path in pictures]
        items.add_items(connection, exhibit.exhibit_id, found)
        table = tables.items.c
        rows = connection.execute(select(table.id, table.locator).where(table.exhibit_id == exhibit.exhibit_id)).all()
        examined = [
            ExaminedItem(row.id, row.locator, _make_content(locators[row.locator], pictures[locators[row.locator]]), ())
            for row in rows
        ]
        items.record_examined(connection, exhibit.exhibit_id, examined, models)
        shown = select(faces.c.id).join(tables.items, table.content_id == faces.c.content_id)
        return sorted(connection.execute(shown.where(table.exhibit_id == exhibit.exhibit_id)).scalars())


def _make_content(path: str, shown: tuple[Face, ...]) -> Content:
    data = path.rpartition("/")[2].encode()
    digests = Digests(hashlib.md5(data).digest(), hashlib.sha1(data).digest(), hashlib.sha256(data).digest(), len(data))
    content = Content(digests, JPEG, Facts(640, 480, None, None, ()), None, ())
    return replace(content, faces=FacesFound(shown, 0, "made up"))
