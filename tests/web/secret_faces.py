"""Faces of a case for tests of who is told what: rows as a search, an enrolment and a lead leave them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from sqlalchemy import Connection, select

from varde.core.case import Case
from varde.core.content import Content
from varde.core.digest import Digests
from varde.core.face import Candidate, Face, FaceBox, FaceFrame, FacesFound, ProbeRule, SearchScope
from varde.core.face_search import Probe
from varde.core.media import MediaKind, MediaType
from varde.core.model import ModelIdentity, ModelTask
from varde.faces.crops import encode_crop
from varde.store import face_leads, face_searches, tables, victims
from varde.store.face_leads import NewLead
from varde.store.face_searches import NewProbe, NewSearch, StoredCandidate
from varde.store.face_tables import faces
from varde.store.face_writing import FaceModels, record_faces
from varde.store.models import ensure_model
from varde.store.site import Site
from varde.store.victims import NewEnrolment

ALIAS = "zq-alias-of-victim"
PURPOSE = "zq-purpose-of-search"
_PERSON = "leader"
_LANDMARKS = ((0.4, 0.4), (0.6, 0.4), (0.5, 0.5), (0.42, 0.6), (0.58, 0.6))
_BOX = FaceBox(0.3, 0.3, 0.4, 0.4)
_SETTINGS = {
    "empty": None,
    "threshold": 0.3,
    "calibration": "None.",
    "far": 0.05,
    "prior": 0.1,
    "age_band": None,
    "is_normalised": False,
    "not_examined": 0,
    "elsewhere": [],
    "notes": [],
    "not_calibrated": {},
    "qualities": {"1": 80},
}


def add_faces(site: Site, case: Case, item_id: int) -> dict[str, str]:
    """Gives an item a face, and the case a victim, a search and a lead; returns the row numbers by parameter."""
    at = datetime.now(UTC)
    rng = np.random.default_rng(17)
    crop = encode_crop(rng.integers(0, 255, (90, 80, 3), dtype=np.uint8))
    vector = _make_vector(rng)
    with site.database.write() as connection:
        content_id = connection.execute(select(tables.items.c.content_id).where(tables.items.c.id == item_id)).scalar()
        model_ids = [
            ensure_model(connection, ModelIdentity("test", "1", task, bytes(32)), _PERSON, at)
            for task in (ModelTask.FACE_DETECT, ModelTask.FACE_EMBED)
        ]
        face_id = _add_face(connection, int(content_id or 0), FaceModels(*model_ids), crop, vector)
        words = {"authorisation": "zq-warrant-17", "purpose": PURPOSE}
        victim = victims.add_victim(connection, case.case_id, ALIAS, retain_until=None, person=_PERSON, at=at, **words)
        enrolled = NewEnrolment(face_id, bytes(32), 80, crop, model_ids[1], vector)
        enrolment = victims.add_enrolment(connection, victim.victim_id, enrolled, person=_PERSON, at=at)
        how = (model_ids[1], None, 1, _SETTINGS, None)
        order = NewSearch(case.case_id, SearchScope.CASE, ProbeRule.ANY, PURPOSE, "zq-warrant-17", *how)
        probe = Probe(0, "", face_id, 1, 1, True, _BOX, _LANDMARKS, 80, 60.0, None, "")
        candidate = StoredCandidate(Candidate(1, face_id, 0.5, None, None, None), face_id, None, None, None)
        probes = [NewProbe(probe, bytes(32), crop, vector)]
        search_id = face_searches.record_search(connection, order, probes, [candidate], person=_PERSON, at=at)
        face_leads.record_leads(connection, model_ids[1], [NewLead(victim.victim_id, face_id, 0.5, None)], at)
    return {
        "face_id": str(face_id),
        "victim_id": str(victim.victim_id),
        "search_id": str(search_id),
        "enrolment_id": str(enrolment.enrolment_id),
    }


def _add_face(connection: Connection, content_id: int, models: FaceModels, crop: bytes, vector: bytes) -> int:
    face = Face(_BOX, _LANDMARKS, 0, 60.0, 0.9, (FaceFrame(None, crop, 80),), vector)
    found = FacesFound((face,), 0, "by hand")
    digests = Digests(bytes(16), bytes(20), bytes(32), 1)
    content = Content(digests, MediaType(MediaKind.PICTURE, "image/jpeg"), None, faces=found)
    record_faces(connection, [(content_id, content)], models)
    return int(connection.execute(select(faces.c.id).where(faces.c.content_id == content_id)).scalar_one())


def _make_vector(rng: np.random.Generator) -> bytes:
    vector = rng.normal(size=128).astype("<f4")
    return (vector / np.linalg.norm(vector)).astype("<f4").tobytes()
