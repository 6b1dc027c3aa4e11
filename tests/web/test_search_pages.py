"""Behaviour of the search page: what is typed or dropped is found in cases one has access to, and nowhere else."""

from __future__ import annotations

import hashlib
from html import escape

import numpy as np
import pytest
from paged_site import HERE, HOSTILE, SECRET_NAME, THERE, PagedSite, encode, list_hits
from PIL import Image

from varde.core.audit import Act
from varde.store import audit
from varde.testing.pictures import make_photo

QUERIES = ["%", "_", "'", '"', "\\", "*", "a OR b", "';--", "\0", "(", "{{ 7*7 }}", "<b>", "x" * 500]


def count_searches(paged: PagedSite) -> int:
    with paged.site.database.read() as connection:
        return sum(
            event.act is Act.CASES_SEARCHED or event.act == "cases_searched" for event in audit.list_events(connection)
        )


@pytest.mark.parametrize(
    ("q", "field", "found"),
    [
        ("BØRN", "anything", ["camera.jpg"]),
        ("KAMERA", "anything", ["camera.jpg"]),
        ("KAMERA", "camera", ["camera.jpg"]),
        ("KAMERA", "name", []),
        ("2020-05-17", "anything", ["camera.jpg"]),
        ("2020-05..2020-06", "date", ["camera.jpg"]),
        ("onerror", "name", [escape(HOSTILE)]),
        ("shared", "anything", ["shared.jpg"]),
    ],
)
def test_words_are_found_in_the_case_that_was_chosen(paged: PagedSite, q: str, field: str, found: list[str]) -> None:
    page = paged.get("/search", q=q, field=field, case=paged.case_ids[HERE])
    assert page.status_code == 200 and list_hits(page.text) == found
    assert HOSTILE not in page.text


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
def test_a_digest_is_recognised_and_found(paged: PagedSite, kind: str) -> None:
    page = paged.get("/search", q=hashlib.new(kind, paged.photo).hexdigest().upper(), case=paged.case_ids[HERE])
    assert list_hits(page.text) == ["shared.jpg"] and "digest" in page.text


def test_hits_say_why_and_by_which_time(paged: PagedSite) -> None:
    page = paged.get("/search", q="2020-05-17", case=paged.case_ids[HERE]).text
    assert "taken 2020-05-17 10:20:30 by its own metadata (camera clock)" in page
    assert "Model: Kamera 5" in paged.get("/search", q="KAMERA", case=paged.case_ids[HERE]).text


@pytest.mark.parametrize("field", ["anything", "name", "metadata", "camera"])
@pytest.mark.parametrize("q", QUERIES)
def test_no_query_breaks_the_page(paged: PagedSite, q: str, field: str) -> None:
    page = paged.get("/search", q=q, field=field, case=paged.case_ids[HERE])
    assert page.status_code == 200 and "49" not in list_hits(page.text)
    assert "<b>" not in page.text


@pytest.mark.parametrize(("q", "field"), [("x" * 10_000, "anything"), ("not hex", "digest"), ("soon", "date")])
def test_a_query_that_cannot_be_is_answered_with_a_sentence(paged: PagedSite, q: str, field: str) -> None:
    page = paged.get("/search", q=q, field=field)
    assert page.status_code == 400 and 'role="alert"' in page.text


@pytest.mark.parametrize("after", ["", "x", "1_2_3", "1_2_3_x", "999999999999999999999_1_1_", "1_1_1_" + "9" * 150])
def test_a_made_up_place_breaks_nothing(paged: PagedSite, after: str) -> None:
    assert paged.get("/search", q="jpg", after=after, case=paged.case_ids[HERE]).status_code == 200


def test_nothing_of_a_case_without_access_is_found_or_told(paged: PagedSite) -> None:
    for case in (paged.case_ids[THERE], 999, "abc"):
        answer = paged.get("/search", q="jpg", case=case)
        assert answer.status_code == 404 and THERE not in answer.text and SECRET_NAME not in answer.text
    page = paged.get("/search", q="only there", case=paged.case_ids[HERE]).text
    assert list_hits(page) == [] and THERE not in page
    assert "You have access to no case" in paged.get("/search", "nora", q="jpg").text


def test_roles_that_see_no_material_have_no_search(paged: PagedSite) -> None:
    assert [paged.get("/search", name).status_code for name in ("kim", "otto")] == [403, 403]


def test_a_search_over_all_cases_asks_why_and_is_recorded_before_anything_is_shown(paged: PagedSite) -> None:
    before = count_searches(paged)
    asked = paged.get("/search", "sara", q="shared", case="all")
    assert "Why are all your cases searched?" in asked.text and list_hits(asked.text) == []
    assert count_searches(paged) == before
    words = {"purpose": "find the same picture", "authorisation": "order 9"}
    answer = paged.post("/search", "sara", q="shared", field="anything", **words)
    assert answer.status_code == 303 and count_searches(paged) == before + 1
    page = paged.get(answer.headers["location"], "sara").text
    assert list_hits(page) == ["shared.jpg", "shared.jpg"] and THERE in page and HERE in page
    with paged.site.database.read() as connection:
        event = list(audit.list_events(connection))[-1]
    assert event.subject == {"kind": "anything", "cases": 2, **words}


def test_a_search_over_all_cases_finds_only_in_those_with_access(paged: PagedSite) -> None:
    answer = paged.post("/search", "ivan", q="jpg", field="name", purpose="p", authorisation="a")
    page = paged.get(answer.headers["location"], "ivan").text
    assert SECRET_NAME not in page and THERE not in page and "shared.jpg" in list_hits(page)


@pytest.mark.parametrize("words", [{"purpose": " "}, {"authorisation": ""}, {"purpose": "line\nbreak"}])
def test_a_search_over_all_cases_without_reason_is_refused(paged: PagedSite, words: dict[str, str]) -> None:
    before = count_searches(paged)
    fields = {"q": "jpg", "field": "name", "purpose": "p", "authorisation": "a", **words}
    assert paged.post("/search", "sara", **fields).status_code == 400
    assert count_searches(paged) == before


def test_what_was_granted_serves_for_nothing_else_and_nobody_else(paged: PagedSite) -> None:
    answer = paged.post("/search", "sara", q="shared", field="anything", purpose="p", authorisation="a")
    grant = answer.headers["location"].rpartition("grant=")[2]
    for name, q in (("sara", "jpg"), ("ivan", "shared")):
        page = paged.get("/search", name, q=q, case="all", grant=grant).text
        assert "Why are all your cases searched?" in page and list_hits(page) == []


def test_an_examiner_cannot_search_over_cases(paged: PagedSite) -> None:
    assert paged.get("/search", "erin", q="jpg", case="all").status_code == 403
    assert paged.post("/search", "erin", q="jpg", field="name", purpose="p", authorisation="a").status_code == 403
    assert (
        paged.upload("/search/picture", paged.photo, "erin", case="all", purpose="p", authorisation="a").status_code
        == 403
    )


def test_a_picture_finds_the_same_bytes_and_known_entries(paged: PagedSite) -> None:
    page = paged.upload("/search/picture", paged.photo, case=str(paged.case_ids[HERE]))
    assert page.status_code == 200 and list_hits(page.text) == ["shared.jpg"]
    assert "same bytes (SHA-256)" in page.text and "example-set 1" in page.text
    assert page.headers["cache-control"] == "no-store" and "kept nowhere" in page.text


def test_a_turned_and_smaller_copy_is_found_by_distance(paged: PagedSite) -> None:
    import io

    turned = np.asarray(Image.open(io.BytesIO(paged.photo)).resize((400, 300)).rotate(90, expand=True))
    page = paged.upload("/search/picture", encode(turned), case=str(paged.case_ids[HERE])).text
    assert list_hits(page) == ["shared.jpg"] and "turned 90 degrees" in page and "distance" in page
    assert "pdq/" in page


def test_another_picture_finds_nothing(paged: PagedSite) -> None:
    other = encode(make_photo(np.random.default_rng(99), 400, 300))
    page = paged.upload("/search/picture", other, case=str(paged.case_ids[HERE])).text
    assert list_hits(page) == [] and "No item has these bytes" in page


def test_a_flat_picture_is_not_comparable_and_says_why(paged: PagedSite) -> None:
    flat = encode(np.full((200, 200, 3), 120, np.uint8))
    page = paged.upload("/search/picture", flat, case=str(paged.case_ids[HERE])).text
    assert "not comparable, because" in page


def test_what_is_no_picture_is_compared_by_its_bytes(paged: PagedSite) -> None:
    page = paged.upload("/search/picture", b"Boots, map, thermos.", case=str(paged.case_ids[HERE])).text
    assert list_hits(page) == ["notes.txt"] and "it is no picture or video" in page


def test_a_picture_finds_nothing_in_a_case_without_access(paged: PagedSite) -> None:
    assert paged.upload("/search/picture", paged.photo, case=str(paged.case_ids[THERE])).status_code == 404
    page = paged.upload("/search/picture", paged.photo, "sara", case="all", purpose="p", authorisation="a").text
    assert len(list_hits(page)) == 2
    page = paged.upload("/search/picture", paged.photo, "ivan", case="all", purpose="p", authorisation="a").text
    assert len(list_hits(page)) == 1 and THERE not in page


def test_a_picture_over_all_cases_needs_a_reason(paged: PagedSite) -> None:
    before = count_searches(paged)
    assert paged.upload("/search/picture", paged.photo, "sara", case="all").status_code == 400
    assert count_searches(paged) == before


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + b"\0" * 100])
def test_a_hostile_or_empty_file_is_answered(paged: PagedSite, data: bytes) -> None:
    assert paged.upload("/search/picture", data, case=str(paged.case_ids[HERE])).status_code in {200, 422}


def test_a_picture_without_the_scripts_header_is_refused(paged: PagedSite) -> None:
    answer = paged.client.post("/search/picture", files={"file": ("x.jpg", paged.photo)}, headers=paged.headers("ivan"))
    assert answer.status_code in {400, 403}


def test_nothing_of_a_picture_stays_on_the_disk(paged: PagedSite) -> None:
    paged.upload("/search/picture", paged.photo, case=str(paged.case_ids[HERE]))
    assert list(paged.site.spool.iterdir()) == []
