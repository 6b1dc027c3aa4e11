"""Queues, the ledger and outcome cards through the whole application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from queued_site import CASE, QueuedSite, serve_queued

from varde.core.review import Reveal
from varde.store import case_access, exposures, queues
from varde.store.exposures import Seen
from varde.workflows.actor import Actor
from varde.workflows.make_queue import FirstWork, SecondWork
from varde.workflows.own_account import opt_out

FIRST, SECOND = FirstWork(kinds=()), SecondWork(percent=100)


@pytest.fixture
def queued(tmp_path: Path, sqlite_template: Path) -> Iterator[QueuedSite]:
    yield from serve_queued(tmp_path, sqlite_template)


def done(queued: QueuedSite, queue_id: int, item_id: int, code: str, name: str) -> Any:
    return queued.post(f"/queues/{queue_id}/done", {"item_id": item_id, "code": code}, name)


def test_work_goes_from_queue_to_decision_and_back(queued: QueuedSite) -> None:
    queue = queued.make_queue(FIRST)
    tiles = queued.take(queue, "ann")
    item_id = tiles[0]["item_id"]
    answer = done(queued, queue, item_id, "2", "ann").json()
    assert answer["tiles"][0]["code"] == "2"
    assert answer["tiles"][0]["undecided"] == 0
    assert done(queued, queue, item_id, "2", "ann").json()["repeated"]
    undone = queued.post(
        f"/queues/{queue}/undo", {"item_id": item_id, "first": answer["first"], "last": answer["last"]}, "ann"
    )
    assert undone.json()["tiles"][0]["undecided"] == tiles[0]["items"]
    assert item_id in [tile["item_id"] for tile in queued.take(queue, "ann")]


def test_item_that_went_back_is_answered_by_a_conflict_in_words(queued: QueuedSite) -> None:
    queue = queued.make_queue(FIRST)
    item_id = queued.take(queue, "ann")[0]["item_id"]
    assert queued.post(f"/queues/{queue}/return", {"item_id": item_id}, "ann").json() == {"returned": 1}
    answer = done(queued, queue, item_id, "1", "ann")
    assert answer.status_code == 409
    assert "not given to you any more" in answer.json()["message"]
    assert queued.post(f"/queues/{queue}/return", {"item_id": item_id, "how": "skipped"}, "ben").status_code == 409


def test_handing_everything_back_needs_no_item(queued: QueuedSite) -> None:
    queue = queued.make_queue(FIRST)
    queued.take(queue, "ann")
    assert queued.post(f"/queues/{queue}/return", {}, "ann").json() == {"returned": 5}
    assert queued.post(f"/queues/{queue}/return", {"how": "skipped"}, "ann").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {"count": 0},
        {"count": 101},
        {"count": "many"},
        {"more": 1},
    ],
)
def test_unfit_takes_are_refused(queued: QueuedSite, body: dict[str, Any]) -> None:
    queue = queued.make_queue(FIRST)
    assert queued.post(f"/queues/{queue}/take", body, "ann").status_code == 400


def test_nothing_answers_without_access_role_or_token(queued: QueuedSite) -> None:
    queue = queued.make_queue(FIRST)
    queued.take(queue, "ann")
    paths = [f"/queues/{queue}/{act}" for act in ("take", "done", "return", "undo", "close")]
    case = f"/cases/{queued.case.case_id}"
    paths += [f"{case}/{act}" for act in ("exposure", "settle", "outcomes", "queues/first", "queues/second")]
    for path in paths:
        assert queued.post(path, {}, "una").status_code == 404, path
        assert queued.client.post(path, json={}).status_code == 401, path
        stranger = queued.client.post(path, json={}, headers=queued._log_in("ann"))
        assert stranger.status_code == 403, path
    for path in (f"/queues/{queue}", f"{case}/queues"):
        assert queued.get(path, "una").status_code == 404
    for path in (f"{case}/queues", "/exposure/unit"):
        assert queued.get(path, "ann").status_code == 403
    for path in ("/queues", "/exposure", "/exposure/unit"):
        shown = queued.get(path, "una")
        assert shown.status_code == 200
        assert CASE not in shown.text


def find_codes(text: str) -> set[str]:
    """Returns everything in an answer that could be a code of the decision."""
    return set(re.findall(r'"code":\s*"(\d)"', text)) | set(re.findall(r'class="code">(\d)<', text))


def test_second_opinion_is_blind_by_every_route(queued: QueuedSite) -> None:
    """The first decision is code 5, which nothing else is: it must not be in any answer until the opinion is given."""
    decided = queued.list_leaders()[:4]
    queued.decide("ann", decided, "5")
    queue = queued.make_queue(SECOND)
    tiles = queued.take(queue, "ben")
    assert {tile["item_id"] for tile in tiles} == set(decided)
    case = f"/cases/{queued.case.case_id}"
    seen = {"seen": [{"item_id": item_id, "level": 2, "seconds": 1} for item_id in decided]}
    answers = [
        queued.post(f"/queues/{queue}/take", {"count": 9}, "ben"),
        queued.get("/queues", "ben"),
        queued.get("/exposure", "ben"),
        queued.post(f"{case}/exposure", seen, "ben"),
        queued.get("/exposure", "ben"),
        queued.get(f"{case}/tiles?limit=200", "ben"),
        *[queued.get(f"/items/{item_id}/stack", "ben") for item_id in decided],
        *[queued.get(f"/items/{item_id}", "ben") for item_id in decided],
        done(queued, queue, decided[0], "1", "ben"),
        done(queued, queue, decided[0], "1", "ben"),
        done(queued, queue, decided[0], "2", "ben"),
        queued.post(f"/queues/{queue}/undo", {"item_id": decided[0]}, "ben"),
        done(queued, queue, decided[0], "2", "ben"),
        queued.post(f"/queues/{queue}/return", {"item_id": decided[1], "how": "skipped"}, "ben"),
        queued.get("/exposure", "ben"),
    ]
    for answer in answers:
        assert "5" not in find_codes(answer.text), answer.request.url
        assert "2.0:5" not in answer.text, answer.request.url
    assert "5" in find_codes(queued.get(f"{case}/tiles?limit=200", "cam").text)


def test_item_held_for_a_second_opinion_is_not_decided_in_the_grid(queued: QueuedSite) -> None:
    item_id = queued.list_leaders()[0]
    queued.decide("ann", [item_id], "5")
    queued.take(queued.make_queue(SECOND), "ben")
    path, body = f"/cases/{queued.case.case_id}/decisions", {"items": [item_id], "code": "1"}
    refused = queued.post(path, body, "ben")
    assert refused.status_code == 403
    assert "in its queue" in refused.json()["message"]
    assert queued.post(path, body, "cam").status_code == 200


def test_page_of_a_second_opinion_says_that_it_is_blind(queued: QueuedSite) -> None:
    first, second = queued.make_queue(FIRST), queued.make_queue(SECOND)
    assert "Second opinion, blind" in queued.get(f"/queues/{second}", "ben").text
    assert "Second opinion, blind" not in queued.get(f"/queues/{first}", "ben").text


def test_who_leads_and_gives_an_opinion_is_blind_too(queued: QueuedSite) -> None:
    decided = queued.list_leaders()[:2]
    queued.decide("ann", decided, "5")
    queue = queued.make_queue(SecondWork(percent=100, opinions=2))
    queued.take(queue, "ben")
    for item_id in decided:
        done(queued, queue, item_id, "1", "ben")
    page = f"/cases/{queued.case.case_id}/queues"
    assert "5" in find_codes(queued.get(page, "sue").text.partition("New queue")[0])
    queued.take(queue, "lee")
    assert "5" not in find_codes(queued.get(page, "lee").text.partition("New queue")[0])
    settled = queued.send(
        f"/cases/{queued.case.case_id}/settle", {"item_id": decided[0], "code": "1", "note": ""}, "lee"
    )
    assert settled.status_code == 400
    assert "second opinion" in settled.text


def test_who_leads_makes_settles_and_closes(queued: QueuedSite) -> None:
    case = f"/cases/{queued.case.case_id}"
    made = queued.send(f"{case}/queues/first", {"name": " Night shift ", "order": "place", "kind": "picture"}, "lee")
    assert made.status_code == 303
    assert (
        queued.send(f"{case}/queues/second", {"name": "Again", "percent": "50", "code": ["1"]}, "lee").status_code
        == 303
    )
    bad = queued.send(f"{case}/queues/second", {"name": "Never", "percent": "0"}, "lee")
    assert bad.status_code == 400
    assert "share" in bad.text
    with queued.site.database.read() as connection:
        found = {queue.name: queue for queue in queues.list_queues(connection, queued.case.case_id)}
    assert set(found) == {"Night shift", "Again"}
    queue = found["Night shift"].queue_id
    item_id = queued.take(queue, "ann")[0]["item_id"]
    queued.post(f"/queues/{queue}/return", {"item_id": item_id, "how": "escalated", "note": "<b>odd</b>"}, "ann")
    page = queued.get(f"{case}/queues", "lee").text
    assert "&lt;b&gt;odd&lt;/b&gt;" in page
    assert found["Again"].settings["key"] not in page
    assert queued.send(f"{case}/settle", {"item_id": item_id, "code": "1"}, "lee").status_code == 303
    assert "odd" not in queued.get(f"{case}/queues", "lee").text
    assert queued.send(f"{case}/settle", {"item_id": item_id, "code": "no"}, "lee").status_code == 400
    assert queued.send(f"{case}/settle", {"item_id": 10**12, "code": "1"}, "lee").status_code == 400
    assert queued.send(f"/queues/{queue}/close", {}, "lee").status_code == 303
    assert queued.post(f"/queues/{queue}/take", {}, "ann").json() == {"tiles": [], "supply": "closed"}


def test_progress_names_nobody(queued: QueuedSite) -> None:
    queue = queued.make_queue(FIRST)
    for name in ("ann", "ben"):
        done(queued, queue, queued.take(queue, name)[0]["item_id"], "1", name)
    page = queued.get(f"/cases/{queued.case.case_id}/queues", "lee").text
    main = page[page.index("<main") :]
    assert not re.search(r"\b(ann|ben|Ann|Ben)\b", main)


def test_agreement_is_shown_with_interval_and_number(queued: QueuedSite) -> None:
    decided = queued.list_leaders()[:24]
    queued.decide("ann", decided[:12], "1")
    queued.decide("ann", decided[12:], "2")
    queue = queued.make_queue(SECOND)
    page = f"/cases/{queued.case.case_id}/queues"
    assert "a figure needs 20 at least" in queued.get(page, "lee").text
    queued.take(queue, "ben", 100)
    for number, item_id in enumerate(decided):
        done(queued, queue, item_id, "1" if number < 14 else "2", "ben")
    shown = queued.get(page, "lee").text
    assert "<strong>0.83</strong> (95 % interval" in shown
    assert "24 items" in shown
    assert "<strong>92 %</strong>" in shown


def views(*item_ids: int, level: int = 1, seconds: float = 2.0) -> dict[str, Any]:
    return {"seen": [{"item_id": item_id, "level": level, "seconds": seconds} for item_id in item_ids]}


def test_ledger_counts_items_and_seconds_for_the_person_alone(queued: QueuedSite) -> None:
    path, leaders = f"/cases/{queued.case.case_id}/exposure", queued.list_leaders()
    first = queued.post(path, views(*leaders[:3]), "ann").json()
    assert (first["items"], first["seconds"]) == (3, 6.0)
    again = queued.post(path, views(leaders[0], level=3, seconds=10), "ann").json()
    assert (again["items"], again["seconds"]) == (3, 16.0)
    assert queued.post(path, {"seen": []}, "ben").json()["items"] == 0
    assert "3 of 2,000" in queued.get("/exposure", "ann").text
    assert "0 of 2,000" in queued.get("/exposure", "ben").text


def test_seconds_are_capped_and_items_must_be_of_the_case(queued: QueuedSite) -> None:
    path, leaders = f"/cases/{queued.case.case_id}/exposure", queued.list_leaders()
    capped = queued.post(path, views(*leaders[:3], seconds=3000), "ann").json()
    assert capped["seconds"] == 3600.0
    for body in (views(10**9), views(leaders[0], 10**9)):
        assert queued.post(path, body, "ann").status_code == 404
    for body in (
        views(leaders[0], seconds=-1),
        views(leaders[0], seconds=3601),
        views(leaders[0], level=5),
        views(*[leaders[0]] * 501),
        {"seen": "much"},
    ):
        assert queued.post(path, body, "ann").status_code == 400
    assert queued.post(path, {"seen": []}, "ann").json()["seconds"] == 3600.0


def test_break_is_proposed_and_nothing_is_blocked(queued: QueuedSite) -> None:
    path, item_id = f"/cases/{queued.case.case_id}/exposure", queued.list_leaders()[0]
    assert queued.post("/account/preferences", {"break_after_min": 10}, "ann").status_code == 200
    told = queued.post(path, views(item_id, seconds=660), "ann").json()
    assert [advice["kind"] for advice in told["advice"]] == ["break"]
    assert "A break would do you good" in queued.get("/exposure", "ann").text
    queue = queued.make_queue(FIRST)
    assert queued.take(queue, "ann")


def test_severity_is_that_of_the_decision(queued: QueuedSite) -> None:
    item_id = queued.list_leaders()[0]
    queued.decide("lee", [item_id], "3")
    queued.post(f"/cases/{queued.case.case_id}/exposure", views(item_id), "ann")
    assert "vics-us@2.0:3" in queued.get("/exposure", "ann").text


def see_in_store(queued: QueuedSite, name: str, item_ids: list[int]) -> None:
    with queued.site.database.write() as connection:
        account_id = queued.find_account_id(name)
        seen = [Seen(item_id, Reveal.GREY, 60.0) for item_id in item_ids]
        exposures.record_views(connection, account_id, queued.case.case_id, seen, queued.clock())


def test_unit_sees_sums_of_three_people_and_only_of_weeks_that_are_over(queued: QueuedSite) -> None:
    leaders = queued.list_leaders()
    for name in ("ann", "ben"):
        see_in_store(queued, name, leaders[:4])
    queued.forward(days=7)
    two = queued.get("/exposure/unit", "sue").text
    assert "no sum of a week that is over has 3 people" in two
    queued.at[0] = queued.at[0].replace(day=2)
    see_in_store(queued, "cam", leaders[:4])
    queued.decide("lee", leaders[4:5], "4")
    see_in_store(queued, "cam", leaders[4:5])
    running = queued.get("/exposure/unit", "sue").text
    assert "no sum of a week" in running
    queued.forward(days=7)
    three = queued.get("/exposure/unit", "sue").text
    assert re.search(r'<td class="number">3</td>\s*<td class="number">12</td>', three)
    assert "2.0:4" not in three
    assert "Some sums are of fewer people" in three
    assert not re.search(r"\b(ann|ben|cam)\b", three[three.index("<main") :], re.IGNORECASE)
    assert "no sum of a week" in queued.get("/exposure/unit", "una").text


def test_card_reaches_those_who_worked_on_the_case_and_names_it_only_to_those_with_access(queued: QueuedSite) -> None:
    queued.decide("ann", queued.list_leaders()[:1], "1")
    see_in_store(queued, "ben", queued.list_leaders()[:1])
    with queued.site.database.write() as connection:
        case_access.take_access(connection, queued.case.case_id, queued.find_account_id("ben"))
    case = f"/cases/{queued.case.case_id}"
    sent = queued.send(f"{case}/outcomes", {"text": "Two people are safe. <i>Thank you.</i>"}, "lee")
    assert sent.headers["location"] == f"{case}/queues?sent=2"
    for name, knows in (("ann", True), ("ben", False)):
        page = queued.get("/queues", name).text
        assert "Two people are safe. &lt;i&gt;Thank you.&lt;/i&gt;" in page
        assert (CASE in page) is knows
    assert "Two people are safe" not in queued.get("/queues", "cam").text
    assert queued.send("/outcomes/1/read", {}, "cam").status_code == 404
    assert queued.send("/outcomes/1/read", {}, "ben").status_code == 303
    assert "Two people are safe" not in queued.get("/queues", "ben").text
    assert "read by 1 of 2" in queued.get(f"{case}/queues", "lee").text


@pytest.mark.parametrize("text", ["", "   ", "x" * 1001])
def test_unfit_card_is_refused_and_its_words_are_kept(queued: QueuedSite, text: str) -> None:
    queued.decide("ann", queued.list_leaders()[:1], "1")
    answer = queued.send(f"/cases/{queued.case.case_id}/outcomes", {"text": text}, "lee")
    assert answer.status_code == 400
    assert "1 to 1000 characters" in answer.text


def test_card_of_a_case_nobody_worked_on_reaches_nobody_and_says_so(queued: QueuedSite) -> None:
    answer = queued.send(f"/cases/{queued.case.case_id}/outcomes", {"text": "Thank you"}, "lee")
    assert answer.status_code == 400
    assert "Thank you" in answer.text


def test_who_opted_out_is_told_so_and_given_nothing(queued: QueuedSite) -> None:
    queue = queued.make_queue(FIRST)
    queued.take(queue, "ann")
    opt_out(queued.site, Actor("ann", queued.clock), out=True)
    assert queued.post(f"/queues/{queue}/take", {}, "ann").json() == {"tiles": [], "supply": "opted_out"}
    assert "You are not reviewing" in queued.get("/queues", "ann").text
    assert "not reviewing" not in queued.get(f"/cases/{queued.case.case_id}/queues", "lee").text
