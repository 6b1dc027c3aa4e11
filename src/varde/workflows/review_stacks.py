"""Decides on stacks of a case and takes decisions back; makes the stacks of a case that has none yet."""

from __future__ import annotations

from collections.abc import Sequence

from varde.core.case import Case
from varde.core.errors import Refused, SiteBusy
from varde.pipeline.stacking import stack_case
from varde.store import queues, schemes, stacks
from varde.store.site import Site
from varde.store.stacks import DecisionAct, Undone
from varde.store.tallies import has_tallies
from varde.workflows.actor import Actor


def ensure_stacks(site: Site, case: Case) -> None:
    """Makes the stacks of a case that has none yet, such as one that an earlier version processed.

    Raises:
        SiteBusy: if a run holds the site; it makes them at its end.
    """
    if has_stacks(site, case):
        return
    try:
        with site.processing_lock():
            if not has_stacks(site, case):
                stack_case(site, case.case_id)
    except SiteBusy as error:
        raise SiteBusy(
            f"{case.name} is just being made ready to be looked at", advice="Try again in a few minutes."
        ) from error


def has_stacks(site: Site, case: Case) -> bool:
    """Returns whether the stacks of a case are there, all of them."""
    with site.database.read() as connection:
        return has_tallies(connection, case.case_id)


def decide_stacks(
    site: Site,
    actor: Actor,
    case: Case,
    item_ids: Sequence[int],
    *,
    code: str | None,
    whole_stacks: bool = True,
    note: str = "",
    is_repeated: bool = False,
) -> DecisionAct:
    """Records a grade, or the withdrawal of those in force, for items or for the whole stacks they are in.

    Args:
        site, actor, case: where, who and in which case.
        item_ids: leaders, or single items.
        code: on the case's scheme; None withdraws.
        whole_stacks: whether the rest of their stacks is decided too.
        note: the person's own words.
        is_repeated: the same was asked before and no answer came: if it was recorded then, it is not once more.

    Raises:
        NotFound: if an item is not of the case.
        WrongUse: if the scheme has no such code, or there is nothing to withdraw.
        Refused: if the person is asked for a second opinion on one of them.
    """
    with site.database.write() as connection:
        if queues.find_blind_of(connection, actor.person, item_ids):
            raise Refused(
                "you are asked for a second opinion on one of these items", advice="Give it in its queue, not here."
            )
        grade = None if code is None else schemes.get_scheme(connection, case.scheme)[1].grade(code)
        if is_repeated:
            earlier = stacks.find_act(connection, case=case, item_ids=item_ids, code=code, person=actor.person)
            if earlier is not None:
                return earlier
        return stacks.record_stack_decisions(
            connection,
            case=case,
            item_ids=item_ids,
            grade=grade,
            whole_stacks=whole_stacks,
            person=actor.person,
            at=actor.clock(),
            note=note,
        )


def undo_decisions(site: Site, actor: Actor, case: Case, *, first: int, last: int) -> Undone:
    """Restores what was in force before decisions of the same person, where nobody decided again since.

    Raises:
        NotFound: if there are no such decisions in the case.
        Refused: if they are not one act of this person.
    """
    with site.database.write() as connection:
        return stacks.undo_decisions(
            connection, case=case, first=first, last=last, person=actor.person, at=actor.clock()
        )
