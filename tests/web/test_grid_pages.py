"""Behaviour of the first page, the page of the grid, and the frame around every page."""

from __future__ import annotations

import re

import pytest
from paged_site import HERE, THERE, PagedSite

from varde.store import accounts
from varde.web.pages.areas import AREAS


def test_first_page_lists_the_cases_one_has_access_to_and_no_other(paged: PagedSite) -> None:
    erin, sara, nora = (paged.get("/", name).text for name in ("erin", "sara", "nora"))
    assert HERE in erin and THERE not in erin
    assert HERE in sara and THERE in sara
    assert HERE not in nora and "You have access to no case yet" in nora


def test_first_page_of_who_sees_no_cases_says_where_to_go(paged: PagedSite) -> None:
    page = paged.get("/", "otto").text
    assert 'href="/audit"' in page and HERE not in page
    assert "Your roles are about other things" in page


def test_grid_says_which_codes_there_are_and_names_nothing_of_the_case(paged: PagedSite) -> None:
    page = paged.get(f"{paged.here}/grid", "erin")
    assert page.status_code == 200
    found = re.search(r'data-codes="([^"]*)"', page.text)
    assert found and found[1].replace("&#34;", '"').startswith('["0", "1"')
    assert ".jpg" not in page.text


def test_grid_of_another_case_is_not_there(paged: PagedSite) -> None:
    answers = [paged.get(f"/cases/{case_id}/grid", "erin") for case_id in (paged.case_ids[THERE], 4711)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text == answers[1].text.replace("4711", str(paged.case_ids[THERE]))


def test_grid_is_for_reviewers(paged: PagedSite) -> None:
    assert paged.get(f"{paged.here}/grid", "kim").status_code == 403


def test_pages_carry_what_the_person_chose(paged: PagedSite) -> None:
    with paged.site.database.write() as connection:
        account_id = accounts.get_account(connection, "erin").account_id
        accounts.record_preferences(connection, account_id, {"theme": "light", "start_level": 1, "auto_advance": False})
    page = paged.get("/", "erin").text
    assert 'data-theme="light"' in page
    assert 'data-start-level="1"' in page and 'data-auto-advance="false"' in page


@pytest.mark.parametrize("name", ["erin", "sara", "kim", "otto"])
def test_navigation_leads_nowhere_that_is_forbidden(paged: PagedSite, name: str) -> None:
    page = paged.get("/", name).text
    shown = [area.path for area in AREAS if f'href="{area.path}">{area.label}' in page or area.path == "/"]
    assert [paged.get(path, name).status_code for path in shown] == [200] * len(shown)


def test_pages_run_and_style_nothing_inline(paged: PagedSite) -> None:
    page = paged.get(f"{paged.here}/grid", "erin")
    assert " style=" not in page.text and "<style" not in page.text
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", page.text))
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"
