"""Candidate lists: a candidate says where it is from once it was judged, and whoever sees it has seen it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asking import Client
from secret_case import SecretCase, Visitors, make_secret_case
from sqlalchemy import delete, insert, update

from varde.core.account import Role
from varde.core.audit import Act
from varde.store import audit, exposures
from varde.store.face_tables import cohort_faces, face_candidates, face_searches
from varde.store.site import Site, open_site
from varde.web.app import create_app

PAGE = {"Accept": "text/html"}


@dataclass
class Unit:
    """A served site with a case that has a face, a search, a victim and a lead."""

    site: Site
    client: Client
    visitors: Visitors
    secret: SecretCase

    def log_in(self, *roles: Role) -> dict[str, str]:
        """Returns the headers of somebody new with access to the case."""
        self.account = self.visitors.add(*roles, case=self.secret.case)
        return self.visitors.log_in(self.account)

    def path(self, text: str) -> str:
        return text.format(**self.secret.numbers)

    def list_acts(self) -> list[str]:
        with self.site.database.read() as connection:
            return [event.act for event in audit.list_events(connection)]


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Unit]:
    folder = tmp_path_factory.mktemp("face_search")
    shutil.copytree(sqlite_template, folder / "site")
    site = open_site(folder / "site")
    visitors = Visitors(site)
    visitors.add(Role.SUPERVISOR, name="leader")
    secret = make_secret_case(site, folder)
    with Client(create_app(site)) as client:
        yield Unit(site, client, visitors, secret)
    site.close()


def test_an_examiner_may_neither_search_nor_see_searches(unit: Unit) -> None:
    headers = unit.log_in(Role.EXAMINER)
    for path in (
        "/cases/{case_id}/faces",
        "/face-searches/{search_id}",
        "/victims/{victim_id}",
        "/cases/{case_id}/leads",
    ):
        assert unit.client.get(unit.path(path), headers=headers).status_code == 403, path
    crop = unit.client.get(unit.path("/faces/{face_id}/crop/0"), headers=headers)
    assert (crop.status_code, crop.headers["cache-control"]) == (200, "no-store")


def test_where_a_candidate_is_from_is_told_once_it_was_judged(unit: Unit) -> None:
    headers = unit.log_in(Role.INVESTIGATOR)
    listed, one = unit.path("/face-searches/{search_id}"), unit.path("/face-searches/{search_id}/candidates/1")
    item = unit.path("/items/{item_id}")
    for path in (listed, one):
        said = unit.client.get(path, headers=headers | PAGE)
        assert said.status_code == 200
        assert item not in said.text and unit.secret.secrets["name"] not in said.text, path
    refused = unit.client.post(f"{one}/judgement", headers=headers, json={"verdict": "none_of_these"})
    assert refused.status_code == 400
    judged = unit.client.post(f"{one}/judgement", headers=headers, json={"verdict": "same", "seconds": 12})
    assert judged.json() == {"next": one}
    for path in (listed, one):
        assert item in unit.client.get(path, headers=headers | PAGE).text
    assert Act.CANDIDATE_JUDGED.value in unit.list_acts()


def test_a_judgement_can_be_changed_while_the_search_is_open(unit: Unit) -> None:
    headers = unit.log_in(Role.INVESTIGATOR)
    one = unit.path("/face-searches/{search_id}/candidates/1")
    for verdict, shown in (("same", "the same person"), ("different", "different")):
        assert unit.client.post(f"{one}/judgement", headers=headers, json={"verdict": verdict}).status_code == 200
        said = unit.client.get(one, headers=headers | PAGE).text
        assert shown in said.split("It was judged")[1][:200]
        assert "Say something else" in said


def test_faces_that_were_seen_are_in_the_ledger_of_their_items(unit: Unit) -> None:
    headers = unit.log_in(Role.INVESTIGATOR)
    seen = [{"face": face, "level": 2, "seconds": 3.0} for face in (0, 1, -1, 77)]
    said = unit.client.post(unit.path("/face-searches/{search_id}/exposure"), headers=headers, json={"seen": seen})
    assert said.status_code == 200, said.text
    with unit.site.database.read() as connection:
        at = unit.client.app.state.services.clock()
        views = exposures.list_day(connection, unit.account.account_id, at.date())
    assert said.json()["items"] == 1  # probe and candidate are faces of one item; 77 is nobody
    assert len(views) >= 1


def test_none_of_these_and_closing_are_recorded_and_end_the_judging(unit: Unit) -> None:
    headers = unit.log_in(Role.INVESTIGATOR)
    path = unit.path("/face-searches/{search_id}")
    assert unit.client.post(f"{path}/none", headers=headers, data={"note": "ears differ"}).status_code == 303
    assert "ears differ" in unit.client.get(path, headers=headers | PAGE).text
    assert unit.client.post(f"{path}/close", headers=headers).status_code == 303
    said = unit.client.get(path, headers=headers | PAGE).text
    assert "There was no filler in this list" in said
    late = unit.client.post(f"{path}/candidates/1/judgement", headers=headers, json={"verdict": "different"})
    assert late.status_code == 403


def test_a_search_without_models_says_who_chooses_them(unit: Unit) -> None:
    headers = unit.log_in(Role.INVESTIGATOR)
    said = unit.client.get(unit.path("/cases/{case_id}/faces"), headers=headers | PAGE)
    assert "No face models are in use here" in said.text and "varde models use builtin" in said.text
    tried = unit.client.post(
        unit.path("/cases/{case_id}/faces/probes"), headers=headers, files={"file": ("a.jpg", unit.secret.picture)}
    )
    assert tried.status_code == 404
    assert "No face model is in use" in tried.json()["message"]


def test_a_wrong_date_is_said_beside_the_form_and_keeps_the_words(unit: Unit) -> None:
    headers = unit.log_in(Role.INVESTIGATOR)
    words = {"alias": "V2", "purpose": "find again", "authorisation": "order 5", "retain_until": "tomorrow"}
    said = unit.client.post(unit.path("/cases/{case_id}/victims"), headers=headers | PAGE, data=words)
    assert said.status_code == 400
    assert "This is no date" in said.text and 'value="find again"' in said.text


def test_an_enrolment_of_another_victim_is_not_deleted(unit: Unit) -> None:
    headers = unit.log_in(Role.INVESTIGATOR)
    words = {"alias": "V3", "purpose": "find again", "authorisation": "order 5"}
    made = unit.client.post(unit.path("/cases/{case_id}/victims"), headers=headers, data=words)
    other = made.headers["location"]
    path = unit.path(f"{other}/enrolments/{{enrolment_id}}")
    assert unit.client.post(f"{path}/delete", headers=headers).status_code == 404
    assert unit.client.get(f"{path}/crop/0", headers=headers).status_code == 404
    own = unit.path("/victims/{victim_id}/enrolments/{enrolment_id}")
    assert unit.client.get(f"{own}/crop/0", headers=headers).status_code == 200
    assert unit.client.post(f"{own}/delete", headers=headers).status_code == 303
    assert unit.client.get(f"{own}/crop/0", headers=headers).status_code == 404


def test_a_search_of_everything_does_not_exist_for_others(unit: Unit) -> None:
    headers = unit.log_in(Role.SUPERVISOR)
    own, number = face_searches.c.scope, int(unit.secret.numbers["search_id"])
    nothing = unit.client.get("/face-searches/999999", headers=headers)
    with unit.site.database.write() as connection:
        connection.execute(update(face_searches).where(face_searches.c.id == number).values({own: "everywhere"}))
    try:
        for path in ("", "/candidates/1", "/candidates/1/crop/0", "/probes/0/crop/0"):
            said = unit.client.get(f"/face-searches/{number}{path}", headers=headers)
            assert (said.status_code, said.content) == (nothing.status_code, nothing.content), path
    finally:
        with unit.site.database.write() as connection:
            connection.execute(update(face_searches).where(face_searches.c.id == number).values({own: "case"}))


def test_the_ledger_does_not_tell_fillers_from_candidates_that_nobody_judged(unit: Unit) -> None:
    number = int(unit.secret.numbers["search_id"])
    with unit.site.database.write() as connection:
        person = {"name": "staff", "person": "a colleague", "age_band": "18+", "quality": 80, "crop": b"x"}
        person |= {"added_at": datetime.now(UTC), "added_by": "leader"}
        filler = connection.execute(insert(cohort_faces).values(**person).returning(cohort_faces.c.id)).scalar_one()
        row = {"search_id": number, "rank": 2, "filler_id": filler, "score": 0.4}
        connection.execute(insert(face_candidates).values(**row))
    told = []
    for rank in (1, 2):
        headers = unit.log_in(Role.INVESTIGATOR)
        seen = {"seen": [{"face": rank, "level": 2, "seconds": 3.0}]}
        said = unit.client.post(f"/face-searches/{number}/exposure", headers=headers, json=seen).json()
        told.append((said["items"], said["seconds"]))
    assert told == [(1, 3.0), (1, 3.0)]
    with unit.site.database.write() as connection:
        connection.execute(delete(face_candidates).where(face_candidates.c.filler_id == filler))


def test_linking_with_a_case_that_is_not_there_says_that_nothing_was_recorded(unit: Unit) -> None:
    headers = unit.log_in(Role.INVESTIGATOR)
    data = {"other": "no such case", "decision": "linked", "note": "the same room"}
    said = unit.client.post(unit.path("/victims/{victim_id}/links"), headers=headers, data=data)
    assert (said.status_code, said.headers["location"].endswith("?done=no_case")) == (303, True)
    assert "no case of that name" in unit.client.get(said.headers["location"], headers=headers | PAGE).text
