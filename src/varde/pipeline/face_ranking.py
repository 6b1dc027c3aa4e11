"""Ranks the faces of a gallery by how close they are to probes: one candidate for a content, with its nearest rival.

A rival is the nearest face of another person: not of the candidate's content or cluster, and not so close to the
candidate itself that the model takes both for one person. A candidate whose rival scores nearly as high says little.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from varde.core.face import ProbeRule
from varde.store import face_sights, faces

WIDE: Final = 400
"""Nearest faces by each probe that are looked at more closely; rivals are looked for among them."""

Vectors = NDArray[np.float32]
Scorer = Callable[[Vectors, Vectors], NDArray[np.float64]]
"""Scores (P, N) of probes (P, D) and faces (N, D); larger is closer."""


class SearchableFaces(Protocol):
    """A gallery of one model's embeddings, in step with the database."""

    def search(
        self, probes: Vectors, k: int, case_ids: Collection[int] | None = None
    ) -> Sequence[tuple[NDArray[np.uint64], NDArray[np.float32]]]:
        """Returns the nearest faces and their scores for each probe, nearest first."""


@dataclass(frozen=True, slots=True)
class RankedFace:
    """The face of a content that is closest to the probes.

    Attributes:
        score: larger is closer.
        vector: its embedding, unit float32.
    """

    face_id: int
    content_id: int
    score: float
    vector: Vectors


@dataclass(frozen=True, slots=True)
class Rival:
    """The nearest face of another person than a candidate."""

    face_id: int
    score: float


def compute_cosine(probes: Vectors, vectors: Vectors) -> NDArray[np.float64]:
    """Returns the cosine similarity (P, N) of unit rows; larger is closer."""
    scores: NDArray[np.float64] = (probes @ vectors.T).astype(np.float64)
    return scores


def average(probes: Vectors) -> Vectors:
    """Returns the mean (1, D) of probes that show one person, as a unit row."""
    mean = probes.mean(axis=0, keepdims=True)
    unit: Vectors = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
    return unit


def join_scores(scores: NDArray[np.float64], rule: ProbeRule) -> NDArray[np.float64]:
    """Returns one score (N,) for each face from those by each probe (P, N)."""
    joined: NDArray[np.float64] = scores.min(axis=0) if rule is ProbeRule.ALL else scores.max(axis=0)
    return joined


def rank_faces(
    connection: Connection,
    gallery: SearchableFaces,
    model_id: int,
    probes: Vectors,
    rule: ProbeRule,
    *,
    case_ids: Collection[int] | None,
    without: Collection[int] = (),
    wide: int = WIDE,
    score: Scorer = compute_cosine,
) -> list[RankedFace]:
    """Returns the contents whose faces are closest to the probes, closest first, each with its closest face.

    Args:
        connection: to read with.
        gallery: what is searched.
        model_id: whose embeddings the probes are.
        probes: unit rows (P, D).
        rule: how the scores by several probes are joined.
        case_ids: only faces that items of these cases show; None for all.
        without: contents left out, such as the one a probe was taken from.
        wide: nearest faces by each probe that are looked at.
        score: makes scores of probes and faces.

    Limits:
        With `ProbeRule.ALL` a face counts that is among the nearest `wide` of at least one probe.
    """
    if rule is ProbeRule.AVERAGE:
        probes = average(probes)
    nearest = gallery.search(probes, wide, case_ids)
    ids = sorted({int(face_id) for found, _ in nearest for face_id in found})
    vectors = faces.load_embeddings(connection, model_id, ids)
    stored = faces.load_faces(connection, list(vectors))
    ids = [face_id for face_id in ids if face_id in stored and stored[face_id].content_id not in without]
    if not ids:
        return []
    rows = np.stack([np.frombuffer(vectors[face_id], "<f4") for face_id in ids])
    joined = join_scores(score(probes, rows), rule)
    best: dict[int, RankedFace] = {}
    for index in np.argsort(-joined, kind="stable"):
        face_id = ids[index]
        content_id = stored[face_id].content_id
        best.setdefault(content_id, RankedFace(face_id, content_id, float(joined[index]), rows[index]))
    return list(best.values())


def find_rivals(
    connection: Connection, ranked: Sequence[RankedFace], candidates: Sequence[RankedFace], *, same_person: float
) -> Mapping[int, Rival]:
    """Returns the nearest other person's face for each of the candidates, by face; none where none was near.

    Args:
        connection: to read with.
        ranked: closest first, more than the candidates themselves.
        candidates: some of them.
        same_person: cosine similarity from which two faces are taken for one person's.
    """
    if not candidates:
        return {}
    clusters = face_sights.find_clusters(connection, [one.face_id for one in ranked])
    rows = np.stack([one.vector for one in ranked])
    likeness = compute_cosine(np.stack([one.vector for one in candidates]), rows)
    rivals = {}
    for index, candidate in enumerate(candidates):
        own = clusters.get(candidate.face_id, set())
        others = (
            other
            for other, like in zip(ranked, likeness[index], strict=True)
            if other is not candidate and like < same_person and not own & clusters.get(other.face_id, set())
        )
        nearest = next(others, None)
        if nearest is not None:
            rivals[candidate.face_id] = Rival(nearest.face_id, nearest.score)
    return rivals
