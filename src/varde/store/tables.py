"""The schema of evidence, known material and decisions, in the order data flows.

People and review have modules of their own; migrations under `migrations/` bring a database to all of it.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, MetaData, Table, Text, UniqueConstraint, text

from varde.store.types import Bytes, Id, Json, Number, Seconds, Utc

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def make_table(name: str, *parts: Column[object] | Index | UniqueConstraint | CheckConstraint) -> Table:
    """Returns a table of the schema."""
    return Table(name, metadata, *parts, sqlite_strict=True)


site = make_table(
    "site",
    Column("id", Id, CheckConstraint("id = 1", name="single"), primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("public_key", Bytes, nullable=False),
)

schemes = make_table(
    "schemes",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("codes", Json, nullable=False),
    UniqueConstraint("name", "version"),
)

cases = make_table(
    "cases",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("authorisation", Text, nullable=False),
    Column("scheme_id", Id, ForeignKey("schemes.id"), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("created_by", Text, nullable=False),
)

exhibits = make_table(
    "exhibits",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("number", Number, nullable=False),
    Column("path", Text, nullable=False),
    Column("keeping", Text, nullable=False),
    Column("walked", Number, nullable=False, server_default="0"),
    Column("added_at", Utc, nullable=False),
    Column("added_by", Text, nullable=False),
    UniqueConstraint("case_id", "number"),
)

contents = make_table(
    "contents",
    Column("id", Id, primary_key=True),
    Column("sha256", Bytes, nullable=False, unique=True),
    Column("sha1", Bytes, nullable=False, index=True),
    Column("md5", Bytes, nullable=False, index=True),
    Column("size_bytes", Number, nullable=False),
    Column("kind", Text, nullable=False),
    Column("mime", Text, nullable=False),
    Column("width_px", Number),
    Column("height_px", Number),
    Column("frames", Number),
    Column("duration_s", Seconds),
    Column("metadata", Json, nullable=False),
    Column("sampling", Text),
)

items = make_table(
    "items",
    Column("id", Id, primary_key=True),
    Column("exhibit_id", Id, ForeignKey("exhibits.id"), nullable=False),
    Column("parent_id", Id, ForeignKey("items.id")),
    Column("ordinal", Number),
    Column("place", Bytes, nullable=False),
    Column("locator", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("size_bytes", Number),
    Column("modified_at", Utc),
    Column("state", Text, nullable=False),
    Column("content_id", Id, ForeignKey("contents.id"), index=True),
    UniqueConstraint("exhibit_id", "place"),
    Index("ix_items_counted", "exhibit_id", "content_id", "size_bytes", "state"),
    Index(
        "ix_items_waiting",
        "exhibit_id",
        "id",
        sqlite_where=text("state <> 'done'"),
        postgresql_where=text("state <> 'done'"),
    ),
    Index(
        "ix_items_members",
        "parent_id",
        "ordinal",
        sqlite_where=text("parent_id IS NOT NULL"),
        postgresql_where=text("parent_id IS NOT NULL"),
    ),
)

issues = make_table(
    "issues",
    Column("id", Id, primary_key=True),
    Column("exhibit_id", Id, ForeignKey("exhibits.id"), nullable=False),
    Column("item_id", Id, ForeignKey("items.id"), index=True),
    Column("place", Bytes, nullable=False),
    Column("locator", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("cause", Text, nullable=False),
    UniqueConstraint("exhibit_id", "place", "step", "code"),
)

signals = make_table(
    "signals",
    Column("content_id", Id, ForeignKey("contents.id"), primary_key=True, autoincrement=False),
    Column("method", Text, primary_key=True),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("version", Text, nullable=False),
    Column("value", Bytes),
    Column("quality", Number),
    Column("offset_s", Seconds),
    Column("reason", Text),
    Column("detail", Text),
    Column("variants", Bytes),
    CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name="value_or_reason"),
)

local_features = make_table(
    "local_features",
    Column("content_id", Id, ForeignKey("contents.id"), primary_key=True, autoincrement=False),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("version", Text, nullable=False),
    Column("data", Bytes),
    Column("points", Number, nullable=False),
    Column("offset_s", Seconds),
    Column("reason", Text),
    CheckConstraint("(data IS NULL) = (reason IS NOT NULL)", name="data_or_reason"),
)

thumbnails = make_table(
    "thumbnails",
    Column("content_id", Id, ForeignKey("contents.id"), primary_key=True, autoincrement=False),
    Column("data", Bytes, nullable=False),
    Column("width_px", Number, nullable=False),
    Column("height_px", Number, nullable=False),
    Column("veiled", Bytes),
)

known_sets = make_table(
    "known_sets",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("scheme_version", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("source_name", Text, nullable=False),
    Column("source_sha256", Bytes),
    Column("warning", Text, nullable=False),
    Column("entries", Number, nullable=False),
    Column("imported_at", Utc, nullable=False),
    Column("imported_by", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="active"),
    UniqueConstraint("name", "version"),
)


def _digest_index(column: str) -> Index:
    present = text(f"{column} IS NOT NULL")
    return Index(f"ix_known_entries_{column}", column, sqlite_where=present, postgresql_where=present)


known_entries = make_table(
    "known_entries",
    Column("id", Id, primary_key=True),
    Column("set_id", Id, ForeignKey("known_sets.id"), nullable=False),
    Column("line", Number, nullable=False),
    Column("md5", Bytes),
    Column("sha1", Bytes),
    Column("sha256", Bytes),
    Column("code", Text),
    Column("series", Text, nullable=False),
    Column("flags", Json),
    Column("source_id", Text, nullable=False),
    Column("size_bytes", Number),
    Column("mime", Text, nullable=False),
    Column("carried", Json),
    Column("extra", Json),
    Column("state", Text, nullable=False, server_default="active"),
    Column("sampling", Text),
    _digest_index("md5"),
    _digest_index("sha1"),
    _digest_index("sha256"),
    Index(
        "ix_known_entries_source_id",
        "set_id",
        "source_id",
        sqlite_where=text("source_id <> ''"),
        postgresql_where=text("source_id <> ''"),
    ),
)

known_revisions = make_table(
    "known_revisions",
    Column("id", Id, primary_key=True),
    Column("set_id", Id, ForeignKey("known_sets.id"), nullable=False, index=True),
    Column("at", Utc, nullable=False),
    Column("person", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("first_entry_id", Id),
    Column("last_entry_id", Id),
    Column("added", Number, nullable=False),
    Column("removed", Number, nullable=False),
    Column("checkpoint", Json),
)

known_events = make_table(
    "known_events",
    Column("id", Id, primary_key=True),
    Column("set_id", Id, ForeignKey("known_sets.id"), nullable=False, index=True),
    Column("entry_id", Id, ForeignKey("known_entries.id"), index=True),
    Column("act", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

known_hashes = make_table(
    "known_hashes",
    Column("entry_id", Id, ForeignKey("known_entries.id"), primary_key=True, autoincrement=False),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("set_id", Id, ForeignKey("known_sets.id"), nullable=False, index=True),
    Column("method", Text, nullable=False),
    Column("value", Bytes, nullable=False),
    Column("quality", Number, nullable=False),
    Column("offset_s", Seconds),
)

known_features = make_table(
    "known_features",
    Column("entry_id", Id, ForeignKey("known_entries.id"), primary_key=True, autoincrement=False),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("set_id", Id, ForeignKey("known_sets.id"), nullable=False, index=True),
    Column("version", Text, nullable=False),
    Column("data", Bytes, nullable=False),
    Column("points", Number, nullable=False),
    Column("offset_s", Seconds),
)

floods = make_table(
    "floods",
    Column("entry_id", Id, ForeignKey("known_entries.id"), primary_key=True, autoincrement=False),
    Column("family", Text, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("counted", Number, nullable=False),
    Column("released_at", Utc),
    Column("released_by", Text),
)

comparisons = make_table(
    "comparisons",
    Column("method", Text, primary_key=True),
    Column("operating_point", Text, primary_key=True),
    Column("up_to_content_id", Id, nullable=False),
    Column("up_to_entry_id", Id, nullable=False),
)

findings = make_table(
    "findings",
    Column("id", Id, primary_key=True),
    Column("content_id", Id, ForeignKey("contents.id"), nullable=False),
    Column("entry_id", Id, ForeignKey("known_entries.id"), nullable=False, index=True),
    Column("family", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("max_distance", Number, nullable=False),
    Column("min_quality", Number, nullable=False),
    Column("distance", Number, nullable=False),
    Column("offset_s", Seconds),
    Column("found_at", Utc, nullable=False),
    Column("details", Json),
    Column("suppressed_by", Id),
    UniqueConstraint("content_id", "entry_id", "family"),
)

exchanges = make_table(
    "exchanges",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("api", Text, nullable=False),
    Column("set_id", Id, ForeignKey("known_sets.id"), nullable=False),
    Column("settings", Json, nullable=False),
    Column("enabled", Number, nullable=False),
    Column("added_at", Utc, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("fetched_at", Utc),
    Column("failure", Text),
)

tokens = make_table(
    "tokens",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("digest", Bytes, nullable=False, unique=True),
    Column("rights", Json, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", Utc),
    Column("revoked_at", Utc),
)

decisions = make_table(
    "decisions",
    Column("id", Id, primary_key=True),
    Column("item_id", Id, ForeignKey("items.id"), nullable=False),
    Column("scheme_id", Id, ForeignKey("schemes.id")),
    Column("code", Text),
    Column("person", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("note", Text, nullable=False),
    Column("source", Text, nullable=False),
    CheckConstraint("(scheme_id IS NULL) = (code IS NULL)", name="grade_or_withdrawal"),
    Index("ix_decisions_item_id_id", "item_id", "id"),
)

runs = make_table(
    "runs",
    Column("id", Id, primary_key=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False, index=True),
    Column("started_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("person", Text, nullable=False),
    Column("software", Json, nullable=False),
    Column("cpu_s", Json),
)

audit_events = make_table(
    "audit_events",
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("subject", Json, nullable=False),
    Column("hash", Bytes, nullable=False, unique=True),
    Index("ix_audit_events_act", "act", "number"),
    Index("ix_audit_events_person", "person", "number"),
)
