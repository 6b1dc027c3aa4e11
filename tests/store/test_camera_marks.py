"""How far hunts are: nothing that is sketched later is passed by, and what cannot be looked at is counted."""

from __future__ import annotations

from pathlib import Path

from tests.enrolled_cameras import SIZE, add_case, add_pictures, enrol, make_pattern, make_residual

from varde.store.camera_marks import (
    NotHunted,
    count_not_hunted,
    find_compared,
    find_newest_complete,
    list_sketched,
    read_mark,
    set_mark,
)
from varde.store.site import Site


def test_a_mark_is_read_as_it_was_set_last(site: Site) -> None:
    number = enrol(site, "first", make_pattern(1))
    with site.database.write() as connection:
        assert read_mark(connection, number) == 0
        set_mark(connection, number, 7)
        set_mark(connection, number, 9)
        assert read_mark(connection, number) == 9
        set_mark(connection, number, 0)
        assert read_mark(connection, number) == 0
        assert find_compared(connection, number, list(range(1_200))) == set()


def test_pictures_come_by_number_and_a_gap_in_the_sketches_is_not_passed(site: Site, tmp_path: Path) -> None:
    residual, turned = make_residual(make_pattern(1), 1), make_residual(make_pattern(2, SIZE[::-1]), 2)
    harbour = add_case(site, "harbour")
    add_case(site, "meadow")
    first = add_pictures(site, "harbour", tmp_path / "a", {"1": (b"1", residual), "2": (b"2", turned)})
    gap = add_pictures(site, "meadow", tmp_path / "b", {"3": (b"3", None)})
    last = add_pictures(site, "harbour", tmp_path / "c", {"4": (b"4", residual)})
    with site.database.read() as connection:
        both = list_sketched(connection, [SIZE, SIZE[::-1]], after=0, limit=10)
        assert [one.content_id for one in both] == sorted([*first, *last])
        assert [one.content_id for one in list_sketched(connection, [SIZE], after=first[0], limit=10)] == last
        assert len(list_sketched(connection, [SIZE], after=0, limit=1)) == 1
        assert len(list_sketched(connection, [SIZE, SIZE[::-1]], after=0, limit=10, case_id=harbour)) == 3
        assert find_newest_complete(connection, 0) == gap[0] - 1
        assert find_newest_complete(connection, gap[0]) == last[0]
        assert count_not_hunted(connection) == NotHunted(1, 0, 0)
        assert count_not_hunted(connection, harbour) == NotHunted(0, 0, 0)
