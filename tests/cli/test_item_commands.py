"""Behaviour of `varde item`, `find`, `grade` and `decision`."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from terminal import Terminal, make_exhibit


def by_locator(terminal: Terminal, case: str = "harbour") -> dict[str, Any]:
    return {item["locator"]: item for item in terminal.json("item", "list", case)}


def number_of(terminal: Terminal, locator: str) -> str:
    return str(by_locator(terminal)[locator]["item"])


def test_items_are_listed_with_place_digest_and_origin(processed: Terminal, processed_folder: Path) -> None:
    items = by_locator(processed)
    assert list(items) == sorted(items)
    assert len(items) == 6
    data = (processed_folder / "exhibit" / "1.jpg").read_bytes()
    assert items["1.jpg"]["sha256"] == items["album/copy of 1.jpg"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert items["1.jpg"]["origin"] == "file"
    assert (items["1.jpg"]["width_px"], items["1.jpg"]["height_px"]) == (160, 120)
    assert items["größe.txt"]["kind"] == "other"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--kind", "picture"], {"1.jpg", "2.jpg", "album/copy of 1.jpg", "broken.jpg"}),
        (["--kind", "empty"], {"empty"}),
        (["--issues"], {"broken.jpg", "empty"}),
        (["--matched"], set()),
        (["--undecided", "--kind", "other"], {"größe.txt"}),
        (["--exhibit", "1", "--issues", "--kind", "picture"], {"broken.jpg"}),
        (["--exhibit", "2"], set()),
    ],
)
def test_items_can_be_filtered(processed: Terminal, words: list[str], expected: set[str]) -> None:
    assert {item["locator"] for item in processed.json("item", "list", "harbour", *words)} == expected


def test_an_item_is_shown_with_everything(processed: Terminal) -> None:
    number = number_of(processed, "1.jpg")
    shown = processed.json("item", "show", number)
    assert shown["state"] == "done"
    (signal,) = shown["signals"]
    assert len(signal["hashes"][0]["value"]) == 64
    assert "locator:" in processed("item", "show", number).out


@pytest.mark.parametrize("number", ["99", "0", "-1", "9" * 30])
@pytest.mark.parametrize("act", [["show"], ["export", "--output", "/tmp/varde-none"]])
def test_an_unknown_item_is_said(processed: Terminal, number: str, act: list[str]) -> None:
    said = processed("item", act[0], *act[1:], "--", number)
    assert said.code == 2
    assert f"there is no item {number}" in said.err


def test_find_by_digest_and_by_part_of_the_place(processed: Terminal) -> None:
    one = by_locator(processed)["1.jpg"]
    for algorithm in ("md5", "sha1", "sha256"):
        found = processed.json("find", one[algorithm].upper())
        assert {item["locator"] for item in found} == {"1.jpg", "album/copy of 1.jpg"}
    assert {item["locator"] for item in processed.json("find", "COPY OF")} == {"album/copy of 1.jpg"}
    assert processed.json("find", "0" * 32) == []
    assert processed.json("find", "100%_") == []
    said = processed("find", "jpg", "--limit", "2", "--case", "harbour")
    assert "2 items (there may be more: --limit)." in said.err
    assert processed("find", " ").code == 2
    assert processed("find", "x", "--case", "nobody").code == 2


def test_files_named_by_a_digest_are_found_by_it(terminal: Terminal, tmp_path: Path) -> None:
    name = hashlib.md5(b"something else").hexdigest()
    (tmp_path / "exhibit").mkdir()
    (tmp_path / "exhibit" / f"{name}.bin").write_text("text")
    terminal("case", "new", "harbour")
    terminal("exhibit", "add", "harbour", tmp_path / "exhibit", "--process")
    assert [item["name"] for item in terminal.json("find", name)] == [f"{name}.bin"]


def test_a_grade_is_recorded_superseded_and_withdrawn(processed: Terminal) -> None:
    number = number_of(processed, "1.jpg")
    assert processed.json("grade", number, "1") == {"items": [int(number)], "grade": "vics-us@2.0:1"}
    assert processed.json("grade", number, "2", "--note", "same series\nas before")["grade"] == "vics-us@2.0:2"
    shown = processed.json("item", "show", number)
    assert shown["grade"] == "vics-us@2.0:2"
    assert [decision["note"] for decision in shown["decisions"]] == ["", "same series\nas before"]
    assert {decision["person"] for decision in shown["decisions"]} == {"A. Examiner"}
    assert processed.json("grade", number, "--withdraw") == {"items": [int(number)], "grade": None}
    shown = processed.json("item", "show", number)
    assert (shown["grade"], len(shown["decisions"])) == (None, 3)
    assert processed("audit", "verify").code == 0


def test_several_items_are_graded_at_once(processed: Terminal) -> None:
    numbers = [number_of(processed, name) for name in ("1.jpg", "2.jpg")]
    said = processed("grade", *numbers, numbers[0], "3", "--person", "B. Second")
    assert "items are graded vics-us@2.0:3, decided by B. Second." in said.err
    assert processed.json("case", "show", "harbour")["decided"] == {"vics-us@2.0:3": 2}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["1", "9"], "scheme vics-us@2.0 has no code '9'"),
        (["1", "red"], "scheme vics-us@2.0 has no code 'red'"),
        (["1"], "give item numbers and then a code"),
        (["x", "1"], "give item numbers and then a code"),
        (["99", "1"], "there is no item 99"),
        (["1", "99", "1"], "there is no item 99"),
        (["9" * 30, "1"], "there is no item"),
        (["1", "--withdraw"], "item 1 has no grade to withdraw"),
    ],
)
def test_a_wrong_grade_is_refused_and_nothing_is_recorded(processed: Terminal, words: list[str], message: str) -> None:
    before = processed.json("audit", "list")
    said = processed("grade", *words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert processed.json("audit", "list") == before


def test_items_of_two_cases_are_not_graded_at_once(processed: Terminal, tmp_path: Path) -> None:
    processed("case", "new", "other", "--scheme", "vics-uk@2.0")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("a")
    processed("exhibit", "add", "other", tmp_path / "other", "--process")
    (item,) = processed.json("item", "list", "other")
    assert processed("grade", item["item"], "1", "1").code == 2
    assert "must be of one case" in processed("grade", item["item"], "1", "1").err
    assert processed.json("grade", item["item"], "9")["grade"] == "vics-uk@2.0:9"


# -- export


@pytest.fixture
def exhibit(terminal: Terminal, tmp_path: Path) -> Path:
    """A small exhibit of this test only, with an archive in it."""
    folder = make_exhibit(tmp_path / "exhibit")
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.write(folder / "1.jpg", "in/1.jpg")
        archive.writestr("b.txt", "in the archive")
    return folder


@pytest.mark.parametrize("copy", [False, True])
def test_an_exported_item_is_what_was_examined(terminal: Terminal, tmp_path: Path, exhibit: Path, copy: bool) -> None:
    terminal("case", "new", "harbour")
    terminal("exhibit", "add", "harbour", exhibit, "--process", *(["--copy"] if copy else []))
    if copy:
        shutil.rmtree(exhibit)
    items = by_locator(terminal)
    assert len(items) == 9
    for number, item in enumerate(items.values()):
        said = terminal("item", "export", item["item"], "--output", tmp_path / str(number), "--json")
        assert said.code == 0, said.err
        assert hashlib.sha256((tmp_path / str(number)).read_bytes()).hexdigest() == item["sha256"]
        last = terminal.json("audit", "list")[-1]
        assert (last["act"], last["subject"]) == ("item_exported", {"case": "harbour", "item": item["item"]})


def test_a_changed_exhibit_is_an_integrity_failure(terminal: Terminal, tmp_path: Path, exhibit: Path) -> None:
    terminal("case", "new", "harbour")
    terminal("exhibit", "add", "harbour", exhibit, "--process")
    data = bytearray((exhibit / "1.jpg").read_bytes())
    data[-5] ^= 1
    (exhibit / "1.jpg").write_bytes(data)
    before = terminal.json("audit", "list")
    said = terminal("item", "export", number_of(terminal, "1.jpg"), "--output", tmp_path / "out")
    assert (said.code, said.out) == (3, "")
    assert "is not what was examined" in said.err
    assert not (tmp_path / "out").exists()
    assert terminal.json("audit", "list") == before


def test_a_changed_copy_is_an_integrity_failure(terminal: Terminal, tmp_path: Path, exhibit: Path) -> None:
    terminal("case", "new", "harbour")
    terminal("exhibit", "add", "harbour", exhibit, "--process", "--copy")
    item = by_locator(terminal)["1.jpg"]
    copy = next(terminal.site.glob(f"contents/*/*/{item['sha256']}"))
    copy.chmod(0o600)
    copy.write_bytes(b"changed")
    assert terminal("item", "export", item["item"], "--output", tmp_path / "out").code == 3
    assert not (tmp_path / "out").exists()


def test_a_missing_exhibit_is_said(terminal: Terminal, tmp_path: Path, exhibit: Path) -> None:
    terminal("case", "new", "harbour")
    terminal("exhibit", "add", "harbour", exhibit, "--process")
    number = number_of(terminal, "1.jpg")
    shutil.rmtree(exhibit)
    said = terminal("item", "export", number, "--output", tmp_path / "out")
    assert said.code == 2
    assert f"{exhibit} is not where it was" in said.err
    assert not (tmp_path / "out").exists()


def test_an_export_overwrites_nothing_and_stays_out_of_exhibits(
    processed: Terminal, processed_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "out.part").write_text("mine")
    assert processed("item", "export", "1", "--output", tmp_path / "mine").code == 2
    assert processed("item", "export", "1", "--output", tmp_path / "out").code == 0
    assert (tmp_path / "mine").read_text() == (tmp_path / "out.part").read_text() == "mine"
    for target in (processed_folder / "exhibit" / "out", tmp_path / "no" / "folder" / "out"):
        said = processed("item", "export", "1", "--output", target)
        assert said.code == 2
        assert str(target) in said.err
    assert not (processed_folder / "exhibit" / "out").exists()


# -- report and back


def grades(terminal: Terminal) -> dict[str, str]:
    return {locator: item["grade"] for locator, item in by_locator(terminal).items()}


@pytest.mark.parametrize(
    ("scheme", "codes"),
    [
        ("vics-us@2.0", ("1", "2", "0")),
        ("unit4@2026", ("red", "amber", "say: green!")),
    ],
)
def test_a_report_brings_the_same_grades_to_another_site(
    terminal: Terminal, tmp_path: Path, sqlite_template: Path, exhibit: Path, scheme: str, codes: tuple[str, ...]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(sqlite_template, other)
    for site in (terminal.site, other):
        terminal("scheme", "add", "unit4@2026", "red", "amber", "say: green!", site=site)
        terminal("case", "new", "harbour", "--scheme", scheme, site=site)
        terminal("exhibit", "add", "harbour", exhibit, "--process", site=site)
    one, copy, member = (number_of(terminal, name) for name in ("1.jpg", "album/copy of 1.jpg", "a.zip!/in/1.jpg"))
    terminal("grade", one, codes[0])
    terminal("grade", copy, codes[1])
    terminal("grade", member, codes[1])
    terminal("grade", member, "--withdraw")
    terminal("grade", number_of(terminal, "größe.txt"), codes[2])
    assert terminal("report", "harbour", "--output", tmp_path / "report").code == 0
    done = terminal.json("decision", "import", "harbour", tmp_path / "report" / "vics.json", site=other)
    assert (done["decisions"], done["unchanged"], done["unknown_entries"]) == (3, 0, 0)
    expected = grades(terminal)
    again = Terminal(terminal._capsys, other)
    assert grades(again) == expected
    assert [expected["1.jpg"], expected["album/copy of 1.jpg"], expected["a.zip!/in/1.jpg"]] == [
        f"{scheme}:{codes[0]}",
        f"{scheme}:{codes[1]}",
        None,
    ]
    repeated = again.json("decision", "import", "harbour", tmp_path / "report" / "vics.json")
    assert (repeated["decisions"], repeated["unchanged"]) == (0, 3)
    assert again.json("item", "show", one)["decisions"][0]["source"] == "vics.json"
    assert again("audit", "verify").code == 0


def test_grades_on_another_scheme_are_refused(processed: Terminal, tmp_path: Path, processed_folder: Path) -> None:
    processed("grade", "1", "2")
    processed("report", "harbour", "--output", tmp_path / "report", "--kind", "vics")
    processed("case", "new", "other", "--scheme", "unit9@1")
    processed("scheme", "add", "unit9@1", "1", "2")
    processed("case", "new", "other", "--scheme", "unit9@1")
    processed("exhibit", "add", "other", processed_folder / "exhibit", "--process")
    said = processed("decision", "import", "other", tmp_path / "report" / "vics.json")
    assert said.code == 2
    assert "no entry of vics.json has a grade on scheme unit9@1; its categories are on vics-us@2.0" in said.err


@pytest.mark.parametrize(
    "files",
    [
        "[1]",
        '"text"',
        '[{"SourceID": {}, "FilePath": [], "FileName": 3}]',
        '[{"SourceID": "' + "9" * 5000 + '"}]',
        "[[]]",
    ],
)
def test_places_of_other_programs_do_not_stop_an_import(processed: Terminal, tmp_path: Path, files: str) -> None:
    item = by_locator(processed)["2.jpg"]
    path = tmp_path / "theirs.json"
    media = f'{{"MediaID": 1, "Category": 2, "MD5": "{item["md5"]}", "MediaFiles": {files}}}'
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
    path.write_text(f'{{"@odata.context": "{context}", "value": [{media}]}}')
    assert processed.json("decision", "import", "harbour", path)["decisions"] == 1


@pytest.mark.parametrize("data", [b"", b"no JSON", b"{}", b"[]", b'{"value": []}'])
def test_a_file_that_is_no_vics_file_is_refused(processed: Terminal, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.json").write_bytes(data)
    said = processed("decision", "import", "harbour", tmp_path / "x.json")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("varde: ")


def test_a_wrong_code_in_a_file_names_its_line_and_records_nothing(processed: Terminal, tmp_path: Path) -> None:
    items = by_locator(processed)
    media = [
        {"MediaID": n, "Category": c, "MD5": items[name]["md5"]}
        for n, (name, c) in enumerate((("1.jpg", 1), ("2.jpg", 9)))
    ]
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
    (tmp_path / "x.json").write_text(json.dumps({"@odata.context": context, "value": media}, indent=1))
    before = processed.json("audit", "list")
    said = processed("decision", "import", "harbour", tmp_path / "x.json")
    assert said.code == 2
    assert "varde: line " in said.err
    assert processed.json("audit", "list") == before
