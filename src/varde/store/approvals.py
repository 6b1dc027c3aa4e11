"""Approvals by a second person: asked for, decided, and used once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from varde.core.approval import Approval, ApprovalState
from varde.core.audit import Act
from varde.core.errors import NotFound
from varde.store import tables
from varde.store.people_tables import accounts, approvals
from varde.store.types import AnyRow, AnySelect

_MOST_SHOWN = 500
_asker = accounts.alias("asker")
_decider = accounts.alias("decider")


def ask_approval(
    connection: Connection,
    *,
    act: Act,
    case_id: int | None,
    subject: Mapping[str, str | int | None],
    reason: str,
    account_id: int,
    at: datetime,
) -> Approval:
    """Returns a new approval that waits for somebody to decide."""
    values = {
        "act": act.value,
        "case_id": case_id,
        "subject": dict(subject),
        "reason": reason,
        "asked_at": at,
        "asked_by": account_id,
        "state": ApprovalState.WAITING.value,
    }
    approval_id = connection.execute(insert(approvals).values(**values).returning(approvals.c.id)).scalar_one()
    return get_approval(connection, approval_id)


def find_approvals(
    connection: Connection, *, act: Act, case_id: int | None, subject: Mapping[str, str | int | None], account_id: int
) -> list[Approval]:
    """Returns what an account asked for exactly this act and has not used, newest first."""
    query = _approvals().where(
        approvals.c.act == act.value,
        approvals.c.case_id.is_(None) if case_id is None else approvals.c.case_id == case_id,
        approvals.c.subject == dict(subject),
        approvals.c.asked_by == account_id,
        approvals.c.used_at.is_(None),
    )
    return [_approval(row) for row in connection.execute(query.order_by(approvals.c.id.desc()).limit(_MOST_SHOWN))]


def get_approval(connection: Connection, approval_id: int) -> Approval:
    """Returns an approval.

    Raises:
        NotFound: if there is none of that number.
    """
    row = connection.execute(_approvals().where(approvals.c.id == approval_id)).first()
    if row is None:
        raise NotFound("there is no such approval")
    return _approval(row)


def list_waiting(connection: Connection) -> list[Approval]:
    """Returns the oldest approvals that nobody has decided, of all cases."""
    query = _approvals().where(approvals.c.state == ApprovalState.WAITING.value)
    return [_approval(row) for row in connection.execute(query.order_by(approvals.c.id).limit(_MOST_SHOWN))]


def count_waiting(connection: Connection, account_id: int, since: datetime) -> int:
    """Returns how many acts that an account asked for since a time wait for somebody to decide."""
    query = select(func.count()).where(
        approvals.c.asked_by == account_id,
        approvals.c.state == ApprovalState.WAITING.value,
        approvals.c.asked_at >= since,
    )
    return connection.execute(query).scalar_one()


def list_asked(connection: Connection, account_id: int, since: datetime) -> list[Approval]:
    """Returns what an account asked for since a time, newest first."""
    query = _approvals().where(approvals.c.asked_by == account_id, approvals.c.asked_at >= since)
    return [_approval(row) for row in connection.execute(query.order_by(approvals.c.id.desc()).limit(_MOST_SHOWN))]


def record_decision(
    connection: Connection, approval_id: int, state: ApprovalState, *, account_id: int, at: datetime
) -> None:
    """Records what was decided."""
    values = {"state": state.value, "decided_at": at, "decided_by": account_id}
    connection.execute(update(approvals).where(approvals.c.id == approval_id).values(**values))


def record_used(connection: Connection, approval_id: int, at: datetime) -> None:
    """Records that the act was done; the approval serves for no other."""
    connection.execute(update(approvals).where(approvals.c.id == approval_id).values(used_at=at))


def _approvals() -> AnySelect:
    return (
        select(
            approvals, _asker.c.name.label("asker"), _decider.c.name.label("decider"), tables.cases.c.name.label("case")
        )
        .join(_asker, _asker.c.id == approvals.c.asked_by)
        .join(tables.cases, tables.cases.c.id == approvals.c.case_id, isouter=True)
        .join(_decider, _decider.c.id == approvals.c.decided_by, isouter=True)
    )


def _approval(row: AnyRow) -> Approval:
    return Approval(
        approval_id=row.id,
        act=Act(row.act),
        case_id=row.case_id,
        case=row.case or "",
        subject=row.subject,
        reason=row.reason,
        asked_at=row.asked_at,
        asked_by=row.asker,
        state=ApprovalState(row.state),
        decided_at=row.decided_at,
        decided_by=row.decider or "",
        used_at=row.used_at,
    )
