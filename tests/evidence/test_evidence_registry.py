from __future__ import annotations

import io
import sys
from importlib.metadata import EntryPoint, PathDistribution
from pathlib import Path

import pytest
from evidence_readers import READERS

from varde.core.errors import PluginError
from varde.evidence.registry import find_reader, load_readers, own_readers
from varde.testing.archives import make_tar, make_zip

OWN = 'zip = "varde.evidence.zip:READER"\ntar = "varde.evidence.tar:READER"\n'


def points(tmp_path: Path, name: str, lines: str) -> list[EntryPoint]:
    """Returns the entry points of a distribution that is really laid out on disk."""
    folder = tmp_path / f"{name}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[varde.evidence]\n" + lines.replace('"', ""))
    return list(PathDistribution(folder).entry_points)


def test_own_readers_are_loaded_in_order_of_name(tmp_path: Path) -> None:
    readers = load_readers((), points(tmp_path, "varde", OWN))
    assert [reader.name for reader in readers] == ["tar", "zip"]


def test_others_are_loaded_only_when_listed(tmp_path: Path) -> None:
    found = points(tmp_path, "varde", OWN) + points(tmp_path, "plugin", "extra = varde.evidence.rar:READER")
    assert [reader.name for reader in load_readers((), found)] == ["tar", "zip"]
    assert [reader.name for reader in load_readers(("extra",), found)] == ["tar", "zip", "rar"]


def test_a_listed_one_that_is_missing_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"'extra' of varde\.evidence is not installed"):
        load_readers(("extra",), points(tmp_path, "varde", OWN))


def test_an_own_name_cannot_be_taken_over(tmp_path: Path) -> None:
    found = points(tmp_path, "varde", OWN) + points(tmp_path, "plugin", "zip = varde.evidence.rar:READER")
    assert [reader.name for reader in load_readers((), found)] == ["tar", "zip"]


@pytest.mark.parametrize("value", ["no_such_module:READER", "varde.evidence.zip:NOTHING", "varde.evidence.zip:zlib"])
def test_a_listed_one_that_cannot_be_loaded_stops_the_run(tmp_path: Path, value: str) -> None:
    found = points(tmp_path, "varde", OWN) + points(tmp_path, "plugin", f"extra = {value}")
    with pytest.raises(PluginError, match="'extra'"):
        load_readers(("extra",), found)


def test_a_listed_one_that_fails_on_import_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_reader.py").write_text("READER = 1 / 0\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    found = points(tmp_path, "varde", OWN) + points(tmp_path, "plugin", "extra = broken_reader:READER")
    with pytest.raises(PluginError, match="division by zero"):
        load_readers(("extra",), found)


def test_an_incomplete_installation_is_told(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="not registered"):
        load_readers((), [])


def test_readers_of_the_media_type_are_asked_first_and_then_all(tmp_path: Path) -> None:
    readers = load_readers((), points(tmp_path, "varde", OWN))
    book = io.BytesIO(make_zip([("mimetype", b"application/epub+zip")]))
    found = find_reader(readers, book, "application/epub+zip")
    assert found is not None
    assert found.name == "zip"
    tar = find_reader(readers, io.BytesIO(make_tar([("a", b"x")])), "application/x-tar")
    assert tar is not None
    assert tar.name == "tar"
    assert find_reader(readers, io.BytesIO(b"neither"), "application/x-tar") is None


def test_the_installed_distribution_registers_every_reader() -> None:
    assert {reader.name for reader in own_readers()} == {reader.name for reader in READERS}
