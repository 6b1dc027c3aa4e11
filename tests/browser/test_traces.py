"""What a browser keeps of what was looked at: nothing sharp in its cache, no name in its storage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from browser_site import BrowserSite
from grid_driver import GridDriver
from playwright.sync_api import Page

_FROM_CACHE = """async (path) => {
  try {
    const answer = await fetch(path, { cache: "only-if-cached", mode: "same-origin" });
    return answer.ok;
  } catch {
    return false;
  }
}"""
_STORED = """async () => ({
  local: { ...localStorage },
  session: { ...sessionStorage },
  databases: (await indexedDB.databases()).length,
  caches: (await caches.keys()).length,
  workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""


def test_only_veiled_pictures_are_in_the_cache(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    grid = GridDriver(visit(f"/cases/{browser_site.case_id}/grid?open=&order=place"))
    seen = []
    for _ in range(3):
        grid.press("r")
        grid.focused.locator("img.is-loaded").wait_for()
        seen.append(str(grid.focused.locator("img").get_attribute("src")))
    grid.press("b")
    grid.focused.locator("img.is-loaded").wait_for()
    veiled = str(grid.focused.locator("img").get_attribute("src"))
    assert [path[path.index("/picture/") + 9] for path in (veiled, *seen)] == list("0123")
    assert grid.page.evaluate(_FROM_CACHE, veiled), "a veiled picture is kept, so that a page turns fast"
    assert [grid.page.evaluate(_FROM_CACHE, path) for path in seen] == [False] * 3


def test_pages_and_tiles_are_not_in_the_cache(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    case = f"/cases/{browser_site.case_id}"
    page = visit(f"{case}/grid?open=&order=place")
    GridDriver(page)
    kept = [page.evaluate(_FROM_CACHE, path) for path in ("/", case, f"{case}/tiles?order=place&limit=120")]
    assert kept == [False, False, False]


def test_way_to_an_item_is_kept_by_numbers_only(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    address = f"/cases/{browser_site.case_id}/grid?open=&order=place"
    grid = GridDriver(visit(address))
    grid.press("Enter")
    grid.page.wait_for_url("**/items/*")
    walk: dict[str, Any] = grid.page.evaluate("JSON.parse(sessionStorage.getItem('varde.walk'))")
    assert walk.pop("from") == address
    assert all(isinstance(number, int) for number in (*walk.pop("ids"), *walk.values()))


def test_storage_holds_nothing_of_a_case(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    grid = GridDriver(visit(f"/cases/{browser_site.case_id}/grid?open=&order=place"))
    grid.press("r", "1", "ArrowRight", "PageDown")
    grid.settle()
    stored: dict[str, Any] = grid.page.evaluate(_STORED)
    assert stored["local"] == {}
    assert set(stored["session"]) <= {"varde.quiet"}
    assert (stored["databases"], stored["caches"], stored["workers"]) == (0, 0, 0)


def test_nothing_comes_from_elsewhere(visit: Callable[..., Page], browser_site: BrowserSite, address: str) -> None:
    page = visit("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/cases/{browser_site.case_id}/grid?open=")
    GridDriver(page)
    assert asked
    assert [url for url in asked if not url.startswith(address)] == []


def test_policy_of_the_pages_holds_while_a_case_is_looked_at(
    open_context: Callable[..., Any], browser_site: BrowserSite
) -> None:
    page = open_context(bypass_csp=False).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(f"/cases/{browser_site.case_id}/grid?open=&order=place")
    grid = GridDriver(page)
    grid.press("r", "r", "?", "Escape", "Shift+ArrowRight", "2")
    page.locator(".tile.is-pending").first.wait_for(state="detached")
    assert [text for text in said if "Content Security Policy" in text or "Refused" in text] == []
