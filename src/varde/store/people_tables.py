"""The schema of people: accounts, sessions, who has access to which case, approvals by a second person."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Text, text

from varde.store.tables import make_table
from varde.store.types import Bytes, Id, Json, Number, Utc

accounts = make_table(
    "accounts",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("full_name", Text, nullable=False),
    Column("roles", Json, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("must_change_password", Number, nullable=False),
    Column("totp_secret", Text),
    Column("totp_last_step", Number),
    Column("disabled_at", Utc),
    Column("opted_out_at", Utc),
    Column("preferences", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("created_by", Text, nullable=False),
)

sessions = make_table(
    "sessions",
    Column("id", Id, primary_key=True),
    Column("digest", Bytes, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("started_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("ends_at", Utc, nullable=False),
)

case_access = make_table(
    "case_access",
    Column("case_id", Id, ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True, autoincrement=False, index=True),
    Column("given_at", Utc, nullable=False),
    Column("given_by", Text, nullable=False),
)

approvals = make_table(
    "approvals",
    Column("id", Id, primary_key=True),
    Column("act", Text, nullable=False),
    Column("case_id", Id, ForeignKey("cases.id"), index=True),
    Column("subject", Json, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_at", Utc, nullable=False),
    Column("asked_by", Id, ForeignKey("accounts.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("decided_at", Utc),
    Column("decided_by", Id, ForeignKey("accounts.id")),
    Column("used_at", Utc),
    Index(
        "ix_approvals_waiting",
        "id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
