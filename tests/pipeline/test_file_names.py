from __future__ import annotations

from pathlib import Path

from varde.pipeline.file_names import name_apart


def test_a_file_is_called_by_its_own_name_where_that_is_enough() -> None:
    assert name_apart([Path("/a/x.jpg"), Path("/a/y.jpg")]) == ["x.jpg", "y.jpg"]


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    paths = [Path("/c/one/d/x.jpg"), Path("/c/two/d/x.jpg"), Path("/c/two/e/x.jpg"), Path("/c/y.jpg")]
    assert name_apart(paths) == ["one/d/x.jpg", "two/d/x.jpg", "e/x.jpg", "y.jpg"]


def test_one_file_named_twice_has_one_name() -> None:
    assert name_apart([Path("x.jpg"), Path("./x.jpg")]) == ["x.jpg", "x.jpg"]


def test_a_name_that_ends_another_is_told_apart() -> None:
    assert name_apart([Path("/x.jpg"), Path("/a/x.jpg")]) == ["/x.jpg", "a/x.jpg"]


def test_names_are_printable() -> None:
    assert name_apart([Path("/a/\x1b[31m\n.jpg"), Path("/a/b\udcff.jpg")]) == ["\\x1b[31m\\x0a.jpg", "b\\xff.jpg"]
