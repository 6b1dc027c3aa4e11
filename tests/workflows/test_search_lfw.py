"""The whole way with the reference pack and photographs of adults (LFW): examined, searched, listed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from varde.core.case import Keeping
from varde.core.face import SearchScope
from varde.core.face_search import EmptyReason, ProbePicture, SearchOrder
from varde.store import cases
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.manage_models import add, choose
from varde.workflows.process_case import process_case
from varde.workflows.search_faces import search

SHARED = Path(__file__).parents[3] / "shared"
ACTOR = Actor("examiner")


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared beside the repository")
def test_other_photograph_of_a_person_is_first_on_the_list(sqlite_site: Site, tmp_path: Path) -> None:
    people = [one for one in sorted((SHARED / "data/faces/lfw").iterdir()) if len(list(one.iterdir())) > 1][:5]
    (tmp_path / "exhibit").mkdir()
    for person in people:
        shutil.copy(sorted(person.iterdir())[1], tmp_path / "exhibit")
    site = sqlite_site
    add(site, ACTOR, [SHARED / "models"], accepts_licence=True)
    choose(site, ACTOR, "reference")
    with site.database.write() as connection:
        words = {"name": "harbour", "authorisation": "warrant 1", "scheme": "vics-us@2.0"}
        case = cases.create_case(connection, **words, person="examiner", at=ACTOR.clock())
        folder = tmp_path / "exhibit"
        cases.add_exhibit(
            connection, case=case, path=folder, keeping=Keeping.REFERENCE, person="examiner", at=ACTOR.clock()
        )
    process_case(site, ACTOR, case_name="harbour", progress=lambda state: None)
    probe = sorted(people[2].iterdir())[0]
    (tmp_path / "note.txt").write_text("no picture")
    found = search(site, ACTOR, SearchOrder((ProbePicture(probe, "probe"),), SearchScope.CASE, "harbour"))
    first = found.candidates[0]
    assert first.sight is not None and first.sight.places[0].locator.startswith(people[2].name)
    assert first.candidate.rival is None or first.candidate.rival < first.candidate.score
    assert found.not_examined == 0 and found.gallery_faces >= 5
    wrong = SearchOrder((ProbePicture(tmp_path / "note.txt", "note"),), SearchScope.CASE, "harbour")
    refused = search(site, ACTOR, wrong)
    assert refused.empty is not None and refused.empty.reason is EmptyReason.PROBE_UNREADABLE and refused.empty.advice
