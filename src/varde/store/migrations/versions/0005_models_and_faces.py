"""Models and faces: packs, faces and their embeddings, victims, searches, judgements, leads, clusters

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

import varde.store.types
from varde.store.append_only import forbid_change

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cohort_faces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("age_band", sa.Text(), nullable=False),
        sa.Column("quality", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("crop", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", varde.store.types.Utc(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort_faces")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("cohort_faces", schema=None) as batch_op:
        batch_op.create_index("ix_cohort_faces_name", ["name"], unique=False)

    op.create_table(
        "model_choices",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("chosen_at", varde.store.types.Utc(), nullable=False),
        sa.Column("chosen_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", name=op.f("pk_model_choices")),
        sqlite_strict=True,
    )
    op.create_table(
        "models",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", varde.store.types.Utc(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("removed_at", varde.store.types.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
        sa.UniqueConstraint("pack", "version", "task", "sha256", name=op.f("uq_models_pack_version_task_sha256")),
        sqlite_strict=True,
    )
    op.create_table(
        "calibrations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("tables", varde.store.types.Json(), nullable=False),
        sa.Column("made_at", varde.store.types.Utc(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("retired_at", varde.store.types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_calibrations_model_id_models")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibrations")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("calibrations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calibrations_model_id"), ["model_id"], unique=False)

    op.create_table(
        "cohort_embeddings",
        sa.Column(
            "model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "cohort_face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cohort_face_id"], ["cohort_faces.id"], name=op.f("fk_cohort_embeddings_cohort_face_id_cohort_faces")
        ),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_cohort_embeddings_model_id_models")),
        sa.PrimaryKeyConstraint("model_id", "cohort_face_id", name=op.f("pk_cohort_embeddings")),
        sqlite_strict=True,
    )
    op.create_table(
        "face_examinations",
        sa.Column(
            "content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("faces", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dropped", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("looked_at", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_face_examinations_content_id_contents")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_face_examinations_model_id_models")),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_face_examinations")),
        sqlite_strict=True,
    )
    op.create_table(
        "faces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("left", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=False),
        sa.Column("top", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=False),
        sa.Column("width", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=False),
        sa.Column("height", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=False),
        sa.Column("landmarks", varde.store.types.Json(), nullable=False),
        sa.Column("angle", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("size_px", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=False),
        sa.Column("confidence", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=False),
        sa.Column("quality", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seen_frames", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_s", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("last_s", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("age_low", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("age_estimate", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("age_high", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_faces_content_id_contents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faces")),
        sa.UniqueConstraint("content_id", "ordinal", name=op.f("uq_faces_content_id_ordinal")),
        sqlite_strict=True,
    )
    op.create_table(
        "retro_marks",
        sa.Column(
            "model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("up_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_retro_marks_model_id_models")),
        sa.PrimaryKeyConstraint("model_id", "what", name=op.f("pk_retro_marks")),
        sqlite_strict=True,
    )
    op.create_table(
        "face_cluster_acts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", varde.store.types.Json(), nullable=False),
        sa.Column("at", varde.store.types.Utc(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("undone_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_face_cluster_acts_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face_cluster_acts")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("face_cluster_acts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_face_cluster_acts_case_id"), ["case_id"], unique=False)

    op.create_table(
        "face_constraints",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "other_face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("is_same", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("act_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_face_constraints_case_id_cases")),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name=op.f("fk_face_constraints_face_id_faces")),
        sa.ForeignKeyConstraint(["other_face_id"], ["faces.id"], name=op.f("fk_face_constraints_other_face_id_faces")),
        sa.PrimaryKeyConstraint("case_id", "face_id", "other_face_id", name=op.f("pk_face_constraints")),
        sqlite_strict=True,
    )
    op.create_table(
        "face_embeddings",
        sa.Column(
            "model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name=op.f("fk_face_embeddings_face_id_faces")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_face_embeddings_model_id_models")),
        sa.PrimaryKeyConstraint("model_id", "face_id", name=op.f("pk_face_embeddings")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("face_embeddings", schema=None) as batch_op:
        batch_op.create_index("ix_face_embeddings_face_id", ["face_id"], unique=False)

    op.create_table(
        "face_frames",
        sa.Column("face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("offset_s", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("quality", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("crop", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name=op.f("fk_face_frames_face_id_faces")),
        sa.PrimaryKeyConstraint("face_id", "position", name=op.f("pk_face_frames")),
        sqlite_strict=True,
    )
    op.create_table(
        "face_searches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("authorisation", sa.Text(), nullable=False),
        sa.Column("searched_at", varde.store.types.Utc(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("calibration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("gallery_faces", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("settings", varde.store.types.Json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("closed_at", varde.store.types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["calibration_id"], ["calibrations.id"], name=op.f("fk_face_searches_calibration_id_calibrations")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_face_searches_case_id_cases")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_face_searches_model_id_models")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face_searches")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("face_searches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_face_searches_case_id"), ["case_id"], unique=False)

    op.create_table(
        "victims",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alias", sa.Text(), nullable=False),
        sa.Column("authorisation", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("added_at", varde.store.types.Utc(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("retain_until", varde.store.types.Utc(), nullable=True),
        sa.Column("closed_at", varde.store.types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_victims_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_victims")),
        sa.UniqueConstraint("case_id", "alias", name=op.f("uq_victims_case_id_alias")),
        sqlite_strict=True,
    )
    op.create_table(
        "case_links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("other_case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("victim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_linked", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", varde.store.types.Utc(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_links_case_id_cases")),
        sa.ForeignKeyConstraint(["other_case_id"], ["cases.id"], name=op.f("fk_case_links_other_case_id_cases")),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_case_links_victim_id_victims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_links")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("case_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_links_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_case_links_other_case_id"), ["other_case_id"], unique=False)

    op.create_table(
        "face_clusters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alias", sa.Text(), nullable=True),
        sa.Column("victim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("named_at", varde.store.types.Utc(), nullable=True),
        sa.Column("named_by", sa.Text(), nullable=True),
        sa.Column("faces", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_kept", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("best_face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("centre", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["best_face_id"], ["faces.id"], name=op.f("fk_face_clusters_best_face_id_faces")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_face_clusters_case_id_cases")),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_face_clusters_victim_id_victims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face_clusters")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("face_clusters", schema=None) as batch_op:
        batch_op.create_index("ix_face_clusters_case_id_faces", ["case_id", "faces", "id"], unique=False)

    op.create_table(
        "face_judgements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("search_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rank", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("seconds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", varde.store.types.Utc(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["search_id"], ["face_searches.id"], name=op.f("fk_face_judgements_search_id_face_searches")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face_judgements")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("face_judgements", schema=None) as batch_op:
        batch_op.create_index("ix_face_judgements_search_id_rank", ["search_id", "rank"], unique=False)

    op.create_table(
        "face_leads",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("victim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("score", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("log10_lr", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("found_at", varde.store.types.Utc(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("answered_at", varde.store.types.Utc(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name=op.f("fk_face_leads_face_id_faces")),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_face_leads_model_id_models")),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_face_leads_victim_id_victims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_face_leads")),
        sa.UniqueConstraint("victim_id", "face_id", "model_id", name=op.f("uq_face_leads_victim_id_face_id_model_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("face_leads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_face_leads_face_id"), ["face_id"], unique=False)

    op.create_table(
        "face_probes",
        sa.Column(
            "search_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("source_face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("facts", varde.store.types.Json(), nullable=False),
        sa.Column("quality", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("crop", sa.LargeBinary(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["search_id"], ["face_searches.id"], name=op.f("fk_face_probes_search_id_face_searches")
        ),
        sa.ForeignKeyConstraint(["source_face_id"], ["faces.id"], name=op.f("fk_face_probes_source_face_id_faces")),
        sa.PrimaryKeyConstraint("search_id", "position", name=op.f("pk_face_probes")),
        sqlite_strict=True,
    )
    op.create_table(
        "identifications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("victim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("search_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", varde.store.types.Utc(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name=op.f("fk_identifications_face_id_faces")),
        sa.ForeignKeyConstraint(
            ["search_id"], ["face_searches.id"], name=op.f("fk_identifications_search_id_face_searches")
        ),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_identifications_victim_id_victims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identifications")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("identifications", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identifications_face_id"), ["face_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_identifications_victim_id"), ["victim_id"], unique=False)

    op.create_table(
        "victim_faces",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("victim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source_face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("age_low", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("age_estimate", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("age_high", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("crop", sa.LargeBinary(), nullable=False),
        sa.Column("enrolled_at", varde.store.types.Utc(), nullable=False),
        sa.Column("enrolled_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source_face_id"], ["faces.id"], name=op.f("fk_victim_faces_source_face_id_faces")),
        sa.ForeignKeyConstraint(["victim_id"], ["victims.id"], name=op.f("fk_victim_faces_victim_id_victims")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_victim_faces")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("victim_faces", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_victim_faces_victim_id"), ["victim_id"], unique=False)

    op.create_table(
        "face_candidates",
        sa.Column(
            "search_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("rank", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("victim_face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("filler_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("score", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=False),
        sa.Column("log10_lr", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("probability", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("rival", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("rival_face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name=op.f("fk_face_candidates_face_id_faces")),
        sa.ForeignKeyConstraint(
            ["filler_id"], ["cohort_faces.id"], name=op.f("fk_face_candidates_filler_id_cohort_faces")
        ),
        sa.ForeignKeyConstraint(["rival_face_id"], ["faces.id"], name=op.f("fk_face_candidates_rival_face_id_faces")),
        sa.ForeignKeyConstraint(
            ["search_id"], ["face_searches.id"], name=op.f("fk_face_candidates_search_id_face_searches")
        ),
        sa.ForeignKeyConstraint(
            ["victim_face_id"], ["victim_faces.id"], name=op.f("fk_face_candidates_victim_face_id_victim_faces")
        ),
        sa.PrimaryKeyConstraint("search_id", "rank", name=op.f("pk_face_candidates")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("face_candidates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_face_candidates_face_id"), ["face_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_face_candidates_victim_face_id"), ["victim_face_id"], unique=False)

    op.create_table(
        "face_cluster_members",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("cluster_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("is_placed_by_person", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fit", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_face_cluster_members_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["cluster_id"], ["face_clusters.id"], name=op.f("fk_face_cluster_members_cluster_id_face_clusters")
        ),
        sa.ForeignKeyConstraint(["face_id"], ["faces.id"], name=op.f("fk_face_cluster_members_face_id_faces")),
        sa.PrimaryKeyConstraint("case_id", "face_id", name=op.f("pk_face_cluster_members")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("face_cluster_members", schema=None) as batch_op:
        batch_op.create_index("ix_face_cluster_members_cluster_id_fit", ["cluster_id", "fit", "face_id"], unique=False)
        batch_op.create_index("ix_face_cluster_members_face_id", ["face_id"], unique=False)

    op.create_table(
        "victim_embeddings",
        sa.Column(
            "model_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "victim_face_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["models.id"], name=op.f("fk_victim_embeddings_model_id_models")),
        sa.ForeignKeyConstraint(
            ["victim_face_id"], ["victim_faces.id"], name=op.f("fk_victim_embeddings_victim_face_id_victim_faces")
        ),
        sa.PrimaryKeyConstraint("model_id", "victim_face_id", name=op.f("pk_victim_embeddings")),
        sqlite_strict=True,
    )

    forbid_change("face_judgements")
    forbid_change("identifications")
    forbid_change("case_links")
