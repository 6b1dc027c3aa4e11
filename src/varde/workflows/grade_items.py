"""Records a person's grades for items."""

from __future__ import annotations

from collections.abc import Sequence

from varde.core.errors import WrongUse
from varde.core.scheme import Grade
from varde.store import cases, decisions, records, schemes
from varde.store.site import Site
from varde.workflows.actor import Actor


def grade_items(site: Site, actor: Actor, *, item_ids: Sequence[int], code: str | None, note: str) -> Grade | None:
    """Records one grade for the items, or withdraws the one in force, and returns it.

    Args:
        site: where.
        actor: who decided.
        item_ids: all of one case; the same one twice is one decision.
        code: on the scheme of the items' case; None withdraws.
        note: the person's own words.

    Raises:
        NotFound: if an item does not exist.
        WrongUse: if the items are of several cases, the scheme has no such code, or there is nothing to withdraw.
    """
    wanted = list(dict.fromkeys(item_ids))
    with site.database.write() as connection:
        found = [records.get_record(connection, item_id) for item_id in wanted]
        names = {record.case for record in found}
        if len(names) != 1:
            raise WrongUse("all items graded at once must be of one case")
        case = cases.get_case(connection, names.pop())
        grade = None if code is None else schemes.get_scheme(connection, case.scheme)[1].grade(code)
        for record in found:
            if grade is None and not (record.decisions and record.decisions[-1].grade):
                raise WrongUse(f"item {record.item_id} has no grade to withdraw")
        decided = [(item_id, grade, note) for item_id in wanted]
        decisions.record_decisions(connection, decided, case=case.name, person=actor.person, at=actor.clock())
    return grade
