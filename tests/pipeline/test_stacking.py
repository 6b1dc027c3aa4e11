"""Behaviour of making stacks: always what the items say, all of it or what was there before."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import Connection, select

from site_copies import CopyFilled
from varde.core.case import Keeping
from varde.core.errors import SiteBusy
from varde.core.media import MediaKind
from varde.core.review import LAST_MATCHED_RANK
from varde.pipeline import stack_writing, stacking
from varde.pipeline.stacking import stack_case, stack_stale_cases
from varde.store import tables
from varde.store.folders import list_folders
from varde.store.review_tables import folders, stack_items, stacks, tallies
from varde.store.site import Site
from varde.store.stacked_material import is_stale
from varde.store.standing import contents_with, is_notable
from varde.store.tallies import Counted, read_figures, read_tallies
from varde.testing.large_case import make_large_case
from varde.testing.pictures import make_photo
from varde.workflows.actor import Actor
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case
from varde.workflows.review_stacks import ensure_stacks

ACTOR = Actor("A. Examiner")
MADE = (stacks, stack_items, folders, tallies)


def read_all(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        table.name: sorted(
            (tuple(str(value) for name, value in row._mapping.items() if not (table is folders and name == "id")))
            for row in connection.execute(select(table))
        )
        for table in MADE
    }


def open_case_with_pictures(site: Site, folder: Path) -> None:
    """Opens a case with two photographs, one of them three times: as it is, copied, and saved anew."""
    folder.mkdir()
    for number in range(2):
        picture = Image.fromarray(make_photo(np.random.default_rng(number), 320, 240))
        picture.save(folder / f"{number}.png")
        picture.save(folder / f"{number}.jpg", quality=70 + number)
    shutil.copy(folder / "0.png", folder / "copy.png")
    (folder / "1.jpg").unlink()
    create_case(site, ACTOR, name="pier", authorisation="warrant", scheme="vics-us@2.0")
    add_exhibit(site, ACTOR, case_name="pier", path=folder, keeping=Keeping.REFERENCE)


def fill(site: Site) -> int:
    return make_large_case(site, items=300, decided=0.2, is_searchable=False).case_id


@pytest.fixture
def large(copy_filled: CopyFilled) -> tuple[Site, int]:
    return copy_filled(fill)


def test_every_item_is_in_one_stack(large: tuple[Site, int]) -> None:
    site, case_id = large
    with site.database.read() as connection:
        items = set(connection.execute(select(tables.items.c.id)).scalars())
        members = list(connection.execute(select(stack_items.c.item_id)).scalars())
        figures = read_figures(connection, case_id)
        rows = connection.execute(select(stacks)).all()
    assert sorted(members) == sorted(items)
    assert figures.items == len(items) == sum(row._mapping["items"] for row in rows)
    assert all(row.id == row.leader_id for row in rows)


def test_equal_bytes_are_always_together(large: tuple[Site, int]) -> None:
    site, _ = large
    with site.database.read() as connection:
        pairs = connection.execute(
            select(tables.items.c.content_id, stack_items.c.stack_id).join(
                stack_items, stack_items.c.item_id == tables.items.c.id
            )
        ).all()
    stack_of: dict[int, int] = {}
    assert all(stack_of.setdefault(content_id, stack_id) == stack_id for content_id, stack_id in pairs)


def test_only_pictures_are_together_with_others(large: tuple[Site, int]) -> None:
    site, _ = large
    items, contents = tables.items.c, tables.contents.c
    with site.database.read() as connection:
        kinds = connection.execute(
            select(contents.kind)
            .join(tables.items, items.content_id == contents.id)
            .join(stack_items, stack_items.c.item_id == items.id)
            .where(stack_items.c.distance > 0)
        ).scalars()
        assert set(kinds) == {MediaKind.PICTURE.value}


def test_matched_stacks_are_those_with_a_notable_match(large: tuple[Site, int]) -> None:
    site, case_id = large
    items = tables.items.c
    with site.database.read() as connection:
        notable = select(items.id).where(items.content_id.in_(contents_with(is_notable())))
        wanted = set(
            connection.execute(select(stack_items.c.stack_id).where(stack_items.c.item_id.in_(notable))).scalars()
        )
        found = connection.execute(select(stacks)).all()
        count = len(connection.execute(notable).all())
        figures = read_figures(connection, case_id)
    assert {row.id for row in found if row.matched} == wanted
    assert {row.id for row in found if row.relevance_rank <= LAST_MATCHED_RANK} == wanted
    assert figures.matched_items == count > 0


def test_folders_are_ranked_by_their_matches(large: tuple[Site, int]) -> None:
    site, case_id = large
    with site.database.read() as connection:
        listed = list_folders(connection, case_id)
        second = list_folders(connection, case_id, after=1, limit=1)
    assert [one.rank for one in listed] == list(range(1, len(listed) + 1))
    assert sum(one.items for one in listed) == 300
    with_matches = [one.matched > 0 for one in listed]
    assert with_matches == sorted(with_matches, reverse=True)
    assert second == listed[1:2]


def test_making_them_again_changes_nothing(large: tuple[Site, int]) -> None:
    site, case_id = large
    with site.database.read() as connection:
        before = read_all(connection)
    stack_case(site, case_id)
    with site.database.read() as connection:
        assert read_all(connection) == before


def test_what_was_damaged_is_made_again(large: tuple[Site, int]) -> None:
    site, case_id = large
    with site.database.read() as connection:
        before = read_all(connection)
    with site.database.write() as connection:
        lone = connection.execute(select(stacks.c.id).where(stacks.c["items"] == 1).limit(1)).scalar_one()
        connection.execute(stacks.update().values(undecided=0, codes={}, relevance_rank=7))
        connection.execute(stack_items.update().where(stack_items.c.item_id > 200).values(stack_id=lone, distance=3))
        connection.execute(stack_items.delete().where(stack_items.c.item_id.between(50, 80)))
        connection.execute(folders.delete())
        connection.execute(tallies.update().values(items=1))
    stack_case(site, case_id)
    with site.database.read() as connection:
        assert read_all(connection) == before


def test_items_that_are_gone_leave_their_stacks(large: tuple[Site, int]) -> None:
    site, case_id = large
    with site.database.write() as connection:
        connection.execute(tables.items.update().where(tables.items.c.id.between(100, 180)).values(state="waiting"))
    stack_case(site, case_id)
    with site.database.read() as connection:
        members = set(connection.execute(select(stack_items.c.item_id)).scalars())
        leaders = set(connection.execute(select(stacks.c.leader_id)).scalars())
    assert members == {*range(1, 100), *range(181, 301)}
    assert leaders <= members


def test_failure_in_the_middle_leaves_what_was_there(large: tuple[Site, int], monkeypatch: pytest.MonkeyPatch) -> None:
    site, case_id = large
    with site.database.write() as connection:
        connection.execute(tables.items.update().where(tables.items.c.id > 250).values(state="waiting"))
    with site.database.read() as connection:
        before = read_all(connection)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stack_writing, "replace_tallies", fail)
    with pytest.raises(KeyboardInterrupt):
        stack_case(site, case_id)
    with site.database.read() as connection:
        assert read_all(connection) == before


def test_new_findings_make_the_stacks_of_their_case_stale(site: Site) -> None:
    case = make_large_case(site, items=80, decided=0, is_searchable=False)
    other = make_large_case(site, items=40, name="other", decided=0, is_searchable=False)
    with site.database.write() as connection:
        old = connection.execute(select(tables.findings).order_by(tables.findings.c.id).limit(1)).one()
        mine = select(tables.items.c.content_id).order_by(tables.items.c.id).limit(1)
        connection.execute(tables.findings.delete().where(tables.findings.c.content_id == mine.scalar_subquery()))
        connection.execute(
            tables.findings.insert().values(
                {**old._asdict(), "id": 9_999, "content_id": connection.execute(mine).scalar_one()}
            )
        )
    with site.database.read() as connection:
        assert is_stale(connection, case.case_id)
        assert not is_stale(connection, other.case_id)
    stack_stale_cases(site)
    with site.database.read() as connection:
        assert not is_stale(connection, case.case_id)


def test_processing_a_case_stacks_it(sqlite_site: Site, tmp_path: Path) -> None:
    open_case_with_pictures(sqlite_site, tmp_path / "exhibit")
    process_case(sqlite_site, ACTOR, case_name="pier", progress=lambda _: None)
    with sqlite_site.database.read() as connection:
        counted = read_tallies(connection, 1)
        figures = read_figures(connection, 1)
        sizes = sorted(row._mapping["items"] for row in connection.execute(select(stacks)))
    assert counted[Counted.KIND, MediaKind.PICTURE.value] == figures.items == 4
    assert sizes == [1, 3]


def test_run_that_was_killed_before_stacking_is_made_up_for(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_case_with_pictures(sqlite_site, tmp_path / "exhibit")
    process: Callable[[], object] = lambda: process_case(  # noqa: E731
        sqlite_site, ACTOR, case_name="pier", progress=lambda _: None
    )

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(stacking, "write_stacks", die)
        process()
    process()
    with sqlite_site.database.read() as connection:
        assert read_figures(connection, 1).items > 0


def test_case_without_stacks_gets_them_when_it_is_met(site: Site) -> None:
    case = make_large_case(site, items=60, decided=0.5, is_searchable=False)
    with site.database.read() as connection:
        before = read_all(connection)
    with site.database.write() as connection:
        for table in (stack_items, stacks, folders, tallies):
            connection.execute(table.delete())
    with site.processing_lock(), pytest.raises(SiteBusy, match="just being made ready"):
        ensure_stacks(site, case)
    ensure_stacks(site, case)
    with site.database.read() as connection:
        assert read_all(connection) == before
