"""Behaviour of grid pages: one after the other they are the whole case, in order, whatever happens in between."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from varde.core.media import MediaKind
from varde.core.review import GridOrder
from varde.store.grid import GridQuery, Position, list_stacks
from varde.store.review_tables import stacks
from varde.store.site import Site, open_site
from varde.testing.large_case import make_large_case

ITEMS = 400


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("grid") / "site"
    shutil.copytree(sqlite_template, folder)
    site = open_site(folder)
    make_large_case(site, items=30, name="another", decided=0.5, is_searchable=False)
    make_large_case(site, items=ITEMS, decided=0.4, is_searchable=False)
    yield site
    site.close()


def sort_slowly(connection: Connection, query: GridQuery) -> list[int]:
    rows = [
        row
        for row in connection.execute(select(stacks).where(stacks.c.case_id == query.case_id))
        if (not query.kinds or row.kind in query.kinds)
        and query.is_open in (None, bool(row.is_open))
        and query.is_matched in (None, row.matched > 0)
        and query.folder_rank in (None, row.folder_rank)
    ]
    rank = {GridOrder.RELEVANCE: "relevance_rank", GridOrder.FOLDER: "folder_rank"}.get(query.order)
    if rank is None or query.folder_rank is not None:
        return sorted(row.leader_id for row in rows)
    return [row.leader_id for row in sorted(rows, key=lambda row: (row._mapping[rank], row.leader_id))]


def turn_pages(connection: Connection, query: GridQuery, limit: int) -> list[int]:
    after, found = None, list[int]()
    while True:
        page, after = list_stacks(connection, query, after, limit)
        found += page
        assert len(page) <= limit and len(set(found)) == len(found)
        if after is None:
            return found
        assert len(page) == limit


@settings(max_examples=150, deadline=None)
@given(
    order=st.sampled_from(GridOrder),
    kinds=st.lists(st.sampled_from(MediaKind), unique=True, max_size=5),
    is_open=st.none() | st.booleans(),
    is_matched=st.none() | st.booleans(),
    folder_rank=st.none() | st.integers(1, 4),
    limit=st.integers(1, 200),
)
def test_pages_are_the_whole_in_order(
    shared_site: Site,
    order: GridOrder,
    kinds: list[MediaKind],
    is_open: bool | None,
    is_matched: bool | None,
    folder_rank: int | None,
    limit: int,
) -> None:
    query = GridQuery(2, order, tuple(kinds), is_open, is_matched, folder_rank)
    with shared_site.database.read() as connection:
        assert turn_pages(connection, query, limit) == sort_slowly(connection, query)


def test_pages_are_the_same_on_every_database(site: Site) -> None:
    case = make_large_case(site, items=120, decided=0.3, is_searchable=False)
    with site.database.read() as connection:
        for order, is_open, is_matched in product(GridOrder, (None, True, False), (None, True, False)):
            query = GridQuery(case.case_id, order, (), is_open, is_matched)
            assert turn_pages(connection, query, 17) == sort_slowly(connection, query)


def test_page_of_a_case_without_stacks_is_empty(site: Site) -> None:
    with site.database.read() as connection:
        assert list_stacks(connection, GridQuery(77), None, 60) == ([], None)


def test_position_far_beyond_the_end_is_an_empty_page(shared_site: Site) -> None:
    with shared_site.database.read() as connection:
        assert list_stacks(connection, GridQuery(2), Position(1 << 59, 1 << 59), 60) == ([], None)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (GridQuery(2), "ix_stacks_relevance"),
        (GridQuery(2, is_open=True, is_matched=True), "ix_stacks_relevance"),
        (GridQuery(2, is_matched=False), "ix_stacks_relevance"),
        (GridQuery(2, GridOrder.FOLDER), "ix_stacks_folder"),
        (GridQuery(2, GridOrder.FOLDER, is_matched=True), "ix_stacks_matched_folder"),
        (GridQuery(2, GridOrder.PLACE), "ix_stacks_place"),
        (GridQuery(2, GridOrder.PLACE, is_matched=True), "ix_stacks_matched_place"),
        (GridQuery(2, folder_rank=3), "ix_stacks_folder"),
    ],
)
def test_page_is_read_from_ranges_of_one_index(shared_site: Site, query: GridQuery, index: str) -> None:
    """Nothing is scanned, however far one is; what is sorted is what the ranges gave, a page each at most."""
    lines: list[str] = []
    with shared_site.database.read() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.set_trace_callback(lines.append)
        list_stacks(connection, query, Position(3, 5), 60)
        driver.set_trace_callback(None)
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {lines[0]}")]
    reads = [step for step in plan if " stacks " in step]
    assert reads
    assert all(step.startswith("SEARCH stacks USING") and f"INDEX {index} " in step for step in reads), reads
    assert all("leader_id>?" in step or "_rank>?" in step for step in reads), reads


@pytest.mark.parametrize("order", list(GridOrder))
def test_deciding_between_pages_loses_nothing(site: Site, order: GridOrder) -> None:
    case = make_large_case(site, items=200, decided=0, is_searchable=False)
    query = GridQuery(case.case_id, order, is_open=True)
    rng, after, seen = np.random.default_rng(3), None, list[int]()
    with site.database.read() as connection:
        wanted = sort_slowly(connection, query)
    decided_before = set[int]()
    while True:
        with site.database.read() as connection:
            page, after = list_stacks(connection, query, after, 9)
        seen += page
        if after is None:
            break
        chosen = rng.choice(wanted, 5, replace=False).tolist()
        with site.database.write() as connection:
            connection.execute(stacks.update().where(stacks.c.leader_id.in_(chosen)).values(is_open=0, undecided=0))
        decided_before |= set(chosen) - set(seen)
    assert len(seen) == len(set(seen))
    assert set(wanted) - set(seen) <= decided_before
    assert all(wanted.index(a) < wanted.index(b) for a, b in pairwise(seen))
