"""Served sites, and a picture to ask them about."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import structlog
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
