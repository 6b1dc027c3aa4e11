"""Makes the embeddings of the models in use for every face that is kept, after other models were chosen."""

from __future__ import annotations

from collections.abc import Callable

from varde.core.errors import WrongUse
from varde.models.registry import find_pack
from varde.pipeline.re_embed import ReEmbedding, re_embed
from varde.store.models import Chosen, find_chosen
from varde.store.site import Site
from varde.workflows.actor import Actor


def re_embed_faces(site: Site, actor: Actor, *, progress: Callable[[ReEmbedding], None]) -> ReEmbedding:
    """Returns what was done: faces of items, of victims and of cohorts.

    Args:
        site, actor: where and who.
        progress: called after each batch.

    Raises:
        WrongUse: if no models are in use.
        VardeError: if the job cannot go on; the same call resumes it.
    """
    with site.database.read() as connection:
        chosen = find_chosen(connection)
    if not isinstance(chosen, Chosen):
        raise WrongUse("no models are in use", advice="`varde models list` shows them, `varde models use` chooses.")
    pack = find_pack(site.folder, chosen.key)
    return re_embed(site, pack, person=actor.person, clock=actor.clock, progress=progress)
