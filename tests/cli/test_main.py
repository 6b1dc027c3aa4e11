"""Behaviour of the command line as a whole: choosing a site, exit codes, streams, help."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from terminal import Terminal

from varde.cli.main import COMMANDS, varde


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(terminal: Terminal, name: str) -> None:
    said = terminal.bare(name, "--help")
    assert said.code == 0
    assert said.err == ""
    for words in _list_leaves(varde, name):
        assert "Example" in terminal.bare(*words, "--help").out, words


def _list_leaves(group: click.Group, name: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    command = group.get_command(context, name)
    assert command is not None
    if not isinstance(command, click.Group):
        yield (name,)
        return
    for part in command.list_commands(click.Context(command)):
        for words in _list_leaves(command, part):
            yield (name, *words)


def test_help_comes_without_loading_anything_heavy() -> None:
    program = (
        "import sys; from varde.cli.main import main; main(['--help']);"
        "print([m for m in ('numpy', 'PIL', 'av', 'sqlalchemy') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Examples:" in done.stdout
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("words", [["--site", "{}", "case", "list"], ["case", "list", "--site", "{}"]])
def test_the_site_is_chosen_before_or_after_the_command(terminal: Terminal, words: list[str]) -> None:
    assert terminal.bare(*(word.format(terminal.site) for word in words)).code == 0


def test_the_site_is_chosen_by_the_environment(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARDE_SITE", str(terminal.site))
    assert terminal.bare("case", "list").code == 0


def test_the_nearest_choice_of_a_site_wins(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARDE_SITE", "/nowhere")
    assert terminal.bare("case", "list").code == 2
    assert terminal.bare("--site", terminal.site, "case", "list").code == 0
    assert terminal.bare("--site", "/nowhere", "case", "list", "--site", terminal.site).code == 0


def test_without_a_site_it_says_how_to_choose_one(terminal: Terminal) -> None:
    said = terminal.bare("case", "list")
    assert (said.code, said.out) == (2, "")
    assert said.err.splitlines() == [
        "varde: no site was chosen",
        "       Say which with --site DIR, or set VARDE_SITE; `varde init DIR` makes one.",
    ]


def test_a_folder_that_is_no_site_is_said(terminal: Terminal, tmp_path: Path) -> None:
    said = terminal("case", "list", site=tmp_path)
    assert said.code == 2
    assert f"{tmp_path} is not a Varde site" in said.err


def test_a_site_without_its_database_is_not_made_anew(terminal: Terminal) -> None:
    for path in terminal.site.glob("varde.db*"):
        path.unlink()
    said = terminal("case", "list")
    assert said.code == 2
    assert "has lost its database" in said.err
    assert "backup" in said.err
    assert not list(terminal.site.glob("varde.db*"))


@pytest.mark.parametrize(
    "words", [["no-such-command"], ["case", "no-such"], ["case", "new"], ["item", "show", "x"], []]
)
def test_wrong_words_end_with_2_and_help_on_stderr(terminal: Terminal, words: list[str]) -> None:
    said = terminal.bare(*words)
    assert (said.code, said.out) == (2, "")
    assert "Usage:" in said.err


def test_a_wrong_setting_is_named(terminal: Terminal) -> None:
    (terminal.site / "varde.toml").write_text("[processing]\nworker = 3\n")
    said = terminal("case", "list")
    assert said.code == 2
    assert "processing.worker" in said.err


@pytest.mark.parametrize("person", ["", " ", "two\nlines", "\x1b[31mred", "\udcff"])
def test_a_person_without_a_printable_name_is_refused(terminal: Terminal, person: str) -> None:
    said = terminal.bare("--site", terminal.site, "case", "list", "--person", person)
    assert said.code == (0 if person == "" else 2)
    assert said.err == "" or "--person" in said.err


def test_a_user_without_a_name_is_a_number(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def get_no_user() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.delenv("VARDE_PERSON")
    monkeypatch.setattr("getpass.getuser", get_no_user)
    assert terminal("case", "new", "x").code == 0
    assert terminal.json("audit", "list")[-1]["person"] == f"uid {os.getuid()}"


@pytest.mark.parametrize("words", [["case", "new", "x", "--authorisation", "\udcff"], ["find", "\udcff"]])
def test_words_that_are_no_text_are_refused(terminal: Terminal, words: list[str]) -> None:
    said = terminal(*words)
    assert said.code == 2
    assert "no text in UTF-8" in said.err


def test_reading_only_the_beginning_is_no_failure(terminal: Terminal) -> None:
    command = f"{sys.executable} -m varde.cli.main --site {terminal.site} scheme list"
    program = f'trap "" PIPE; {command} | true; echo ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_fault_nobody_foresaw_does_not_look_like_done_with_issues() -> None:
    program = (
        "from varde.cli import main; main.varde = type('Broken', (), {'main': lambda *_, **__: [][1]})();"
        "import sys; sys.argv = ['varde']; main.run()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert "IndexError" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("varde: this is a fault of Varde itself")


def test_version_is_said(terminal: Terminal) -> None:
    assert terminal.bare("--version").out.startswith("varde ")
