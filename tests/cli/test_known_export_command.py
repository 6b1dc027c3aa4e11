"""Behaviour of `varde known export`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from terminal import Terminal

from varde.cli.known_export import read_moment
from varde.core.errors import WrongUse
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


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-03", datetime(2026, 3, 3, 23, 59, 59, 999999, tzinfo=UTC)),
        ("20260303", datetime(2026, 3, 3, 23, 59, 59, 999999, tzinfo=UTC)),
        ("2026-03-03T12:00:00Z", datetime(2026, 3, 3, 12, tzinfo=UTC)),
        ("2026-03-03T12:00:00", datetime(2026, 3, 3, 12, tzinfo=UTC)),
        ("2026-03-03T12:00:00+02:00", datetime(2026, 3, 3, 10, tzinfo=UTC)),
    ],
)
def test_a_day_means_its_end(text: str, moment: datetime) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize("text", ["", "gestern", "2026-13-01", "9999-12-31T23:00:00-05:00"])
def test_what_is_no_date_is_said(text: str) -> None:
    with pytest.raises(WrongUse, match="no date"):
        read_moment(text)
