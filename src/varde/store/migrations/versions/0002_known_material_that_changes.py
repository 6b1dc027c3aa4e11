"""Known material that changes: revisions, events, local features, floods, exchanges, tokens

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

import varde.store.types
from varde.store.append_only import forbid_change

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("rights", varde.store.types.Json(), nullable=False),
        sa.Column("created_at", varde.store.types.Utc(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", varde.store.types.Utc(), nullable=True),
        sa.Column("revoked_at", varde.store.types.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
        sa.UniqueConstraint("name", name=op.f("uq_tokens_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "exchanges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("api", sa.Text(), nullable=False),
        sa.Column("set_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("settings", varde.store.types.Json(), nullable=False),
        sa.Column("enabled", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("added_at", varde.store.types.Utc(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("fetched_at", varde.store.types.Utc(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["set_id"], ["known_sets.id"], name=op.f("fk_exchanges_set_id_known_sets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchanges")),
        sa.UniqueConstraint("name", name=op.f("uq_exchanges_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "known_revisions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("set_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", varde.store.types.Utc(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("first_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("last_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("added", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("removed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("checkpoint", varde.store.types.Json(), nullable=True),
        sa.ForeignKeyConstraint(["set_id"], ["known_sets.id"], name=op.f("fk_known_revisions_set_id_known_sets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_revisions")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("known_revisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_known_revisions_set_id"), ["set_id"], unique=False)

    op.create_table(
        "local_features",
        sa.Column(
            "content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("points", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("offset_s", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(data IS NULL) = (reason IS NOT NULL)", name=op.f("ck_local_features_data_or_reason")),
        sa.ForeignKeyConstraint(["content_id"], ["contents.id"], name=op.f("fk_local_features_content_id_contents")),
        sa.PrimaryKeyConstraint("content_id", "position", name=op.f("pk_local_features")),
        sqlite_strict=True,
    )
    op.create_table(
        "floods",
        sa.Column(
            "entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("at", varde.store.types.Utc(), nullable=False),
        sa.Column("counted", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("released_at", varde.store.types.Utc(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["known_entries.id"], name=op.f("fk_floods_entry_id_known_entries")),
        sa.PrimaryKeyConstraint("entry_id", "family", name=op.f("pk_floods")),
        sqlite_strict=True,
    )
    op.create_table(
        "known_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("set_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", varde.store.types.Utc(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["known_entries.id"], name=op.f("fk_known_events_entry_id_known_entries")
        ),
        sa.ForeignKeyConstraint(["set_id"], ["known_sets.id"], name=op.f("fk_known_events_set_id_known_sets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_events")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("known_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_known_events_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_known_events_set_id"), ["set_id"], unique=False)

    op.create_table(
        "known_features",
        sa.Column(
            "entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("set_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("points", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("offset_s", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["known_entries.id"], name=op.f("fk_known_features_entry_id_known_entries")
        ),
        sa.ForeignKeyConstraint(["set_id"], ["known_sets.id"], name=op.f("fk_known_features_set_id_known_sets")),
        sa.PrimaryKeyConstraint("entry_id", "position", name=op.f("pk_known_features")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("known_features", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_known_features_set_id"), ["set_id"], unique=False)

    # How far was compared is now one mark for all sets; everything is compared once more, which adds nothing twice.
    op.drop_table("comparisons")
    op.create_table(
        "comparisons",
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("operating_point", sa.Text(), nullable=False),
        sa.Column("up_to_content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("up_to_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("method", "operating_point", name=op.f("pk_comparisons")),
        sqlite_strict=True,
    )
    for table, column in (("contents", "sampling"), ("known_entries", "sampling")):
        op.add_column(table, sa.Column(column, sa.Text()))
    for table in ("known_entries", "known_sets"):
        op.add_column(table, sa.Column("state", sa.Text(), server_default="active", nullable=False))
    op.add_column("signals", sa.Column("variants", sa.LargeBinary(), nullable=True))
    op.add_column("findings", sa.Column("details", varde.store.types.Json(), nullable=True))
    op.add_column("findings", sa.Column("suppressed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite")))
    op.create_index(
        "ix_known_entries_source_id",
        "known_entries",
        ["set_id", "source_id"],
        sqlite_where=sa.text("source_id <> ''"),
        postgresql_where=sa.text("source_id <> ''"),
    )
    op.execute(
        "INSERT INTO known_revisions (set_id, at, person, source, first_entry_id, last_entry_id, added, removed) "
        "SELECT s.id, s.imported_at, s.imported_by, s.source_name, min(e.id), max(e.id), count(e.id), 0 "
        "FROM known_sets s LEFT JOIN known_entries e ON e.set_id = s.id "
        "GROUP BY s.id, s.imported_at, s.imported_by, s.source_name"
    )
    forbid_change("known_events")
