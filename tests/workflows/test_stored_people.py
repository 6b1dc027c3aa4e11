"""What people decided of faces stands in the report of the case, and nothing of other cases does."""

from __future__ import annotations

from pathlib import Path

import pytest

from face_cases import add_case, make_face, use_made_up_pack
from varde.core.face import Verdict
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.enrol_victim import add_victim
from varde.workflows.identify import identify, link_cases
from varde.workflows.write_report import ReportRequest, write_report

ACTOR = Actor("bodil")
ALIAS = "<b>V1</b>"


@pytest.fixture
def decided(site: Site) -> Site:
    """Two cases; a victim of the first, found in both, and once taken back."""
    models = use_made_up_pack(site, ACTOR)
    near, wrong = add_case(site, ACTOR, "harbour", models, {"quay.jpg": (make_face(0),), "crane.jpg": (make_face(1),)})
    (far,) = add_case(site, ACTOR, "lighthouse", models, {"secret stairs.jpg": (make_face(0, 0.1),)})
    words = {"authorisation": "warrant 1", "purpose": "find the child again"}
    victim = add_victim(site, ACTOR, "harbour", ALIAS, retain_until=None, case_ids=None, **words)
    for face, verdict in ((near, Verdict.SAME), (wrong, Verdict.SAME), (far, Verdict.SAME), (wrong, Verdict.DIFFERENT)):
        identify(site, ACTOR, victim.victim_id, face, verdict=verdict, note="the same ears", case_ids=None)
    link_cases(site, ACTOR, "harbour", "lighthouse", is_linked=True, note="the same stairs", case_ids=None)
    return site


def write(site: Site, folder: Path, case: str) -> str:
    written = write_report(site, ACTOR, ReportRequest(case, folder / case, kinds=("html",), pictures=False))
    return next(path for path in written["html"].paths if path.suffix == ".html").read_text("utf-8")


def test_the_newest_decision_about_each_face_is_reported(decided: Site, tmp_path: Path) -> None:
    page = write(decided, tmp_path, "harbour")
    section = page.split('id="people"')[1].split("</section>")[0]
    rows = section.split("<tr>")[2:]
    assert len(rows) == 3
    assert "exhibit 1: quay.jpg" in rows[0] and "this is the person" in rows[0]
    assert "exhibit 1: crane.jpg" in rows[1] and "this is not the person" in rows[1]
    assert "in another case" in rows[2] and "this is the person" in rows[2]
    assert "&lt;b&gt;V1&lt;/b&gt;" in section and ALIAS not in page
    assert "lighthouse" in section and "secret stairs" not in page


def test_the_other_case_is_told_of_the_link_and_of_no_victim(decided: Site, tmp_path: Path) -> None:
    page = write(decided, tmp_path, "lighthouse")
    section = page.split('id="people"')[1].split("</section>")[0]
    assert "harbour" in section
    assert "V1" not in page and "quay" not in page


def test_a_case_without_such_decisions_has_no_such_section(site: Site, tmp_path: Path) -> None:
    models = use_made_up_pack(site, ACTOR)
    add_case(site, ACTOR, "harbour", models, {"quay.jpg": (make_face(0),)})
    assert 'id="people"' not in write(site, tmp_path, "harbour")
