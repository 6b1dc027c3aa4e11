"""``varde init``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.locator import escape
from varde.store.site import create_site


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--name", default="", help="Name of the site in reports and checkpoints; default: the folder's name.")
@with_session
def init(session: Session, folder: Path, name: str) -> None:
    """Make a site in FOLDER, or bring an older one up to this version.

    \b
    Example:
      varde init /srv/varde --name "Unit 4"
    """
    site, is_new = create_site(
        folder,
        name=name or escape(os.fsencode(folder.resolve().name)) or "site",
        person=session.actor.person,
        at=session.actor.clock(),
    )
    if session.as_json:
        output.write_json({"site": str(site.folder), "name": site.name(), "created": is_new})
    output.say(f"{'Made a new' if is_new else 'Up to date:'} site {site.name()!r} in {site.folder}")
    output.say(f"Choose it with: export VARDE_SITE={site.folder}")
    site.close()
