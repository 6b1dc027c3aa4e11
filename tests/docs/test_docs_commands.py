"""Every command and option is described, and says in its help how it is used."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from varde.cli.main import COMMANDS, varde

EVERY_COMMAND = {"--site", "--person", "--json"}
FENCED = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`(varde [^`]+)`")
CODE_PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/tutorial", "docs/how-to", "docs/reference")


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Gives every command below one, with the words that call it."""
    if path:
        yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk(found, (*path, name))


TREE = dict(walk(varde))
LEAVES = {path: command for path, command in TREE.items() if not isinstance(command, click.Group)}


def section_of(page: str, path: tuple[str, ...]) -> str:
    """Returns what the page says under the heading of a command, "" where it has none."""
    match = re.search(rf"^##+ `varde {' '.join(path)}`\n(.*?)(?=^##|\Z)", page, re.DOTALL | re.MULTILINE)
    return match.group(1) if match else ""


@pytest.fixture(scope="session")
def page(reference: Path) -> str:
    return (reference / "commands.md").read_text("utf-8")


@pytest.mark.parametrize("path", TREE, ids=" ".join)
def test_command_is_described(path: tuple[str, ...], page: str) -> None:
    assert section_of(page, path).strip(), f"docs/reference/commands.md has no section `varde {' '.join(path)}`"


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_options_and_arguments_are_described(path: tuple[str, ...], page: str) -> None:
    command, section = LEAVES[path], section_of(page, path)
    for option in command.params:
        if isinstance(option, click.Option) and option.opts[0] not in EVERY_COMMAND:
            row = re.search(rf"^\| `{re.escape(option.opts[0])}[ `].*$", section, re.MULTILINE)
            assert row, f"{option.opts[0]} is not described"
            if isinstance(option.type, click.Choice):
                assert all(str(choice) in row.group() for choice in option.type.choices)
            assert bool(option.required) == ("required" in row.group()), row.group()
        elif isinstance(option, click.Argument):
            assert option.make_metavar(click.Context(command)) in section, f"{option.name} is not in the usage"


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_described_options_exist(path: tuple[str, ...], page: str) -> None:
    described = set(re.findall(r"^\| `(--[a-z-]+)", section_of(page, path), re.MULTILINE))
    assert described <= {name for option in LEAVES[path].params for name in option.opts}


def test_options_of_every_command_are_described(page: str) -> None:
    common = page.partition("## Every command")[2].partition("\n## ")[0]
    assert all(f"`{name}" in common for name in EVERY_COMMAND)
    assert all(f"`{name}" in page.partition("## Every command")[0] for option in varde.params for name in option.opts)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_takes_the_common_options(path: tuple[str, ...]) -> None:
    assert {name for option in LEAVES[path].params for name in option.opts} >= EVERY_COMMAND


def test_described_commands_exist(page: str) -> None:
    described = {tuple(words.split()) for words in re.findall(r"^##+ `varde ([a-z -]+)`$", page, re.MULTILINE)}
    assert described == set(TREE)


@pytest.mark.parametrize("name", COMMANDS)
def test_list_of_commands_says_what_the_command_says(name: str) -> None:
    """The list in main.py exists so that help needs no import; it must not drift from the commands' own help."""
    listed = COMMANDS[name].rstrip(".")
    own = " ".join(re.sub(r"\([^)]*\)", "", TREE[(name,)].help or "").split())
    assert own.startswith(listed), f"{listed!r} is not how the help of `varde {name}` begins: {own[:100]!r}"


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_help_has_an_example_that_calls_the_command(path: tuple[str, ...]) -> None:
    text = LEAVES[path].help or ""
    assert re.search(r"Examples?:\n", text), "no example"
    assert f"varde {' '.join(path)}" in text.partition("Example")[2]


def test_group_help_lists_its_commands() -> None:
    for path, command in TREE.items():
        if isinstance(command, click.Group):
            assert (command.help or "").strip(), path


def commands_in(text: str) -> Iterator[str]:
    """Gives the lines of a page that call varde: in code blocks, and as inline code."""
    for block in FENCED.findall(text):
        for line in block.splitlines():
            bare = re.sub(r"\s+#.*$", "", line.strip().removeprefix("$ ")).removeprefix(".venv/bin/")
            if bare.startswith("varde "):
                yield bare
    yield from INLINE.findall(FENCED.sub("", text))


def pages(root: Path) -> list[Path]:
    found = []
    for name in CODE_PAGES:
        path = root / name
        found += sorted(path.rglob("*.md")) if path.is_dir() else [path]
    return found


def test_commands_shown_in_the_documentation_exist(root: Path) -> None:
    wrong = []
    shown = 0
    for path in pages(root):
        for line in commands_in(path.read_text("utf-8")):
            shown += 1
            fault = find_fault(line)
            if fault:
                wrong.append(f"{path.relative_to(root)}: {line}: {fault}")
    assert not wrong, "\n".join(wrong)
    assert shown > 80


def find_fault(line: str) -> str:
    """Returns what is wrong with a command line, "" where its command and options exist."""
    words = shlex.split(line)[1:]
    if words[0] == "--site":
        words = words[2:]
    if words[0].startswith("-"):
        return "" if words[0] in {name for option in varde.params for name in option.opts} | {"--help"} else "option"
    path = next((tuple(words[:length]) for length in (3, 2, 1) if tuple(words[:length]) in TREE), None)
    if path is None:
        return "no such command"
    known = {name for option in TREE[path].params for name in (*option.opts, *option.secondary_opts)} | {"--help"}
    return ", ".join(word for word in words if word.startswith("--") and word not in known)


def test_tutorial_and_readme_show_the_main_job(root: Path) -> None:
    for name in ("README.md", "docs/tutorial/first-case.md"):
        shown = [line.split()[1:3] for line in commands_in((root / name).read_text("utf-8"))]
        for words in ("init", "case new", "known import", "exhibit add", "grade", "report", "audit verify"):
            assert words.split() in [found[: len(words.split())] for found in shown], f"{name} lacks varde {words}"
