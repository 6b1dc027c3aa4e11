"""The schema of models and faces: packs, faces and their embeddings, victims, searches, leads, clusters.

Embeddings carry the model that made them. Enrolments are copies, so that deleting one leaves nothing of it.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Text, UniqueConstraint

from varde.store.tables import make_table
from varde.store.types import Bytes, Id, Json, Number, Seconds, Utc

models = make_table(
    "models",
    Column("id", Id, primary_key=True),
    Column("pack", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("sha256", Bytes, nullable=False),
    Column("added_at", Utc, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("removed_at", Utc),
    UniqueConstraint("pack", "version", "task", "sha256"),
)

model_choices = make_table(
    "model_choices",
    Column("purpose", Text, primary_key=True),
    Column("pack", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("chosen_at", Utc, nullable=False),
    Column("chosen_by", Text, nullable=False),
)

calibrations = make_table(
    "calibrations",
    Column("id", Id, primary_key=True),
    Column("model_id", Id, ForeignKey("models.id"), nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("tables", Json, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("retired_at", Utc),
)

face_examinations = make_table(
    "face_examinations",
    Column("content_id", Id, ForeignKey("contents.id"), primary_key=True, autoincrement=False),
    Column("model_id", Id, ForeignKey("models.id"), nullable=False),
    Column("faces", Number, nullable=False),
    Column("dropped", Number, nullable=False),
    Column("looked_at", Text, nullable=False),
    Column("reason", Text),
)

faces = make_table(
    "faces",
    Column("id", Id, primary_key=True),
    Column("content_id", Id, ForeignKey("contents.id"), nullable=False),
    Column("ordinal", Number, nullable=False),
    Column("left", Seconds, nullable=False),
    Column("top", Seconds, nullable=False),
    Column("width", Seconds, nullable=False),
    Column("height", Seconds, nullable=False),
    Column("landmarks", Json, nullable=False),
    Column("angle", Number, nullable=False),
    Column("size_px", Seconds, nullable=False),
    Column("confidence", Seconds, nullable=False),
    Column("quality", Number, nullable=False),
    Column("seen_frames", Number, nullable=False),
    Column("first_s", Seconds),
    Column("last_s", Seconds),
    Column("age_low", Seconds),
    Column("age_estimate", Seconds),
    Column("age_high", Seconds),
    Column("reason", Text),
    UniqueConstraint("content_id", "ordinal"),
)

face_frames = make_table(
    "face_frames",
    Column("face_id", Id, ForeignKey("faces.id"), primary_key=True, autoincrement=False),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("offset_s", Seconds),
    Column("quality", Number, nullable=False),
    Column("crop", Bytes, nullable=False),
)

face_embeddings = make_table(
    "face_embeddings",
    Column("model_id", Id, ForeignKey("models.id"), primary_key=True, autoincrement=False),
    Column("face_id", Id, ForeignKey("faces.id"), primary_key=True, autoincrement=False),
    Column("vector", Bytes, nullable=False),
    Index("ix_face_embeddings_face_id", "face_id"),
)

cohort_faces = make_table(
    "cohort_faces",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("age_band", Text, nullable=False),
    Column("quality", Number, nullable=False),
    Column("crop", Bytes, nullable=False),
    Column("added_at", Utc, nullable=False),
    Column("added_by", Text, nullable=False),
    Index("ix_cohort_faces_name", "name"),
)

cohort_embeddings = make_table(
    "cohort_embeddings",
    Column("model_id", Id, ForeignKey("models.id"), primary_key=True, autoincrement=False),
    Column("cohort_face_id", Id, ForeignKey("cohort_faces.id"), primary_key=True, autoincrement=False),
    Column("vector", Bytes, nullable=False),
)

victims = make_table(
    "victims",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("alias", Text, nullable=False),
    Column("authorisation", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("added_at", Utc, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("retain_until", Utc),
    Column("closed_at", Utc),
    UniqueConstraint("case_id", "alias"),
)

victim_faces = make_table(
    "victim_faces",
    Column("id", Id, primary_key=True),
    Column("victim_id", Id, ForeignKey("victims.id"), nullable=False, index=True),
    Column("source_face_id", Id, ForeignKey("faces.id")),
    Column("source_sha256", Bytes, nullable=False),
    Column("quality", Number, nullable=False),
    Column("age_low", Seconds),
    Column("age_estimate", Seconds),
    Column("age_high", Seconds),
    Column("crop", Bytes, nullable=False),
    Column("enrolled_at", Utc, nullable=False),
    Column("enrolled_by", Text, nullable=False),
)

victim_embeddings = make_table(
    "victim_embeddings",
    Column("model_id", Id, ForeignKey("models.id"), primary_key=True, autoincrement=False),
    Column("victim_face_id", Id, ForeignKey("victim_faces.id"), primary_key=True, autoincrement=False),
    Column("vector", Bytes, nullable=False),
)

face_searches = make_table(
    "face_searches",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), index=True),
    Column("scope", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("authorisation", Text, nullable=False),
    Column("searched_at", Utc, nullable=False),
    Column("person", Text, nullable=False),
    Column("model_id", Id, ForeignKey("models.id"), nullable=False),
    Column("calibration_id", Id, ForeignKey("calibrations.id")),
    Column("gallery_faces", Number, nullable=False),
    Column("settings", Json, nullable=False),
    Column("reason", Text),
    Column("closed_at", Utc),
)

face_probes = make_table(
    "face_probes",
    Column("search_id", Id, ForeignKey("face_searches.id"), primary_key=True, autoincrement=False),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("source_face_id", Id, ForeignKey("faces.id")),
    Column("source_sha256", Bytes, nullable=False),
    Column("facts", Json, nullable=False),
    Column("quality", Number, nullable=False),
    Column("crop", Bytes, nullable=False),
    Column("vector", Bytes, nullable=False),
)

face_candidates = make_table(
    "face_candidates",
    Column("search_id", Id, ForeignKey("face_searches.id"), primary_key=True, autoincrement=False),
    Column("rank", Number, primary_key=True, autoincrement=False),
    Column("face_id", Id, ForeignKey("faces.id"), index=True),
    Column("victim_face_id", Id, ForeignKey("victim_faces.id"), index=True),
    Column("filler_id", Id, ForeignKey("cohort_faces.id")),
    Column("score", Seconds, nullable=False),
    Column("log10_lr", Seconds),
    Column("probability", Seconds),
    Column("rival", Seconds),
    Column("rival_face_id", Id, ForeignKey("faces.id")),
)

face_judgements = make_table(
    "face_judgements",
    Column("id", Id, primary_key=True),
    Column("search_id", Id, ForeignKey("face_searches.id"), nullable=False),
    Column("rank", Number),
    Column("verdict", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("seconds", Number, nullable=False),
    Column("at", Utc, nullable=False),
    Column("person", Text, nullable=False),
    Index("ix_face_judgements_search_id_rank", "search_id", "rank"),
)

identifications = make_table(
    "identifications",
    Column("id", Id, primary_key=True),
    Column("victim_id", Id, ForeignKey("victims.id"), nullable=False, index=True),
    Column("face_id", Id, ForeignKey("faces.id"), nullable=False, index=True),
    Column("search_id", Id, ForeignKey("face_searches.id")),
    Column("verdict", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("person", Text, nullable=False),
)

case_links = make_table(
    "case_links",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("other_case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("victim_id", Id, ForeignKey("victims.id")),
    Column("is_linked", Number, nullable=False),
    Column("note", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("person", Text, nullable=False),
)

face_leads = make_table(
    "face_leads",
    Column("id", Id, primary_key=True),
    Column("victim_id", Id, ForeignKey("victims.id"), nullable=False),
    Column("face_id", Id, ForeignKey("faces.id"), nullable=False, index=True),
    Column("model_id", Id, ForeignKey("models.id"), nullable=False),
    Column("score", Seconds, nullable=False),
    Column("band", Text, nullable=False),
    Column("log10_lr", Seconds),
    Column("found_at", Utc, nullable=False),
    Column("verdict", Text),
    Column("answered_at", Utc),
    Column("answered_by", Text),
    UniqueConstraint("victim_id", "face_id", "model_id"),
)

retro_marks = make_table(
    "retro_marks",
    Column("model_id", Id, ForeignKey("models.id"), primary_key=True, autoincrement=False),
    Column("what", Text, primary_key=True),
    Column("up_to", Number, nullable=False),
)

face_clusters = make_table(
    "face_clusters",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("alias", Text),
    Column("victim_id", Id, ForeignKey("victims.id")),
    Column("named_at", Utc),
    Column("named_by", Text),
    Column("faces", Number, nullable=False),
    Column("version", Number, nullable=False),
    Column("is_kept", Number, nullable=False),
    Column("best_face_id", Id, ForeignKey("faces.id")),
    Column("centre", Bytes),
    Index("ix_face_clusters_case_id_faces", "case_id", "faces", "id"),
)

face_cluster_members = make_table(
    "face_cluster_members",
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("face_id", Id, ForeignKey("faces.id"), primary_key=True, autoincrement=False),
    Column("cluster_id", Id, ForeignKey("face_clusters.id")),
    Column("reason", Text),
    Column("is_placed_by_person", Number, nullable=False),
    Column("fit", Seconds),
    Index("ix_face_cluster_members_cluster_id_fit", "cluster_id", "fit", "face_id"),
    Index("ix_face_cluster_members_face_id", "face_id"),
)

face_constraints = make_table(
    "face_constraints",
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("face_id", Id, ForeignKey("faces.id"), primary_key=True, autoincrement=False),
    Column("other_face_id", Id, ForeignKey("faces.id"), primary_key=True, autoincrement=False),
    Column("is_same", Number, nullable=False),
    Column("act_id", Id, nullable=False),
)

face_cluster_acts = make_table(
    "face_cluster_acts",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Column("at", Utc, nullable=False),
    Column("person", Text, nullable=False),
    Column("undone_by", Id),
)
