"""The state of a site without anything that depends on the order of work: to compare two runs over the same exhibit."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import Connection, select

from varde.store import tables
from varde.store.camera_tables import source_sketches
from varde.store.face_tables import face_embeddings, face_examinations, face_frames, faces
from varde.store.face_tables import models as face_models
from varde.store.site import Site


def describe_state(site: Site) -> dict[str, list[str]]:
    """Returns items, contents and all that was found of them as sorted lines without row numbers."""
    with site.database.read() as connection:
        contents = _name_rows(connection, tables.contents, "sha256")
        items = _name_rows(connection, tables.items, "locator")
        entries = {row.id: f"{row.set_id}:{row.line}" for row in connection.execute(select(tables.known_entries))}
        shown = {row.id: f"{contents[row.content_id]}:{row.ordinal}" for row in connection.execute(select(faces))}
        models = {row.id: f"{row.pack}:{row.task}" for row in connection.execute(select(face_models))}
        names: dict[str, dict[int, str]] = {
            "face_id": shown,
            "model_id": models,
            "content_id": contents,
            "item_id": items,
            "parent_id": items,
            "entry_id": entries,
        }
        described = (
            *(tables.items, tables.contents, tables.signals, tables.thumbnails, tables.issues, tables.findings),
            *(face_examinations, faces, face_frames, face_embeddings, source_sketches),
        )
        return {
            table.name: sorted(_describe(row._asdict(), names) for row in connection.execute(select(table)))
            for table in described
        }


def _name_rows(connection: Connection, table: Any, column: str) -> dict[int, str]:
    rows = connection.execute(select(table.c.id, table.c[column]))
    return {row_id: value.hex() if isinstance(value, bytes) else value for row_id, value in rows}


def _describe(row: dict[str, Any], names: dict[str, dict[int, str]]) -> str:
    row.pop("id", None)
    row.pop("found_at", None)
    row.pop("made_at", None)
    for column, by_id in names.items():
        if row.get(column) is not None:
            row[column] = by_id[row[column]]
    return json.dumps(row, default=_plain, sort_keys=True)


def _plain(value: Any) -> str:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)
