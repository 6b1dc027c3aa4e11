"""Face searches as they were made: order, probes, candidates, and what people said of them (append-only)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from varde.core.age import AgeBand
from varde.core.errors import NotFound
from varde.core.face import Candidate, FaceBox, ProbeRule, SearchScope, Verdict
from varde.core.face_search import Judgement, Probe
from varde.core.model import ModelIdentity, ModelTask
from varde.core.outcome import NotComparable, Reason
from varde.store.face_tables import (
    cohort_faces,
    face_candidates,
    face_judgements,
    face_probes,
    face_searches,
    models,
    victim_faces,
    victims,
)
from varde.store.tables import cases
from varde.store.types import AnyRow, AnySelect
from varde.store.victims import overwrite_deleted


@dataclass(frozen=True, slots=True)
class NewSearch:
    """A search that is to be kept.

    Attributes:
        settings: plain data: threshold, rates, notes and what else the reader needs.
        reason: why it has no candidate; None where it has one.
    """

    case_id: int | None
    scope: SearchScope
    rule: ProbeRule
    purpose: str
    authorisation: str
    model_id: int
    calibration_id: int | None
    gallery_faces: int
    settings: Mapping[str, Any]
    reason: str | None


@dataclass(frozen=True, slots=True)
class NewProbe:
    """A probe that is to be kept.

    Attributes:
        crop, vector: empty where the probe could not be used.
    """

    probe: Probe
    source_sha256: bytes
    crop: bytes
    vector: bytes


@dataclass(frozen=True, slots=True)
class StoredCandidate:
    """A candidate as it is kept: of a face, an enrolment or a filler.

    Attributes:
        victim, victim_case_id, victim_case: alias of the enrolment's victim and the case; "" and None where none.
    """

    candidate: Candidate
    face_id: int | None
    victim_face_id: int | None
    filler_id: int | None
    rival_face_id: int | None
    victim: str = ""
    victim_case_id: int | None = None
    victim_case: str = ""


@dataclass(frozen=True, slots=True)
class StoredSearch:
    """A search as it is kept, without its probes and candidates."""

    search_id: int
    order: NewSearch
    case: str
    searched_at: datetime
    person: str
    model: ModelIdentity
    closed_at: datetime | None


def record_search(
    connection: Connection,
    order: NewSearch,
    probes: Sequence[NewProbe],
    candidates: Sequence[StoredCandidate],
    *,
    person: str,
    at: datetime,
) -> int:
    """Returns the row number of a search that is kept from now on."""
    values = {
        "case_id": order.case_id,
        "scope": order.scope.value,
        "rule": order.rule.value,
        "purpose": order.purpose,
        "authorisation": order.authorisation,
        "searched_at": at,
        "person": person,
        "model_id": order.model_id,
        "calibration_id": order.calibration_id,
        "gallery_faces": order.gallery_faces,
        "settings": dict(order.settings),
        "reason": order.reason,
    }
    search_id: int = connection.execute(
        insert(face_searches).values(**values).returning(face_searches.c.id)
    ).scalar_one()
    if probes:
        connection.execute(insert(face_probes), [_describe_probe(search_id, one) for one in probes])
    if candidates:
        connection.execute(insert(face_candidates), [_describe_candidate(search_id, one) for one in candidates])
    return search_id


def get_search(connection: Connection, search_id: int) -> StoredSearch:
    """Returns a search.

    Raises:
        NotFound: if there is none of that number.
    """
    row = connection.execute(_searches().where(face_searches.c.id == search_id)).first()
    if row is None:
        raise NotFound("there is no such face search, or it is not yours to see")
    return _search(row)


def list_searches(
    connection: Connection, *, person: str, case_ids: Collection[int] | None, before: int | None, limit: int
) -> list[StoredSearch]:
    """Returns searches that somebody may see, newest first.

    Args:
        connection: to read with.
        person: whose own searches of everything are among them.
        case_ids: cases that the person has access to; None for whoever may see all.
        before: row number of the search after the first; None for the newest.
        limit: most of them.
    """
    query = _searches().order_by(face_searches.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(face_searches.c.id < before)
    if case_ids is not None:
        of_case = and_(face_searches.c.scope == SearchScope.CASE.value, face_searches.c.case_id.in_(list(case_ids)))
        query = query.where(or_(of_case, _own(person)))
    return [_search(row) for row in connection.execute(query)]


def list_probes(connection: Connection, search_id: int) -> list[Probe]:
    """Returns the probes of a search in their order; none once they were deleted."""
    rows = connection.execute(
        select(face_probes.c.position, face_probes.c.source_face_id, face_probes.c.quality, face_probes.c.facts)
        .where(face_probes.c.search_id == search_id)
        .order_by(face_probes.c.position)
    )
    return [_probe(row) for row in rows]


def list_candidates(connection: Connection, search_id: int) -> list[StoredCandidate]:
    """Returns the candidates of a search, closest first."""
    query = (
        select(face_candidates, victims.c.alias, victims.c.case_id, cases.c.name.label("victim_case"))
        .join(victim_faces, victim_faces.c.id == face_candidates.c.victim_face_id, isouter=True)
        .join(victims, victims.c.id == victim_faces.c.victim_id, isouter=True)
        .join(cases, cases.c.id == victims.c.case_id, isouter=True)
        .where(face_candidates.c.search_id == search_id)
        .order_by(face_candidates.c.rank)
    )
    return [_candidate(row) for row in connection.execute(query)]


def read_probe_crop(connection: Connection, search_id: int, position: int) -> bytes | None:
    """Returns the crop of a probe; None where it was not used, or was deleted."""
    chosen = (face_probes.c.search_id == search_id, face_probes.c.position == position)
    crop = connection.execute(select(face_probes.c.crop).where(*chosen)).scalar()
    return bytes(crop) if crop else None


def read_filler_crop(connection: Connection, filler_id: int) -> bytes | None:
    """Returns the crop of a face of the cohort; None where it was deleted."""
    crop = connection.execute(select(cohort_faces.c.crop).where(cohort_faces.c.id == filler_id)).scalar()
    return bytes(crop) if crop else None


def read_fillers(connection: Connection, filler_ids: Sequence[int]) -> dict[int, tuple[int, AgeBand]]:
    """Returns quality and age band of faces of the cohort."""
    query = select(cohort_faces.c.id, cohort_faces.c.quality, cohort_faces.c.age_band)
    rows = connection.execute(query.where(cohort_faces.c.id.in_(list(filler_ids))))
    return {row.id: (row.quality, AgeBand(row.age_band)) for row in rows}


def record_judgement(
    connection: Connection,
    search_id: int,
    *,
    rank: int | None,
    verdict: Verdict,
    note: str,
    seconds: int,
    person: str,
    at: datetime,
) -> Judgement:
    """Returns what a person said of a candidate, or of a whole list, now kept for good."""
    values = {
        "search_id": search_id,
        "rank": rank,
        "verdict": verdict.value,
        "note": note,
        "seconds": seconds,
        "at": at,
        "person": person,
    }
    made = insert(face_judgements).values(**values).returning(face_judgements.c.id)
    return Judgement(connection.execute(made).scalar_one(), search_id, rank, verdict, note, seconds, at, person)


def list_judgements(connection: Connection, search_id: int) -> list[Judgement]:
    """Returns everything that was said of a search, oldest first."""
    table = face_judgements
    query = select(table).where(table.c.search_id == search_id).order_by(table.c.id)
    return [
        Judgement(row.id, row.search_id, row.rank, Verdict(row.verdict), row.note, row.seconds, row.at, row.person)
        for row in connection.execute(query)
    ]


def close_search(connection: Connection, search_id: int, at: datetime) -> None:
    """Records that a search can be judged no more."""
    connection.execute(update(face_searches).where(face_searches.c.id == search_id).values(closed_at=at))


def delete_probes(connection: Connection, before: datetime) -> int:
    """Deletes the probes of searches closed before a time, or made before it and never closed; returns of how many."""
    due = (
        select(face_searches.c.id)
        .join(face_probes, face_probes.c.search_id == face_searches.c.id)
        .where(func.coalesce(face_searches.c.closed_at, face_searches.c.searched_at) < before)
        .distinct()
    )
    ids = list(connection.execute(due).scalars())
    overwrite_deleted(connection)
    for start in range(0, len(ids), 500):
        connection.execute(delete(face_probes).where(face_probes.c.search_id.in_(ids[start : start + 500])))
    return len(ids)


def _own(person: str) -> ColumnElement[bool]:
    return and_(face_searches.c.scope == SearchScope.EVERYWHERE.value, face_searches.c.person == person)


def _searches() -> AnySelect:
    return (
        select(
            face_searches,
            cases.c.name.label("case_name"),
            models.c.pack,
            models.c.version,
            models.c.task,
            models.c.sha256,
        )
        .join(models, models.c.id == face_searches.c.model_id)
        .join(cases, cases.c.id == face_searches.c.case_id, isouter=True)
    )


def _search(row: AnyRow) -> StoredSearch:
    order = NewSearch(
        case_id=row.case_id,
        scope=SearchScope(row.scope),
        rule=ProbeRule(row.rule),
        purpose=row.purpose,
        authorisation=row.authorisation,
        model_id=row.model_id,
        calibration_id=row.calibration_id,
        gallery_faces=row.gallery_faces,
        settings=row.settings,
        reason=row.reason,
    )
    model = ModelIdentity(row.pack, row.version, ModelTask(row.task), bytes(row.sha256))
    return StoredSearch(row.id, order, row.case_name or "", row.searched_at, row.person, model, row.closed_at)


def _describe_probe(search_id: int, new: NewProbe) -> dict[str, Any]:
    probe = new.probe
    box = probe.box
    facts = {
        "faces": probe.faces,
        "used": probe.used,
        "is_chosen": probe.is_chosen,
        "box": None if box is None else [box.left, box.top, box.width, box.height],
        "landmarks": [list(point) for point in probe.landmarks],
        "size_px": probe.size_px,
        "unused": None if probe.unused is None else [probe.unused.reason.value, probe.unused.detail],
        "advice": probe.advice,
    }
    return {
        "search_id": search_id,
        "position": probe.position,
        "source_face_id": probe.source_face_id,
        "source_sha256": new.source_sha256,
        "facts": facts,
        "quality": probe.quality,
        "crop": new.crop,
        "vector": new.vector,
    }


def _probe(row: AnyRow) -> Probe:
    facts = row.facts
    unused = facts["unused"]
    return Probe(
        position=row.position,
        name="",
        source_face_id=row.source_face_id,
        faces=facts["faces"],
        used=facts["used"],
        is_chosen=facts["is_chosen"],
        box=None if facts["box"] is None else FaceBox(*facts["box"]),
        landmarks=tuple((x, y) for x, y in facts["landmarks"]),
        quality=row.quality,
        size_px=facts["size_px"],
        unused=None if unused is None else NotComparable(Reason(unused[0]), unused[1]),
        advice=facts["advice"],
    )


def _describe_candidate(search_id: int, stored: StoredCandidate) -> dict[str, Any]:
    candidate = stored.candidate
    return {
        "search_id": search_id,
        "rank": candidate.rank,
        "face_id": stored.face_id,
        "victim_face_id": stored.victim_face_id,
        "filler_id": stored.filler_id,
        "score": candidate.score,
        "log10_lr": candidate.log10_lr,
        "probability": candidate.probability,
        "rival": candidate.rival,
        "rival_face_id": stored.rival_face_id,
    }


def _candidate(row: AnyRow) -> StoredCandidate:
    candidate = Candidate(row.rank, row.face_id or 0, row.score, row.log10_lr, row.probability, row.rival)
    return StoredCandidate(
        candidate=candidate,
        face_id=row.face_id,
        victim_face_id=row.victim_face_id,
        filler_id=row.filler_id,
        rival_face_id=row.rival_face_id,
        victim=row.alias or "",
        victim_case_id=row.case_id,
        victim_case=row.victim_case or "",
    )
