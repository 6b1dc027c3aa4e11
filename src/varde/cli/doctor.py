"""``varde doctor``."""

from __future__ import annotations

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.workflows.check_health import check_health


@click.command()
@with_session
def doctor(session: Session) -> int:
    """Check this machine and the chosen site: sandbox, codecs, disk, database, audit log, models.

    Ends with 1 if something is worth a look, with 3 if the site's integrity is broken.

    \b
    Example:
      varde doctor
    """
    site = session.open() if session.site_folder else None
    checks = check_health(site)
    if session.as_json:
        output.write_json([{"check": c.name, "state": c.state.value, "detail": c.detail} for c in checks])
    else:
        output.write_rows(["check", "state", "detail"], [(c.name, c.state.value, c.detail) for c in checks])
    if site is None:
        output.say("No site was chosen (--site): only the machine was checked.")
    return max(c.state.exit_code for c in checks)
