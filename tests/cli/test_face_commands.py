"""``varde faces search``, ``list``, ``show``, ``leads``, ``judge``, ``identify`` and ``link``: what they say.

Faces are made up and probes are faces of items, so that no model is needed.
"""

from __future__ import annotations

import pytest
from terminal import Terminal

from face_cases import add_case, calibrate, make_face, use_made_up_pack
from varde.core.face import AgeBracket
from varde.store.face_writing import FaceModels
from varde.store.site import Site, open_site
from varde.workflows.actor import Actor
from varde.workflows.enrol_victim import add_victim, enrol_face

ACTOR = Actor("A. Examiner")
ADULT = AgeBracket(25, 30, 35)
WHOSE = {"authorisation": "order 7", "purpose": "identification"}


def add_cases(site: Site, *, with_thresholds: bool = True) -> tuple[FaceModels, list[int]]:
    """Person 0 is on item 1 (harbour) and item 4 (meadow); item 2 shows two others, item 3 nobody."""
    models = use_made_up_pack(site, ACTOR, with_thresholds=with_thresholds)
    pictures = {"a.jpg": (make_face(0, age=ADULT),), "b.jpg": (make_face(1), make_face(2)), "c.jpg": ()}
    found = add_case(site, ACTOR, "harbour", models, pictures)
    return models, found + add_case(site, ACTOR, "meadow", models, {"d.jpg": (make_face(0, 0.3, age=ADULT),)})


@pytest.fixture
def at_cases(terminal: Terminal) -> Terminal:
    site = open_site(terminal.site)
    add_cases(site)
    site.close()
    return terminal


def enrol(terminal: Terminal, face_id: int = 1, alias: str = "B", case: str = "harbour") -> None:
    site = open_site(terminal.site)
    victim = add_victim(site, ACTOR, case, alias, retain_until=None, case_ids=None, **WHOSE)
    enrol_face(site, ACTOR, victim.victim_id, face_id, case_ids=None)
    site.close()


def search(terminal: Terminal, *words: str, code: int = 0) -> tuple[str, str]:
    said = terminal("faces", "search", "--as-is", *words)
    assert said.code == code, said.err
    return said.out, said.err


def test_search_lists_candidates_and_says_that_they_are_no_more(at_cases: Terminal) -> None:
    out, err = search(at_cases, "--item", "1", "--case", "meadow")
    assert "meadow exhibit 1: d.jpg" in out and "0.955" in out
    assert "1 face searched with madeup" in err and "threshold 0.5" in err
    assert "candidates, not identifications" in err and "No probability:" in err
    assert "match" not in out + err


def test_search_as_data_has_every_agreed_key(at_cases: Terminal) -> None:
    data = at_cases.json("faces", "search", "--as-is", "--item", "1", "--case", "meadow")
    whole = "search scope case model calibration threshold far gallery probes candidates elsewhere none_of_these"
    assert set(whole.split()) | {"reason", "advice"} <= set(data)
    (one,) = data["candidates"]
    keys = "rank face item exhibit locator offset_s box score log10_lr probability rival quality size_px places"
    assert set(keys.split()) <= set(one)
    assert (one["locator"], one["case"], one["victim"], one["score"]) == ("d.jpg", "meadow", None, 0.9553)
    assert data["probes"][0]["file"] == "item 1" and data["gallery"] == {"faces": 1, "not_examined": 0}


def test_search_tells_a_probability_where_it_was_measured(at_cases: Terminal) -> None:
    site = open_site(at_cases.site)
    calibrate(site, FaceModels(1, 2))
    site.close()
    (one,) = at_cases.json("faces", "search", "--as-is", "--item", "1", "--case", "meadow")["candidates"]
    assert one["log10_lr"] == pytest.approx(3.643, abs=1e-3) and 0.99 < one["probability"] < 1


def test_probability_is_never_shown_as_certain(at_cases: Terminal) -> None:
    site = open_site(at_cases.site)
    calibrate(site, FaceModels(1, 2))
    site.close()
    out, _ = search(at_cases, "--item", "1", "--case", "meadow")
    assert ">99.9%" in out and "100" not in out


def test_search_lists_a_victim_by_alias_and_case(at_cases: Terminal) -> None:
    enrol(at_cases)
    out, err = search(at_cases, "--item", "1", "--case", "meadow")
    assert "victim B of case harbour (enrolled)" in out and "1 victim who is looked for" in err
    found = at_cases.json("faces", "search", "--as-is", "--item", "1", "--case", "meadow")["candidates"]
    assert [(one["victim"], one["case"]) for one in found] == [("B", "harbour"), (None, "meadow")]


def test_empty_list_has_reason_and_advice_that_names_far(at_cases: Terminal) -> None:
    out, err = search(at_cases, "--item", "2", "--case", "meadow")
    assert out == "" and "No candidates: No face is close enough" in err and "--far 1 lists" in err
    data = at_cases.json("faces", "search", "--as-is", "--item", "2", "--case", "meadow")
    assert (data["reason"], data["candidates"], data["none_of_these"]) == ("below_threshold", [], True)


def test_rate_of_one_lists_the_closest_and_says_that_nothing_was_left_out(at_cases: Terminal) -> None:
    out, err = search(at_cases, "--item", "2", "--case", "meadow", "--far", "1")
    assert "d.jpg" in out and "no threshold" in err and "nothing was left out" in err and "inf" not in err
    data = at_cases.json("faces", "search", "--as-is", "--item", "2", "--case", "meadow", "--far", "1")
    assert (data["threshold"], data["far"]) == (None, 1)


def test_search_without_a_usable_probe_says_that_nothing_was_searched(at_cases: Terminal) -> None:
    out, err = search(at_cases, "--item", "3", "--case", "meadow", code=1)
    assert out == "" and "nothing was searched" in err and "1 face searched" not in err
    assert "item 3: not used." in err


def test_wrong_use_of_search_says_what_to_do(at_cases: Terminal) -> None:
    wrong: list[tuple[str, ...]] = [
        ("--item", "1"),
        ("--item", "1", "--case", "meadow", "--everywhere"),
        ("--item", "1", "--everywhere"),
        ("--case", "meadow"),
        ("--item", "1", "--case", "meadow", "--far", "2"),
        ("--item", "1", "--case", "nowhere"),
        ("--item", "99", "--case", "meadow"),
        ("--item", "2", "--face", "3", "--case", "meadow"),
        ("missing.jpg", "--case", "meadow"),
    ]
    for words in wrong:
        _, err = search(at_cases, *words, code=2)
        assert err.startswith("varde: ") and "Traceback" not in err


def test_faces_of_an_item_are_listed_or_why_there_are_none(at_cases: Terminal) -> None:
    said = at_cases("faces", "list", "2")
    assert said.code == 0 and len(said.out.splitlines()) == 3
    assert [face["number"] for face in at_cases.json("faces", "list", "2")["faces"]] == [1, 2]
    none = at_cases.json("faces", "list", "3")
    assert (none["faces"], none["reason"]) == ([], "no_face")
    assert "No faces: " in at_cases("faces", "list", "3").err
    assert at_cases("faces", "list", "99").code == 2


def test_face_is_shown_with_its_places(at_cases: Terminal) -> None:
    assert "item 1: harbour exhibit 1: a.jpg" in at_cases("faces", "show", "1").out
    assert at_cases.json("faces", "show", "1")["age"] == {"low": 25, "estimate": 30, "high": 35}
    said = at_cases("faces", "show", "99")
    assert said.code == 2 and "no such face" in said.err


def test_leads_are_listed_answered_and_gone(at_cases: Terminal) -> None:
    enrol(at_cases)
    said = at_cases("faces", "leads", "--case", "harbour")
    assert "B" in said.out and "meadow exhibit 1: d.jpg" in said.out and "0.9553" in said.out
    (lead,) = at_cases.json("faces", "leads")
    assert (lead["band"], lead["log10_lr"], lead["verdict"]) == ("far_above", None, None)
    assert at_cases("faces", "leads", "--answer", "1").code == 2
    (answered,) = at_cases.json("faces", "leads", "--answer", "1", "--verdict", "different")
    assert (answered["verdict"], answered["answered_by"]) == ("different", "A. Examiner")
    assert "No leads wait" in at_cases("faces", "leads").err
    assert len(at_cases.json("faces", "leads", "--all")) == 1


def test_leads_of_models_without_a_threshold_say_why_there_are_none(terminal: Terminal) -> None:
    site = open_site(terminal.site)
    add_cases(site, with_thresholds=False)
    site.close()
    enrol(terminal)
    said = terminal("faces", "leads")
    assert said.code == 0 and "have no threshold" in said.err and "varde models calibrate" in said.err
    assert terminal.json("faces", "leads") == []


def test_judgement_of_a_candidate_is_kept_and_identifies_nobody(at_cases: Terminal) -> None:
    search(at_cases, "--item", "1", "--case", "meadow")
    said = at_cases("faces", "judge", "1", "1", "different", "--note", "other ears")
    assert said.code == 0 and "identifies nobody" in said.err
    data = at_cases.json("faces", "judge", "1", "--none")
    assert (data["rank"], data["verdict"]) == (None, "none_of_these")
    for words in (("1",), ("1", "1"), ("1", "1", "same", "--none"), ("1", "7", "same"), ("9", "1", "same")):
        assert at_cases("faces", "judge", *words).code == 2


def test_identification_needs_a_note_and_names_victim_and_face(at_cases: Terminal) -> None:
    enrol(at_cases)
    made = at_cases.json("faces", "identify", "harbour", "B", "4", "--note", "the same scar")
    assert (made["victim"], made["face"], made["verdict"]) == ("B", 4, "same")
    assert at_cases("faces", "identify", "harbour", "B", "4", "--note", " ").code == 2
    assert at_cases("faces", "identify", "harbour", "C", "4", "--note", "x").code == 2


def test_cases_are_linked_and_the_link_is_revoked(at_cases: Terminal) -> None:
    enrol(at_cases)
    made = at_cases.json("faces", "link", "harbour", "meadow", "--victim", "B", "--note", "one child")
    assert (made["case"], made["other"], made["linked"]) == ("harbour", "meadow", True)
    assert "do not belong together" in at_cases("faces", "link", "harbour", "meadow", "--revoke", "--note", "no").err
    assert at_cases("faces", "link", "harbour", "harbour", "--note", "x").code == 2
