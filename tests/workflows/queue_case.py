"""A stacked case and people who work on it, for tests of queues."""

from __future__ import annotations

from dataclasses import dataclass

from people import Clock, add_person
from sqlalchemy import select

from varde.core.account import Account, Role
from varde.core.case import Case
from varde.core.scheme import Grade
from varde.store import case_access, decisions, stacks
from varde.store.review_tables import assignments
from varde.store.review_tables import stacks as stack_rows
from varde.store.site import Site
from varde.testing.large_case import make_large_case
from varde.workflows.actor import Actor
from varde.workflows.make_queue import FirstWork, SecondWork, make_queue
from varde.workflows.take_items import Taken, take_items
from varde.workflows.work_queue import Finished, finish_item

NAMES = ("ann", "ben", "cam")


@dataclass
class QueueCase:
    """A case with people; every act is done at the time of one clock."""

    site: Site
    case: Case
    people: dict[str, Account]
    clock: Clock

    def actor(self, name: str) -> Actor:
        return Actor(name, self.clock)

    def make_first(self, work: FirstWork | None = None) -> int:
        work = work or FirstWork(kinds=())
        return make_queue(self.site, self.actor("lee"), case=self.case, name="first", work=work).queue_id

    def make_second(self, work: SecondWork | None = None) -> int:
        work = work or SecondWork(percent=100)
        return make_queue(self.site, self.actor("lee"), case=self.case, name="second", work=work).queue_id

    def take(self, queue_id: int, name: str, count: int = 5) -> Taken:
        return take_items(self.site, self.actor(name), self.people[name], queue_id=queue_id, count=count)

    def done(self, queue_id: int, name: str, item_id: int, code: str = "1") -> Finished:
        who = self.people[name]
        return finish_item(
            self.site, self.actor(name), who, case=self.case, queue_id=queue_id, item_id=item_id, code=code
        )

    def decide(self, name: str, item_id: int, code: str | None = "2") -> None:
        """Decides in the grid, outside of any queue."""
        grade = None if code is None else Grade("vics-us", "2.0", code)
        with self.site.database.write() as connection:
            stacks.record_stack_decisions(
                connection,
                case=self.case,
                item_ids=[item_id],
                grade=grade,
                whole_stacks=True,
                person=name,
                at=self.clock(),
            )

    def list_leaders(self) -> list[int]:
        with self.site.database.read() as connection:
            query = select(stack_rows.c.leader_id).where(stack_rows.c.case_id == self.case.case_id)
            return sorted(connection.execute(query).scalars())

    def list_given(self) -> list[tuple[int, int]]:
        """Returns (item, account) of everything that is given to somebody."""
        with self.site.database.read() as connection:
            query = select(assignments.c.item_id, assignments.c.account_id).where(assignments.c.state == "given")
            return [(row.item_id, row.account_id) for row in connection.execute(query)]

    def list_grades(self, item_id: int) -> list[tuple[str, str | None]]:
        """Returns (person, code) of every decision on an item, oldest first."""
        with self.site.database.read() as connection:
            found = decisions.read_decisions(connection, [item_id])[item_id]
        return [(one.person, one.grade.code if one.grade else None) for one in found]


def make_queue_case(site: Site, *, items: int = 40) -> QueueCase:
    """Returns a new, undecided case with three examiners and somebody who leads it."""
    case = make_large_case(site, items=items, name="harbour", decided=0)
    people = {name: add_person(site, name, Role.EXAMINER) for name in NAMES}
    people["lee"] = add_person(site, "lee", Role.EXAMINER, Role.INVESTIGATOR)
    made = QueueCase(site, case, people, Clock())
    with site.database.write() as connection:
        for account in people.values():
            case_access.give_access(connection, case.case_id, account.account_id, person="lee", at=made.clock())
    return made
