"""Looks for faces in a small third case of the demo and searches it, to show it and to check an installation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from varde.core.case import Keeping
from varde.core.errors import NotFound, VardeError
from varde.core.face import SearchScope
from varde.core.face_search import ProbePicture, SearchOrder
from varde.store import cases, summary
from varde.store.site import Site
from varde.testing.demo_faces import PeopleMaterial, write_people
from varde.testing.demo_material import SCHEME
from varde.workflows.actor import Actor
from varde.workflows.face_models import ensure_models
from varde.workflows.give_access import give_access
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case
from varde.workflows.search_faces import search

CASE = "people"
_ADVICE = "This installation does not work as it should: please report it with the output of `varde doctor`."


@dataclass(frozen=True, slots=True)
class FacesShown:
    """What the demo's face search found: all that its material promised.

    Attributes:
        pictures: that show the person.
        gallery_faces: faces that were searched.
        model: whose embeddings were compared.
        probe: the picture that was searched with.
    """

    pictures: int
    gallery_faces: int
    model: str
    probe: Path


def show_faces(site: Site, folder: Path, actor: Actor, account: str) -> FacesShown | str:
    """Returns what a search in the case `CASE` found, or in one sentence why there was none.

    Args:
        site, actor: where and who.
        folder: of the demo; gets the exhibit and the probe.
        account: who gets access to the case.

    Raises:
        VardeError: if the search did not list exactly the pictures that show the person.
    """
    material = write_people(folder)
    if material is None:
        return "No sample photographs: scikit-image is not installed."
    try:
        ensure_models(site, actor)
    except NotFound as error:
        return f"No face models: {error}."
    create_case(site, actor, name=CASE, authorisation="none needed: a public photograph", scheme=SCHEME)
    give_access(site, actor, case_name=CASE, account_name=account)
    add_exhibit(site, actor, case_name=CASE, path=material.evidence, keeping=Keeping.REFERENCE)
    process_case(site, actor, case_name=CASE, progress=lambda _: None)
    return _search(site, material, actor)


def _tell_issues(site: Site) -> str:
    with site.database.read() as connection:
        found = summary.list_issues(connection, cases.get_case(connection, CASE).case_id)
        told = "; ".join(f"{one.locator}: {one.issue.cause}" for one in found)
    return f"issues: {told}" if told else "there were no issues"


def _search(site: Site, material: PeopleMaterial, actor: Actor) -> FacesShown:
    probe = ProbePicture(material.probe, material.probe.name)
    found = search(site, actor, SearchOrder((probe,), SearchScope.CASE, CASE))
    places = {place.locator for listed in found.candidates if listed.sight for place in listed.sight.places}
    if places != material.with_face:
        missed = ", ".join(sorted(material.with_face - places)) or "none"
        extra = ", ".join(sorted(places - material.with_face)) or "none"
        raise VardeError(
            f"the face search went wrong: missed {missed}; listed {extra} too; {_tell_issues(site)}", advice=_ADVICE
        )
    return FacesShown(len(places), found.gallery_faces, str(found.model), material.probe)
