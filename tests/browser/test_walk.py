"""The way through items: from the grid to an item, on from there in the same order, and back to the same place."""

from __future__ import annotations

from collections.abc import Callable

from browser_site import BrowserSite
from grid_driver import GridDriver
from playwright.sync_api import Page

_FOCUS_ON = "document.querySelector('.tile.is-focused')?.dataset.item === '%s'"


def test_item_page_goes_on_in_the_order_of_the_grid_and_back(
    visit: Callable[..., Page], browser_site: BrowserSite
) -> None:
    address = f"/cases/{browser_site.case_id}/grid?open=&order=relevance"
    grid = GridDriver(visit(address))
    order = grid.list_items()
    grid.press("ArrowRight", "Enter")
    page = grid.page
    page.wait_for_url(f"**/items/{order[1]}")
    for expected in (order[2], order[3]):
        page.keyboard.press("n")
        page.wait_for_url(f"**/items/{expected}")
    page.keyboard.press("p")
    page.wait_for_url(f"**/items/{order[2]}")
    page.keyboard.press("Escape")
    page.wait_for_url(f"**{address}")
    page.wait_for_function(_FOCUS_ON % order[2])


def test_grid_opened_anew_begins_at_its_first_item(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    address = f"/cases/{browser_site.case_id}/grid?open=&order=place"
    grid = GridDriver(visit(address))
    first = grid.focus_item()
    grid.press("ArrowRight", "Enter")
    grid.page.wait_for_url("**/items/*")
    for _ in range(2):  # the first time it is where the person was
        grid.page.goto(address)
        GridDriver(grid.page)
    grid.page.wait_for_function(_FOCUS_ON % first)


def test_item_reached_otherwise_goes_by_place(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    grid = GridDriver(visit(f"/cases/{browser_site.case_id}/grid?open=&order=place"))
    second = grid.list_items()[1]
    page = visit(f"/items/{second}")
    assert page.locator("#next").get_attribute("title") == "As they lie in the exhibits"
    assert page.locator("#back").get_attribute("href") == f"/cases/{browser_site.case_id}/grid"
