"""The documentation as a whole: short where it must be, linked, reachable, and of no particular machine."""

from __future__ import annotations

import re
import subprocess
from collections import deque
from pathlib import Path

import pytest

LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|home/\w+|tmp)/")


def pages(root: Path) -> list[Path]:
    found = [*root.glob("*.md"), *(root / "docs").rglob("*.md")]
    found += [*(root / "benchmarks").rglob("*.md"), *(root / "evaluations").rglob("*.md")]
    return sorted(found)


def links(page: Path) -> list[str]:
    return LINK.findall(CODE.sub("", page.read_text("utf-8")))


def anchors(page: Path) -> set[str]:
    """Returns the anchors of a page's headings, as the common renderers make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_readme_is_one_screen(root: Path) -> None:
    assert len((root / "README.md").read_text("utf-8").splitlines()) <= 60


def test_readme_names_the_two_commands_and_the_licence(root: Path) -> None:
    text = (root / "README.md").read_text("utf-8")
    assert all(words in text for words in ("make demo", "make test", "EUPL-1.2", "a person decides"))


def test_make_targets_that_are_named_exist(root: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        name
        for page in pages(root)
        for name in re.findall(r"`make ([a-z]+)`|^(?:\$ )?make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)
        for name in name
        if name
    }
    assert named
    assert named <= targets


def test_relative_links_resolve(root: Path) -> None:
    broken = []
    for page in pages(root):
        for link in links(page):
            if "://" in link or link.startswith("mailto:"):
                continue
            target, _, anchor = link.partition("#")
            path = (page.parent / target).resolve() if target else page
            if not path.exists() or (anchor and anchor not in anchors(path)):
                broken.append(f"{page.relative_to(root)}: {link}")
    assert not broken, "\n".join(broken)


def test_every_page_can_be_reached_from_the_readme(root: Path) -> None:
    waiting, reached = deque([root / "README.md"]), set()
    while waiting:
        page = waiting.popleft()
        if page in reached:
            continue
        reached.add(page)
        for link in links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.suffix == ".md" and target.exists():
                waiting.append(target)
    assert not [page.relative_to(root).as_posix() for page in (root / "docs").rglob("*.md") if page not in reached]


def test_no_page_names_a_path_of_one_machine(root: Path) -> None:
    found = [
        f"{page.relative_to(root)}:{number}: {line}"
        for page in pages(root)
        for number, line in enumerate(page.read_text("utf-8").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert not found, "\n".join(found)


def test_files_that_are_named_exist(root: Path) -> None:
    named = re.compile(r"`((?:src|tests|docs|benchmarks|evaluations)/[\w./-]+)`")
    missing = {
        f"{page.relative_to(root)}: {name}"
        for page in pages(root)
        for name in named.findall(page.read_text("utf-8"))
        if not re.search(r"/x\.py$|NNNN", name) and not (root / name).exists()
    }
    assert not missing


def test_decisions_are_numbered_without_gaps(root: Path) -> None:
    numbers = sorted(int(path.name[:4]) for path in (root / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_decision_the_decoder_pool_points_to_exists(root: Path) -> None:
    assert (root / "docs/decisions/0002-own-decoder-pool.md").exists()


def test_no_tracked_file_under_docs_is_empty(root: Path) -> None:
    done = subprocess.run(["git", "ls-files", "docs"], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    assert not [name for name in done.stdout.split() if (root / name).exists() and not (root / name).stat().st_size]
