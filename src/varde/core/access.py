"""Who may ask a site's interface for what: tokens and the rights they carry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Right(StrEnum):
    """What a token may be allowed to do. Each is described in docs/reference/hma-api.md."""

    HASH = "hash"
    """Have files hashed."""

    LOOKUP = "lookup"
    """Compare hashes, or files, with the known sets."""

    CURATE = "curate"
    """See, make and change known sets and their entries."""

    EXCHANGE = "exchange"
    """See, make and change exchanges of known sets with others."""

    STATUS = "status"
    """See whether the service works, what it offers and how large its indexes are."""


@dataclass(frozen=True, slots=True)
class Token:
    """A secret that a program shows to be let in; the secret itself is not kept.

    Attributes:
        token_id: its row number.
        name: unique in the site; recorded as the person of everything that is changed with it.
        rights: what it may do.
        expires_at: UTC; None never.
        revoked_at: UTC; None while it is not.
    """

    token_id: int
    name: str
    rights: frozenset[Right]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, at: datetime) -> bool:
        """Returns whether it lets anybody in at a time."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)
