"""Served sites, and a picture to ask them about.

What takes long to make is made once for the run and copied for each module.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import structlog
from paged_site import PagedCases, PagedSite, make_cases, serve_cases
from served_site import Served, encode, serve

from varde.store.site import Site, open_site
from varde.testing.pictures import make_photo


@pytest.fixture
def served(sqlite_site: Site) -> Iterator[Served]:
    """A new site, served with real decoder processes."""
    yield from serve(sqlite_site)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Served]:
    """A served site that several tests ask, and that none of them needs to be empty."""
    folder = tmp_path_factory.mktemp("shared") / "site"
    shutil.copytree(sqlite_template, folder)
    site = open_site(folder)
    yield from serve(site)
    site.close()


@pytest.fixture(scope="session")
def paged_template(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> tuple[Path, PagedCases]:
    """A site with processed cases, to be copied, and what is in it."""
    folder = tmp_path_factory.mktemp("paged_template")
    shutil.copytree(sqlite_template, folder / "site")
    site = open_site(folder / "site")
    made = make_cases(site, folder)
    site.close()
    return folder / "site", made


@pytest.fixture(scope="module")
def paged(tmp_path_factory: pytest.TempPathFactory, paged_template: tuple[Path, PagedCases]) -> Iterator[PagedSite]:
    """A served site with two processed cases, a known set and people, for the tests of a module."""
    template, made = paged_template
    folder = tmp_path_factory.mktemp("paged") / "site"
    shutil.copytree(template, folder)
    site = open_site(folder)
    yield from serve_cases(site, made)
    site.close()


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def photo() -> bytes:
    """A photograph-like JPEG."""
    return encode(make_photo(np.random.default_rng(7), 320, 240))


@pytest.fixture
def photo_file(tmp_path: Path, photo: bytes) -> Path:
    """The photograph on disk."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    return path
