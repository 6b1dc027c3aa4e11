"""Searches compare probes with the faces by which victims are looked for as well."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from people import add_person

from face_cases import add_case, make_face, make_probe, use_made_up_pack
from varde.core.account import Role
from varde.core.errors import NotFound
from varde.core.face import ProbeRule, SearchScope, Verdict
from varde.core.face_search import EmptyReason, FaceSearch, SearchOrder, Victim
from varde.store import cases
from varde.store.face_writing import FaceModels
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.enrol_victim import add_victim, close_victim, delete_enrolment, enrol_face
from varde.workflows.give_access import give_access
from varde.workflows.judge_candidates import judge
from varde.workflows.read_searches import read_candidate_crop, read_search
from varde.workflows.search_faces import search

ACTOR = Actor("bodil")


@dataclass(frozen=True)
class Enrolled:
    site: Site
    victim: Victim
    enrolment_id: int
    harbour: frozenset[int]
    meadow: frozenset[int]


@pytest.fixture
def enrolled(site: Site) -> Enrolled:
    """Person 0 is victim B of the meadow, enrolled from there; person 1 is in the harbour only."""
    models = use_made_up_pack(site, ACTOR)
    add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(1),)})
    (own,) = add_case(site, ACTOR, "meadow", models, {"c.jpg": (make_face(0),)})
    words = {"authorisation": "order 7", "purpose": "identification"}
    victim = add_victim(site, ACTOR, "meadow", "B", retain_until=None, case_ids=None, **words)
    made = enrol_face(site, ACTOR, victim.victim_id, own, case_ids=None)
    with site.database.read() as connection:
        harbour, meadow = (cases.get_case(connection, name).case_id for name in ("harbour", "meadow"))
    return Enrolled(site, victim, made.enrolment_id, frozenset({harbour}), frozenset({meadow}))


def search_harbour(site: Site, person: int, **more: object) -> FaceSearch:
    order = SearchOrder((make_probe(person, 0.1),), SearchScope.CASE, "harbour", **more)  # type: ignore[arg-type]
    return search(site, ACTOR, order)


def test_victim_of_another_case_is_a_candidate_by_alias(enrolled: Enrolled) -> None:
    found = search_harbour(enrolled.site, 0)
    (one,) = found.candidates
    assert (one.victim, one.victim_case, one.victim_face_id) == ("B", "meadow", enrolled.enrolment_id)
    assert one.sight is None and one.quality == 80 and one.candidate.score == pytest.approx(0.995, abs=1e-3)
    assert one.candidate.rival == pytest.approx(0, abs=1e-6)
    assert any("1 victim who" in note for note in found.notes)
    assert found.gallery_faces == 1
    crop = read_candidate_crop(enrolled.site, found.search_id, 1, person="bodil", case_ids=None)
    assert crop.startswith(b"crop of 0")


def test_search_of_everything_lists_face_and_enrolment(enrolled: Enrolled) -> None:
    words = {"purpose": "identification", "authorisation": "order 7"}
    found = search(enrolled.site, ACTOR, SearchOrder((make_probe(0),), SearchScope.EVERYWHERE, None, **words))
    assert sorted(one.victim for one in found.candidates) == ["", "B"]


def test_victim_of_a_case_without_access_is_told_by_whom_to_ask(enrolled: Enrolled) -> None:
    add_person(enrolled.site, "lone", Role.INVESTIGATOR)
    give_access(enrolled.site, ACTOR, case_name="meadow", account_name="lone")
    found = search_harbour(enrolled.site, 0, case_ids=enrolled.harbour)
    assert found.candidates == () and found.notes == ()
    assert [one.contacts for one in found.elsewhere] == [("lone",)]
    assert found.empty is not None and found.empty.reason is EmptyReason.ONLY_ELSEWHERE
    assert "meadow" not in repr(found) and "'B'" not in repr(found)


def test_candidate_is_withheld_from_whoever_may_not_see_the_victims_case(enrolled: Enrolled) -> None:
    site, made = enrolled.site, search_harbour(enrolled.site, 0)
    again = read_search(site, made.search_id, person="other", case_ids=enrolled.harbour)
    assert (again.candidates, again.withheld) == ((), 1)
    with pytest.raises(NotFound):
        read_candidate_crop(site, made.search_id, 1, person="other", case_ids=enrolled.harbour)
    with pytest.raises(NotFound):
        judge(site, ACTOR, made.search_id, 1, Verdict.SAME, case_ids=enrolled.harbour)
    both = enrolled.harbour | enrolled.meadow
    assert read_search(site, made.search_id, person="other", case_ids=both).withheld == 0


def test_closed_victim_is_no_candidate(enrolled: Enrolled) -> None:
    close_victim(enrolled.site, ACTOR, enrolled.victim.victim_id, case_ids=None)
    found = search_harbour(enrolled.site, 0)
    assert found.candidates == () and found.empty is not None
    assert found.empty.reason is EmptyReason.BELOW_THRESHOLD


def test_candidate_whose_enrolment_was_deleted_is_withheld(enrolled: Enrolled) -> None:
    made = search_harbour(enrolled.site, 0)
    delete_enrolment(enrolled.site, ACTOR, enrolled.enrolment_id, case_ids=None)
    again = read_search(enrolled.site, made.search_id, person="bodil", case_ids=None)
    assert (again.candidates, again.withheld) == ((), 1)


@pytest.mark.parametrize("rule", list(ProbeRule))
def test_rules_join_probes_for_victims_too(enrolled: Enrolled, rule: ProbeRule) -> None:
    probes = (make_probe(0), make_probe(1))
    order = SearchOrder(probes, SearchScope.CASE, "harbour", rule=rule, far=0.3)
    victims = [one for one in search(enrolled.site, ACTOR, order).candidates if one.victim]
    assert len(victims) == (0 if rule is ProbeRule.ALL else 1)


def test_case_without_faces_is_still_compared_with_victims(enrolled: Enrolled) -> None:
    add_case(enrolled.site, ACTOR, "empty", FaceModels(1, 2), {"e.jpg": ()})
    near = search(enrolled.site, ACTOR, SearchOrder((make_probe(0),), SearchScope.CASE, "empty"))
    assert [one.victim for one in near.candidates] == ["B"] and near.candidates[0].candidate.rival is None
    far = search(enrolled.site, ACTOR, SearchOrder((make_probe(5),), SearchScope.CASE, "empty"))
    assert far.empty is not None
