"""Approvals: acts that a site does not leave to one person alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from varde.core.audit import Act

APPROVABLE: Final = (
    Act.CASES_SEARCHED,
    Act.ORIGINAL_SHOWN,
    Act.CASE_ACCESS_GIVEN,
    Act.KNOWN_WITHDRAWN,
    Act.FACES_SEARCHED_EVERYWHERE,
    Act.FACE_IDENTIFIED,
    Act.CASES_LINKED,
    Act.CAMERA_LINK_DECIDED,
)
"""The acts that a site may demand a second person's approval for."""

LASTS: Final = timedelta(days=7)
"""How long after it was given an approval can be used."""


class ApprovalState(StrEnum):
    """What was decided."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Approval:
    """Another person's consent to one act, asked for or given; it serves for that act once.

    Attributes:
        approval_id: its row number.
        act: what is to be done; one of `APPROVABLE`.
        case_id: None for an act about no case.
        case: its name; "" for an act about no case.
        subject: flat facts that say what exactly is to be done.
        reason: of the person who asks.
        asked_by: account name.
        decided_by: account name; "" while it waits.
        used_at: UTC; None while nothing was done by it.
    """

    approval_id: int
    act: Act
    case_id: int | None
    case: str
    subject: Mapping[str, str | int | None]
    reason: str
    asked_at: datetime
    asked_by: str
    state: ApprovalState
    decided_at: datetime | None
    decided_by: str
    used_at: datetime | None

    def serves(self, at: datetime) -> bool:
        """Returns whether the act may be done by it at a time."""
        if self.state is not ApprovalState.APPROVED or self.used_at is not None or self.decided_at is None:
            return False
        return at < self.decided_at + LASTS
