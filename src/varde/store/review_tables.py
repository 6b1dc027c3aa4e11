"""The schema of review: stacks and folders of a case, queues and assignments, opinions, exposure, outcome cards.

Stacks, folders and tallies are made from the rest at any time (`varde.pipeline.stacking`); the others are the truth.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Text, text

from varde.store.tables import make_table
from varde.store.types import Id, Json, Number, Seconds, Utc

folders = make_table(
    "folders",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("exhibit_id", Id, ForeignKey("exhibits.id"), nullable=False),
    Column("locator", Text, nullable=False),
    Column("rank", Number, nullable=False),
    Column("items", Number, nullable=False),
    Column("matched", Number, nullable=False),
    Index("ix_folders_case_id_rank", "case_id", "rank", unique=True),
)

stacks = make_table(
    "stacks",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("leader_id", Id, ForeignKey("items.id"), nullable=False, unique=True),
    Column("folder_rank", Number, nullable=False),
    Column("kind", Text, nullable=False),
    Column("items", Number, nullable=False),
    Column("undecided", Number, nullable=False),
    Column("is_open", Number, nullable=False),
    Column("matched", Number, nullable=False),
    Column("relevance_rank", Number, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("codes", Json, nullable=False),
    Index("ix_stacks_relevance", "case_id", "kind", "is_open", "relevance_rank", "leader_id"),
    Index("ix_stacks_folder", "case_id", "kind", "is_open", "folder_rank", "leader_id"),
    Index("ix_stacks_place", "case_id", "kind", "is_open", "leader_id"),
    Index(
        "ix_stacks_matched_folder",
        *("case_id", "kind", "is_open", "folder_rank", "leader_id"),
        sqlite_where=text("matched > 0"),
        postgresql_where=text("matched > 0"),
    ),
    Index(
        "ix_stacks_matched_place",
        *("case_id", "kind", "is_open", "leader_id"),
        sqlite_where=text("matched > 0"),
        postgresql_where=text("matched > 0"),
    ),
)

stack_items = make_table(
    "stack_items",
    Column("item_id", Id, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("stack_id", Id, ForeignKey("stacks.id"), nullable=False, index=True),
    Column("distance", Number),
)

tallies = make_table(
    "tallies",
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("what", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("items", Number, nullable=False),
)

queues = make_table(
    "queues",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("ordering", Text, nullable=False),
    Column("settings", Json, nullable=False),
    Column("made_at", Utc, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("closed_at", Utc),
)

queue_items = make_table(
    "queue_items",
    Column("queue_id", Id, ForeignKey("queues.id"), primary_key=True, autoincrement=False),
    Column("item_id", Id, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("decided_by", Text, nullable=False),
    Column("is_waiting", Number, nullable=False),
    Column("position", Number, nullable=False),
    Index("ix_queue_items_waiting", "queue_id", "is_waiting", "position"),
)

assignments = make_table(
    "assignments",
    Column("id", Id, primary_key=True),
    Column("queue_id", Id, ForeignKey("queues.id"), nullable=False),
    Column("item_id", Id, ForeignKey("items.id"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("given_at", Utc, nullable=False),
    Column("state", Text, nullable=False),
    Column("ended_at", Utc),
    Column("note", Text, nullable=False),
    Index(
        "ix_assignments_given",
        "item_id",
        "purpose",
        unique=True,
        sqlite_where=text("state = 'given'"),
        postgresql_where=text("state = 'given'"),
    ),
    Index("ix_assignments_account_id_state", "account_id", "state"),
    Index("ix_assignments_queue_id_state", "queue_id", "state"),
    Index("ix_assignments_item_id", "item_id"),
)

opinions = make_table(
    "opinions",
    Column("id", Id, primary_key=True),
    Column("item_id", Id, ForeignKey("items.id"), nullable=False, index=True),
    Column("queue_id", Id, ForeignKey("queues.id"), nullable=False, index=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False),
    Column("decision_id", Id, ForeignKey("decisions.id")),
    Column("code", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("note", Text, nullable=False),
)

exposures = make_table(
    "exposures",
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    Column("day", Text, primary_key=True),
    Column("item_id", Id, ForeignKey("items.id"), primary_key=True, autoincrement=False),
    Column("level", Number, primary_key=True, autoincrement=False),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("severity", Text, nullable=False),
    Column("times", Number, nullable=False),
    Column("seconds", Seconds, nullable=False),
    Column("last_at", Utc, nullable=False),
)

outcomes = make_table(
    "outcomes",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("person", Text, nullable=False),
    Column("text", Text, nullable=False),
)

outcome_readings = make_table(
    "outcome_readings",
    Column("outcome_id", Id, ForeignKey("outcomes.id"), primary_key=True, autoincrement=False),
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True, autoincrement=False, index=True),
    Column("read_at", Utc),
)
