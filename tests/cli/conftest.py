"""Sites for the tests of the command line: a new one, and one whose case was processed (shared, so only read)."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path

import pytest
from terminal import Terminal, make_exhibit

from varde.cli.main import main


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VARDE_SITE", raising=False)
    monkeypatch.setenv("VARDE_PERSON", "A. Examiner")


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path, sqlite_template: Path) -> Terminal:
    """At a new site."""
    shutil.copytree(sqlite_template, tmp_path / "site")
    return Terminal(capsys, tmp_path / "site")


@pytest.fixture(scope="session")
def processed_folder(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A folder with an exhibit and a site in which it was processed as case ``harbour``."""
    folder = tmp_path_factory.mktemp("processed")
    shutil.copytree(sqlite_template, folder / "site")
    make_exhibit(folder / "exhibit")
    words = ["--site", str(folder / "site"), "--person", "A. Examiner"]
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        assert main([*words, "case", "new", "harbour", "--authorisation", "warrant 1"]) == 0
        assert main([*words, "exhibit", "add", "harbour", str(folder / "exhibit"), "--process"]) == 1
    return folder


@pytest.fixture
def processed(capsys: pytest.CaptureFixture[str], tmp_path: Path, processed_folder: Path) -> Terminal:
    """At a copy of the processed site; the exhibit is where it was for all of them."""
    shutil.copytree(processed_folder / "site", tmp_path / "site")
    return Terminal(capsys, tmp_path / "site")
