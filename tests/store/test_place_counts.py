"""Behaviour of the accounting in `varde.store.cases`: every place is counted once, whatever happened to it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event
from stored import examine, list_item_ids, make_case, make_content, make_issue

from varde.core.case import Exhibit
from varde.core.issue import IssueCode, Step
from varde.core.item import Origin
from varde.core.locator import path_locator
from varde.store import items
from varde.store.cases import PlaceCounts, count_places
from varde.store.database import Database
from varde.store.items import NewItem
from varde.store.site import Site


@dataclass(frozen=True)
class Place:
    """One place of a made-up exhibit; `size` None is a place that is no item (a link, a closed folder)."""

    size: int | None
    done: bool
    issues: int


places = st.builds(Place, st.one_of(st.none(), st.integers(0, 9)), st.booleans(), st.integers(0, 3))
_STEPS = list(itertools.product([IssueCode.DAMAGED, IssueCode.SYMLINK], [Step.READ, Step.DECODE]))
_names = itertools.count()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(st.lists(places, max_size=8), min_size=1, max_size=3))
def test_every_place_is_counted_once(database: Database, found: list[list[Place]]) -> None:
    with database.write() as connection:
        case, exhibits = make_case(connection, f"case {next(_names)}", exhibits=len(found))
        for exhibit, here in zip(exhibits, found, strict=True):
            record(connection, exhibit, here)
        for exhibit, here in zip(exhibits, found, strict=True):
            check(count_places(connection, case.case_id, exhibit.exhibit_id), here)
        check(count_places(connection, case.case_id), [place for here in found for place in here])


def record(connection: Connection, exhibit: Exhibit, here: Sequence[Place]) -> None:
    for number, place in enumerate(here):
        locator, issues = str(number), [make_issue(code, step) for code, step in _STEPS[: place.issues]]
        if place.size is None:
            records = [(locator, None, issue) for issue in issues]
            items.record_issues(connection, exhibit.exhibit_id, records)
            continue
        new = NewItem(path_locator(locator.encode()), Origin.FILE, place.size, None)
        items.add_items(connection, exhibit.exhibit_id, [new])
        if place.done:
            examine(connection, exhibit, locator, make_content(b"x" * place.size), *issues)
        else:
            item_id = list_item_ids(connection, exhibit)[locator]
            items.record_issues(connection, exhibit.exhibit_id, [(locator, item_id, issue) for issue in issues])


def check(counts: PlaceCounts, here: Sequence[Place]) -> None:
    of_items = [place for place in here if place.size is not None]
    loose = sum(1 for place in here if place.size is None and place.issues)
    assert counts.items == len(of_items)
    assert counts.waiting == sum(not place.done for place in of_items)
    assert counts.examined == sum(place.done and not place.issues for place in of_items)
    assert counts.with_issues == sum(place.done and place.issues > 0 for place in of_items) + loose
    assert counts.places == counts.examined + counts.with_issues + counts.waiting == len(of_items) + loose
    assert counts.issue_records == sum(place.issues for place in here)
    assert counts.contents == len({place.size for place in of_items if place.done})
    assert counts.size_bytes == sum(place.size or 0 for place in of_items)
    assert type(counts.size_bytes) is int


def test_an_empty_case_counts_nothing(database: Database) -> None:
    with database.write() as connection:
        case, _ = make_case(connection, exhibits=0)
        assert count_places(connection, case.case_id) == PlaceCounts(0, 0, 0, 0, 0, 0, 0)


def test_a_link_that_became_a_file_is_one_place(database: Database) -> None:
    """A run was stopped, and when it went on, it found a file where there had been a link: the file was examined."""
    with database.write() as connection:
        case, (exhibit,) = make_case(connection)
        items.record_issues(connection, exhibit.exhibit_id, [("a", None, make_issue(IssueCode.SYMLINK, Step.WALK))])
        items.add_items(connection, exhibit.exhibit_id, [NewItem(path_locator(b"a"), Origin.FILE, 1, None)])
        examine(connection, exhibit, "a", make_content(b"a"))
        counts = count_places(connection, case.case_id)
    assert (counts.places, counts.with_issues, counts.examined, counts.issue_records) == (1, 0, 1, 1)


def test_a_place_that_is_no_item_is_looked_up_not_searched_for(sqlite_site: Site) -> None:
    """Comparing every link with every item took minutes on an exhibit of 300,000 items."""
    asked: list[tuple[str, Any]] = []

    def keep(connection: object, cursor: object, statement: str, values: Any, context: object, many: object) -> None:
        asked.append((statement, values))

    with sqlite_site.database.write() as connection:
        case, _ = make_case(connection)
        event.listen(connection, "before_cursor_execute", keep)
        count_places(connection, case.case_id)
        event.remove(connection, "before_cursor_execute", keep)
        ((statement, values),) = [each for each in asked if "EXISTS" in each[0]]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        (lookup,) = [row.detail for row in plan if row.detail.startswith(("SEARCH items", "SCAN items"))]
    assert "place=?" in lookup
