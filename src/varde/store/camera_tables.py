"""The schema of cameras: fingerprints and what they were made from, comparisons, leads, decisions, sketches, clusters.

Fingerprints themselves lie in files beside the database (see `varde.camera`); a row names one by its digest.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Text, UniqueConstraint

from varde.store.tables import make_table
from varde.store.types import Bytes, Id, Json, Number, Seconds, Utc

cameras = make_table(
    "cameras",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("case_id", Id, ForeignKey("cases.id"), index=True),
    Column("exhibit", Text, nullable=False),
    Column("make", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("authorisation", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("added_at", Utc, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("withdrawn_at", Utc),
    Column("withdrawn_by", Text),
    Column("withdrawn_because", Text),
    Column("deleted_at", Utc),
)

fingerprints = make_table(
    "fingerprints",
    Column("id", Id, primary_key=True),
    Column("camera_id", Id, ForeignKey("cameras.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", Number, nullable=False),
    Column("method", Text, nullable=False),
    Column("height_px", Number, nullable=False),
    Column("width_px", Number, nullable=False),
    Column("used", Number, nullable=False),
    Column("facts", Json, nullable=False),
    Column("sha256", Bytes, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("replaced_at", Utc),
    UniqueConstraint("camera_id", "kind", "version"),
)

fingerprint_references = make_table(
    "fingerprint_references",
    Column("fingerprint_id", Id, ForeignKey("fingerprints.id"), primary_key=True, autoincrement=False),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("sha256", Bytes, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text, nullable=False),
    Column("pce", Seconds),
    Column("facts", Json, nullable=False),
    Index("ix_fingerprint_references_sha256", "sha256"),
)

camera_calibrations = make_table(
    "camera_calibrations",
    Column("id", Id, primary_key=True),
    Column("source", Text, nullable=False),
    Column("document", Json, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("retired_at", Utc),
)

camera_comparisons = make_table(
    "camera_comparisons",
    Column("id", Id, primary_key=True),
    Column("fingerprint_id", Id, ForeignKey("fingerprints.id"), nullable=False, index=True),
    Column("case_id", Id, ForeignKey("cases.id"), index=True),
    Column("content_id", Id, ForeignKey("contents.id"), index=True),
    Column("sha256", Bytes, nullable=False),
    Column("name", Text, nullable=False),
    Column("reason", Text),
    Column("detail", Text, nullable=False),
    Column("pce", Seconds),
    Column("log10_lr", Seconds),
    Column("outcome", Json, nullable=False),
    Column("calibration_id", Id, ForeignKey("camera_calibrations.id")),
    Column("compared_at", Utc, nullable=False),
    Column("person", Text, nullable=False),
)

camera_leads = make_table(
    "camera_leads",
    Column("id", Id, primary_key=True),
    Column("camera_id", Id, ForeignKey("cameras.id"), nullable=False),
    Column("content_id", Id, ForeignKey("contents.id"), nullable=False, index=True),
    Column("comparison_id", Id, ForeignKey("camera_comparisons.id"), nullable=False),
    Column("found_at", Utc, nullable=False),
    UniqueConstraint("camera_id", "content_id"),
)

camera_links = make_table(
    "camera_links",
    Column("id", Id, primary_key=True),
    Column("camera_id", Id, ForeignKey("cameras.id"), nullable=False),
    Column("content_id", Id, ForeignKey("contents.id"), nullable=False, index=True),
    Column("comparison_id", Id, ForeignKey("camera_comparisons.id"), nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("verdict", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("person", Text, nullable=False),
    Index("ix_camera_links_camera_id_content_id", "camera_id", "content_id"),
)

camera_marks = make_table(
    "camera_marks",
    Column("fingerprint_id", Id, ForeignKey("fingerprints.id"), primary_key=True, autoincrement=False),
    Column("up_to", Number, nullable=False),
)

source_sketches = make_table(
    "source_sketches",
    Column("content_id", Id, ForeignKey("contents.id"), primary_key=True, autoincrement=False),
    Column("method", Text, nullable=False),
    Column("height_px", Number, nullable=False),
    Column("width_px", Number, nullable=False),
    Column("facts", Json, nullable=False),
    Column("reason", Text),
    Column("detail", Text, nullable=False),
    Column("made_at", Utc, nullable=False),
)

source_clusterings = make_table(
    "source_clusterings",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("method", Text, nullable=False),
    Column("facts", Json, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("made_by", Text, nullable=False),
)

source_clusters = make_table(
    "source_clusters",
    Column("clustering_id", Id, ForeignKey("source_clusterings.id"), primary_key=True, autoincrement=False),
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("files", Number, nullable=False),
    Column("facts", Json, nullable=False),
)

source_cluster_members = make_table(
    "source_cluster_members",
    Column("clustering_id", Id, ForeignKey("source_clusterings.id"), primary_key=True, autoincrement=False),
    Column("content_id", Id, ForeignKey("contents.id"), primary_key=True, autoincrement=False),
    Column("number", Number),
    Column("reason", Text),
    Column("fit", Seconds),
    Index("ix_source_cluster_members_clustering_id_number", "clustering_id", "number", "content_id"),
)
