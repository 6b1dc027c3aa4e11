"""``varde faces re-embed``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from varde.cli import output
from varde.cli.options import Session, with_session

if TYPE_CHECKING:
    from varde.pipeline.re_embed import ReEmbedding


@click.command("re-embed")
@with_session
def re_embed(session: Session) -> int:
    """Compute the embeddings of the models in use for every face that is kept.

    After `varde models use` chose others: faces without an embedding by the models in use are not searched. It works
    from the crops that are kept, so that no exhibit is needed; embeddings of other models stay and are never compared
    with these. Can be stopped at any time: the same command goes on where it was. Ends with 1 if faces could not be
    embedded.

    \b
    Example:
      varde faces re-embed
    """
    from varde.workflows.re_embed_faces import re_embed_faces

    said = 0

    def say(state: ReEmbedding) -> None:
        nonlocal said
        tenths = state.ended * 10 // max(state.total, 1)
        if tenths > said:
            output.say(f"{state.ended} of {output.count(state.total, 'face')} done.")
        said = tenths

    done = re_embed_faces(session.open(), session.actor, progress=say)
    counts = {kind.value: count for kind, count in done.done.items()}
    failed = sum(done.failed.values())
    if session.as_json:
        output.write_json({**counts, "failed": failed})
    elif not done.total:
        output.say("Every face that is kept has an embedding by the models in use.")
    else:
        parts = [f"{output.count(count, 'face')} of {what}" for what, count in counts.items() if count]
        output.say(f"Embedded: {', '.join(parts) or 'none'}.")
    if failed:
        output.say(f"{output.count(failed, 'face')} could not be embedded: the kept crop is damaged.")
    return 1 if failed else 0
