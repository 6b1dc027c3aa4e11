"""Contents: recorded once by SHA-256, with everything that was computed from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from varde.core.content import Content
from varde.core.digest import Digests
from varde.core.errors import IntegrityFailure
from varde.core.outcome import NotComparable
from varde.core.signal import Signal
from varde.store import tables
from varde.store.comparisons import compare_again
from varde.store.face_writing import FaceModels, record_faces
from varde.store.local_features import record_features
from varde.store.search_index import record_content
from varde.store.source_sketches import record_sketches
from varde.store.types import make_storable

_IDS_AT_ONCE = 500


def record_contents(
    connection: Connection,
    examined: Iterable[Content],
    face_models: FaceModels | None = None,
    sketched_at: datetime | None = None,
) -> dict[bytes, int]:
    """Records contents that are new and returns the row number of each by SHA-256.

    Faces are recorded with the models that looked, sketches (whose bits are on disk already) with their time. A content
    that could not be decoded before (its decoder was killed, say) and now can is completed, and compared again.
    """
    by_digest: dict[bytes, Content] = {}
    for content in examined:
        digest = content.digests.sha256
        if digest not in by_digest or content.signals:
            before = by_digest.get(digest)
            by_digest[digest] = _take_over(content, before) if before else content
    known = _find_ids(connection, by_digest)
    _complete(connection, [(known[digest], content) for digest, content in by_digest.items() if digest in known])
    fresh = [content for digest, content in by_digest.items() if digest not in known]
    if fresh:
        connection.execute(insert(tables.contents), [_content_row(content) for content in fresh])
        ids = _find_ids(connection, {content.digests.sha256: content for content in fresh})
        _record_derived(connection, [(ids[content.digests.sha256], content) for content in fresh])
        known |= ids
    everything = [(known[digest], content) for digest, content in by_digest.items()]
    record_faces(connection, everything, face_models)
    if sketched_at is not None:
        record_sketches(connection, everything, sketched_at)
    return known


def _complete(connection: Connection, again: list[tuple[int, Content]]) -> None:
    completed = record_features(connection, again)
    if completed:
        compare_again(connection, min(completed), "local-features")
    candidates = {content_id: content for content_id, content in again if content.signals}
    table = tables.signals.c
    for start in range(0, len(candidates), _IDS_AT_ONCE):
        ids = list(candidates)[start : start + _IDS_AT_ONCE]
        query = select(table.content_id).where(table.content_id.in_(ids)).distinct()
        for content_id in set(ids) - set(connection.execute(query).scalars()):
            row = _content_row(candidates[content_id])
            connection.execute(update(tables.contents).where(tables.contents.c.id == content_id).values(row))
            _record_derived(connection, [(content_id, candidates[content_id])])
            record_content(connection, content_id)
            compare_again(connection, content_id)


def _take_over(content: Content, before: Content) -> Content:
    """Returns a content with what only an earlier examination of it in the same batch gave."""
    return replace(content, faces=content.faces or before.faces, sketch=content.sketch or before.sketch)


def _find_ids(connection: Connection, wanted: dict[bytes, Content]) -> dict[bytes, int]:
    """Returns the row numbers of contents that are recorded, after comparing their other digests."""
    table, digests, found = tables.contents.c, list(wanted), dict[bytes, int]()
    for start in range(0, len(digests), _IDS_AT_ONCE):
        some = table.sha256.in_(digests[start : start + _IDS_AT_ONCE])
        query = select(table.id, table.sha256, table.sha1, table.md5, table.size_bytes).where(some)
        for row in connection.execute(query):
            if Digests(row.md5, row.sha1, row.sha256, row.size_bytes) != wanted[row.sha256].digests:
                raise IntegrityFailure(
                    f"two contents with SHA-256 {row.sha256.hex()} have other digests or sizes: one of them is a lie",
                    advice="A decoder that hostile bytes took over may have told it. Keep the site as it is.",
                )
            found[row.sha256] = row.id
    return found


def _content_row(content: Content) -> dict[str, object]:
    facts = content.facts
    return {
        "sha256": content.digests.sha256,
        "sha1": content.digests.sha1,
        "md5": content.digests.md5,
        "size_bytes": content.digests.size_bytes,
        "kind": content.media_type.kind.value,
        "mime": content.media_type.mime,
        "width_px": facts.width_px if facts else None,
        "height_px": facts.height_px if facts else None,
        "frames": facts.frames if facts else None,
        "duration_s": facts.duration_s if facts else None,
        "metadata": [list(pair) for pair in facts.metadata] if facts else [],
        "sampling": content.sampling or None,
    }


def _record_derived(connection: Connection, fresh: list[tuple[int, Content]]) -> None:
    signals = [row for content_id, content in fresh for signal in content.signals for row in _rows(content_id, signal)]
    if signals:
        connection.execute(insert(tables.signals), signals)
    thumbnails = [
        {
            "content_id": content_id,
            "data": thumb.data,
            "width_px": thumb.width_px,
            "height_px": thumb.height_px,
            "veiled": thumb.veiled or None,
        }
        for content_id, content in fresh
        if (thumb := content.thumbnail)
    ]
    if thumbnails:
        connection.execute(insert(tables.thumbnails), thumbnails)
    record_features(connection, fresh)


def _rows(content_id: int, signal: Signal) -> list[dict[str, object]]:
    base: dict[str, object] = {
        "content_id": content_id,
        "method": signal.method.name,
        "version": signal.method.version,
        **dict.fromkeys(("value", "quality", "offset_s", "reason", "detail", "variants")),
    }
    if isinstance(signal.outcome, NotComparable):
        detail = make_storable(signal.outcome.detail)
        return [base | {"position": 0, "reason": signal.outcome.reason.value, "detail": detail}]
    return [
        base
        | {
            "position": position,
            "value": found.value,
            "quality": found.quality,
            "offset_s": found.offset_s,
            "variants": found.variants or None,
        }
        for position, found in enumerate(signal.outcome)
    ]
