"""``varde camera withdraw``."""

from __future__ import annotations

import click

from varde.cli import output
from varde.cli.options import Session, with_session


@click.command("withdraw")
@click.argument("name")
@click.option("--because", required=True, help="Why, in a sentence; it is kept and audited.")
@click.option("--delete", "with_bytes", is_flag=True, help="Also delete the bytes of its fingerprints, for good.")
@with_session
def withdraw(session: Session, name: str, because: str, with_bytes: bool) -> None:
    """Compare nothing with camera NAME any more: it is left out of searches and hunts from now on.

    Comparisons that were made stay, with the digests they name. With --delete the fingerprint files are deleted as
    well: then those comparisons cannot be made again from what the site holds.

    \b
    Examples:
      varde camera withdraw "seized phone" --because "returned to its owner, order 12/26"
      varde camera withdraw "seized phone" --because "order of 1 June" --delete
    """
    from varde.workflows import withdraw_camera

    done = withdraw_camera.withdraw_camera(
        session.open(), session.actor, name, because=because, with_bytes=with_bytes, case_ids=None
    )
    if session.as_json:
        output.write_json({"camera": name, "fingerprints": done.fingerprints, "deleted_files": done.deleted_files})
    output.say(f"Camera {name} was withdrawn: nothing is compared with it any more, and no search looks at it.")
    if with_bytes:
        output.say(f"{output.count(done.deleted_files, 'fingerprint file')} deleted.")
    else:
        output.say("Its fingerprint files are kept, so that earlier comparisons can be checked.")
