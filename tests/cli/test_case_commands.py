"""Behaviour of `varde init`, `case`, `exhibit`, `process`, `issue` and `scheme`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from terminal import Terminal, make_exhibit


def test_init_makes_a_site_and_says_how_to_choose_it(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "a?b %20#ö"
    said = terminal.bare("init", folder, "--name", "Unit 4", "--json")
    assert said.code == 0
    assert said.data == {"site": str(folder), "name": "Unit 4", "created": True}
    assert f"export VARDE_SITE={folder}" in said.err
    assert folder.stat().st_mode & 0o777 == 0o700
    assert terminal("case", "list", site=folder).code == 0


def test_init_again_changes_nothing(terminal: Terminal) -> None:
    terminal("case", "new", "x")
    key = (terminal.site / "keys" / "site.pem").read_bytes()
    assert terminal.bare("init", terminal.site, "--json").data["created"] is False
    assert (terminal.site / "keys" / "site.pem").read_bytes() == key
    assert len(terminal.json("case", "list")) == 1


def test_init_of_a_nameless_folder_gets_a_readable_name(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"un\xefit")
    assert terminal.bare("init", folder).code == 0
    assert terminal.bare("init", folder, "--json").data["name"] == "un\\xefit"


def test_init_where_nothing_can_be_written_is_said(terminal: Terminal) -> None:
    said = terminal.bare("init", "/proc/no-such")
    assert (said.code, said.out) == (2, "")
    assert "/proc/no-such" in said.err


def test_a_case_is_opened_listed_and_shown(terminal: Terminal) -> None:
    made = terminal.json("case", "new", "harbour", "--authorisation", "warrant 1", "--scheme", "vics-uk@2.0")
    assert made | {"created_at": ""} == {
        "name": "harbour",
        "scheme": "vics-uk@2.0",
        "authorisation": "warrant 1",
        "created_at": "",
    }
    assert terminal.json("case", "list") == [made]
    shown = terminal.json("case", "show", "harbour")
    assert (shown["items"], shown["issues"], shown["waiting"], shown["processed"]) == (0, 0, 0, False)
    assert "harbour\tvics-uk@2.0\twarrant 1" in terminal("case", "list").out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["case", "new", "harbour"], "there is a case named 'harbour' already"),
        (["case", "new", " "], "a case needs a name"),
        (["case", "new", "two\nlines"], "a case needs a name"),
        (["case", "new", "x", "--scheme", "none@1"], "no grade scheme 'none@1'"),
        (["case", "show", "nobody"], "there is no case named 'nobody'"),
        (["exhibit", "add", "nobody", "/etc"], "there is no case named 'nobody'"),
        (["exhibit", "add", "harbour", "/no/such"], "/no/such cannot be added: No such file"),
        (["exhibit", "add", "harbour", "/dev/null"], "neither a folder nor a file"),
        (["exhibit", "add", "harbour", "/"], "/ and this site lie in one another"),
        (["process", "nobody"], "there is no case named 'nobody'"),
        (["issue", "list", "nobody"], "there is no case named 'nobody'"),
        (["item", "list", "nobody"], "there is no case named 'nobody'"),
        (["report", "nobody", "--output", "/tmp/varde-none"], "there is no case named 'nobody'"),
        (["scheme", "add", "unit4", "a", "b"], "'unit4' is no NAME@VERSION"),
        (["scheme", "add", "unit4@1", "a", "a"], "codes must be different"),
        (["scheme", "add", "vics-us@2.0", "a"], "exists with other codes"),
    ],
)
def test_wrong_use_is_explained_and_leaves_no_trace(terminal: Terminal, words: list[str], message: str) -> None:
    terminal("case", "new", "harbour")
    before = terminal.json("audit", "list")
    said = terminal(*words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert terminal.json("audit", "list") == before


def test_a_scheme_is_added_and_used(terminal: Terminal) -> None:
    assert terminal.json("scheme", "add", "unit4@2026", "red", "amber") == {
        "scheme": "unit4@2026",
        "codes": ["red", "amber"],
    }
    assert {"scheme": "unit4@2026", "codes": ["red", "amber"]} in terminal.json("scheme", "list")
    assert "unit4@2026\tred amber" in terminal("scheme", "list").out
    assert terminal.json("case", "new", "x", "--scheme", "unit4@2026")["scheme"] == "unit4@2026"


def test_processing_counts_every_place_once(processed: Terminal) -> None:
    shown = processed.json("case", "show", "harbour")
    assert {name: shown[name] for name in ("items", "issues", "waiting", "places", "contents")} == {
        "items": 4,
        "issues": 3,
        "waiting": 0,
        "places": 7,
        "contents": 5,
    }
    assert sum(shown["issues_by_code"].values()) == 3
    assert shown["issues_by_code"] | {"empty": 1, "symlink": 1} == shown["issues_by_code"]
    assert shown["processed"] is True


def test_processing_again_does_nothing_and_ends_with_0(processed: Terminal) -> None:
    before = processed.json("case", "show", "harbour")
    run = processed.json("process", "harbour")
    assert (run["run"]["items"], run["run"]["new_issues"]) == (0, 0)
    assert processed.json("case", "show", "harbour") == before


def test_processing_with_nothing_wrong_ends_with_0(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "exhibit").mkdir()
    (tmp_path / "exhibit" / "a.txt").write_text("text")
    terminal("case", "new", "x")
    said = terminal("exhibit", "add", "x", tmp_path / "exhibit", "--process", "--json")
    assert said.code == 0
    assert said.data["items"] == 1


def test_a_link_alone_ends_with_1(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "exhibit").mkdir()
    (tmp_path / "exhibit" / "link").symlink_to("nowhere")
    terminal("case", "new", "x")
    assert terminal("exhibit", "add", "x", tmp_path / "exhibit", "--process").code == 1
    assert terminal.json("case", "show", "x")["issues"] == 1


def test_issues_are_listed_with_place_and_cause(processed: Terminal) -> None:
    issues = processed.json("issue", "list", "harbour")
    assert {issue["locator"] for issue in issues} == {"broken.jpg", "empty", "link"}
    by_place = {issue["locator"]: issue for issue in issues}
    assert (by_place["link"]["code"], by_place["link"]["item"]) == ("symlink", None)
    assert all(issue["cause"] for issue in issues)
    lines = processed("issue", "list", "harbour").out.splitlines()
    assert lines[0].split("\t") == ["exhibit", "locator", "item", "step", "code", "cause"]
    assert len(lines) == 4


def test_exhibits_are_listed(processed: Terminal, processed_folder: Path) -> None:
    path = str(processed_folder / "exhibit")
    (exhibit,) = processed.json("exhibit", "list", "harbour")
    assert exhibit == {"number": 1, "path": path, "keeping": "reference", "walked": True}


def test_the_same_exhibit_twice_is_refused(processed: Terminal, processed_folder: Path) -> None:
    said = processed("exhibit", "add", "harbour", processed_folder / "exhibit")
    assert said.code == 2
    assert "is exhibit 1 of harbour already" in said.err


def test_an_exhibit_with_a_broken_name_can_be_worked_with(terminal: Terminal, tmp_path: Path) -> None:
    folder = make_exhibit(tmp_path / os.fsdecode(b"fold\xefer"))
    (folder / os.fsdecode(b"\x1b[31m\xff.txt")).write_text("hostile")
    terminal("case", "new", "x")
    assert terminal("exhibit", "add", "x", folder, "--process").code == 1
    (exhibit,) = terminal.json("exhibit", "list", "x")
    assert exhibit["path"].endswith("/fold\\xefer")
    assert "\\x1b[31m\\xff.txt" in {item["locator"] for item in terminal.json("item", "list", "x")}
    assert terminal("report", "x", "--output", tmp_path / "report").code == 0


def test_a_single_file_is_an_exhibit(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    terminal("case", "new", "x")
    assert terminal("exhibit", "add", "x", tmp_path / "a.txt", "--process").code == 0
    assert [item["locator"] for item in terminal.json("item", "list", "x")] == ["a.txt"]
