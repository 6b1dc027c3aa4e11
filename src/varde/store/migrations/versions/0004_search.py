"""Search: names, words and times of items; what counting reads of items; audit events by act and person

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from varde.store import search_index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "search_names",
        sa.Column("case_id", number, autoincrement=False, nullable=False),
        sa.Column("item_id", number, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "item_id", name=op.f("pk_search_names")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_words",
        sa.Column("id", number, nullable=False),
        sa.Column("case_id", number, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_words")),
        sa.UniqueConstraint("case_id", "digest", name=op.f("uq_search_words_case_id_digest")),
        sqlite_strict=True,
    )
    op.create_table(
        "search_word_items",
        sa.Column("word_id", number, autoincrement=False, nullable=False),
        sa.Column("item_id", number, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("word_id", "item_id", name=op.f("pk_search_word_items")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_times",
        sa.Column("case_id", number, autoincrement=False, nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("item_id", number, autoincrement=False, nullable=False),
        sa.Column("what", number, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("case_id", "at", "item_id", "what", name=op.f("pk_search_times")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_events_act"), ["act", "number"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_events_person"), ["person", "number"], unique=False)
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.create_index("ix_items_counted", ["exhibit_id", "content_id", "size_bytes", "state"], unique=False)
    search_index.rebuild(op.get_bind())
