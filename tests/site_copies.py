"""Sites for tests that are filled once and copied for each test: filling one takes ten times as long."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import pytest
from sqlalchemy import make_url

from varde.store.settings import FILE_NAME, read_settings
from varde.store.site import Site, open_site

T = TypeVar("T")
MakeDatabase = Callable[[str], str]

_EMPTY: Final = {"sqlite": "sqlite_template", "postgresql": "postgres_template"}


class CopyFilled(Protocol):
    """Opens a copy of what a function makes of a new site; for one copy in a test."""

    def __call__(self, fill: Callable[[Site], T]) -> tuple[Site, T]: ...


class FilledSites:
    """Keeps what functions made of new sites, on each kind of database.

    What a function returns is the same for every copy: it holds nothing of the site, and no test changes it.
    """

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self._kept: dict[tuple[str, Callable[[Site], Any]], tuple[Path, Any]] = {}

    def copy(self, fill: Callable[[Site], T], folder: Path, backend: str, make: MakeDatabase | None) -> T:
        """Copies a filled site to a folder, and returns what ``fill`` returned; ``make`` copies PostgreSQL's."""
        if (backend, fill) not in self._kept:
            self._kept[backend, fill] = self._fill(fill, backend)
        template, made = self._kept[backend, fill]
        copy_site(template, folder, make)
        return made  # type: ignore[no-any-return]

    def _fill(self, fill: Callable[[Site], T], backend: str) -> tuple[Path, T]:
        folder = self._folder / str(len(self._kept))
        make = self._request.getfixturevalue("postgres_server").make if backend == "postgresql" else None
        copy_site(self._request.getfixturevalue(_EMPTY[backend]), folder, make)
        with closing(open_site(folder)) as site:
            return folder, fill(site)


def copy_site(template: Path, folder: Path, make: MakeDatabase | None) -> None:
    """Copies a closed site; on PostgreSQL ``make`` takes a database's name and returns the address of a copy."""
    shutil.copytree(template, folder)
    if make is not None:
        name = make_url(read_settings(folder / FILE_NAME).database.url).database
        assert name is not None
        (folder / FILE_NAME).write_text(f'[database]\nurl = "{make(name)}"\n')
