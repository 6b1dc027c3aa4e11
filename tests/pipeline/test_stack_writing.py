"""Stacks are compared without the write lock: what people decide meanwhile has to be in what is written then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from varde.core.case import Case
from varde.core.scheme import Grade
from varde.pipeline import stack_rows, stack_writing, stacking
from varde.pipeline.stacking import stack_case
from varde.store import tables
from varde.store.decisions import record_decisions
from varde.store.review_tables import folders, stack_items, stacks, tallies
from varde.store.site import Site
from varde.store.tallies import has_tallies, list_stacked_cases, read_figures
from varde.testing.large_case import make_large_case

AT = datetime(2026, 11, 1, tzinfo=UTC)
MADE = (stacks, stack_items, folders, tallies)


@pytest.fixture
def case(site: Site, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setattr(stack_rows, "_ROWS", 40)
    monkeypatch.setattr(stack_writing, "_PAUSE_S", 0.0)
    return make_large_case(site, items=300, decided=0.2, is_searchable=False)


def read_all(site: Site) -> dict[str, list[tuple[str, ...]]]:
    with site.database.read() as connection:
        return {
            table.name: sorted(
                tuple(str(value) for name, value in row._mapping.items() if not (table is folders and name == "id"))
                for row in connection.execute(select(table))
            )
            for table in MADE
        }


def decide(site: Site, case: Case, items: range, code: str | None) -> None:
    grade = None if code is None else Grade("vics-us", "2.0", code)
    with site.database.write() as connection:
        triples = ((item_id, grade, "") for item_id in items)
        record_decisions(connection, triples, case=case.name, person="ann", at=AT)


def forget_stacks(site: Site) -> None:
    with site.database.write() as connection:
        for table in (stack_items, stacks, folders, tallies):
            connection.execute(table.delete())


@contextmanager
def deciding_in_between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> Iterator[None]:
    def write(*given: Any, **named: Any) -> None:
        act()
        stack_writing.write_stacks(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(stacking, "write_stacks", write)
        yield


def check_nothing_is_lost(site: Site, case: Case) -> None:
    """Fails if making the stacks anew, with nobody deciding, gives anything else."""
    found = read_all(site)
    forget_stacks(site)
    stack_case(site, case.case_id)
    assert found == read_all(site)


def decide_much(site: Site, case: Case) -> None:
    decide(site, case, range(1, 90), "1")
    decide(site, case, range(60, 120), "2")
    decide(site, case, range(80, 85), None)


def test_decisions_made_while_nothing_changes_are_kept(site: Site, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    with deciding_in_between(monkeypatch, lambda: decide_much(site, case)):
        stack_case(site, case.case_id)
    check_nothing_is_lost(site, case)


def test_decisions_made_while_items_change_stacks_are_kept(
    site: Site, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.database.write() as connection:
        # Half of the leaders are not to be seen any more: their stacks get others, or are gone.
        leaders = connection.execute(select(stacks.c.leader_id).order_by(stacks.c.leader_id)).scalars().all()
        connection.execute(tables.items.update().where(tables.items.c.id.in_(leaders[::2])).values(state="waiting"))

    def decide_on_what_is_left() -> None:
        for item_id in range(1, 120):
            if item_id not in leaders[::2]:
                decide(site, case, range(item_id, item_id + 1), "3")

    with deciding_in_between(monkeypatch, decide_on_what_is_left):
        stack_case(site, case.case_id)
    check_nothing_is_lost(site, case)


def test_decisions_made_between_the_pieces_of_first_stacks_are_kept(
    site: Site, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_stacks(site)
    pieces = []

    def decide_and_look(_: float) -> None:
        pieces.append(len(pieces))
        decide(site, case, range(1 + len(pieces), 280, 20), str(len(pieces) % 4))
        with site.database.read() as connection:
            assert not has_tallies(connection, case.case_id)
            assert list_stacked_cases(connection) == []

    with monkeypatch.context() as patched:
        patched.setattr(stack_writing.time, "sleep", decide_and_look)
        stack_case(site, case.case_id)
    assert len(pieces) > 4
    check_nothing_is_lost(site, case)


def test_first_stacks_that_were_killed_between_two_pieces_are_completed(
    site: Site, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = read_all(site)
    for killed_after in (1, 4, 8):
        forget_stacks(site)
        pieces = iter(range(killed_after))

        def die(_: float, pieces: Iterator[int] = pieces) -> None:
            if next(pieces, None) is None:
                raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(stack_writing.time, "sleep", die)
            with pytest.raises(KeyboardInterrupt):
                stack_case(site, case.case_id)
        stack_case(site, case.case_id)
        assert read_all(site) == expected


def test_a_case_that_did_not_change_writes_its_tallies_and_nothing_else(site: Site, case: Case) -> None:
    written: list[str] = []

    def note(_: Connection, cursor: object, statement: str, *__: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(statement)

    event.listen(site.database.engine, "before_cursor_execute", note)
    stack_case(site, case.case_id)
    event.remove(site.database.engine, "before_cursor_execute", note)
    assert len(written) <= 3
    assert all(" tallies" in statement for statement in written)


def test_figures_count_what_was_decided_meanwhile(site: Site, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    with deciding_in_between(monkeypatch, lambda: decide(site, case, range(1, 301), "1")):
        stack_case(site, case.case_id)
    with site.database.read() as connection:
        figures = read_figures(connection, case.case_id)
    assert (figures.decided_items, figures.open_stacks) == (300, 0)
