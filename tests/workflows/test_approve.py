"""Behaviour of `varde.workflows.approve`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from people import Clock, actor, add_person, list_acts, open_case

from varde.core.account import Account, Role
from varde.core.approval import LASTS, ApprovalState
from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import ApprovalNeeded, NotFound, Refused, WrongUse
from varde.store import approvals
from varde.store.settings import AccessSettings, Settings
from varde.store.site import Site
from varde.workflows.approve import MOST_WAITING, decide, demand, list_decidable


class Unit:
    """A site with people, and a case that three of them have access to."""

    def __init__(self, site: Site, *acts: Act) -> None:
        site.settings = Settings(access=AccessSettings(four_eyes=acts or (Act.ORIGINAL_SHOWN, Act.CASE_ACCESS_GIVEN)))
        self.site = site
        self.clock = Clock()
        self.asker = add_person(site, "asker", Role.EXAMINER)
        self.lead = add_person(site, "lead", Role.INVESTIGATOR)
        self.examiner = add_person(site, "examiner", Role.EXAMINER)
        self.outsider = add_person(site, "outsider", Role.SUPERVISOR)
        self.chief = add_person(site, "chief", Role.ADMINISTRATOR)
        self.case = open_case(site, "harbour", self.asker, self.lead, self.examiner)

    def demand(
        self,
        account: Account | None = None,
        *,
        act: Act = Act.ORIGINAL_SHOWN,
        item: int = 1,
        reason: str = "A number plate.",
        case: Case | None = None,
    ) -> None:
        person = actor((account or self.asker).name, self.clock)
        demand(self.site, person, act=act, case=case or self.case, subject={"item": item}, reason=reason)

    def waiting(self, account: Account) -> list[int]:
        with self.site.database.read() as connection:
            return [one.approval_id for one in list_decidable(connection, account)]

    def decide(self, account: Account, number: int, *, approve: bool = True) -> ApprovalState:
        return decide(self.site, actor(account.name, self.clock), number, approve=approve).state


@pytest.fixture
def unit(site: Site) -> Unit:
    return Unit(site)


def test_an_act_that_the_site_does_not_name_needs_nobody(unit: Unit) -> None:
    unit.demand(act=Act.CASES_SEARCHED, reason="")
    assert list_acts(unit.site, "approval_asked") == []


def test_an_approval_is_asked_for_once_and_serves_once(unit: Unit) -> None:
    for _ in range(3):
        with pytest.raises(ApprovalNeeded, match="was asked to"):
            unit.demand()
    [number] = unit.waiting(unit.lead)
    assert unit.decide(unit.lead, number) is ApprovalState.APPROVED
    unit.demand()
    with pytest.raises(ApprovalNeeded):
        unit.demand()
    about: dict[str, str | int | None] = {"act": "original_shown", "case": "harbour"}
    assert list_acts(unit.site, "approval_asked", "approval_decided") == [
        ("asker", about | {"approval": number, "reason": "A number plate."}),
        ("lead", about | {"approval": number, "decision": "approved"}),
        ("asker", about | {"approval": number + 1, "reason": "A number plate."}),
    ]


@pytest.mark.parametrize(
    "other",
    [
        lambda unit: unit.demand(item=2),
        lambda unit: unit.demand(unit.examiner),
        lambda unit: unit.demand(act=Act.CASE_ACCESS_GIVEN),
        lambda unit: unit.demand(case=open_case(unit.site, "quay", unit.asker)),
    ],
)
def test_an_approval_serves_for_nothing_and_nobody_else(unit: Unit, other: Callable[[Unit], None]) -> None:
    with pytest.raises(ApprovalNeeded):
        unit.demand()
    unit.decide(unit.lead, unit.waiting(unit.lead)[0])
    with pytest.raises(ApprovalNeeded):
        other(unit)
    unit.demand()


def test_an_approval_lapses(unit: Unit) -> None:
    with pytest.raises(ApprovalNeeded):
        unit.demand()
    unit.decide(unit.lead, unit.waiting(unit.lead)[0])
    unit.clock.forward(seconds=LASTS.total_seconds())
    with pytest.raises(ApprovalNeeded):
        unit.demand()


def test_what_was_refused_may_be_asked_again(unit: Unit) -> None:
    with pytest.raises(ApprovalNeeded):
        unit.demand()
    [number] = unit.waiting(unit.lead)
    assert unit.decide(unit.lead, number, approve=False) is ApprovalState.REFUSED
    with pytest.raises(WrongUse, match="refused already, by lead"):
        unit.decide(unit.lead, number)
    with pytest.raises(ApprovalNeeded):
        unit.demand()
    assert unit.waiting(unit.lead) == [number + 1]


def test_only_who_leads_cases_and_has_access_decides(unit: Unit) -> None:
    with pytest.raises(ApprovalNeeded):
        unit.demand()
    [number] = unit.waiting(unit.lead)
    for account in (unit.examiner, unit.outsider, unit.chief):
        assert unit.waiting(account) == []
        with pytest.raises(NotFound):
            unit.decide(account, number)
    with pytest.raises(NotFound):
        unit.decide(unit.lead, number + 1)


def test_nobody_approves_what_they_asked_for(unit: Unit) -> None:
    with pytest.raises(ApprovalNeeded):
        unit.demand(unit.lead)
    assert unit.waiting(unit.lead) == []
    with unit.site.database.read() as connection:
        [one] = approvals.list_waiting(connection)
    with pytest.raises(Refused, match="nobody approves what they asked for"):
        unit.decide(unit.lead, one.approval_id)


def test_nobody_approves_what_they_are_given(unit: Unit) -> None:
    subject: dict[str, str | int | None] = {"account": "lead"}
    with pytest.raises(ApprovalNeeded):
        demand(
            unit.site, actor("asker"), act=Act.CASE_ACCESS_GIVEN, case=unit.case, subject=subject, reason="Joins us."
        )
    assert unit.waiting(unit.lead) == []
    [number] = unit.waiting(unit.chief)
    with pytest.raises(Refused):
        unit.decide(unit.lead, number)
    assert unit.decide(unit.chief, number) is ApprovalState.APPROVED


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001, "a\x00b"])
def test_a_reason_is_needed(unit: Unit, reason: str) -> None:
    with pytest.raises(WrongUse, match="reason"):
        unit.demand(reason=reason)
    assert unit.waiting(unit.lead) == []


def test_who_has_no_account_cannot_ask(unit: Unit) -> None:
    with pytest.raises(Refused, match="people with an account"):
        demand(unit.site, actor("nobody"), act=Act.ORIGINAL_SHOWN, case=unit.case, subject={}, reason="A reason.")


def test_nobody_floods_those_who_decide(unit: Unit) -> None:
    for item in range(MOST_WAITING):
        with pytest.raises(ApprovalNeeded):
            unit.demand(item=item)
    with pytest.raises(Refused, match="wait for another person"):
        unit.demand(item=MOST_WAITING)
    assert len(unit.waiting(unit.lead)) == MOST_WAITING
    with pytest.raises(ApprovalNeeded):
        unit.demand(unit.examiner, item=MOST_WAITING)
    unit.decide(unit.lead, unit.waiting(unit.lead)[0], approve=False)
    with pytest.raises(ApprovalNeeded):
        unit.demand(item=MOST_WAITING)
