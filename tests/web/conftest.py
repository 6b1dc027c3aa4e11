"""A site that is served, and programs that ask it."""

from __future__ import annotations

import io
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import structlog
from asking import Client
from PIL import Image

from varde.core.access import Right
from varde.store.site import Site, open_site
from varde.testing.pictures import make_photo
from varde.web.app import create_app
from varde.workflows.actor import Actor
from varde.workflows.manage_tokens import add_token

OPERATOR = Actor("A. Operator")


@dataclass
class Served:
    """A site with its interface, in this process.

    Attributes:
        client: sends a token with every right, unless a request says otherwise.
    """

    site: Site
    client: Client
    give: Callable[..., dict[str, str]]


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


def serve(site: Site) -> Iterator[Served]:
    """Serves a site in this process."""

    def give(*rights: Right, name: str = "") -> dict[str, str]:
        """Returns the header of a new token with these rights."""
        called = name or "-".join(right.value for right in rights)
        made = add_token(site, OPERATOR, name=called, rights=rights)
        return {"Authorization": f"Bearer {made.secret}"}

    with Client(create_app(site)) as client:
        client.headers.update(give(*Right, name="platform"))
        yield Served(site, client, give)


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


def encode(pixels: np.ndarray, kind: str = "JPEG") -> bytes:  # type: ignore[type-arg]
    """Returns pixels as a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=92)
    return file.getvalue()


@pytest.fixture
def photo_file(tmp_path: Path, photo: bytes) -> Path:
    """The photograph on disk."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    return path
