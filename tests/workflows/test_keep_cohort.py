"""Keeping a cohort: with the reference models, and names that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from varde.core.age import AgeBand
from varde.core.errors import NotFound, WrongUse
from varde.models.registry import open_folder
from varde.store.site import Site
from varde.store.tables import audit_events
from varde.workflows import keep_cohort
from varde.workflows.actor import Actor
from varde.workflows.keep_cohort import CohortOrder, add_cohort, list_cohorts, load_cohort, remove_cohort

SHARED = Path(__file__).parents[3] / "shared"
ACTOR = Actor("examiner")


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared beside the repository")
def test_a_cohort_is_kept_read_and_removed(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keep_cohort, "find_pack_in_use", lambda site, name: open_folder(SHARED / "models"))
    for person in sorted((SHARED / "data/faces/lfw").iterdir())[:3]:
        (tmp_path / "staff" / person.name).mkdir(parents=True)
        file = sorted(person.iterdir())[0]
        (tmp_path / "staff" / person.name / file.name).write_bytes(file.read_bytes())
    (tmp_path / "staff" / "stray.txt").write_text("x")
    kept = add_cohort(site, ACTOR, CohortOrder("staff", tmp_path / "staff", AgeBand.ADULT, "file 7/26"))
    assert (kept.faces, kept.people, len(kept.left_out)) == (3, 3, 1)
    assert [(one.name, one.faces) for one in list_cohorts(site)] == [("staff", 3)]
    loaded = load_cohort(site, 1, 128)
    assert loaded.vectors.shape == (3, 128)
    assert sorted(loaded.people.tolist()) == [0, 1, 2]
    assert remove_cohort(site, ACTOR, "staff") == 3
    assert load_cohort(site, 1, 128).vectors.shape == (0, 128)
    with site.database.read() as connection:
        events = connection.execute(select(audit_events.c.act, audit_events.c.subject)).all()
    acts = {event.act: event.subject for event in events}
    assert acts["cohort_added"]["consent"] == "file 7/26"
    assert acts["cohort_removed"] == {"cohort": "staff", "faces": 3}
    assert "Aaron" not in json.dumps([event.subject for event in events])


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_a_name_that_is_none_is_refused(site: Site, tmp_path: Path, name: str) -> None:
    with pytest.raises(WrongUse, match="name"):
        add_cohort(site, ACTOR, CohortOrder(name, tmp_path, AgeBand.ADULT))


def test_removing_what_is_not_there_is_said(site: Site) -> None:
    with pytest.raises(NotFound, match="no cohort"):
        remove_cohort(site, ACTOR, "staff")
