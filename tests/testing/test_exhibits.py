from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from varde.core.case import Keeping
from varde.core.issue import IssueCode
from varde.store import cases, item_lists, records, summary
from varde.store.site import Site, create_site
from varde.testing.exhibits import ODD_NAMES, ExpectedExhibit, write_exhibit
from varde.workflows.actor import Actor
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case

ACTOR = Actor("tester")


@pytest.fixture(scope="module")
def processed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, ExpectedExhibit]:
    folder = tmp_path_factory.mktemp("exhibits")
    expected = write_exhibit(folder / "exhibit", np.random.default_rng(1))
    site, _ = create_site(folder / "site", name="test", person=ACTOR.person, at=ACTOR.clock())
    create_case(site, ACTOR, name="c", authorisation="test", scheme="vics-us@2.0")
    add_exhibit(site, ACTOR, case_name="c", path=folder / "exhibit", keeping=Keeping.REFERENCE)
    process_case(site, ACTOR, case_name="c", progress=lambda _: None)
    return site, expected


def test_a_run_finds_exactly_the_items_promised(processed: tuple[Site, ExpectedExhibit]) -> None:
    site, expected = processed
    with site.database.read() as connection:
        found = [record.locator for record in records.load_records(connection, item_lists.list_ids(connection, 1))]
    assert Counter(found) == Counter(expected.items)


def test_a_run_records_exactly_the_issues_promised(processed: tuple[Site, ExpectedExhibit]) -> None:
    site, expected = processed
    with site.database.read() as connection:
        found = {(placed.locator, placed.issue.code) for placed in summary.list_issues(connection, 1)}
    assert found == expected.issues


def test_a_run_counts_as_promised(processed: tuple[Site, ExpectedExhibit]) -> None:
    site, expected = processed
    with site.database.read() as connection:
        counts = cases.count_places(connection, 1)
    assert counts.places == len(expected.places)
    assert counts.items == len(expected.items)
    assert counts.contents == expected.contents
    assert counts.with_issues == len({place for place, _ in expected.issues})
    assert counts.waiting == 0


def test_the_same_seed_writes_the_same_exhibit(tmp_path: Path) -> None:
    promised = [write_exhibit(tmp_path / name, np.random.default_rng(5), with_pipe=False) for name in "ab"]
    assert promised[0] == promised[1]
    first, second = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*") if is_own(path)}
        for name in "ab"
    )
    assert first == second
    assert len(first) == len(promised[0].files)


def is_own(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def test_the_account_covers_every_kind_of_trouble(tmp_path: Path) -> None:
    expected = write_exhibit(tmp_path / "exhibit", np.random.default_rng(1))
    assert expected.issues_by_code == {
        IssueCode.EMPTY: 1,
        IssueCode.TRUNCATED: 1,
        IssueCode.DAMAGED: 1,
        IssueCode.SYMLINK: 2,
        IssueCode.SPECIAL_FILE: 1,
        IssueCode.ARCHIVE_ENCRYPTED: 1,
        IssueCode.SUSPICIOUS_NAME: 2,
    }
    assert len(expected.members) == 14
    assert sum("odd/" in place for place in expected.files) == len(ODD_NAMES) + 1


def test_the_pipe_can_be_left_out(tmp_path: Path) -> None:
    expected = write_exhibit(tmp_path / "exhibit", np.random.default_rng(1), with_pipe=False)
    assert IssueCode.SPECIAL_FILE not in expected.issues_by_code
    assert not (tmp_path / "exhibit/odd/pipe").exists()
