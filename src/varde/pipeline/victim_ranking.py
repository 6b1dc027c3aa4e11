"""Ranks the victims who are looked for by how close their enrolled faces are to probes: one candidate for a victim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from varde.core.face import ProbeRule
from varde.pipeline.face_ranking import RankedFace, Rival, Vectors, average, compute_cosine, join_scores
from varde.store.victims import EnrolledVector


@dataclass(frozen=True, slots=True)
class RankedVictim:
    """The enrolment of a victim that is closest to the probes.

    Attributes:
        score: larger is closer.
    """

    enrolled: EnrolledVector
    score: float


def rank_victims(enrolled: Sequence[EnrolledVector], probes: Vectors, rule: ProbeRule) -> list[RankedVictim]:
    """Returns the victims who are closest to the probes, closest first, each with the closest enrolment.

    Args:
        enrolled: enrolments by the model that the probes are of.
        probes: unit rows (P, D).
        rule: how the scores by several probes are joined.
    """
    if not enrolled:
        return []
    rows = np.stack([np.frombuffer(one.vector, "<f4") for one in enrolled])
    used = average(probes) if rule is ProbeRule.AVERAGE else probes
    joined = join_scores(compute_cosine(used, rows), rule)
    best: dict[int, RankedVictim] = {}
    for index in np.argsort(-joined, kind="stable"):
        best.setdefault(enrolled[index].victim_id, RankedVictim(enrolled[index], float(joined[index])))
    return list(best.values())


def find_victim_rival(victim: RankedVictim, ranked: Sequence[RankedFace], *, same_person: float) -> Rival | None:
    """Returns the nearest face that is not the victim's as far as the model can tell; None where none was near.

    Args:
        victim: a candidate.
        ranked: faces, closest to the probes first.
        same_person: cosine similarity from which two faces are taken for one person's.
    """
    if not ranked:
        return None
    own = np.frombuffer(victim.enrolled.vector, "<f4").reshape(1, -1)
    likeness = compute_cosine(own, np.stack([one.vector for one in ranked]))[0]
    others = (one for one, like in zip(ranked, likeness, strict=True) if like < same_person)
    nearest = next(others, None)
    return None if nearest is None else Rival(nearest.face_id, nearest.score)
