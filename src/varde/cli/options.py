"""Options every command takes, and the site and person they choose."""

from __future__ import annotations

import functools
import getpass
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from varde.core.errors import WrongUse
from varde.store.site import Site, open_site
from varde.workflows.actor import Actor

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Session:
    """What a command works with.

    Attributes:
        site_folder: None where none was chosen.
        as_json: data as JSON.
    """

    site_folder: Path | None
    actor: Actor
    as_json: bool

    def open(self) -> Site:
        """Returns the chosen site.

        Raises:
            WrongUse: if none was chosen.
            NotFound: if there is none in the folder.
        """
        if self.site_folder is None:
            raise WrongUse(
                "no site was chosen", advice="Say which with --site DIR, or set VARDE_SITE; `varde init DIR` makes one."
            )
        return open_site(self.site_folder)


def with_session(command: F) -> F:
    """Gives a command the options --site, --person and --json, and a `Session` as its first argument."""

    @click.option("--site", type=click.Path(path_type=Path), help="Folder of the site (or VARDE_SITE).")
    @click.option("--person", help="Who is doing this (or VARDE_PERSON); default: the login name.")
    @click.option("--json", "as_json", is_flag=True, help="Write data as JSON.")
    @click.pass_context
    @functools.wraps(command)
    def wrapped(
        context: click.Context, /, *arguments: Any, site: Path | None, person: str | None, as_json: bool, **options: Any
    ) -> Any:
        chosen = context.find_root().obj or {}
        actor = Actor(_read_person(person or chosen.get("person") or _find_login()))
        session = Session(site or chosen.get("site"), actor, as_json)
        return command(session, *arguments, **options)

    return wrapped  # type: ignore[return-value]


def _read_person(name: str) -> str:
    if not name.strip() or not name.isprintable():
        raise WrongUse("the name of a person needs printable characters", advice="Say who you are with --person.")
    return name.strip()


def _find_login() -> str:
    """Returns the login name, or the user's number where the system has no name for it (in a container, say)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
