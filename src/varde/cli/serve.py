"""``varde serve``."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.workflows.manage_accounts import add_first_administrator

_SERVER = "varde.web.server"
"""Named, not imported: command line and interface are independent of each other."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5100, show_default=True, help="Port; 0 takes a free one."
)
@click.option("--certificate", type=click.Path(path_type=Path), help="Certificate chain for TLS, as PEM.")
@click.option("--key", type=click.Path(path_type=Path), help="Private key of the certificate, as PEM.")
@click.option("--without-tls", is_flag=True, help="Serve others without TLS: something in front of it speaks TLS.")
@with_session
def serve(
    session: Session, host: str, port: int, certificate: Path | None, key: Path | None, without_tls: bool
) -> None:
    """Serve the site's pages for people, and its interface for programs, until told to stop.

    People log in with an account, see `varde account add`; a site without any account gets an administrator called
    admin, whose password is told once and has to be changed at the first login. Programs show a token, see `varde
    token add`. The log goes to standard error, one line of JSON for each request; it names no hashes, files or sets.
    Ctrl-C or SIGTERM stop it: what is being answered is answered first.

    \b
    Examples:
      varde serve
      varde serve --host 0.0.0.0 --port 8443 --certificate site.pem --key site.key
    """
    site = session.open()
    server: Any = importlib.import_module(_SERVER)
    options = server.ServeOptions(host, port, certificate, key, without_tls)

    def say(address: str) -> None:
        first = add_first_administrator(site, session.actor)
        if session.as_json:
            told = {"account": first.account.name, "password": first.password} if first else {}
            output.write_json({"address": address} | told)
        if first:
            output.say(f"This site had no account. Log in as {first.account.name} with the password {first.password}")
            output.say("It is told this once, and has to be changed at the first login.")
        output.say(f"Serving {site.name()} on {address}; Ctrl-C stops it.")

    try:
        server.serve(site, options, say)
    finally:
        site.close()
    output.say("Stopped.")
