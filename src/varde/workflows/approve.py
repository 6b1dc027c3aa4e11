"""Has acts approved by a second person, where the site leaves them to nobody alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from varde.core.account import Account, Permission
from varde.core.approval import APPROVABLE, Approval, ApprovalState
from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import ApprovalNeeded, NotFound, Refused, WrongUse
from varde.store import accounts, approvals, audit, case_access
from varde.store.site import Site
from varde.workflows.actor import Actor

MOST_CHARACTERS = 1_000
"""Of a reason."""

MOST_WAITING = 25
"""Requests of one person in a week, so that nobody's are lost among somebody else's."""

_RECENT = timedelta(days=7)


def demand(
    site: Site,
    actor: Actor,
    *,
    act: Act,
    case: Case | None,
    subject: Mapping[str, str | int | None],
    reason: str,
) -> None:
    """Returns if the actor may do an act now: the site demands no approval of it, or one was given and is used up.

    Call it right before the act, which comes after it in a transaction of its own: if the act then fails, its approval
    is used up all the same.

    Args:
        site: whose settings say what needs approval.
        actor: who wants to do it.
        act: one of `APPROVABLE`.
        case: None for an act about no single case.
        subject: facts that say what exactly is to be done; an approval serves only for the same ones.
        reason: shown to whoever approves.

    Raises:
        ApprovalNeeded: if another person has to approve it first; that was asked for, once, and is audited.
        Refused: if the actor has no account, so that nobody could tell who asked, or has asked for too much already.
        WrongUse: if there is no reason, or a longer one than is shown.
    """
    if act not in site.settings.access.four_eyes:
        return
    with site.database.write() as connection:
        account = _find_asker(connection, actor)
        case_id = None if case is None else case.case_id
        found = approvals.find_approvals(
            connection, act=act, case_id=case_id, subject=subject, account_id=account.account_id
        )
        at = actor.clock()
        usable = [one for one in found if one.serves(at)]
        if usable:
            approvals.record_used(connection, usable[-1].approval_id, at)
            return
        waiting = [one for one in found if one.state is ApprovalState.WAITING]
        if not waiting:
            _ask(connection, actor, account, act, case, subject, _check_reason(reason))
    raise ApprovalNeeded(
        f"another person has to approve this ({act.value}) and was asked to",
        advice="Do it again once it was approved: your account page says when. An approval serves once.",
    )


def decide(site: Site, actor: Actor, approval_id: int, *, approve: bool) -> Approval:
    """Returns an approval after the actor approved or refused it. Audited.

    Raises:
        NotFound: if there is none that the actor could decide.
        Refused: if the actor asked for it, or gains by it.
        WrongUse: if it was decided already.
    """
    at = actor.clock()
    with site.database.write() as connection:
        account = accounts.get_account(connection, actor.person)
        approval = approvals.get_approval(connection, approval_id)
        if not may_decide(connection, account, approval):
            raise NotFound("there is no such approval, or it is not yours to decide")
        if actor.person in (approval.asked_by, approval.subject.get("account")):
            raise Refused("nobody approves what they asked for or are given", advice="Another person has to decide.")
        if approval.state is not ApprovalState.WAITING:
            raise WrongUse(f"this was {approval.state.value} already, by {approval.decided_by}")
        state = ApprovalState.APPROVED if approve else ApprovalState.REFUSED
        approvals.record_decision(connection, approval_id, state, account_id=account.account_id, at=at)
        subject = _audited(approval) | {"decision": state.value}
        audit.append_event(connection, at=at, person=actor.person, act=Act.APPROVAL_DECIDED, subject=subject)
        return approvals.get_approval(connection, approval_id)


def list_decidable(connection: Connection, account: Account) -> list[Approval]:
    """Returns what waits for a decision that an account may make, oldest first."""
    found = approvals.list_waiting(connection)
    return [
        one
        for one in found
        if account.name not in (one.asked_by, one.subject.get("account")) and may_decide(connection, account, one)
    ]


def may_decide(connection: Connection, account: Account, approval: Approval) -> bool:
    """Returns whether an approval is of those that an account decides.

    About a case: who leads cases and has access to it. About none, and about who is let into a case, which may have
    nobody yet: an administrator.
    """
    administers = Permission.ADMINISTER in account.permissions
    if approval.case_id is None:
        return administers
    if administers and approval.act is Act.CASE_ACCESS_GIVEN:
        return True
    if Permission.LEAD not in account.permissions:
        return False
    return case_access.find_open_case(connection, account.account_id, approval.case_id) is not None


def _find_asker(connection: Connection, actor: Actor) -> Account:
    try:
        return accounts.get_account(connection, actor.person)
    except NotFound as error:
        raise Refused(
            "this site leaves this act to nobody alone, and only people with an account can ask for approval",
            advice="Log in to the pages and do it there, or say with --person whose account it is.",
        ) from error


def _ask(
    connection: Connection,
    actor: Actor,
    account: Account,
    act: Act,
    case: Case | None,
    subject: Mapping[str, str | int | None],
    reason: str,
) -> None:
    if act not in APPROVABLE:
        raise WrongUse(f"{act.value} is no act that can be approved")
    if approvals.count_waiting(connection, account.account_id, actor.clock() - _RECENT) >= MOST_WAITING:
        raise Refused(
            f"{MOST_WAITING} of your requests of this week wait for another person",
            advice="Ask again once some of them are decided.",
        )
    case_id = None if case is None else case.case_id
    at = actor.clock()
    made = approvals.ask_approval(
        connection, act=act, case_id=case_id, subject=subject, reason=reason, account_id=account.account_id, at=at
    )
    audited = _audited(made) | {"reason": reason}
    audit.append_event(connection, at=at, person=actor.person, act=Act.APPROVAL_ASKED, subject=audited)


def _audited(approval: Approval) -> dict[str, str | int | None]:
    return {"approval": approval.approval_id, "act": approval.act.value, "case": approval.case or None}


def _check_reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not reason or len(reason) > MOST_CHARACTERS or not reason.isprintable():
        raise WrongUse(
            f"another person has to approve this, and needs a reason of 1 to {MOST_CHARACTERS} printable characters",
            advice="Say in a sentence why it has to be done.",
        )
    return reason
