"""The manifests that Varde ships: which files make up a known pack, and what is known of it."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from varde.core.errors import NotFound
from varde.models.pack import Manifest, parse_manifest

BUILTIN: Final = "builtin"
SHIPPED: Final = (BUILTIN, "reference", "zoo")


@cache
def list_manifests() -> tuple[Manifest, ...]:
    """Returns the manifests that Varde ships."""
    return tuple(parse_manifest(read_manifest(name), f"{name}.toml") for name in SHIPPED)


def get_manifest(name: str) -> Manifest:
    """Returns a shipped manifest.

    Raises:
        NotFound: if Varde ships none of that name.
    """
    return parse_manifest(read_manifest(name), f"{name}.toml")


def read_manifest(name: str) -> str:
    """Returns the text of a shipped manifest.

    Raises:
        NotFound: if Varde ships none of that name.
    """
    if name not in SHIPPED:
        raise NotFound(f"no manifest of the name {name!r} is shipped", advice=f"There are: {', '.join(SHIPPED)}.")
    return (resources.files("varde.models") / "packs" / f"{name}.toml").read_text("utf-8")
