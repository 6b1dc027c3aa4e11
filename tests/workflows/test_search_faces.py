from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from people import add_person
from sqlalchemy import select

from face_cases import add_case, make_face, make_probe, use_made_up_pack
from site_copies import CopyFilled
from varde.core.account import Role
from varde.core.case import Case
from varde.core.errors import ApprovalNeeded, NotFound, Refused, WrongUse
from varde.core.face import ProbeRule, SearchScope, Verdict
from varde.core.face_search import EmptyReason, FaceSearch, ProbeFace, ProbeItem, ScoreBand, SearchOrder
from varde.core.outcome import NotComparable, Reason
from varde.store import audit, cases, face_searches
from varde.store.face_tables import face_probes
from varde.store.face_writing import FaceModels
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.give_access import give_access
from varde.workflows.judge_candidates import close_search, judge, say_none_of_these
from varde.workflows.read_searches import (
    list_item_faces,
    list_searches,
    read_candidate_crop,
    read_face,
    read_face_crop,
    read_rival_crop,
    read_search,
)
from varde.workflows.search_faces import search

ACTOR = Actor("bodil")


@dataclass(frozen=True)
class Faces:
    site: Site
    models: FaceModels
    harbour: list[int]
    meadow: list[int]


def fill(site: Site) -> tuple[FaceModels, list[int], list[int]]:
    models = use_made_up_pack(site, ACTOR)
    harbour = add_case(
        site,
        ACTOR,
        "harbour",
        models,
        {"a.jpg": (make_face(0),), "copies/a.jpg": (make_face(0),), "b.jpg": (make_face(1), make_face(3))},
    )
    meadow = add_case(site, ACTOR, "meadow", models, {"c.jpg": (make_face(0, 0.3),), "d.jpg": (make_face(2),)})
    return models, harbour, meadow


@pytest.fixture
def two_cases(copy_filled: CopyFilled) -> Faces:
    """Person 0 is in both cases, person 1 in the harbour only, person 2 in the meadow only."""
    site, filled = copy_filled(fill)
    return Faces(site, *filled)


def find_case(site: Site, name: str) -> Case:
    with site.database.read() as connection:
        return cases.get_case(connection, name)


def search_case(site: Site, person: int, look: float = 0.1, *, case: str = "harbour", **more: object) -> FaceSearch:
    order = SearchOrder((make_probe(person, look),), SearchScope.CASE, case, **more)  # type: ignore[arg-type]
    return search(site, ACTOR, order)


def search_all(site: Site, person: int, look: float = 0.1, **more: object) -> FaceSearch:
    words = {"purpose": "victim identification", "authorisation": "order 7", **more}
    return search(site, ACTOR, SearchOrder((make_probe(person, look),), SearchScope.EVERYWHERE, None, **words))  # type: ignore[arg-type]


def find_events(site: Site, act: str) -> list[dict[str, str | int | None]]:
    with site.database.read() as connection:
        return [event.subject for event in audit.list_events(connection) if event.act == act]


def test_person_of_the_case_is_the_one_candidate_with_all_its_places(two_cases: Faces) -> None:
    found = search_case(two_cases.site, 0)
    (one,) = found.candidates
    assert one.candidate.score == pytest.approx(0.995, abs=1e-3)
    assert one.sight is not None and [place.locator for place in one.sight.places] == ["a.jpg", "copies/a.jpg"]
    assert {place.case for place in one.sight.places} == {"harbour"}
    assert found.empty is None and found.gallery_faces == 3


def test_search_of_everything_finds_the_person_in_both_cases(two_cases: Faces) -> None:
    found = search_all(two_cases.site, 0)
    assert [one.sight.places[0].case for one in found.candidates if one.sight] == ["harbour", "meadow"]
    assert found.elsewhere == () and found.gallery_faces == 5


def test_rival_is_never_the_candidate_again(two_cases: Faces) -> None:
    found = search_all(two_cases.site, 0)
    for one in found.candidates:
        assert one.candidate.rival == pytest.approx(0.0, abs=1e-6)
        assert one.rival_face_id not in {other.candidate.face_id for other in found.candidates}


def test_score_without_calibration_says_why_it_has_no_probability(two_cases: Faces) -> None:
    (one,) = search_case(two_cases.site, 0).candidates
    assert one.candidate.probability is None
    assert one.not_calibrated is not None and one.not_calibrated.reason is Reason.NOT_CALIBRATED


def test_case_without_access_is_named_by_its_people_only(two_cases: Faces) -> None:
    site, harbour = two_cases.site, find_case(two_cases.site, "harbour")
    add_person(site, "lone", Role.INVESTIGATOR)
    give_access(site, ACTOR, case_name="meadow", account_name="lone")
    found = search_all(site, 0, case_ids=frozenset({harbour.case_id}))
    assert [one.sight.places[0].case for one in found.candidates if one.sight] == ["harbour"]
    (there,) = found.elsewhere
    assert (there.contacts, there.faces) == (("lone",), 1)
    assert there.band in (ScoreBand.ABOVE, ScoreBand.FAR_ABOVE)
    assert "meadow" not in repr(found) and "c.jpg" not in repr(found)


def test_only_elsewhere_is_a_reason_with_whom_to_ask(two_cases: Faces) -> None:
    harbour = find_case(two_cases.site, "harbour")
    found = search_all(two_cases.site, 2, case_ids=frozenset({harbour.case_id}))
    assert found.candidates == () and found.empty is not None
    assert found.empty.reason is EmptyReason.ONLY_ELSEWHERE and found.empty.advice
    assert "meadow" not in repr(found) and "d.jpg" not in repr(found)


def test_rival_of_a_case_without_access_is_not_told(two_cases: Faces) -> None:
    meadow = find_case(two_cases.site, "meadow")
    found = search_all(two_cases.site, 2, case_ids=frozenset({meadow.case_id}))
    (one,) = found.candidates
    assert one.rival_face_id in two_cases.meadow


def test_faces_of_other_cases_are_not_there_for_whoever_has_no_access(two_cases: Faces) -> None:
    site, allowed = two_cases.site, frozenset({find_case(two_cases.site, "harbour").case_id})
    hidden = two_cases.meadow[0]
    for read in (read_face, read_face_crop):
        with pytest.raises(NotFound) as caught:
            read(site, hidden, case_ids=allowed)
        with pytest.raises(NotFound) as missing:
            read(site, 10**6, case_ids=allowed)
        assert str(caught.value) == str(missing.value)
    with pytest.raises(NotFound):
        search(site, ACTOR, SearchOrder((ProbeFace(hidden),), SearchScope.CASE, "harbour", case_ids=allowed))
    with pytest.raises(NotFound):
        search_case(site, 0, case="meadow", case_ids=allowed)


def test_candidate_is_withheld_once_access_was_taken(two_cases: Faces) -> None:
    site = two_cases.site
    made = search_all(site, 0)
    harbour = frozenset({find_case(site, "harbour").case_id})
    again = read_search(site, made.search_id, person="bodil", case_ids=harbour)
    assert (len(again.candidates), again.withheld) == (1, 1)
    with pytest.raises(NotFound):
        read_candidate_crop(site, made.search_id, 2, person="bodil", case_ids=harbour)
    with pytest.raises(NotFound):
        read_search(site, made.search_id, person="somebody else", case_ids=harbour)


def test_searches_are_listed_for_their_case_or_their_maker(two_cases: Faces) -> None:
    site = two_cases.site
    of_case, everywhere = search_case(site, 0), search_all(site, 0)
    harbour = frozenset({find_case(site, "harbour").case_id})
    listed = [one.search_id for one in list_searches(site, person="another", case_ids=harbour)]
    assert listed == [of_case.search_id]
    mine = [one.search_id for one in list_searches(site, person="bodil", case_ids=frozenset())]
    assert mine == [everywhere.search_id]


def test_nothing_close_enough_says_how_near_the_nearest_is(two_cases: Faces) -> None:
    found = search_case(two_cases.site, 7)
    assert found.candidates == () and found.empty is not None
    assert found.empty.reason is EmptyReason.BELOW_THRESHOLD
    assert "far below" in found.empty.detail and found.empty.advice


def test_every_false_alarm_allowed_lists_the_closest_whatever_they_score(two_cases: Faces) -> None:
    found = search_case(two_cases.site, 7, far=1, top_k=2)
    assert [one.candidate.score for one in found.candidates] == pytest.approx([0, 0])
    assert found.threshold == -math.inf and found.far == 1 and found.notes == ()
    with pytest.raises(WrongUse, match="at most 1"):
        search_case(two_cases.site, 7, far=1.5)


def test_cases_without_access_are_named_by_a_threshold_even_where_none_was_asked_for(two_cases: Faces) -> None:
    harbour = frozenset({find_case(two_cases.site, "harbour").case_id})
    assert search_all(two_cases.site, 7, far=1, case_ids=harbour).elsewhere == ()
    assert len(search_all(two_cases.site, 2, far=1, case_ids=harbour).elsewhere) == 1


def test_case_without_faces_says_so(two_cases: Faces) -> None:
    add_case(two_cases.site, ACTOR, "empty", two_cases.models, {"e.jpg": ()})
    found = search_case(two_cases.site, 0, case="empty")
    assert found.empty is not None and found.empty.reason is EmptyReason.NO_FACES_IN_SCOPE


def test_probe_that_cannot_be_compared_says_so(two_cases: Faces) -> None:
    add_case(two_cases.site, ACTOR, "other", two_cases.models, {"e.jpg": ()})
    item = 6
    found = search(two_cases.site, ACTOR, SearchOrder((ProbeItem(item),), SearchScope.CASE, "harbour"))
    assert found.empty is not None and found.empty.reason is EmptyReason.NO_FACE_IN_PROBE
    assert found.probes[0].unused is not None and found.probes[0].advice


def test_own_picture_of_a_probe_is_no_candidate(two_cases: Faces) -> None:
    found = search(two_cases.site, ACTOR, SearchOrder((ProbeItem(1),), SearchScope.CASE, "harbour"))
    assert found.candidates == () and found.empty is not None


@pytest.mark.parametrize(("rule", "people"), [(ProbeRule.ANY, 2), (ProbeRule.ALL, 0), (ProbeRule.AVERAGE, 2)])
def test_rules_join_probes_of_two_people(two_cases: Faces, rule: ProbeRule, people: int) -> None:
    probes = (make_probe(0), make_probe(1))
    found = search(two_cases.site, ACTOR, SearchOrder(probes, SearchScope.CASE, "harbour", rule=rule, far=0.2))
    assert len(found.candidates) == people
    assert any("do not look like the same person" in note for note in found.notes)


def test_search_is_audited_without_names_of_files(two_cases: Faces) -> None:
    search_all(two_cases.site, 0)
    (subject,) = find_events(two_cases.site, "faces_searched_everywhere")
    assert subject["authorisation"] == "order 7" and subject["gallery"] == 5 and subject["model"]
    assert "jpg" not in repr(subject)


@pytest.mark.parametrize("missing", ["purpose", "authorisation"])
def test_search_of_everything_needs_purpose_and_authorisation(two_cases: Faces, missing: str) -> None:
    with pytest.raises(WrongUse, match=missing):
        search_all(two_cases.site, 0, **{missing: " "})


def test_search_of_everything_waits_for_a_second_person_where_the_site_says_so(two_cases: Faces) -> None:
    site = two_cases.site
    settings = (site.folder / "varde.toml").read_text() + '\n[access]\nfour_eyes = ["faces_searched_everywhere"]\n'
    (site.folder / "varde.toml").write_text(settings)
    from varde.store.site import open_site

    again = open_site(site.folder)
    add_person(again, "bodil", Role.INVESTIGATOR)
    with pytest.raises(ApprovalNeeded):
        search_all(again, 0)
    assert not find_events(again, "faces_searched_everywhere")
    again.close()


def test_judgements_stand_until_a_later_one(two_cases: Faces) -> None:
    site = two_cases.site
    made = search_case(site, 0)
    judge(site, ACTOR, made.search_id, 1, Verdict.UNDECIDED, seconds=4, case_ids=None)
    with pytest.raises(WrongUse, match="control characters"):
        judge(site, ACTOR, made.search_id, 1, Verdict.SAME, note="a\x00b\x1b[2J", case_ids=None)
    judge(site, ACTOR, made.search_id, 1, Verdict.SAME, note="ear", seconds=9, case_ids=None)
    say_none_of_these(site, ACTOR, made.search_id, case_ids=None)
    found = close_search(site, ACTOR, made.search_id, case_ids=None)
    assert found.candidates[0].judgement is not None and found.candidates[0].judgement.verdict is Verdict.SAME
    assert found.none_of_these is not None and found.closed_at is not None
    with pytest.raises(Refused, match="closed"):
        judge(site, ACTOR, made.search_id, 1, Verdict.SAME, case_ids=None)
    assert len(find_events(site, "candidate_judged")) == 4


def test_candidate_that_is_not_on_the_list_is_not_judged(two_cases: Faces) -> None:
    made = search_case(two_cases.site, 0)
    with pytest.raises(NotFound):
        judge(two_cases.site, ACTOR, made.search_id, 9, Verdict.SAME, case_ids=None)
    with pytest.raises(NotFound):
        judge(two_cases.site, ACTOR, made.search_id, 1, Verdict.SAME, case_ids=frozenset())


def test_probes_are_deleted_when_their_time_is_over_closed_or_not(two_cases: Faces) -> None:
    site = two_cases.site
    forgotten, closed, closed_late = (search_case(site, 0) for _ in range(3))
    close_search(site, ACTOR, closed.search_id, case_ids=None)
    before = ACTOR.clock()
    close_search(site, ACTOR, closed_late.search_id, case_ids=None)
    late = search_case(site, 0)
    with site.database.write() as connection:
        assert face_searches.delete_probes(connection, before) == 2
        left = set(connection.execute(select(face_probes.c.search_id)).scalars())
    assert left == {closed_late.search_id, late.search_id}
    assert read_search(site, forgotten.search_id, person="bodil", case_ids=None).candidates
    assert read_search(site, closed.search_id, person="bodil", case_ids=None).candidates


def test_faces_of_an_item_are_listed_or_why_not(two_cases: Faces) -> None:
    shown = list_item_faces(two_cases.site, 3, case_ids=None)
    assert not isinstance(shown, NotComparable) and [one.ordinal for one in shown] == [1, 2]
    with pytest.raises(NotFound):
        list_item_faces(two_cases.site, 3, case_ids=frozenset())


def test_site_without_models_says_what_an_administrator_does(site: Site) -> None:
    with site.database.write() as connection:
        words = {"name": "c", "authorisation": "w", "scheme": "vics-us@2.0"}
        cases.create_case(connection, **words, person="bodil", at=ACTOR.clock())
    with pytest.raises(Refused, match="no face models") as caught:
        search_case(site, 0, case="c")
    assert "varde models use" in caught.value.advice


_READERS: list[Callable[..., bytes]] = [read_candidate_crop, read_rival_crop]


@pytest.mark.parametrize("read", _READERS)
def test_crops_are_read_by_rank(two_cases: Faces, read: Callable[..., bytes]) -> None:
    made = search_case(two_cases.site, 0)
    assert read(two_cases.site, made.search_id, 1, person="bodil", case_ids=None).startswith(b"crop of")
