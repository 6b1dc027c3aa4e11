"""Logging in and out, in a browser, with the policy of the pages in force."""

from __future__ import annotations

from collections.abc import Callable

from browser_site import CASE, PASSWORD
from playwright.sync_api import Page


def test_who_logs_in_sees_the_cases_and_who_logs_out_sees_nothing(visit: Callable[..., Page]) -> None:
    page = visit("/", "")
    page.get_by_label("Name").fill("erin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name=CASE).first.wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_label("Password").wait_for()
    page.goto("/")
    assert "/login" in page.url


def test_wrong_password_says_so_and_nothing_more(visit: Callable[..., Page]) -> None:
    page = visit("/login", "")
    page.get_by_label("Name").fill("erin")
    page.get_by_label("Password").fill("something else")
    page.get_by_role("button", name="Log in").click()
    assert page.get_by_role("alert").inner_text()
    assert "/login" in page.url
