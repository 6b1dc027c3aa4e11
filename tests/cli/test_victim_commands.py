"""``varde victim``: what it says and how it ends; faces are made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from terminal import Terminal

from face_cases import add_case, make_face, use_made_up_pack
from varde.store.face_tables import victims
from varde.store.site import open_site
from varde.workflows.actor import Actor

ACTOR = Actor("A. Examiner")
ADD = ("victim", "add", "harbour", "B", "--authorisation", "order 7/26")


@pytest.fixture
def at_cases(terminal: Terminal) -> Terminal:
    site = open_site(terminal.site)
    models = use_made_up_pack(site, ACTOR)
    add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),), "b.jpg": (make_face(1), make_face(2))})
    add_case(site, ACTOR, "meadow", models, {"c.jpg": (make_face(0, 0.3),)})
    site.close()
    return terminal


def test_victim_is_added_by_alias_and_listed(at_cases: Terminal) -> None:
    said = at_cases(*ADD)
    assert said.code == 0 and "Next: varde victim enrol harbour B" in said.err
    (one,) = at_cases.json("victim", "list", "--case", "harbour")
    assert (one["alias"], one["case"], one["enrolments"], one["closed_at"]) == ("B", "harbour", 0, None)
    assert at_cases.json("victim", "list", "--case", "meadow") == []
    again = at_cases(*ADD)
    assert again.code == 2 and "already" in again.err
    assert at_cases("victim", "add", "harbour", "-x", "--authorisation", "a").code == 2


def test_enrolment_says_how_many_leads_wait(at_cases: Terminal) -> None:
    at_cases(*ADD)
    said = at_cases("victim", "enrol", "harbour", "B", "--item", "1")
    assert said.code == 0 and "Enrolled as 1, quality 80; 1 lead waits." in said.err
    shown = at_cases.json("victim", "show", "harbour", "B")
    assert shown["enrolments"] == 1 and shown["faces"][0]["source_face"] == 1
    assert "order 7/26" in at_cases("victim", "show", "harbour", "B").out


def test_enrolment_asks_which_face_it_is(at_cases: Terminal) -> None:
    at_cases(*ADD)
    said = at_cases("victim", "enrol", "harbour", "B", "--item", "2")
    assert said.code == 2 and "2 faces" in said.err and "--face N" in said.err
    assert at_cases.json("victim", "enrol", "harbour", "B", "--item", "2", "--face", "2")["source_face"] == 3


def test_wrong_use_of_enrol_says_what_to_do(at_cases: Terminal) -> None:
    at_cases(*ADD)
    wrong = [("B",), ("B", "x.jpg", "--item", "1"), ("C", "--item", "1"), ("B", "--item", "99"), ("B", "missing.jpg")]
    for words in wrong:
        said = at_cases("victim", "enrol", "harbour", *words)
        assert said.code == 2 and said.err.startswith("varde: ")


def test_closed_victim_is_listed_on_demand_only(at_cases: Terminal) -> None:
    at_cases(*ADD)
    assert at_cases("victim", "close", "harbour", "B").code == 0
    assert at_cases.json("victim", "list") == []
    assert at_cases.json("victim", "list", "--closed")[0]["closed_at"]
    refused = at_cases("victim", "enrol", "harbour", "B", "--item", "1")
    assert refused.code == 2 and "closed" in refused.err


def test_enrolment_is_deleted_by_number(at_cases: Terminal) -> None:
    at_cases(*ADD)
    at_cases("victim", "enrol", "harbour", "B", "--item", "1")
    assert at_cases.json("victim", "delete-enrolment", "1") == {"deleted": 1}
    assert at_cases("victim", "delete-enrolment", "1").code == 2
    assert at_cases.json("victim", "show", "harbour", "B")["faces"] == []


def test_enrolments_expire_on_their_day(at_cases: Terminal) -> None:
    yesterday, later = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}" for days in (-1, 2))
    assert at_cases(*ADD, "--until", yesterday).code == 2
    at_cases(*ADD, "--until", later)
    at_cases("victim", "enrol", "harbour", "B", "--item", "1")
    assert at_cases.json("victim", "expire") == {"enrolments": 0, "victims": 0, "searches": 0}
    site = open_site(at_cases.site)
    with site.database.write() as connection:
        connection.execute(update(victims).values(retain_until=datetime.now(UTC)))
    site.close()
    said = at_cases("victim", "expire")
    assert said.code == 0 and "Deleted 1 enrolment of 1 victim" in said.err
