"""An account in a browser: added by an administrator, a password of its own, a second factor, out, in, and its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
from browser_site import CASE
from playwright.sync_api import Page

NAME, PASSWORD = "nina", "seven quiet herons"


def log_in(page: Page, password: str) -> None:
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def add_account(page: Page) -> str:
    """Adds an account by keyboard alone and returns its one-time password."""
    page.get_by_label("Name to log in with").focus()
    page.keyboard.type(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type("Nina Holm")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # examiner, the first of the roles; none is chosen before
    page.keyboard.press("Enter")
    return page.get_by_role("status", name="One-time password").inner_text()


def find_next_code(secret: str) -> str:
    """Returns the code after the one that was used."""
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30))


def test_an_account_from_its_first_day_to_its_last(visit: Callable[..., Page]) -> None:
    chief = visit("/administration", "ada")
    one_time = add_account(chief)

    nina = visit("/account", "")
    log_in(nina, one_time)
    nina.get_by_label("Password you have now").fill(one_time)
    nina.get_by_label("New password", exact=True).fill(PASSWORD)
    nina.get_by_label("New password once more").fill(PASSWORD)
    nina.get_by_role("button", name="Change the password").click()
    assert "Your password was changed" in nina.get_by_role("status").first.inner_text()

    nina.get_by_role("link", name="set one up").click()
    secret = nina.locator("ol b").inner_text().replace(" ", "")
    nina.get_by_label("Code that the app shows").fill(pyotp.TOTP(secret).now())
    nina.get_by_label("Your password").fill(PASSWORD)
    nina.get_by_role("button", name="Set it up").click()
    assert "take it away" in nina.get_by_role("main").inner_text()

    nina.get_by_label("Look").select_option("light")
    nina.get_by_role("button", name="Keep these choices").click()
    assert nina.locator("html").get_attribute("data-theme") == "light"

    chief.goto("/administration/access")
    chief.get_by_role("link", name=CASE, exact=True).click()
    chief.get_by_label("Give access to").select_option(NAME)
    chief.get_by_role("button", name="Give access").click()
    chief.get_by_role("button", name=f"Take away the access of {NAME}").wait_for()
    nina.goto("/")
    nina.get_by_role("link", name=CASE, exact=True).first.wait_for()

    nina.get_by_role("button", name="Log out").click()
    log_in(nina, PASSWORD)
    nina.get_by_label("One-time code").fill("000000")
    nina.get_by_role("button", name="Go on").click()
    assert "used already" in nina.get_by_role("alert").inner_text()
    nina.get_by_label("One-time code").fill(find_next_code(secret))
    nina.get_by_role("button", name="Go on").click()
    nina.get_by_role("link", name=CASE, exact=True).first.wait_for()

    chief.goto("/administration")
    chief.get_by_role("link", name=NAME, exact=True).click()
    chief.get_by_role("button", name="Disable the account").click()
    nina.goto("/account")
    assert "/login" in nina.url
