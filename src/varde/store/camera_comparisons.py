"""Comparisons of files with cameras: findings of the machine, append-only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from varde.core.camera import FingerprintKind, Geometry, LikelihoodRatio, SearchExtent, SourceScore, SourceSearch
from varde.core.camera_comparison import CameraComparison, NamedFingerprint
from varde.core.errors import NotFound
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method
from varde.store.camera_tables import camera_comparisons, cameras, fingerprints
from varde.store.cameras import StoredFingerprint
from varde.store.tables import cases
from varde.store.types import AnyRow, AnySelect, make_storable

_HIGHEST_ROW = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class NewComparison:
    """A comparison as it was just made; its fields are those of `CameraComparison`.

    Attributes:
        calibration_id: of the site's own calibration; None for the one that comes with Varde, or for none.
    """

    fingerprint_id: int
    case_id: int | None
    content_id: int | None
    sha256: bytes
    name: str
    outcome: SourceScore | NotComparable
    likelihood: LikelihoodRatio | NotComparable
    calibration_id: int | None = None
    same: str = ""
    other: str = ""
    stated: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    advice: str = ""
    surface: tuple[tuple[float, ...], ...] = ()


def record_comparison(connection: Connection, new: NewComparison, *, person: str, at: datetime) -> int:
    """Keeps a comparison for good and returns its row number."""
    refused = next((one for one in (new.outcome, new.likelihood) if isinstance(one, NotComparable)), None)
    score = None if isinstance(new.outcome, NotComparable) else new.outcome
    weighed = None if isinstance(new.likelihood, NotComparable) else new.likelihood
    values = {
        "fingerprint_id": new.fingerprint_id,
        "case_id": new.case_id,
        "content_id": new.content_id,
        "sha256": new.sha256,
        "name": make_storable(new.name),
        "reason": refused.reason.value if refused else None,
        "detail": make_storable(refused.detail) if refused else "",
        "pce": score.pce if score else None,
        "log10_lr": weighed.log10_lr if weighed else None,
        "outcome": {
            "score": asdict(score) if score else None,
            "likelihood": asdict(weighed) if weighed else None,
            "propositions": [new.same, new.other],
            "stated": dict(new.stated),
            "notes": list(new.notes),
            "advice": new.advice,
            "surface": [list(row) for row in new.surface],
        },
        "calibration_id": new.calibration_id,
        "compared_at": at,
        "person": person,
    }
    table = camera_comparisons
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def get_comparison(
    connection: Connection, comparison_id: int, case_ids: Collection[int] | None, *, person: str = ""
) -> CameraComparison:
    """Returns a comparison.

    Args:
        connection: to read with.
        comparison_id: its row number.
        case_ids: cases that the reader has access to; None for all.
        person: who reads: what was done for no case is shown to whoever did it.

    Raises:
        NotFound: if there is none of that number that the reader may see.
    """
    if 0 < comparison_id <= _HIGHEST_ROW:
        query = _limit(_comparisons(), case_ids, person).where(camera_comparisons.c.id == comparison_id)
        row = connection.execute(query).first()
        if row is not None:
            return _comparison(row)
    raise NotFound("there is no such comparison, or it is not yours to see")


def list_comparisons(
    connection: Connection,
    *,
    case_ids: Collection[int] | None,
    person: str = "",
    camera_id: int | None = None,
    case_id: int | None = None,
    content_id: int | None = None,
    before: int | None = None,
    limit: int = 200,
) -> list[CameraComparison]:
    """Returns comparisons, newest first.

    Args:
        connection: to read with.
        case_ids, person: as of `get_comparison`.
        camera_id, case_id, content_id: only of this camera, done for this case, of this content; None for all.
        before: row number of the one after the first; None for the newest.
        limit: most of them.
    """
    table = camera_comparisons.c
    query = _limit(_comparisons(), case_ids, person).order_by(table.id.desc()).limit(limit)
    if camera_id is not None:
        query = query.where(cameras.c.id == camera_id)
    if case_id is not None:
        query = query.where(table.case_id == case_id)
    if content_id is not None:
        query = query.where(table.content_id == content_id)
    if before is not None:
        query = query.where(table.id < before)
    return [_comparison(row) for row in connection.execute(query)]


def load_comparisons(connection: Connection, comparison_ids: Sequence[int]) -> dict[int, CameraComparison]:
    """Returns comparisons by row number, at most a few hundred; the caller saw to it that the reader may see them."""
    query = _comparisons().where(camera_comparisons.c.id.in_(list(comparison_ids)))
    return {row.id: _comparison(row) for row in connection.execute(query)}


def name_fingerprint(camera: str, stored: StoredFingerprint) -> NamedFingerprint:
    """Returns a fingerprint as comparisons name it."""
    return NamedFingerprint(
        fingerprint_id=stored.fingerprint_id,
        camera_id=stored.camera_id,
        camera=camera,
        kind=stored.kind,
        version=stored.version,
        height_px=stored.height_px,
        width_px=stored.width_px,
        used=stored.used,
        sha256=stored.sha256,
        method=stored.method,
    )


def _limit(query: AnySelect, case_ids: Collection[int] | None, person: str) -> AnySelect:
    """Limits comparisons to those whose case, and whose camera's case, the reader has access to."""
    if case_ids is None:
        return query
    ids, table = list(case_ids), camera_comparisons.c
    own = table.case_id.is_(None) & (table.person == person)
    seen = cameras.c.case_id.is_(None) | cameras.c.case_id.in_(ids)
    return query.where(or_(table.case_id.in_(ids), own), seen)


def _comparisons() -> AnySelect:
    made = fingerprints.c
    return (
        select(camera_comparisons, cases.c.name.label("case_name"))
        .add_columns(made.camera_id, made.kind, made.version, made.height_px, made.width_px, made.used)
        .add_columns(made.sha256.label("fingerprint_sha256"), made.method.label("fingerprint_method"))
        .add_columns(cameras.c.name.label("camera_name"))
        .join(fingerprints, made.id == camera_comparisons.c.fingerprint_id)
        .join(cameras, cameras.c.id == made.camera_id)
        .join(cases, cases.c.id == camera_comparisons.c.case_id, isouter=True)
    )


def _comparison(row: AnyRow) -> CameraComparison:
    kept: dict[str, Any] = row.outcome
    refused = NotComparable(Reason(row.reason), row.detail) if row.reason else None
    score = _score(kept["score"]) if kept["score"] else refused
    weighed = LikelihoodRatio(**kept["likelihood"]) if kept["likelihood"] else refused
    if score is None or weighed is None:
        raise NotFound(f"comparison {row.id} says neither what it gave nor why it gave nothing")
    same, other = kept["propositions"]
    return CameraComparison(
        comparison_id=row.id,
        camera_id=row.camera_id,
        camera=row.camera_name,
        fingerprint=_fingerprint(row),
        name=row.name,
        sha256=bytes(row.sha256),
        content_id=row.content_id,
        case_id=row.case_id,
        case=row.case_name or "",
        outcome=score,
        likelihood=weighed,
        compared_at=row.compared_at,
        person=row.person,
        same=same,
        other=other,
        stated=kept["stated"],
        notes=tuple(kept["notes"]),
        advice=kept["advice"],
        surface=tuple(tuple(row) for row in kept["surface"]),
    )


def _fingerprint(row: AnyRow) -> NamedFingerprint:
    return NamedFingerprint(
        fingerprint_id=row.fingerprint_id,
        camera_id=row.camera_id,
        camera=row.camera_name,
        kind=FingerprintKind(row.kind),
        version=row.version,
        height_px=row.height_px,
        width_px=row.width_px,
        used=row.used,
        sha256=bytes(row.fingerprint_sha256),
        method=row.fingerprint_method,
    )


def _score(kept: dict[str, Any]) -> SourceScore:
    search = kept["search"]
    place = search["geometry"]
    geometry = Geometry(place["turn"], place["mirrored"], place["scale"], place["angle_deg"], tuple(place["shift"]))
    return SourceScore(
        pce=kept["pce"],
        correlation=kept["correlation"],
        search=SourceSearch(SearchExtent(search["extent"]), search["places"], geometry),
        pixels=kept["pixels"],
        usable=kept["usable"],
        method=Method(**kept["method"]),
    )
