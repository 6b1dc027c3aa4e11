"""People and review: accounts, sessions, access, approvals, stacks, queues, opinions, exposure, outcomes

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

import varde.store.types
from varde.store.append_only import forbid_change

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("roles", varde.store.types.Json(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change_password", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("totp_secret", sa.Text(), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("disabled_at", varde.store.types.Utc(), nullable=True),
        sa.Column("opted_out_at", varde.store.types.Utc(), nullable=True),
        sa.Column("preferences", varde.store.types.Json(), nullable=False),
        sa.Column("created_at", varde.store.types.Utc(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
        sqlite_strict=True,
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", varde.store.types.Utc(), nullable=False),
        sa.Column("seen_at", varde.store.types.Utc(), nullable=False),
        sa.Column("ends_at", varde.store.types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_account_id"), ["account_id"], unique=False)

    op.create_table(
        "approvals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("subject", varde.store.types.Json(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", varde.store.types.Utc(), nullable=False),
        sa.Column("asked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", varde.store.types.Utc(), nullable=True),
        sa.Column("decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("used_at", varde.store.types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_approvals_asked_by_accounts")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_approvals_case_id_cases")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_approvals_decided_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("approvals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_approvals_case_id"), ["case_id"], unique=False)
        batch_op.create_index(
            "ix_approvals_waiting",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "case_access",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("given_at", varde.store.types.Utc(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_case_access_account_id_accounts")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_access_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "account_id", name=op.f("pk_case_access")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("case_access", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_access_account_id"), ["account_id"], unique=False)

    op.create_table(
        "outcomes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", varde.store.types.Utc(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_outcomes_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("outcomes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outcomes_case_id"), ["case_id"], unique=False)

    op.create_table(
        "queues",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("ordering", sa.Text(), nullable=False),
        sa.Column("settings", varde.store.types.Json(), nullable=False),
        sa.Column("made_at", varde.store.types.Utc(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("closed_at", varde.store.types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_queues_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queues")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("queues", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_queues_case_id"), ["case_id"], unique=False)

    op.create_table(
        "tallies",
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("items", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_tallies_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "what", "key", name=op.f("pk_tallies")),
        sqlite_strict=True,
    )
    op.create_table(
        "folders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("exhibit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("rank", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("items", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("matched", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_folders_case_id_cases")),
        sa.ForeignKeyConstraint(["exhibit_id"], ["exhibits.id"], name=op.f("fk_folders_exhibit_id_exhibits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folders")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("folders", schema=None) as batch_op:
        batch_op.create_index("ix_folders_case_id_rank", ["case_id", "rank"], unique=True)

    op.create_table(
        "outcome_readings",
        sa.Column(
            "outcome_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("read_at", varde.store.types.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_outcome_readings_account_id_accounts")),
        sa.ForeignKeyConstraint(["outcome_id"], ["outcomes.id"], name=op.f("fk_outcome_readings_outcome_id_outcomes")),
        sa.PrimaryKeyConstraint("outcome_id", "account_id", name=op.f("pk_outcome_readings")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("outcome_readings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outcome_readings_account_id"), ["account_id"], unique=False)

    op.create_table(
        "assignments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("queue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("given_at", varde.store.types.Utc(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ended_at", varde.store.types.Utc(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_assignments_account_id_accounts")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_assignments_item_id_items")),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], name=op.f("fk_assignments_queue_id_queues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.create_index("ix_assignments_account_id_state", ["account_id", "state"], unique=False)
        batch_op.create_index(
            "ix_assignments_given",
            ["item_id", "purpose"],
            unique=True,
            sqlite_where=sa.text("state = 'given'"),
            postgresql_where=sa.text("state = 'given'"),
        )
        batch_op.create_index("ix_assignments_item_id", ["item_id"], unique=False)
        batch_op.create_index("ix_assignments_queue_id_state", ["queue_id", "state"], unique=False)

    op.create_table(
        "exposures",
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("level", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seconds", sa.REAL().with_variant(sa.Double(), "postgresql"), nullable=False),
        sa.Column("last_at", varde.store.types.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_exposures_account_id_accounts")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_exposures_case_id_cases")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_exposures_item_id_items")),
        sa.PrimaryKeyConstraint("account_id", "day", "item_id", "level", name=op.f("pk_exposures")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("exposures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_exposures_case_id"), ["case_id"], unique=False)

    op.create_table(
        "stacks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("leader_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("folder_rank", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("items", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("undecided", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("is_open", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("matched", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("relevance_rank", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reasons", varde.store.types.Json(), nullable=False),
        sa.Column("codes", varde.store.types.Json(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_stacks_case_id_cases")),
        sa.ForeignKeyConstraint(["leader_id"], ["items.id"], name=op.f("fk_stacks_leader_id_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stacks")),
        sa.UniqueConstraint("leader_id", name=op.f("uq_stacks_leader_id")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("stacks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_stacks_folder", ["case_id", "kind", "is_open", "folder_rank", "leader_id"], unique=False
        )
        batch_op.create_index("ix_stacks_place", ["case_id", "kind", "is_open", "leader_id"], unique=False)
        batch_op.create_index(
            "ix_stacks_relevance",
            ["case_id", "kind", "is_open", "relevance_rank", "leader_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_stacks_matched_folder",
            ["case_id", "kind", "is_open", "folder_rank", "leader_id"],
            unique=False,
            sqlite_where=sa.text("matched > 0"),
            postgresql_where=sa.text("matched > 0"),
        )
        batch_op.create_index(
            "ix_stacks_matched_place",
            ["case_id", "kind", "is_open", "leader_id"],
            unique=False,
            sqlite_where=sa.text("matched > 0"),
            postgresql_where=sa.text("matched > 0"),
        )

    op.create_table(
        "opinions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("queue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("at", varde.store.types.Utc(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_opinions_account_id_accounts")),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.id"], name=op.f("fk_opinions_decision_id_decisions")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_opinions_item_id_items")),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], name=op.f("fk_opinions_queue_id_queues")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opinions")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("opinions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opinions_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_opinions_queue_id"), ["queue_id"], unique=False)

    op.create_table(
        "stack_items",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("stack_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("distance", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_stack_items_item_id_items")),
        sa.ForeignKeyConstraint(["stack_id"], ["stacks.id"], name=op.f("fk_stack_items_stack_id_stacks")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_stack_items")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("stack_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stack_items_stack_id"), ["stack_id"], unique=False)

    op.create_table(
        "queue_items",
        sa.Column(
            "queue_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("is_waiting", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_queue_items_item_id_items")),
        sa.ForeignKeyConstraint(["queue_id"], ["queues.id"], name=op.f("fk_queue_items_queue_id_queues")),
        sa.PrimaryKeyConstraint("queue_id", "item_id", name=op.f("pk_queue_items")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("queue_items", schema=None) as batch_op:
        batch_op.create_index("ix_queue_items_waiting", ["queue_id", "is_waiting", "position"], unique=False)

    with op.batch_alter_table("thumbnails", schema=None) as batch_op:
        batch_op.add_column(sa.Column("veiled", sa.LargeBinary(), nullable=True))
    forbid_change("opinions")
