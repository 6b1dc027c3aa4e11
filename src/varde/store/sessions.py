"""Sessions of people who logged in: known by the digest of a secret that only the browser has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from varde.core.account import Account
from varde.store.people_tables import sessions

MOST_SESSIONS: Final = 30
"""Sessions of one account; who logs in once more ends the oldest."""


@dataclass(frozen=True, slots=True)
class Session:
    """A person who logged in and did not log out.

    Attributes:
        seen_at: UTC, of the last request, to within a minute.
        ends_at: UTC, at the latest.
    """

    session_id: int
    account: Account
    seen_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One of a person's sessions, as they are shown it."""

    session_id: int
    started_at: datetime
    seen_at: datetime
    ends_at: datetime


def compute_session_digest(secret: str) -> bytes:
    """Returns what is stored of a session's secret: its SHA-256, 32 bytes."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def start_session(connection: Connection, account_id: int, *, digest: bytes, at: datetime, ends_at: datetime) -> None:
    """Records that a person logged in; forgets sessions that have ended, and of this account all but the newest."""
    connection.execute(delete(sessions).where(sessions.c.ends_at < at))
    values = {"digest": digest, "account_id": account_id, "started_at": at, "seen_at": at, "ends_at": ends_at}
    connection.execute(insert(sessions).values(**values))
    mine = sessions.c.account_id == account_id
    newest = select(sessions.c.id).where(mine).order_by(sessions.c.id.desc()).limit(MOST_SESSIONS)
    connection.execute(delete(sessions).where(mine, sessions.c.id.not_in(newest)))


def list_sessions(connection: Connection, account_id: int, at: datetime) -> list[OwnSession]:
    """Returns the sessions of an account that have not ended, newest first."""
    query = select(sessions.c.id, sessions.c.started_at, sessions.c.seen_at, sessions.c.ends_at)
    query = query.where(sessions.c.account_id == account_id, sessions.c.ends_at > at).order_by(sessions.c.id.desc())
    return [OwnSession(*row) for row in connection.execute(query)]


def record_seen(connection: Connection, seen: Mapping[int, datetime]) -> None:
    """Records when sessions were last used."""
    for session_id, at in seen.items():
        connection.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=at))


def end_session(connection: Connection, session_id: int) -> None:
    """Forgets a session."""
    connection.execute(delete(sessions).where(sessions.c.id == session_id))


def end_sessions(connection: Connection, account_id: int, *, but: int | None = None) -> None:
    """Forgets every session of an account, but one where one is named."""
    query = delete(sessions).where(sessions.c.account_id == account_id)
    connection.execute(query if but is None else query.where(sessions.c.id != but))
