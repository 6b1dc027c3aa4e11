"""Behaviour of `varde.reports.output`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from varde.reports.output import open_output, read_written


def test_a_finished_file_is_there_with_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    with open_output(path) as file:
        file.write("é\n")
        assert not path.exists()
    written = read_written(path)
    assert path.read_bytes() == b"\xc3\xa9\n"
    assert (written.path, written.size_bytes) == (path, 3)
    assert written.sha256 == hashlib.sha256(b"\xc3\xa9\n").digest()
    assert [found.name for found in path.parent.iterdir()] == ["a.txt"]


def test_a_failure_leaves_the_earlier_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("earlier")
    with pytest.raises(RuntimeError), open_output(path) as file:
        file.write("half")
        raise RuntimeError
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]
