"""Every page, looked at by axe-core: dark and light, in a small and in a large window. No violation is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path

import pytest
from browser_site import ACTOR, CASE, SIZES, BrowserSite
from grid_driver import GridDriver
from playwright.sync_api import Page

from varde.store import cases
from varde.workflows.make_queue import FirstWork, make_queue

AXE = Path(str(files("axe_playwright_python") / "axe.min.js"))
PAGES = (
    "/",
    "/cases/new",
    "/cases/{case}",
    "/cases/{case}/grid?open=",
    "/cases/{case}/issues",
    "/cases/{case}/people",
    "/cases/{case}/queues",
    "/cases/{case}/reports",
    "/cases/{case}/faces",
    "/cases/{case}/victims",
    "/cases/{case}/leads",
    "/cases/{case}/cameras",
    "/cases/{case}/sources",
    "/items/{item}",
    "/queues",
    "/search",
    "/search?q=camera",
    "/known",
    "/known/1",
    "/audit",
    "/administration",
    "/administration/accounts/1",
    "/administration/access",
    "/administration/tokens",
    "/administration/models",
    "/administration/health",
    "/approvals",
    "/account",
    "/password",
    "/second-factor",
    "/exposure",
    "/nowhere",
)
_RUN = "() => axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"


@pytest.mark.parametrize("path", PAGES)
def test_page_has_no_violation(visit: Callable[..., Page], browser_site: BrowserSite, path: str) -> None:
    path = path.format(case=browser_site.case_id, item=1)
    page = visit(path, "every")
    assert page.request.get(path).status == (404 if path == "/nowhere" else 200)
    if "grid" in path:
        GridDriver(page)
    assert not list_violations(page)


def test_queue_that_is_worked_through_has_no_violation(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    with browser_site.site.database.read() as connection:
        case = cases.get_case(connection, CASE)
    queue = make_queue(browser_site.site, ACTOR, case=case, name="for axe", work=FirstWork())
    grid = GridDriver(visit(f"/queues/{queue.queue_id}", "every"))
    assert not list_violations(grid.page)


def test_login_page_has_no_violation(visit: Callable[..., Page]) -> None:
    assert not list_violations(visit("/login", ""))


def test_dialogs_of_the_grid_have_no_violation(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    grid = GridDriver(visit(f"/cases/{browser_site.case_id}/grid?open=&order=relevance"))
    for key in ("?", "g", "m"):
        grid.press(key)
        assert not list_violations(grid.page), key
        grid.page.locator("dialog").get_by_role("button", name="Close").click()
    grid.page.get_by_role("button", name="Folder: all").click()
    grid.page.locator("dialog li").first.wait_for()
    assert not list_violations(grid.page)


def test_grid_with_things_chosen_and_decided_has_no_violation(
    visit: Callable[..., Page], browser_site: BrowserSite
) -> None:
    grid = GridDriver(visit(f"/cases/{browser_site.case_id}/grid?open=&order=place"))
    grid.press("1", "r", "Shift+ArrowRight")
    grid.settle()
    assert not list_violations(grid.page)


def list_violations(page: Page, *, sizes: Iterable[str] = tuple(SIZES)) -> list[str]:
    """Returns what axe-core finds on a page, in both themes and in windows of some sizes, in words."""
    if not AXE.is_file():
        pytest.skip("axe-core is not here; the build of the package puts it into browser/vendor")
    page.add_script_tag(path=AXE)
    found = []
    for size in sizes:
        for theme in ("dark", "light"):
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            for fault in page.evaluate(_RUN):
                places = "; ".join(node["html"][:160] for node in fault["nodes"][:3])
                found.append(f"{size} {theme}: {fault['id']}: {fault['help']}: {places}")
    return found
