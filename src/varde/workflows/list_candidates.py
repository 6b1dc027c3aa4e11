"""Makes a candidate list: who is close enough, how much that says, what is elsewhere, and why nobody is on it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from varde.core.age import touch_bands
from varde.core.case import Case
from varde.core.face import Candidate, ProbeRule, SearchScope
from varde.core.face_search import EmptyList, ScoreBand, SearchOrder
from varde.core.outcome import NotComparable
from varde.faces.calibration import probability, spread_prior
from varde.pipeline.face_gallery import open_gallery
from varde.pipeline.face_ranking import RankedFace, SearchableFaces, Vectors, find_rivals, rank_faces
from varde.pipeline.face_scale import IN_GALLERY, join_words
from varde.pipeline.victim_ranking import RankedVictim, find_victim_rival, rank_victims
from varde.store import faces, victims
from varde.store.face_searches import StoredCandidate
from varde.store.site import Site
from varde.store.victims import EnrolledVector
from varde.workflows import explain_empty
from varde.workflows.face_models import FaceModelsInUse
from varde.workflows.mix_fillers import Draft, mix_fillers
from varde.workflows.take_probes import TakenProbe

ELSEWHERE_FAR: Final = 0.05
"""As `SearchOrder.far`, for cases without access where no threshold was asked for: else all of them would be named."""

Elsewheres = tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class CandidateList:
    """What a search gave, before it is kept.

    Attributes:
        gallery_faces: faces of items that were searched; enrolments are not among them.
        elsewhere: row number of the case, contents and victims with a candidate, band of the best score.
        not_calibrated: rank to reason and detail of those without a probability.
    """

    threshold: float
    prior: float
    gallery_faces: int
    not_examined: int
    candidates: tuple[StoredCandidate, ...] = ()
    elsewhere: Elsewheres = ()
    not_calibrated: Mapping[int, NotComparable] = field(default_factory=dict)
    qualities: Mapping[int, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    empty: EmptyList | None = None
    age_band: str | None = None

    def describe(self) -> dict[str, Any]:
        """Returns what is kept beside the candidates, as plain data."""
        empty = self.empty
        return {
            "threshold": self.threshold if math.isfinite(self.threshold) else None,
            "prior": self.prior,
            "not_examined": self.not_examined,
            "elsewhere": [list(one) for one in self.elsewhere],
            "not_calibrated": {str(rank): [why.reason.value, why.detail] for rank, why in self.not_calibrated.items()},
            "qualities": {str(rank): quality for rank, quality in self.qualities.items()},
            "notes": list(self.notes),
            "empty": None if empty is None else [empty.reason.value, empty.detail, empty.advice],
            "age_band": self.age_band,
            "is_normalised": False,
        }


def make_list(
    site: Site,
    models: FaceModelsInUse,
    order: SearchOrder,
    case: Case | None,
    taken: Sequence[TakenProbe],
    rng: np.random.Generator,
    at: datetime,
) -> CandidateList:
    """Returns the candidates of probes that were taken, or why there are none.

    Enrolments of victims who are looked for at that time are compared as well, be it in one case or everywhere.
    """
    searched = {case.case_id} if case and order.scope is SearchScope.CASE else None
    gallery = open_gallery(site, models.model_id)
    gallery_faces = gallery.count(searched)
    with site.database.read() as connection:
        unexamined = faces.count_unexamined(connection, case.case_id if searched and case else None)
        enrolled = victims.list_open_vectors(connection, models.model_id, at)
    size = gallery_faces + len(enrolled)
    used = [one for one in taken if one.is_used]
    counting = len(used) if order.rule is ProbeRule.ANY else 1
    threshold = models.scale.find_threshold(order.far, size, counting)
    base = CandidateList(
        threshold=threshold.score,
        prior=spread_prior(IN_GALLERY, max(size, 1)),
        gallery_faces=gallery_faces,
        not_examined=unexamined,
        notes=_list_notes(models, order, taken, threshold.note, unexamined, enrolled),
        age_band=order.age_band.value if order.age_band else None,
    )
    if not used:
        return replace(base, empty=explain_empty.for_probes(taken))
    if not size:
        return replace(base, empty=explain_empty.for_scope(unexamined, in_case=searched is not None))
    with site.database.read() as connection:
        return _Lister(connection, gallery, models, order, used, searched, enrolled, base).make(site, rng)


class _Lister:
    """Lists the candidates of one search."""

    def __init__(
        self,
        connection: Connection,
        gallery: SearchableFaces,
        models: FaceModelsInUse,
        order: SearchOrder,
        used: Sequence[TakenProbe],
        searched: Collection[int] | None,
        enrolled: Sequence[EnrolledVector],
        base: CandidateList,
    ) -> None:
        self._connection = connection
        self._gallery = gallery
        self._models = models
        self._order = order
        self._used = used
        self._searched = searched
        self._base = base
        self._size = base.gallery_faces + len(enrolled)
        self._probes: Vectors = np.array([np.frombuffer(one.new.vector, "<f4") for one in used], np.float32)
        self._victims = rank_victims(enrolled, self._probes, order.rule)
        self._counting = len(used) if order.rule is ProbeRule.ANY else 1

    def make(self, site: Site, rng: np.random.Generator) -> CandidateList:
        """Returns the list."""
        allowed = self._order.case_ids
        ranked = self._rank(self._searched if self._searched is not None else allowed)
        seen = [one for one in self._victims if allowed is None or one.enrolled.case_id in allowed]
        drafts = self._draft(ranked, seen)
        elsewhere = () if allowed is None else self._find_elsewhere(allowed)
        if not drafts:
            scores = [one.score for one in ranked[:1]] + [one.score for one in seen[:1]]
            return replace(self._base, elsewhere=elsewhere, empty=self._explain(scores, len(elsewhere)))
        mixed, note = mix_fillers(site, self._models, self._order, self._probes, drafts, rng)
        if any(one.filler_id is not None for one in mixed):
            mixed, note = self._hide_fillers(mixed, drafts, ranked, rng)
        return self._weigh(mixed, elsewhere, note)

    def _hide_fillers(
        self, mixed: Sequence[Draft], drafts: Sequence[Draft], ranked: Sequence[RankedFace], rng: np.random.Generator
    ) -> tuple[list[Draft], str]:
        """Returns the list with faces below the threshold among the fillers, who score there and could be told else."""
        fillers = [one for one in mixed if one.filler_id is not None]
        lowest, least = min(one.score for one in fillers), self._base.threshold
        below = [one for one in ranked if lowest <= one.score < least]
        if lowest < least and len(below) < len(fillers):
            return list(
                drafts
            ), "No fillers are in the list: too few other faces score as they do, so they could be told."
        some = sorted(rng.permutation(len(below))[: 2 * len(fillers)])
        company = self._draft_faces([below[index] for index in some], ranked)
        note = f"{len(company)} faces below the threshold are listed as well." if company else ""
        return sorted([*mixed, *company], key=lambda one: -one.score), note

    def _explain(self, scores: Sequence[float], elsewhere: int) -> EmptyList:
        """Returns why nothing is listed, by the closest scores."""
        if not self._base.gallery_faces and not scores and not elsewhere:
            return explain_empty.for_scope(self._base.not_examined, in_case=self._searched is not None)
        band = self._find_band(max(scores)) if scores else None
        return explain_empty.for_threshold(band, elsewhere=elsewhere, dropped=bool(scores))

    def _draft(self, ranked: Sequence[RankedFace], seen: Sequence[RankedVictim]) -> list[Draft]:
        """Returns the faces and victims that are close enough, closest first."""
        least, same_person = self._base.threshold, self._models.scale.same_person
        above = [one for one in ranked if one.score >= least][: self._order.top_k]
        drafts = self._draft_faces(above, ranked)
        drafts += [
            Draft(
                one.score,
                one.enrolled.quality,
                one.enrolled.age,
                victim_face_id=one.enrolled.enrolment_id,
                rival=find_victim_rival(one, ranked, same_person=same_person),
            )
            for one in seen
            if one.score >= least
        ]
        return sorted(drafts, key=lambda one: -one.score)[: self._order.top_k]

    def _draft_faces(self, chosen: Sequence[RankedFace], ranked: Sequence[RankedFace]) -> list[Draft]:
        """Returns drafts of some of the ranked faces."""
        same_person = self._models.scale.same_person
        rivals = find_rivals(self._connection, ranked, chosen, same_person=same_person)
        stored = faces.load_faces(self._connection, [one.face_id for one in chosen])
        return [
            Draft(
                one.score,
                stored[one.face_id].quality,
                stored[one.face_id].age,
                face_id=one.face_id,
                rival=rivals.get(one.face_id),
            )
            for one in chosen
        ]

    def _rank(self, case_ids: Collection[int] | None) -> list[RankedFace]:
        own = {one.content_id for one in self._used if one.content_id is not None}
        wide = max(400, 2 * self._order.top_k)
        return rank_faces(
            self._connection,
            self._gallery,
            self._models.model_id,
            self._probes,
            self._order.rule,
            case_ids=case_ids,
            without=own,
            wide=wide,
        )

    def _find_elsewhere(self, allowed: Collection[int]) -> Elsewheres:
        """Returns the cases without access that have candidates; none by models without a threshold."""
        best: dict[int, float] = {}
        counted: dict[int, int] = defaultdict(int)
        least = self._base.threshold
        if not math.isfinite(least):
            least = self._models.scale.find_threshold(ELSEWHERE_FAR, self._size, self._counting).score
        if not math.isfinite(least):
            return ()
        found = [(one.enrolled.case_id, one.score) for one in self._victims if one.score >= least]
        if self._searched is None:
            above = [one for one in self._rank(None) if one.score >= least]
            shown = faces.find_case_ids(self._connection, [one.face_id for one in above])
            found += [(case_id, one.score) for one in above for case_id in shown.get(one.face_id, ())]
        for case_id, score in found:
            if case_id not in allowed:
                counted[case_id] += 1
                best[case_id] = max(best.get(case_id, -1.0), score)
        return tuple((case_id, counted[case_id], self._find_band(score).value) for case_id, score in best.items())

    def _find_band(self, score: float) -> ScoreBand:
        return self._models.scale.find_band(score, self._order.far, self._size, self._counting)

    def _weigh(
        self,
        mixed: Sequence[Draft],
        elsewhere: Elsewheres,
        note: str,
    ) -> CandidateList:
        quality = min(one.new.probe.quality for one in self._used)
        candidates, refused, qualities = [], {}, {}
        for rank, draft in enumerate(mixed, 1):
            lr = self._weigh_one(draft, min(quality, draft.quality))
            if isinstance(lr, NotComparable):
                refused[rank] = lr
            qualities[rank] = draft.quality
            candidates.append(_make_candidate(rank, draft, lr, self._base.prior))
        notes = join_words((*self._base.notes, note))
        return replace(
            self._base,
            candidates=tuple(candidates),
            elsewhere=elsewhere,
            not_calibrated=refused,
            qualities=qualities,
            notes=notes,
        )

    def _weigh_one(self, draft: Draft, quality: int) -> float | NotComparable:
        said = self._order.age_band
        ages = [said] if said else [draft.age, *(one.age for one in self._used)]
        return self._models.scale.weigh(draft.score, quality, touch_bands(ages))


def _make_candidate(rank: int, draft: Draft, lr: float | NotComparable, prior: float) -> StoredCandidate:
    log10_lr = None if isinstance(lr, NotComparable) else lr
    chance = None if log10_lr is None else probability(log10_lr, prior)
    rival = draft.rival
    candidate = Candidate(rank, draft.face_id or 0, draft.score, log10_lr, chance, rival.score if rival else None)
    rival_face_id = rival.face_id if rival else None
    return StoredCandidate(candidate, draft.face_id, draft.victim_face_id, draft.filler_id, rival_face_id)


def _list_notes(
    models: FaceModelsInUse,
    order: SearchOrder,
    taken: Sequence[TakenProbe],
    threshold: str,
    unexamined: int,
    enrolled: Sequence[EnrolledVector],
) -> tuple[str, ...]:
    used = [one for one in taken if one.is_used]
    notes = [threshold]
    looked_for = {one.victim_id for one in enrolled if order.case_ids is None or one.case_id in order.case_ids}
    if looked_for and used:
        people = "1 victim who is" if len(looked_for) == 1 else f"{len(looked_for):,} victims who are"
        notes.append(f"Compared as well: the enrolled faces of {people} looked for.")
    if unexamined:
        notes.append(
            f"In {unexamined:,} items of what is searched nobody looked for faces yet: they cannot be found. "
            "`varde process CASE --faces` looks at them."
        )
    if 0 < len(used) < len(taken):
        notes.append(f"{len(taken) - len(used)} of {len(taken)} probes could not be used.")
    vectors = [np.frombuffer(one.new.vector, "<f4") for one in used]
    if any(float(a @ b) < models.scale.loose for i, a in enumerate(vectors) for b in vectors[i + 1 :]):
        notes.append("Two of the probes do not look like the same person: check that they are, or search one by one.")
    return join_words(notes)
