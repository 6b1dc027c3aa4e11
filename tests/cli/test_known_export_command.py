"""Behaviour of `varde known export`."""

from __future__ import annotations

from pathlib import Path

import pytest
from terminal import Terminal

from varde.testing.known_files import write_vics


@pytest.fixture
def national(terminal: Terminal, tmp_path: Path) -> Terminal:
    """At a site with the set ``national`` of ten entries."""
    write_vics(tmp_path / "in.json", 10)
    assert terminal("known", "import", tmp_path / "in.json", "--name", "national", "--version", "1").code == 0
    return terminal


def test_an_export_that_holds_everything_ends_with_0(national: Terminal, tmp_path: Path) -> None:
    said = national("known", "export", "national", tmp_path / "out.json")
    assert said.code == 0
    assert "Exported 10 entries of national 1" in said.err
    assert "SHA-256 " in said.err
    made = national.json("known", "import", tmp_path / "out.json", "--name", "again")
    assert (made["entries"], made["scheme"], made["notes"]) == (10, "vics-us@2.0", [])


def test_a_csv_with_all_columns_needs_no_mapping(national: Terminal, tmp_path: Path) -> None:
    assert national("known", "export", "national", tmp_path / "out.csv", "--format", "csv").code == 0
    made = national.json("known", "import", tmp_path / "out.csv", "--name", "again")
    assert (made["format"], made["entries"], made["scheme"]) == ("csv", 10, "vics-us@2.0")


def test_losses_are_said_and_end_with_1(national: Terminal, tmp_path: Path) -> None:
    words = ["known", "export", "national", tmp_path / "out.txt", "--format", "hash-list", "--hash", "sha1"]
    made = national.json(*words, code=1)
    assert made["left_out"]["MD5 digests left out"] == 10
    said = national(*words, "--force")
    assert "Note: 10 MD5 digests left out (of 1, 2, 3 ...)" in said.err


def test_the_file_is_not_replaced_without_force(national: Terminal, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    said = national("known", "export", "national", tmp_path / "out")
    assert (said.code, "--force" in said.err) == (2, True)
    assert (tmp_path / "out").read_text() == "mine"
    assert national("known", "export", "national", tmp_path / "out", "--force").code == 0


def test_an_unknown_set_is_said(national: Terminal, tmp_path: Path) -> None:
    said = national("known", "export", "none", tmp_path / "out")
    assert (said.code, "'none'" in said.err) == (2, True)


def test_a_day_before_the_set_came_has_nothing_to_write(national: Terminal, tmp_path: Path) -> None:
    said = national("known", "export", "national", tmp_path / "out", "--at", "2026-01-01")
    assert (said.code, "had no entries at 2026-01-01T23:59:59.999999Z" in said.err) == (2, True)
    assert not (tmp_path / "out").exists()
    assert national("known", "export", "national", tmp_path / "out", "--at", "2999-01-01T00:00Z").code == 0
    assert national("known", "export", "national", tmp_path / "x", "--at", "gestern").code == 2
