"""Cameras: fingerprints and their references, comparisons, leads, decisions, sketches, clusters

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

import varde.store.types
from varde.store.append_only import forbid_change

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "camera_calibrations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("document", varde.store.types.Json(), nullable=False),
        sa.Column("made_at", varde.store.types.Utc(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("retired_at", varde.store.types.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_calibrations")),
        sqlite_strict=True,
    )
    op.create_table(
        "source_sketches",
        sa.Column(
            "content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("height_px", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("width_px", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("facts", varde.store.types.Json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("made_at", varde.store.types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_source_sketches_content_id_contents")),
        sa.PrimaryKeyConstraint("content_id", name=op.f("pk_source_sketches")),
        sqlite_strict=True,
    )
    op.create_table(
        "cameras",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("exhibit", sa.Text(), nullable=False),
        sa.Column("make", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("authorisation", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_at", varde.store.types.Utc(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("withdrawn_at", varde.store.types.Utc(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("withdrawn_because", sa.Text(), nullable=True),
        sa.Column("deleted_at", varde.store.types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_cameras_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cameras")),
        sa.UniqueConstraint("name", name=op.f("uq_cameras_name")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("cameras", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cameras_case_id"), ["case_id"], unique=False)

    op.create_table(
        "source_clusterings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("facts", varde.store.types.Json(), nullable=False),
        sa.Column("made_at", varde.store.types.Utc(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_source_clusterings_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_clusterings")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("source_clusterings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_source_clusterings_case_id"), ["case_id"], unique=False)

    op.create_table(
        "fingerprints",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("camera_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("height_px", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("width_px", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("used", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("facts", varde.store.types.Json(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", varde.store.types.Utc(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("replaced_at", varde.store.types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name=op.f("fk_fingerprints_camera_id_cameras")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fingerprints")),
        sa.UniqueConstraint("camera_id", "kind", "version", name=op.f("uq_fingerprints_camera_id_kind_version")),
        sqlite_strict=True,
    )
    op.create_table(
        "source_cluster_members",
        sa.Column(
            "clustering_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fit", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(
            ["clustering_id"],
            ["source_clusterings.id"],
            name=op.f("fk_source_cluster_members_clustering_id_source_clusterings"),
        ),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name=op.f("fk_source_cluster_members_content_id_contents")
        ),
        sa.PrimaryKeyConstraint("clustering_id", "content_id", name=op.f("pk_source_cluster_members")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("source_cluster_members", schema=None) as batch_op:
        batch_op.create_index(
            "ix_source_cluster_members_clustering_id_number", ["clustering_id", "number", "content_id"], unique=False
        )

    op.create_table(
        "source_clusters",
        sa.Column(
            "clustering_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("files", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("facts", varde.store.types.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clustering_id"],
            ["source_clusterings.id"],
            name=op.f("fk_source_clusters_clustering_id_source_clusterings"),
        ),
        sa.PrimaryKeyConstraint("clustering_id", "number", name=op.f("pk_source_clusters")),
        sqlite_strict=True,
    )
    op.create_table(
        "camera_comparisons",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fingerprint_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("pce", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("log10_lr", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("outcome", varde.store.types.Json(), nullable=False),
        sa.Column("calibration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("compared_at", varde.store.types.Utc(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calibration_id"],
            ["camera_calibrations.id"],
            name=op.f("fk_camera_comparisons_calibration_id_camera_calibrations"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_camera_comparisons_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["content_id"], ["contents.id"], name=op.f("fk_camera_comparisons_content_id_contents")
        ),
        sa.ForeignKeyConstraint(
            ["fingerprint_id"], ["fingerprints.id"], name=op.f("fk_camera_comparisons_fingerprint_id_fingerprints")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_comparisons")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("camera_comparisons", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_camera_comparisons_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_camera_comparisons_content_id"), ["content_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_camera_comparisons_fingerprint_id"), ["fingerprint_id"], unique=False)

    op.create_table(
        "camera_marks",
        sa.Column(
            "fingerprint_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("up_to", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["fingerprint_id"], ["fingerprints.id"], name=op.f("fk_camera_marks_fingerprint_id_fingerprints")
        ),
        sa.PrimaryKeyConstraint("fingerprint_id", name=op.f("pk_camera_marks")),
        sqlite_strict=True,
    )
    op.create_table(
        "fingerprint_references",
        sa.Column(
            "fingerprint_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("pce", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("facts", varde.store.types.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fingerprint_id"], ["fingerprints.id"], name=op.f("fk_fingerprint_references_fingerprint_id_fingerprints")
        ),
        sa.PrimaryKeyConstraint("fingerprint_id", "position", name=op.f("pk_fingerprint_references")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("fingerprint_references", schema=None) as batch_op:
        batch_op.create_index("ix_fingerprint_references_sha256", ["sha256"], unique=False)

    op.create_table(
        "camera_leads",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("camera_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("comparison_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("found_at", varde.store.types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name=op.f("fk_camera_leads_camera_id_cameras")),
        sa.ForeignKeyConstraint(
            ["comparison_id"], ["camera_comparisons.id"], name=op.f("fk_camera_leads_comparison_id_camera_comparisons")
        ),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_camera_leads_content_id_contents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_leads")),
        sa.UniqueConstraint("camera_id", "content_id", name=op.f("uq_camera_leads_camera_id_content_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("camera_leads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_camera_leads_content_id"), ["content_id"], unique=False)

    op.create_table(
        "camera_links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("camera_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("comparison_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", varde.store.types.Utc(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["camera_id"], ["cameras.id"], name=op.f("fk_camera_links_camera_id_cameras")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_camera_links_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["comparison_id"], ["camera_comparisons.id"], name=op.f("fk_camera_links_comparison_id_camera_comparisons")
        ),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_camera_links_content_id_contents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera_links")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("camera_links", schema=None) as batch_op:
        batch_op.create_index("ix_camera_links_camera_id_content_id", ["camera_id", "content_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_camera_links_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_camera_links_content_id"), ["content_id"], unique=False)

    forbid_change("camera_comparisons")
    forbid_change("camera_links")
