"""Behaviour of `varde.web.stackings`: a page never makes the stacks of a large case while somebody waits for it."""

from __future__ import annotations

import threading

import pytest

from varde.core.case import Case
from varde.core.errors import SiteBusy
from varde.store.review_tables import folders, stack_items, stacks, tallies
from varde.store.site import Site
from varde.testing.large_case import make_large_case
from varde.web.stackings import Stackings
from varde.workflows import review_stacks


@pytest.fixture
def case(sqlite_site: Site) -> Case:
    case = make_large_case(sqlite_site, items=40, is_searchable=False)
    with sqlite_site.database.write() as connection:
        for table in (stack_items, stacks, folders, tallies):
            connection.execute(table.delete())
    return case


def test_small_case_is_ready_at_once(sqlite_site: Site, case: Case) -> None:
    Stackings(sqlite_site, patience_s=60).ensure(case)
    assert review_stacks.has_stacks(sqlite_site, case)


def test_many_who_ask_are_told_to_come_again_and_the_stacks_are_made_once(
    sqlite_site: Site, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, go_on = [], threading.Event()
    make = review_stacks.ensure_stacks

    def make_slowly(site: Site, case: Case) -> None:
        made.append(case.case_id)
        go_on.wait(60)
        make(site, case)

    monkeypatch.setattr(review_stacks, "ensure_stacks", make_slowly)
    stackings = Stackings(sqlite_site, patience_s=0.01)
    for _ in range(5):
        with pytest.raises(SiteBusy, match="just being made ready"):
            stackings.ensure(case)
    go_on.set()
    Stackings(sqlite_site, patience_s=60)
    for thread in threading.enumerate():
        if thread.name == "stacks":
            thread.join(60)
    stackings.ensure(case)
    assert made == [case.case_id]


def test_what_failed_is_tried_again(sqlite_site: Site, case: Case) -> None:
    stackings = Stackings(sqlite_site, patience_s=60)
    with sqlite_site.processing_lock(), pytest.raises(SiteBusy):
        stackings.ensure(case)
    stackings.ensure(case)
    assert review_stacks.has_stacks(sqlite_site, case)
