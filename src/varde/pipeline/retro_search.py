"""Compares new faces with every victim who is looked for, and new enrolments with every face: what is close is a lead.

A mark says up to which face everything was compared with everybody, and one for each enrolment that it was compared
with all faces. Leads and mark are written together, so that a run that was killed goes on where it was.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from varde.core.age import touch_bands
from varde.core.audit import Act
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.face_gallery import SiteGallery, open_gallery
from varde.pipeline.face_scale import FaceScale
from varde.store import audit, face_leads, faces, victims
from varde.store.database import PATIENCE_S
from varde.store.face_leads import NewLead
from varde.store.faces import StoredFace
from varde.store.site import Site
from varde.store.victims import EnrolledVector

FAR: Final = 0.05
"""Share of comparisons of one enrolment with the whole site that may give a lead to somebody else."""

MOST_LEADS: Final = 500
"""Leads to one enrolment from one comparison with all faces; the closest are taken."""

_BATCH: Final = 20_000
_NEW_FACES: Final = "victims"

_Closest = dict[tuple[int, int], tuple[float, EnrolledVector]]
"""Victim and face to the best score and the enrolment that gave it."""


@dataclass(frozen=True, slots=True)
class RetroSearch:
    """What comparing gave.

    Attributes:
        faces: compared with victims.
        enrolments: compared with all faces.
        leads: that are new.
        refused: why nothing could be compared; None where it could.
    """

    faces: int = 0
    enrolments: int = 0
    leads: int = 0
    refused: NotComparable | None = None


def find_obstacle(scale: FaceScale) -> NotComparable | None:
    """Returns why scores of a model make no leads: without a threshold every face would be one."""
    if math.isfinite(scale.find_threshold(FAR, 1).score):
        return None
    return NotComparable(
        Reason.NOT_CALIBRATED,
        "The models in use have no threshold, so no face is a lead to a victim: every face would be one. "
        "`varde models calibrate` measures a threshold, and `varde models use` takes other models. Then the next "
        "`varde process` compares all faces with all victims.",
    )


def find_leads(
    site: Site, model_id: int, scale: FaceScale, *, person: str, clock: Callable[[], datetime]
) -> RetroSearch:
    """Brings leads up to date: every open victim's enrolments and every face of the model's are compared once.

    A model without a threshold compares nothing and marks nothing as compared.

    Args:
        site: where.
        model_id: row number of the model in use.
        scale: what its scores mean.
        person, clock: recorded with the leads that are found.
    """
    with site.database.read() as connection:
        enrolled = victims.list_open_vectors(connection, model_id, clock())
        fresh = [one for one in enrolled if not face_leads.read_mark(connection, model_id, _name(one.enrolment_id))]
        up_to = face_leads.read_mark(connection, model_id, _NEW_FACES)
        has_new = bool(faces.list_embeddings(connection, model_id, after=up_to, limit=1))
    if not enrolled or not (fresh or has_new):
        if has_new and not enrolled:
            _skip(site, model_id)
        return RetroSearch()
    refused = find_obstacle(scale)
    if refused is not None:
        return RetroSearch(refused=refused)
    gallery = open_gallery(site, model_id)
    run = _Run(site, model_id, scale, gallery.count(), person, clock)
    compared, leads = run.compare_new_faces(enrolled, up_to)
    for one in fresh:
        leads += run.compare_enrolment(gallery, one)
    return RetroSearch(compared, len(fresh), leads)


class _Run:
    """One comparison, with what is the same for all of it."""

    def __init__(
        self, site: Site, model_id: int, scale: FaceScale, size: int, person: str, clock: Callable[[], datetime]
    ) -> None:
        self._site = site
        self._model_id = model_id
        self._scale = scale
        self._size = size
        self._threshold = scale.find_threshold(FAR, size).score
        self._person = person
        self._clock = clock

    def compare_new_faces(self, enrolled: Sequence[EnrolledVector], after: int) -> tuple[int, int]:
        """Returns how many faces were compared with all enrolments, and how many leads are new."""
        matrix = np.array([np.frombuffer(one.vector, "<f4") for one in enrolled], np.float32)
        compared = leads = 0
        while True:
            with self._site.database.read() as connection:
                rows = faces.list_embeddings(connection, self._model_id, after=after, limit=_BATCH)
            if not rows:
                return compared, leads
            scores = np.array([np.frombuffer(vector, "<f4") for _, vector in rows], np.float32) @ matrix.T
            found: _Closest = {}
            for row, column in np.argwhere(scores >= self._threshold):
                one, score = enrolled[column], float(scores[row, column])
                key = (one.victim_id, rows[row][0])
                if key not in found or score > found[key][0]:
                    found[key] = (score, one)
            after = rows[-1][0]
            compared += len(rows)
            leads += self._keep(found, _NEW_FACES, after)

    def compare_enrolment(self, gallery: SiteGallery, one: EnrolledVector) -> int:
        """Returns how many new leads comparing an enrolment with all faces gave."""
        probe: NDArray[np.float32] = np.frombuffer(one.vector, "<f4").reshape(1, -1).astype(np.float32)
        ids, scores = gallery.search(probe, MOST_LEADS, at_least=self._threshold)[0]
        found = {(one.victim_id, int(face_id)): (float(score), one) for face_id, score in zip(ids, scores, strict=True)}
        return self._keep(found, _name(one.enrolment_id), 1)

    def _keep(self, found: _Closest, what: str, up_to: int) -> int:
        at = self._clock()
        with self._site.database.write(patience_s=PATIENCE_S) as connection:
            before = defaultdict[int, int](int)
            for lead in self._weigh(connection, _leave_out_sources(connection, found)):
                before[lead.victim_id] += face_leads.record_leads(connection, self._model_id, [lead], at)
            face_leads.move_mark(connection, self._model_id, what, up_to)
            for victim_id, count in before.items():
                if count:
                    subject: dict[str, str | int | None] = {"victim": victim_id, "leads": count}
                    subject |= {"model": self._model_id, "threshold": f"{self._threshold:.4f}"}
                    audit.append_event(
                        connection, at=at, person=self._person, act=Act.FACE_LEADS_FOUND, subject=subject
                    )
        return sum(before.values())

    def _weigh(self, connection: Connection, found: _Closest) -> list[NewLead]:
        """Returns leads with what their scores are worth, as a search would say it; nothing of faces that are gone."""
        stored = faces.load_faces(connection, sorted({face_id for _, face_id in found}))
        return [
            self._weigh_one(stored[face_id], score, one)
            for (_, face_id), (score, one) in found.items()
            if face_id in stored
        ]

    def _weigh_one(self, face: StoredFace, score: float, one: EnrolledVector) -> NewLead:
        lr = self._scale.weigh(score, min(face.quality, one.quality), touch_bands([face.age, one.age]))
        log10_lr = None if isinstance(lr, NotComparable) else lr
        band = self._scale.find_band(score, FAR, self._size)
        return NewLead(one.victim_id, face.face_id, score, log10_lr, band)


def _leave_out_sources(connection: Connection, found: _Closest) -> _Closest:
    """Returns what was found without the very faces that victims were enrolled from."""
    own = {
        (victim_id, one.source_face_id)
        for victim_id in {victim_id for victim_id, _ in found}
        for one in victims.list_enrolments(connection, victim_id)
    }
    return {key: closest for key, closest in found.items() if key not in own}


def _skip(site: Site, model_id: int) -> None:
    """Notes that there is nobody to compare the faces with: whoever is enrolled later is compared with all of them."""
    with site.database.write(patience_s=PATIENCE_S) as connection:
        newest = face_leads.find_newest_face(connection, model_id)
        face_leads.move_mark(connection, model_id, _NEW_FACES, newest)


def _name(enrolment_id: int) -> str:
    return f"enrolment {enrolment_id}"
