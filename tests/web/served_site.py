"""A site that is served in this process, for programs that ask it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from asking import Client
from PIL import Image

from varde.core.access import Right
from varde.store.site import Site
from varde.web.app import create_app
from varde.workflows.actor import Actor
from varde.workflows.manage_tokens import add_token

OPERATOR = Actor("A. Operator")


@dataclass
class Served:
    """A site with its interface, in this process.

    Attributes:
        client: sends a token with every right, unless a request says otherwise.
        give: returns the header of a new token with these rights.
    """

    site: Site
    client: Client
    give: Callable[..., dict[str, str]]


def serve(site: Site) -> Iterator[Served]:
    """Serves a site with real decoder processes."""

    def give(*rights: Right, name: str = "") -> dict[str, str]:
        called = name or "-".join(right.value for right in rights)
        made = add_token(site, OPERATOR, name=called, rights=rights)
        return {"Authorization": f"Bearer {made.secret}"}

    with Client(create_app(site)) as client:
        client.headers.update(give(*Right, name="platform"))
        yield Served(site, client, give)


def encode(pixels: npt.NDArray[np.uint8], kind: str = "JPEG") -> bytes:
    """Returns pixels as a file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=92)
    return file.getvalue()
