"""Behaviour of `varde.workflows.import_known_set`: others can write while a set is read, and all or nothing is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from varde.core.errors import FormatError, Refused, WrongUse
from varde.store import audit, known_sets
from varde.store.database import Database
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.import_known_set import ImportRequest, import_known_set
from varde.workflows.open_case import create_case

ACTOR = Actor("A. Examiner")
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


@pytest.fixture
def write_known(tmp_path: Path) -> Callable[..., ImportRequest]:
    def write(count: int, *, category: int = 1, ending: str = "") -> ImportRequest:
        media = [{"MediaID": n, "MD5": f"{n:032x}", "Category": category} for n in range(1, count + 1)]
        text = json.dumps({"@odata.context": CONTEXT, "value": media})
        (tmp_path / "list.json").write_text(text.removesuffix("]}") + ending if ending else text)
        return ImportRequest(tmp_path / "list.json", version="1")

    return write


def count_sets(site: Site) -> int:
    with site.database.read() as connection:
        return len(known_sets.list_sets(connection))


def test_others_can_write_while_a_set_is_read(site: Site, write_known: Callable[..., ImportRequest]) -> None:
    others = Database(site.database.engine.url, busy_limit_s=0.1)
    seen: list[int] = []

    def write(count: int) -> None:
        with others.write():
            seen.append(count)

    result = import_known_set(site, ACTOR, write_known(20), write)
    others.close()
    assert (result.known_set.entries, result.not_comparable, seen[-1]) == (20, 0, 20)
    assert list(site.spool.iterdir()) == []


def test_a_defect_at_the_end_leaves_nothing(site: Site, write_known: Callable[..., ImportRequest]) -> None:
    with site.database.read() as connection:
        before = audit.get_head(connection)
    with pytest.raises(FormatError):
        import_known_set(site, ACTOR, write_known(20, ending=', {"MediaID": "'), lambda count: None)
    with site.database.read() as connection:
        assert audit.get_head(connection) == before
    assert (count_sets(site), list(site.spool.iterdir())) == (0, [])


def test_a_set_of_harmless_files_is_refused_after_it_was_read(
    sqlite_site: Site, write_known: Callable[..., ImportRequest]
) -> None:
    with pytest.raises(Refused, match="harmless"):
        import_known_set(sqlite_site, ACTOR, write_known(3, category=5), lambda count: None)
    assert count_sets(sqlite_site) == 0


def test_a_set_without_entries_is_refused(sqlite_site: Site, write_known: Callable[..., ImportRequest]) -> None:
    with pytest.raises(FormatError, match="no entries"):
        import_known_set(sqlite_site, ACTOR, write_known(0), lambda count: None)
    assert count_sets(sqlite_site) == 0


def test_a_set_that_is_there_is_refused_before_it_is_read(
    sqlite_site: Site, write_known: Callable[..., ImportRequest]
) -> None:
    import_known_set(sqlite_site, ACTOR, write_known(3), lambda count: None)
    read: list[int] = []
    with pytest.raises(WrongUse, match="imported already"):
        import_known_set(sqlite_site, ACTOR, write_known(3), read.append)
    assert read == []


def test_a_case_can_be_opened_while_a_folder_is_hashed(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.ppm").write_bytes(b"P6 64 64 255\n" + bytes([number * 40] * 64 * 64 * 3))
    names = iter("abcdef")

    def open_case(_: int) -> None:
        create_case(site, ACTOR, name=next(names), authorisation="", scheme="vics-us@2.0")

    result = import_known_set(site, ACTOR, ImportRequest(folder, name="own"), open_case)
    assert result.known_set.entries == 3
