"""Several people at once, and the server killed in the middle: nothing given twice, lost or doubled."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from reviewing import Load, Server, add_queue, add_reviewers, check_records, run_load

from varde.store.site import Site, open_site
from varde.testing.large_case import make_large_case


@pytest.fixture
def site(tmp_path: Path, sqlite_template: Path) -> Iterator[Site]:
    shutil.copytree(sqlite_template, tmp_path / "site")
    with closing(open_site(tmp_path / "site")) as site:
        yield site


@pytest.mark.slow
def test_kill_in_the_middle_loses_nothing_and_doubles_nothing(site: Site, tmp_path: Path) -> None:
    case = make_large_case(site, items=1500, decided=0)
    reviewers = add_reviewers(site, case, 6)
    queue_id = add_queue(site, case)
    server = Server(tmp_path / "site")
    try:
        load = Load(seconds=120, decisions=25, kill_after=60)
        run_load(server, reviewers, queue_id, case.case_id, load)
    finally:
        server.stop()
    assert check_records(site, reviewers, queue_id) == 6 * 25
    assert sum(reviewer.repeated for reviewer in reviewers) > 0


@pytest.mark.slow
def test_small_queue_is_shared_out_to_the_last_item(site: Site, tmp_path: Path) -> None:
    case = make_large_case(site, items=60, decided=0)
    reviewers = add_reviewers(site, case, 8)
    queue_id = add_queue(site, case)
    server = Server(tmp_path / "site")
    try:
        run_load(server, reviewers, queue_id, case.case_id, Load(seconds=120, batch=3, sees=False))
    finally:
        server.stop()
    decided = check_records(site, reviewers, queue_id)
    assert decided == len({item_id for reviewer in reviewers for item_id in reviewer.taken})
    assert decided > 40
