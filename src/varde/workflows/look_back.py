"""Compares what is new with the victims who are looked for, at the end of processing and of enrolling."""

from __future__ import annotations

from varde.core.errors import NotFound
from varde.core.outcome import NotComparable
from varde.pipeline.retro_search import RetroSearch, find_leads, find_obstacle
from varde.store import victims
from varde.store.models import NotChosen, find_chosen
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.face_models import FaceModelsInUse, open_models


def look_back(site: Site, actor: Actor) -> RetroSearch:
    """Returns what comparing new faces and new enrolments gave; nothing where nobody is looked for.

    A call that was killed is gone on with by the next one.
    """
    models = _open_where_needed(site, actor)
    if models is None:
        return RetroSearch()
    return find_leads(site, models.model_id, models.scale, person=actor.person, clock=actor.clock)


def explain_no_leads(site: Site, actor: Actor) -> NotComparable | None:
    """Returns why no face can become a lead although victims are looked for; None where it can, or nobody is."""
    models = _open_where_needed(site, actor)
    return None if models is None else find_obstacle(models.scale)


def _open_where_needed(site: Site, actor: Actor) -> FaceModelsInUse | None:
    with site.database.read() as connection:
        if isinstance(find_chosen(connection), NotChosen):
            return None
        if not victims.list_victims(connection, None, with_closed=False):
            return None
    try:
        return open_models(site, actor)
    except NotFound:  # its files are gone: whoever searches is told
        return None
