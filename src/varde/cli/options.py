"""Options every command takes, and the site and person they choose."""

from __future__ import annotations

import functools
import getpass
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
        who = person or chosen.get("person") or getpass.getuser()
        session = Session(site or chosen.get("site"), Actor(who), as_json)
        return command(session, *arguments, **options)

    return wrapped  # type: ignore[return-value]
