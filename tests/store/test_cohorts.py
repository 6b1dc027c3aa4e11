"""Cohorts in the database: kept, listed, and removed so that nothing is left of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from varde.core.age import AgeBand
from varde.core.errors import NotFound
from varde.core.model import ModelIdentity, ModelTask
from varde.store import cohorts, models
from varde.store.cohorts import NewCohortFace
from varde.store.database import Database
from varde.store.face_tables import cohort_embeddings, cohort_faces, face_candidates, face_searches

AT = datetime(2026, 11, 22, tzinfo=UTC)
IDENTITY = ModelIdentity("reference", "1", ModelTask.FACE_EMBED, bytes(32))
CROP = b"crop of a consenting colleague"


@pytest.fixture
def model_id(database: Database) -> int:
    with database.write() as connection:
        model = models.ensure_model(connection, IDENTITY, "examiner", AT)
        faces = [NewCohortFace(f"colleague {number // 2}", 90, CROP, bytes([number] * 8)) for number in range(6)]
        cohorts.add_faces(connection, "staff", AgeBand.ADULT, model, faces, person="examiner", at=AT)
        child = [NewCohortFace("niece", 80, CROP, b"12345678")]
        cohorts.add_faces(connection, "families", AgeBand.CHILD, model, child, person="examiner", at=AT)
    return model


def test_cohorts_are_listed_with_people_and_faces(database: Database, model_id: int) -> None:
    with database.read() as connection:
        found = cohorts.list_cohorts(connection)
    assert [(one.name, one.age_band, one.people, one.faces) for one in found] == [
        ("families", AgeBand.CHILD, 1, 1),
        ("staff", AgeBand.ADULT, 3, 6),
    ]
    assert found[0].added_by == "examiner"


def test_vectors_are_those_of_one_model_and_of_the_age_bands_asked(database: Database, model_id: int) -> None:
    with database.read() as connection:
        assert len(cohorts.list_vectors(connection, model_id)) == 7
        children = cohorts.list_vectors(connection, model_id, [AgeBand.CHILD])
        assert [(one.person, one.vector) for one in children] == [("niece", b"12345678")]
        assert cohorts.list_vectors(connection, model_id + 1) == []


def test_a_removed_cohort_leaves_nothing(database: Database, model_id: int) -> None:
    with database.write() as connection:
        assert cohorts.remove_cohort(connection, "staff") == 6
    with database.read() as connection:
        assert [one.name for one in cohorts.list_cohorts(connection)] == ["families"]
        assert len(connection.execute(select(cohort_faces.c.id)).all()) == 1
        assert len(connection.execute(select(cohort_embeddings.c.cohort_face_id)).all()) == 1


def test_a_filler_of_a_removed_cohort_keeps_no_face_and_no_name(database: Database, model_id: int) -> None:
    with database.write() as connection:
        search = {"scope": "case", "rule": "any", "purpose": "", "authorisation": "", "searched_at": AT}
        search |= {"person": "p", "model_id": model_id, "gallery_faces": 0, "settings": {}}
        number = connection.execute(insert(face_searches).values(**search).returning(face_searches.c.id)).scalar_one()
        filler = connection.execute(select(cohort_faces.c.id).where(cohort_faces.c.name == "families")).scalar_one()
        candidate = {"search_id": number, "rank": 1, "filler_id": filler, "score": 0.3}
        connection.execute(insert(face_candidates).values(**candidate))
        cohorts.remove_cohort(connection, "families")
    with database.read() as connection:
        row = connection.execute(select(cohort_faces).where(cohort_faces.c.id == filler)).one()
        assert (row.name, row.person, row.crop) == ("", "", b"")
        assert [one.name for one in cohorts.list_cohorts(connection)] == ["staff"]


@pytest.mark.parametrize("name", ["nobody", ""])
def test_a_cohort_that_is_not_there_is_said(database: Database, model_id: int, name: str) -> None:
    with database.write() as connection, pytest.raises(NotFound):
        cohorts.remove_cohort(connection, name)


def test_faces_that_a_cohort_has_are_not_kept_twice(database: Database, model_id: int) -> None:
    faces = [NewCohortFace("colleague 0", 90, crop, bytes(8)) for crop in (CROP, b"another crop")]
    with database.write() as connection:
        added = cohorts.add_faces(connection, "staff", AgeBand.ADULT, model_id, faces, person="examiner", at=AT)
        assert added == 1
        assert [one.faces for one in cohorts.list_cohorts(connection)] == [1, 7]
