"""Faces of a cohort in a candidate list: known not to be the person, and not to be told from candidates."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import select

from face_cases import DIMENSIONS, add_case, make_face, make_probe, make_vector, use_made_up_pack
from varde.core.age import AgeBand
from varde.core.face import ProbeRule, SearchScope, Verdict
from varde.core.face_search import FaceSearch, ProbeExamined, SearchOrder
from varde.store import cohorts
from varde.store.cohorts import NewCohortFace
from varde.store.face_tables import face_candidates
from varde.store.face_writing import FaceModels
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.judge_candidates import close_search, judge
from varde.workflows.read_searches import read_candidate_crop
from varde.workflows.search_faces import search

ACTOR = Actor("bodil")
LIKENESS = (0.95, 0.45, 0.4, 0.3)
"""Cosine of each person of the cohort to the person searched for; the first could be that person."""

BYSTANDERS = (0.48, 0.44, 0.42, 0.38, 0.35, 0.31, 0.1)
"""Cosine of others in the case."""


@pytest.fixture
def models(site: Site) -> FaceModels:
    """Person 0 is in the case, person 1 is not, and others look like fillers; the cohort has four people."""
    models = use_made_up_pack(site, ACTOR)
    shown = {f"{likeness}.jpg": (make_face(0, math.acos(likeness)),) for likeness in (1.0, *BYSTANDERS)}
    add_case(site, ACTOR, "harbour", models, shown)
    add_cohort(site, models)
    return models


def add_cohort(site: Site, models: FaceModels) -> None:
    faces = [_make_filler(number, likeness) for number, likeness in enumerate(LIKENESS)]
    at = datetime(2026, 10, 1, tzinfo=UTC)
    with site.database.write() as connection:
        cohorts.add_faces(connection, "staff", AgeBand.ADULT, models.embedder_id, faces, person="bodil", at=at)


def _make_filler(number: int, likeness: float) -> NewCohortFace:
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[0], vector[4 + 2 * number] = likeness, np.sqrt(1 - likeness**2)
    return NewCohortFace(f"person {number}", 70 + number, b"crop of filler %d" % number, vector.tobytes())


def search_harbour(site: Site, *probes: ProbeExamined, fillers: int = 2, **more: object) -> FaceSearch:
    order = SearchOrder(probes or (make_probe(0),), SearchScope.CASE, "harbour", fillers=fillers, **more)  # type: ignore[arg-type]
    return search(site, ACTOR, order, rng=np.random.default_rng(3))


def test_fillers_are_listed_by_score_with_quality_and_crop(site: Site, models: FaceModels) -> None:
    found = search_harbour(site)
    scores = [one.candidate.score for one in found.candidates]
    fillers = [one for one in found.candidates if one.is_filler]
    assert scores == sorted(scores, reverse=True)
    assert len(fillers) == 2
    for one in fillers:
        assert one.sight is None and one.quality >= 70 and one.candidate.rival == pytest.approx(1)
        rank = one.candidate.rank
        assert b"filler" in read_candidate_crop(site, found.search_id, rank, person="bodil", case_ids=None)


def test_fillers_stand_among_faces_of_the_case_that_score_as_they_do(site: Site, models: FaceModels) -> None:
    found = search_harbour(site, fillers=3)
    below = [one for one in found.candidates if one.candidate.score < found.threshold]
    assert [one.is_filler for one in below].count(True) == 3
    assert [one.is_filler for one in below].count(False) >= 3
    assert 0.1 not in [round(one.candidate.score, 2) for one in below]
    assert any("below the threshold are listed as well" in note for note in found.notes)


def test_fillers_that_could_be_told_are_left_out(site: Site) -> None:
    models = use_made_up_pack(site, ACTOR)
    add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    add_cohort(site, models)
    found = search_harbour(site)
    assert [one.is_filler for one in found.candidates] == [False]
    assert any("they could be told" in note for note in found.notes)


def test_whoever_may_be_the_person_is_no_filler(site: Site, models: FaceModels) -> None:
    found = search_harbour(site, fillers=3)
    scores = [one.candidate.score for one in found.candidates if one.is_filler]
    assert scores == pytest.approx([0.45, 0.4, 0.3])


def test_same_generator_draws_the_same_fillers(site: Site, models: FaceModels) -> None:
    drawn = [[one.candidate.score for one in search_harbour(site, fillers=1).candidates] for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_cohort_that_is_too_small_is_said_and_nothing_is_mixed_in(site: Site, models: FaceModels) -> None:
    found = search_harbour(site, fillers=4)
    assert not any(one.is_filler for one in found.candidates) and len(found.candidates) == 1
    assert any(note.startswith("No fillers are in the list: 4 fillers were asked for") for note in found.notes)


def test_list_without_candidates_gets_no_fillers(site: Site, models: FaceModels) -> None:
    found = search_harbour(site, make_probe(1))
    assert found.candidates == () and found.empty is not None


def test_fillers_of_another_age_band_are_left_out(site: Site, models: FaceModels) -> None:
    found = search_harbour(site, age_band=AgeBand.CHILD)
    assert len(found.candidates) == 1 and any("No fillers" in note for note in found.notes)


@pytest.mark.parametrize(("rule", "share"), [(ProbeRule.ANY, 1.0), (ProbeRule.AVERAGE, 0.5**0.5)])
def test_fillers_are_scored_by_the_rule_of_the_search(
    site: Site, models: FaceModels, rule: ProbeRule, share: float
) -> None:
    assert float(make_vector(0) @ make_vector(1)) == 0
    found = search_harbour(site, make_probe(0), make_probe(1), rule=rule, fillers=1, far=0.3)
    (filler,) = [one.candidate.score for one in found.candidates if one.is_filler]
    assert any(filler == pytest.approx(share * likeness) for likeness in LIKENESS)


def test_fillers_are_judged_like_candidates_and_stored_as_what_they_are(site: Site, models: FaceModels) -> None:
    made = search_harbour(site)
    listed = [one.is_filler for one in made.candidates]
    judge(site, ACTOR, made.search_id, listed.index(True) + 1, Verdict.SAME, case_ids=None)
    closed = close_search(site, ACTOR, made.search_id, case_ids=None)
    assert [one.is_filler for one in closed.candidates] == listed
    with site.database.read() as connection:
        kept = connection.execute(select(face_candidates.c.filler_id).order_by(face_candidates.c.rank)).scalars()
        assert [number is not None for number in kept] == listed
