"""Behaviour of `varde match`: every stage, in the order asked, and plain words where nothing could be compared."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageOps
from terminal import Terminal

from varde.cli.main import main
from varde.store.durable import write_durably
from varde.testing.pictures import make_photo


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A site, and beside it a folder of six pictures that it has as its own known set."""
    random, folder = np.random.default_rng(5), tmp_path_factory.mktemp("imported")
    shutil.copytree(sqlite_template, folder / "site")
    (folder / "known").mkdir()
    for number in range(6):
        Image.fromarray(make_photo(random, 640, 480)).save(folder / "known" / f"{number}.png")
    words = ["--site", str(folder / "site"), "--person", "A. Examiner"]
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        assert main([*words, "known", "import", str(folder / "known"), "--name", "reference"]) == 0
    return folder


@pytest.fixture
def known(terminal: Terminal, tmp_path: Path, imported: Path) -> Path:
    """The folder of six pictures, and the site that knows them."""
    shutil.rmtree(terminal.site)
    shutil.copytree(imported / "site", terminal.site)
    return Path(shutil.copytree(imported / "known", tmp_path / "known"))


def edit(known: Path, name: str, folder: Path) -> Path:
    """Returns picture 0, edited."""
    picture = Image.open(known / "0.png")
    edits = {
        "same.png": lambda: picture,
        "smaller.jpg": lambda: picture.resize((320, 240)),
        "mirrored.jpg": lambda: ImageOps.mirror(picture),
        "turned.jpg": lambda: picture.rotate(90, expand=True),
        "bordered.jpg": lambda: ImageOps.expand(picture, 60, "white"),
        "cropped.jpg": lambda: picture.crop((100, 80, 600, 460)),
    }
    path = folder / name
    edits[name]().save(path, **({"quality": 85} if path.suffix == ".jpg" else {}))
    return path


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("same.png", "sha256"),
        ("smaller.jpg", "pdq"),
        ("mirrored.jpg", "pdq"),
        ("turned.jpg", "pdq"),
        ("bordered.jpg", "pdq"),
        ("cropped.jpg", "local-features"),
    ],
)
def test_an_edited_copy_is_found(terminal: Terminal, known: Path, tmp_path: Path, name: str, method: str) -> None:
    path = known / "0.png" if name == "same.png" else edit(known, name, tmp_path)
    (found,) = terminal.json("match", path)
    assert found["file"] == str(path)
    match = next(match for match in found["matches"] if match["method"] == method)
    assert (match["set"], match["entry"]) == ("reference", "0.png")
    assert {match["entry"] for match in found["matches"]} == {"0.png"}
    assert "not_comparable" not in found


def test_a_variant_is_named(terminal: Terminal, known: Path, tmp_path: Path) -> None:
    (found,) = terminal.json("match", edit(known, "mirrored.jpg", tmp_path))
    assert [match["variant"] for match in found["matches"] if match["method"] == "pdq"] == ["mirrored"]


def test_files_come_in_the_order_asked_and_unknown_ones_have_no_match(
    terminal: Terminal, known: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.png"
    Image.fromarray(make_photo(np.random.default_rng(99), 640, 480)).save(other)
    asked = [known / "3.png", other, known / "1.png", known / "3.png"]
    found = terminal.json("match", *asked)
    assert [one["file"] for one in found] == [str(path) for path in asked]
    assert [sorted({match["entry"] for match in one["matches"]}) for one in found] == [
        ["3.png"],
        [],
        ["1.png"],
        ["3.png"],
    ]


def test_what_cannot_be_compared_says_why(terminal: Terminal, known: Path, tmp_path: Path) -> None:
    flat, broken, missing = tmp_path / "flat.png", tmp_path / "broken.jpg", tmp_path / "missing.jpg"
    Image.new("RGB", (300, 200), "white").save(flat)
    broken.write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    found = terminal.json("match", flat, broken, missing, code=1)
    assert [one["matches"] for one in found] == [[], [], []]
    assert "flat" in found[0]["not_comparable"]
    assert "pdq" in found[1]["not_comparable"]
    assert "no such file" in found[2]["not_comparable"]


def test_nothing_of_the_files_is_kept(terminal: Terminal, known: Path, tmp_path: Path) -> None:
    edited = edit(known, "smaller.jpg", tmp_path)
    terminal.json("match", edited)
    stored = [
        path for path in terminal.site.rglob("*") if path.is_file() and path.stat().st_size == edited.stat().st_size
    ]
    assert not [path for path in stored if path.read_bytes() == edited.read_bytes()]


def test_a_person_reads_one_line_for_each_match(terminal: Terminal, known: Path) -> None:
    said = terminal("match", known / "2.png")
    assert said.code == 0
    assert "reference" in said.out
    assert "entry 2.png" in said.out
    assert "1 file, 1 with a match, 0 not comparable." in said.err


def test_without_known_sets_nothing_matches(terminal: Terminal, tmp_path: Path) -> None:
    picture = tmp_path / "1.png"
    Image.fromarray(make_photo(np.random.default_rng(1), 640, 480)).save(picture)
    (found,) = terminal.json("match", picture)
    assert found["matches"] == []


def import_harmless(terminal: Terminal, picture: Path) -> None:
    folder = picture.parent / "harmless"
    folder.mkdir()
    (folder / picture.name).write_bytes(picture.read_bytes())
    assert terminal("known", "import", folder, "--name", "harmless", "--role", "negative").code == 0


def roles(matches: list[dict[str, str]]) -> set[str]:
    return {match["role"] for match in matches}


def test_what_a_negative_set_explains_is_set_aside_with_its_trace(
    terminal: Terminal, known: Path, tmp_path: Path
) -> None:
    edited = edit(known, "smaller.jpg", tmp_path)
    import_harmless(terminal, edited)
    (found,) = terminal.json("match", edited)
    assert roles(found["matches"]) == {"negative"}
    assert {match["set"] for match in found["set_aside"]} == {"reference"}
    assert all(match["suppressed_by"].endswith("entry smaller.jpg") for match in found["set_aside"])
    assert "\tset aside\t" in terminal("match", edited).out


def test_a_disputed_negative_set_explains_nothing(terminal: Terminal, known: Path, tmp_path: Path) -> None:
    edited = edit(known, "smaller.jpg", tmp_path)
    import_harmless(terminal, edited)
    assert terminal("known", "dispute", "harmless", "--whole-set", "--reason", "unsure").code == 0
    (found,) = terminal.json("match", edited)
    assert roles(found["matches"]) == {"negative", "own"}
    assert "set_aside" not in found


def test_equal_hashes_at_distance_zero_are_no_digests(terminal: Terminal, known: Path, tmp_path: Path) -> None:
    edited = edit(known, "same.png", tmp_path)
    picture = Image.open(edited)
    picture.save(tmp_path / "again.png", compress_level=1)
    import_harmless(terminal, edited)
    (terminal.site / "varde.toml").write_text("[matching]\npdq_max_distance = 0\n")
    (found,) = terminal.json("match", tmp_path / "again.png")
    assert roles(found["matches"]) == {"negative"}
    assert "pdq" in {match["method"] for match in found["set_aside"]}


def test_folders_and_empty_files_are_named_for_what_they_are(terminal: Terminal, known: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    found = terminal.json("match", known, empty, code=1)
    assert "It is a folder" in found[0]["not_comparable"]
    assert "It has no bytes" in found[1]["not_comparable"]


def test_a_person_is_told_what_was_not_fully_looked_at(terminal: Terminal, known: Path, tmp_path: Path) -> None:
    cut, archive = tmp_path / "cut.jpg", tmp_path / "archive.zip"
    Image.fromarray(make_photo(np.random.default_rng(99), 640, 480)).save(cut)
    cut.write_bytes(cut.read_bytes()[:-5000])
    with zipfile.ZipFile(archive, "w") as file:
        file.write(known / "0.png", "0.png")
    said = terminal("match", cut, archive)
    assert f"{cut}\tissue\tOnly a part of it can be decoded" in said.out
    assert "1 archive compared as a whole" in said.err


def test_a_site_that_can_only_be_read_is_compared_whatever_its_indexes_are(
    terminal: Terminal, known: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, data: bytes) -> None:
        if path.is_relative_to(terminal.site):
            raise OSError(errno.EROFS, "Read-only file system")
        write_durably(path, data)

    cropped = edit(known, "cropped.jpg", tmp_path)
    monkeypatch.setattr("varde.pipeline.site_indexes.write_durably", refuse)
    read_only = SimpleNamespace(access=lambda path, mode: mode != os.W_OK, W_OK=os.W_OK)
    monkeypatch.setattr("varde.pipeline.lookup.os", read_only)
    (found,) = terminal.json("match", cropped)
    assert {match["method"] for match in found["matches"]} == {"local-features"}
    assert not list(terminal.site.glob("indexes/*"))


def test_a_damaged_index_is_named_and_made_again(terminal: Terminal, known: Path, tmp_path: Path) -> None:
    edited = edit(known, "smaller.jpg", tmp_path)
    before = terminal.json("match", edited)
    (segment,) = (terminal.site / "indexes" / "known-pdq-1-q50").glob("*.segment")
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    said = terminal("match", edited, "--json")
    assert said.code == 0
    assert said.data == before
    assert f"{segment} is damaged" in said.err
