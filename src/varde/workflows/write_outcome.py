"""Writes an outcome card of a case for those who worked on it."""

from __future__ import annotations

from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import WrongUse
from varde.store import audit, outcomes
from varde.store.site import Site
from varde.store.types import make_storable
from varde.workflows.actor import Actor

MOST_CHARACTERS = 1_000


def write_outcome(site: Site, actor: Actor, *, case: Case, text: str) -> int:
    """Returns for how many people a card was written; audited, without its words.

    It reaches everybody who decided, gave opinions, held or saw items of the case until now, also those who have no
    access to it any more: so it must not say what only the case's own people may know.

    Raises:
        WrongUse: if there are no words, too many, or nobody worked on the case.
    """
    words = make_storable(text.replace("\r\n", "\n")).strip()
    if not 0 < len(words) <= MOST_CHARACTERS:
        raise WrongUse(f"a card has 1 to {MOST_CHARACTERS} characters, not {len(words)}")
    with site.database.read() as connection:
        people = outcomes.find_people(connection, case.case_id)
    if not people:
        raise WrongUse("nobody has worked on this case yet, so a card would reach nobody")
    at = actor.clock()
    with site.database.write() as connection:
        number = outcomes.add_outcome(
            connection, case_id=case.case_id, text=words, people=people, person=actor.person, at=at
        )
        subject: dict[str, str | int | None] = {"case": case.name, "outcome": number}
        audit.append_event(connection, at=at, person=actor.person, act=Act.OUTCOME_WRITTEN, subject=subject)
    return len(people)
