"""Queues against a simple model: whatever several people do, in whatever order, the database agrees with it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from people import Clock
from queue_case import NAMES, QueueCase, make_queue_case

from varde.core.errors import Refused
from varde.core.review import AssignmentState
from varde.store.site import open_site
from varde.workflows.make_queue import close_queue
from varde.workflows.own_account import opt_out
from varde.workflows.take_items import Supply
from varde.workflows.work_queue import Finish, return_all, return_item

PEOPLE = st.sampled_from(NAMES)
LEASE_MIN = 60


class Queues(RuleBasedStateMachine):
    """Several people and two queues of one case; every act is done on both the site and the model."""

    template: tuple[Path, QueueCase]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        folder, before = self.template
        shutil.copytree(folder, Path(self.folder.name) / "site")
        self.work = replace(before, site=open_site(Path(self.folder.name) / "site"), clock=Clock())
        self.queues = [self.work.make_first(), self.work.make_first()]
        self.leaders = set(self.work.list_leaders())
        self.held: dict[int, tuple[str, int]] = {}
        self.given_at: dict[int, Any] = {}
        self.decided: dict[int, str] = {}
        self.done: dict[tuple[int, int, str], str] = {}
        self.skipped: set[tuple[int, int, str]] = set()
        self.escalated: set[int] = set()
        self.closed: set[int] = set()
        self.out: set[str] = set()

    def teardown(self) -> None:
        self.work.site.close()
        self.folder.cleanup()

    @rule(name=PEOPLE, place=st.sampled_from([0, 1]), count=st.integers(1, 6))
    def take(self, name: str, place: int, count: int) -> None:
        queue = self.queues[place]
        taken = self.work.take(queue, name, count)
        if name in self.out:
            assert taken.supply is Supply.OPTED_OUT
            return
        if queue in self.closed:
            assert taken.supply is Supply.CLOSED
            return
        self._forget(queue)
        mine = [item for item, holder in self.held.items() if holder == (name, queue)]
        mine = [item for item in mine if item not in self.decided]
        for item in [item for item, holder in self.held.items() if holder == (name, queue) and item in self.decided]:
            self._let_go(item)
        assert list(taken.item_ids[: len(mine)]) == mine, "what one holds comes first, in the same order"
        new = taken.item_ids[len(mine) :]
        free = {item for item in self.leaders if self._is_free(item, queue, name)}
        assert set(new) <= free
        assert len(new) == min(max(count - len(mine), 0), len(free))
        for item in new:
            self.held[item] = (name, queue)
            self.given_at[item] = self.work.clock()

    @precondition(lambda self: self.held)
    @rule(data=st.data(), name=PEOPLE, code=st.sampled_from("12"))
    def finish(self, data: st.DataObject, name: str, code: str) -> None:
        item = data.draw(st.sampled_from(sorted(self.held)))
        holder, queue = self.held[item]
        how = self._finish(queue, name, item, code)
        if holder == name:
            assert how is Finish.NOW
            self.decided[item] = code
            self.done[queue, item, name] = code
            self._let_go(item)

    @precondition(lambda self: self.done)
    @rule(data=st.data(), code=st.sampled_from("12"))
    def finish_again(self, data: st.DataObject, code: str) -> None:
        queue, item, name = data.draw(st.sampled_from(sorted(self.done)))
        if (item, (name, queue)) in self.held.items():
            return
        before = self.work.list_grades(item)
        self._finish(queue, name, item, code)
        assert self.work.list_grades(item) == before

    @precondition(lambda self: self.held)
    @rule(data=st.data(), how=st.sampled_from(["handed_back", "skipped", "escalated"]))
    def give_back(self, data: st.DataObject, how: str) -> None:
        item = data.draw(st.sampled_from(sorted(self.held)))
        name, queue = self.held[item]
        state, work = AssignmentState(how), self.work
        done = return_item(
            work.site, work.actor(name), work.people[name], case=work.case, queue_id=queue, item_id=item, how=state
        )
        assert done.how is Finish.NOW
        self._let_go(item)
        if state is AssignmentState.SKIPPED:
            self.skipped.add((queue, item, name))
        if state is AssignmentState.ESCALATED:
            self.escalated.add(item)

    @rule(name=PEOPLE, place=st.sampled_from([0, 1]))
    def hand_everything_back(self, name: str, place: int) -> None:
        queue = self.queues[place]
        mine = [item for item, holder in self.held.items() if holder == (name, queue)]
        assert return_all(self.work.site, self.work.actor(name), self.work.people[name], queue_id=queue) == len(mine)
        for item in mine:
            self._let_go(item)

    @rule(data=st.data())
    def decide_in_the_grid(self, data: st.DataObject) -> None:
        item = data.draw(st.sampled_from(sorted(self.leaders)))
        self.work.decide("lee", item, "3")
        self.decided[item] = "3"

    @rule(minutes=st.sampled_from([1, 30, LEASE_MIN + 1]))
    def wait(self, minutes: int) -> None:
        self.work.clock.forward(minutes=minutes)

    @rule(name=PEOPLE, out=st.booleans())
    def opt(self, name: str, out: bool) -> None:
        opt_out(self.work.site, self.work.actor(name), out=out)
        if out is not (name in self.out):
            for item in [item for item, (holder, _) in self.held.items() if holder == name]:
                self._let_go(item)
        (self.out.add if out else self.out.discard)(name)

    @precondition(lambda self: len(self.closed) == 0 and len(self.done) > 2)
    @rule()
    def close(self) -> None:
        queue = self.queues[0]
        close_queue(self.work.site, self.work.actor("lee"), case=self.work.case, queue_id=queue)
        self.closed.add(queue)
        for item in [item for item, (_, of_queue) in self.held.items() if of_queue == queue]:
            self._let_go(item)

    @invariant()
    def database_agrees_with_the_model(self) -> None:
        ids = {name: account.account_id for name, account in self.work.people.items()}
        given = self.work.list_given()
        assert len({item for item, _ in given}) == len(given), "given to two people"
        assert set(given) == {(item, ids[name]) for item, (name, _) in self.held.items()}

    def _finish(self, queue: int, name: str, item: int, code: str) -> Finish:
        try:
            return self.work.done(queue, name, item, code).how
        except Refused:
            assert self.done.get((queue, item, name)) not in {None, code}
            return Finish.BEFORE

    def _forget(self, queue: int) -> None:
        """Lets go what was given too long ago, or to people who do not review: nobody here has a session."""
        for item in [item for item, (_, of_queue) in self.held.items() if of_queue == queue]:
            age = (self.work.clock() - self.given_at[item]).total_seconds()
            if age > LEASE_MIN * 60:
                self._let_go(item)

    def _is_free(self, item: int, queue: int, name: str) -> bool:
        is_taken = item in self.held or item in self.decided or item in self.escalated
        return not is_taken and (queue, item, name) not in self.skipped

    def _let_go(self, item: int) -> None:
        del self.held[item]
        del self.given_at[item]


def test_queues_behave_as_the_model(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> None:
    folder = tmp_path_factory.mktemp("model") / "site"
    shutil.copytree(sqlite_template, folder)
    site = open_site(folder)
    Queues.template = (folder, make_queue_case(site, items=14))
    site.close()
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    chosen = settings(max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(Queues, settings=chosen)  # type: ignore[no-untyped-call]
