"""Mixes faces of the site's cohort into a candidate list: known not to be the person, they measure the reviewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from varde.core.age import AgeBand
from varde.core.face import AgeBracket, ProbeRule
from varde.core.face_search import SearchOrder
from varde.core.outcome import NotComparable
from varde.faces.fillers import choose_fillers
from varde.pipeline.face_ranking import Rival, Vectors, average, compute_cosine, join_scores
from varde.store import face_searches
from varde.store.site import Site
from varde.workflows.face_models import FaceModelsInUse
from varde.workflows.keep_cohort import load_cohort


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate before it has a rank: a face, an enrolment or a filler."""

    score: float
    quality: int
    age: AgeBracket | AgeBand | None
    face_id: int | None = None
    victim_face_id: int | None = None
    filler_id: int | None = None
    rival: Rival | None = None


def mix_fillers(
    site: Site,
    models: FaceModelsInUse,
    order: SearchOrder,
    probes: Vectors,
    drafts: Sequence[Draft],
    rng: np.random.Generator,
) -> tuple[list[Draft], str]:
    """Returns candidates and fillers together, closest first, and what to say where there are no fillers.

    Args:
        site, models: whose cohort.
        order: says how many are wanted, and the age band of the person.
        probes: unit rows (P, D).
        drafts: the candidates, closest first.
        rng: draws among the most similar faces of the cohort.
    """
    if not order.fillers or not drafts:
        return list(drafts), ""
    bands = (order.age_band,) if order.age_band else ()
    cohort = load_cohort(site, models.model_id, models.dimensions, bands)
    joined = average(probes)
    rows = choose_fillers(
        joined[0], cohort.vectors, cohort.people, order.fillers, rng, ceiling=models.scale.same_person
    )
    if isinstance(rows, NotComparable):
        return list(drafts), f"No fillers are in the list: {rows.detail}"
    used = joined if order.rule is ProbeRule.AVERAGE else probes
    scores = join_scores(compute_cosine(used, cohort.vectors[rows]), order.rule)
    ids = [int(cohort.ids[row]) for row in rows]
    with site.database.read() as connection:
        facts = face_searches.read_fillers(connection, ids)
    best = drafts[0]
    rival = Rival(best.face_id, best.score) if best.face_id is not None else None
    fillers = [
        Draft(float(score), *facts[filler_id], filler_id=filler_id, rival=rival)
        for filler_id, score in zip(ids, scores, strict=True)
    ]
    return sorted([*drafts, *fillers], key=lambda one: -one.score), ""
