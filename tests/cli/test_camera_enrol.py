from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from terminal import Terminal
from tests.reference_files import make_photo, write_photos

from varde.pipeline.read_residuals import ResidualReader
from varde.store.settings import Settings


@pytest.fixture(scope="module")
def reader() -> Iterator[ResidualReader]:
    with ResidualReader(Settings()) as started:
        yield started


@pytest.fixture(autouse=True)
def _read_with_one_process(reader: ResidualReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("varde.workflows.enrol_camera.ResidualReader", lambda *_: nullcontext(reader))


def test_a_camera_is_enrolled_listed_shown_and_withdrawn(terminal: Terminal, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 1, 4)
    (tmp_path / "photos" / "foreign.jpg").write_bytes(make_photo(2, 0))
    said = terminal("camera", "enrol", "seized phone", tmp_path / "photos", "--note", "from the desk")
    assert said.code == 0
    assert "foreign.jpg\toutlier" in said.out and "used:" in said.out and "pce_median" in said.out
    assert "foreign.jpg does not belong" in said.err and "made from 4 files" in said.err
    assert "varde camera compare 'seized phone'" in said.err
    [listed] = terminal.json("camera", "list")
    assert (listed["name"], listed["photo"], listed["video"], listed["size"]) == ("seized phone", 1, None, ["384x320"])
    shown = terminal.json("camera", "show", "seized phone")
    assert shown["note"] == "from the desk" and shown["fingerprints"][0]["used"] == 4
    assert [each["state"] for each in shown["fingerprints"][0]["references"]].count("outlier") == 1
    assert "384x320" in terminal("camera", "show", "seized phone").out
    assert terminal("camera", "withdraw", "seized phone", "--because", "returned").code == 0
    assert terminal.json("camera", "list") == []
    assert "withdrawn on" in terminal("camera", "enrol", "seized phone", tmp_path / "photos").err


def test_too_few_end_with_two_and_say_what_to_do(terminal: Terminal, tmp_path: Path) -> None:
    [path] = write_photos(tmp_path, 1, 1)
    said = terminal("camera", "enrol", "phone", path, "--json")
    assert said.code == 2
    assert said.data["enrolled"] is False and said.data["reason"] == "too_few_references"
    assert said.data["references"][0]["file"] == path.name
    assert said.data["references"][0]["state"] == "fit", "no fingerprint uses it"
    assert "10 to 50" in said.err


def test_files_of_one_name_in_two_folders_can_be_told_apart(terminal: Terminal, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        write_photos(tmp_path / folder, 1, 1)
    said = terminal("camera", "enrol", "phone", tmp_path / "one", tmp_path / "two", "--json")
    (name,) = (path.name for path in (tmp_path / "one").iterdir())
    first, second = said.data["references"]
    assert (first["file"], second["file"]) == (f"one/{name}", f"two/{name}")
    assert second["detail"] == f"It is the same file as one/{name}, counted once."


def test_an_empty_folder_is_named_and_an_empty_list_says_how_to_begin(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert f"no files in {tmp_path}/empty" in terminal("camera", "enrol", "phone", tmp_path / "empty").err
    assert "varde camera enrol NAME" in terminal("camera", "list").err


def test_a_file_that_cannot_be_decoded_ends_with_one(terminal: Terminal, tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 1, 3)
    (tmp_path / "photos" / "cut.jpg").write_bytes(make_photo(1, 5)[:300])
    document = terminal.json("camera", "enrol", "phone", tmp_path / "photos", code=1)
    assert document["enrolled"] is True and document["fingerprint"]["used"] == 3


def test_missing_files_and_cases_end_with_two(terminal: Terminal, tmp_path: Path) -> None:
    paths = write_photos(tmp_path, 1, 3)
    assert terminal("camera", "enrol", "phone", tmp_path / "gone").code == 2
    assert terminal("camera", "enrol", "phone", *paths, "--case", "none").code == 2
    assert terminal("camera", "enrol", "phone").code == 2
    assert terminal("camera", "show", "phone").code == 2
