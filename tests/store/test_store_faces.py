from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import Connection, func, select
from stored import AT, PERSON, add_files, make_case, make_content

from varde.core.case import Exhibit
from varde.core.content import Content
from varde.core.face import AgeBracket, Face, FaceBox, FaceFrame, FacesFound
from varde.core.locator import path_locator
from varde.core.model import ModelIdentity, ModelTask
from varde.core.outcome import NotComparable, Reason
from varde.store import faces, items, reopening, tables
from varde.store.database import Database
from varde.store.face_re_embedding import FaceKind, count_missing, list_missing, record_embeddings
from varde.store.face_tables import cohort_faces, face_embeddings, face_examinations
from varde.store.face_writing import FaceModels
from varde.store.items import ExaminedItem, ItemState
from varde.store.models import ensure_model


def unit(number: int) -> bytes:
    return np.eye(8, dtype="<f4")[number].tobytes()


def make_face(number: int, *, frames: int = 1, poor: bool = False) -> Face:
    return Face(
        box=FaceBox(0.125, 0.25, 0.5, 0.5),
        landmarks=((0.25, 0.5),) * 5,
        angle=90,
        size_px=64.0,
        confidence=0.75,
        frames=tuple(FaceFrame(place / 2, b"crop %d.%d" % (number, place), 80 - place) for place in range(frames)),
        embedding=NotComparable(Reason.QUALITY_TOO_LOW, "blurred") if poor else unit(number),
        seen_frames=frames + 3,
        first_s=0.5,
        last_s=2.0,
        age=AgeBracket(20.0, 25.5, 30.0),
    )


def make_found(number: int, path: bytes) -> FacesFound:
    """Returns none, one or two faces, whose number tells the path."""
    return FacesFound((make_face(number % 8),) * (number % 3), 0, path.decode())


def make_models(connection: Connection) -> FaceModels:
    tasks = (ModelTask.FACE_DETECT, ModelTask.FACE_EMBED)
    numbers = [
        ensure_model(connection, ModelIdentity("test", "1", task, bytes([place]) * 32), PERSON, AT)
        for place, task in enumerate(tasks)
    ]
    return FaceModels(*numbers)


def record(connection: Connection, exhibit: Exhibit, path: bytes, found: FacesFound | None) -> int:
    """Records one examined item with faces and returns the number of its content."""
    locator = str(path_locator(path))
    item_id = add_files(connection, exhibit, path)[locator]
    content: Content = replace(make_content(b"content of " + path), faces=found)
    items.record_examined(
        connection, exhibit.exhibit_id, [ExaminedItem(item_id, locator, content, ())], make_models(connection)
    )
    query = select(tables.items.c.content_id).where(tables.items.c.id == item_id)
    return int(connection.execute(query).scalar_one())


def test_what_was_recorded_is_read_back(database: Database) -> None:
    face, poor = make_face(1, frames=3), make_face(2, poor=True)
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        content_id = record(connection, exhibit, b"a.mp4", FacesFound((face, poor), 7, "960 px, 4 frames"))
    with database.read() as connection:
        (examination,) = faces.read_faces(connection, [content_id, 999]).values()
        assert (examination.dropped, examination.looked_at, examination.refused) == (7, "960 px, 4 frames", None)
        first, second = examination.faces
        assert (first.box, first.landmarks, first.angle, first.age) == (face.box, face.landmarks, 90, face.age)
        assert (first.quality, first.seen_frames, first.first_s, first.last_s) == (80, 6, 0.5, 2.0)
        assert (first.reason, second.reason) == (None, Reason.QUALITY_TOO_LOW)
        assert faces.find_face(connection, first.face_id) == first
        assert faces.find_face(connection, 999) is None
        assert tuple(faces.list_frames(connection, first.face_id)) == face.frames
        assert faces.find_crop(connection, first.face_id, 2) == b"crop 1.2"
        assert faces.find_crop(connection, first.face_id, 3) is None
        models = make_models_read(connection)
        assert faces.list_embeddings(connection, models.embedder_id, after=0, limit=9) == [(first.face_id, unit(1))]
        assert faces.list_embeddings(connection, models.embedder_id, after=first.face_id, limit=9) == []
        assert faces.load_embeddings(connection, models.embedder_id, [second.face_id, first.face_id]) == {
            first.face_id: unit(1)
        }
        assert faces.list_embeddings(connection, models.detector_id, after=0, limit=9) == []
        (place, _) = faces.list_places(connection, [first.face_id, second.face_id])
        assert (place.face_id, place.case, place.exhibit, place.locator) == (first.face_id, case.name, 1, "a.mp4")
        assert faces.has_faces(connection, case.case_id)


def make_models_read(connection: Connection) -> FaceModels:
    row = connection.execute(select(face_examinations.c.model_id)).first()
    made = connection.execute(select(face_embeddings.c.model_id)).first()
    assert row and made
    return FaceModels(row.model_id, made.model_id)


def test_a_content_in_two_cases_is_recorded_once_and_seen_from_both(database: Database) -> None:
    found = FacesFound((make_face(1),), 0, "1600 px, 0")
    with database.write() as connection:
        one, (exhibit,) = make_case(connection)
        other, (elsewhere,) = make_case(connection, "quay")
        content_id = record(connection, exhibit, b"a.jpg", found)
        assert record(connection, elsewhere, b"a.jpg", replace(found, looked_at="another time")) == content_id
    with database.read() as connection:
        (examination,) = faces.read_faces(connection, [content_id]).values()
        (face_id,) = [face.face_id for face in examination.faces]
        assert examination.looked_at == "1600 px, 0"
        assert faces.find_case_ids(connection, [face_id]) == {face_id: {one.case_id, other.case_id}}
        assert faces.list_case_faces(connection, other.case_id) == [face_id]
        assert faces.list_case_faces(connection, other.case_id, after=face_id) == []
        (place,) = faces.list_places(connection, [face_id], case_ids={other.case_id})
        assert place.case == "quay"
        assert faces.list_places(connection, [face_id], case_ids=()) == []


def test_what_nobody_looked_at_is_counted_and_can_wait_again(database: Database) -> None:
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        record(connection, exhibit, b"seen.jpg", FacesFound((), 0, "1600 px, 0"))
        content_id = record(connection, exhibit, b"unseen.jpg", None)
        assert faces.count_unexamined(connection, case.case_id) == faces.count_unexamined(connection) == 1
        assert not faces.has_faces(connection, case.case_id)
        assert reopening.open_without_faces(connection, exhibit.exhibit_id) == 1
        waiting = items.list_waiting(connection, exhibit.exhibit_id, after_id=0, limit=9)
        assert [item.locator for item in waiting] == ["unseen.jpg"]
        assert record(connection, exhibit, b"unseen.jpg", FacesFound((make_face(3),), 0, "")) == content_id
        assert faces.count_unexamined(connection, case.case_id) == 0
        assert reopening.open_without_faces(connection, exhibit.exhibit_id) == 0
        assert len(faces.read_faces(connection, [content_id])[content_id].faces) == 1
        assert items.list_waiting(connection, exhibit.exhibit_id, after_id=0, limit=9) == []


def test_why_nothing_could_be_looked_for_is_kept(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        refused = FacesFound((), 0, "", NotComparable(Reason.NO_FRAMES, "none"))
        content_id = record(connection, exhibit, b"a.mp4", refused)
        assert faces.read_faces(connection, [content_id])[content_id].refused is Reason.NO_FRAMES


def test_many_contents_at_once_keep_their_own_faces(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        models = make_models(connection)
        paths = [b"%d.jpg" % number for number in range(620)]
        ids = add_files(connection, exhibit, *paths)
        batch = [
            ExaminedItem(
                ids[path.decode()],
                path.decode(),
                replace(make_content(path), faces=make_found(number, path)),
                (),
            )
            for number, path in enumerate(paths)
        ]
        items.record_examined(connection, exhibit.exhibit_id, batch, models)
        contents = connection.execute(select(tables.items.c.locator, tables.items.c.content_id)).all()
        read = faces.read_faces(connection, [row.content_id for row in contents])
        for row in contents:
            number = int(row.locator.removesuffix(".jpg"))
            assert read[row.content_id].looked_at == row.locator
            found = [face.face_id for face in read[row.content_id].faces]
            assert len(found) == number % 3
            assert all(faces.find_crop(connection, face_id) == b"crop %d.0" % (number % 8) for face_id in found)


@pytest.mark.parametrize("kind", [FaceKind.ITEMS, FaceKind.COHORTS])
def test_faces_without_an_embedding_by_a_model_are_listed_and_completed(database: Database, kind: FaceKind) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        record(connection, exhibit, b"a.jpg", FacesFound((make_face(1, frames=2), make_face(2, poor=True)), 0, ""))
        cohort = {"name": "c", "person": "p", "age_band": "18+", "quality": 70, "crop": b"crop", "added_by": PERSON}
        connection.execute(cohort_faces.insert().values(**cohort, added_at=AT))
        other = ensure_model(connection, ModelIdentity("other", "1", ModelTask.FACE_EMBED, bytes(32)), PERSON, AT)
        assert count_missing(connection, kind, other) == 1
        (missing,) = list_missing(connection, kind, other, after=0, limit=9)
        crops = ((b"crop 1.0", b"crop 1.1"), (80, 79)) if kind is FaceKind.ITEMS else ((b"crop",), (70,))
        assert (missing.crops, missing.qualities) == crops
        record_embeddings(connection, kind, other, [(missing.row_id, unit(5)), (999, unit(6))])
        record_embeddings(connection, kind, other, [(missing.row_id, unit(7))])
        assert count_missing(connection, kind, other) == 0
        if kind is FaceKind.ITEMS:
            assert faces.load_embeddings(connection, other, [missing.row_id]) == {missing.row_id: unit(5)}
            assert connection.execute(select(func.count()).select_from(face_embeddings)).scalar_one() == 2


def test_an_item_that_waits_again_for_its_faces_stays_done_elsewhere(database: Database) -> None:
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        record(connection, exhibit, b"a.jpg", None)
        locator = "b.jpg"
        item_id = add_files(connection, exhibit, b"b.jpg")[locator]
        same = ExaminedItem(item_id, locator, make_content(b"content of a.jpg"), ())
        items.record_examined(connection, exhibit.exhibit_id, [same])
        assert reopening.open_without_faces(connection, exhibit.exhibit_id) == 1
        states = connection.execute(select(tables.items.c.state)).scalars().all()
        assert sorted(states) == [ItemState.DONE.value, ItemState.WAITING.value]
