"""Tokens of the site's interface: only the digest of a secret is stored, never the secret."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from varde.core.access import Right, Token
from varde.core.errors import NotFound, WrongUse
from varde.store import tables
from varde.store.types import AnyRow


def compute_token_digest(secret: str) -> bytes:
    """Returns the SHA-256 a secret is stored as: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def add_token(
    connection: Connection,
    *,
    name: str,
    digest: bytes,
    rights: Iterable[Right],
    person: str,
    at: datetime,
    expires_at: datetime | None,
) -> Token:
    """Returns the token that was added.

    Raises:
        WrongUse: if there is, or was, one of that name: the audit log names tokens, so a name is used once.
    """
    table = tables.tokens
    if connection.execute(select(table.c.id).where(table.c.name == name)).first():
        raise WrongUse(
            f"there is a token {name!r} already, or was one",
            advice="Choose another name: the audit log says who did something by it.",
        )
    values = {
        "name": name,
        "digest": digest,
        "rights": sorted(right.value for right in rights),
        "created_at": at,
        "created_by": person,
        "expires_at": expires_at,
        "revoked_at": None,
    }
    return _token(connection.execute(insert(table).values(**values).returning(table)).one())


def list_tokens(connection: Connection) -> list[Token]:
    """Returns every token, also those that let nobody in any more, by name."""
    return [_token(row) for row in connection.execute(select(tables.tokens).order_by(tables.tokens.c.name))]


def get_token(connection: Connection, name: str) -> Token:
    """Returns a token by name.

    Raises:
        NotFound: if there is none.
    """
    row = connection.execute(select(tables.tokens).where(tables.tokens.c.name == name)).first()
    if row is None:
        raise NotFound(f"there is no token {name!r}", advice="`varde token list` shows all of them.")
    return _token(row)


def find_token(connection: Connection, digest: bytes) -> Token | None:
    """Returns the token whose secret has that digest, valid or not; None where there is none."""
    row = connection.execute(select(tables.tokens).where(tables.tokens.c.digest == digest)).first()
    if row is None or not hmac.compare_digest(row.digest, digest):
        return None
    return _token(row)


def revoke_token(connection: Connection, token_id: int, at: datetime) -> None:
    """Records that a token lets nobody in any more."""
    connection.execute(update(tables.tokens).where(tables.tokens.c.id == token_id).values(revoked_at=at))


def _token(row: AnyRow) -> Token:
    return Token(
        token_id=row.id,
        name=row.name,
        rights=frozenset(Right(right) for right in row.rights),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
