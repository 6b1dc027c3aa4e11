"""Browser tests: a real `varde serve`, and Debian's Chromium (or the one in VARDE_CHROMIUM) through Playwright.

One site and one server for the run. A test gets a `visit` that opens pages as somebody who is logged in.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser_site import SIZES, BrowserSite, make_browser_site

from varde.store.site import open_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_STOP_LIMIT_S = 60


@dataclass(frozen=True)
class Served:
    """A server's process, which a test may kill."""

    address: str
    process: subprocess.Popen[str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium. Not for the whole run: Playwright keeps an event loop in this thread, where no other may start."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")
    program = os.environ.get("VARDE_CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if program is None:
        pytest.skip("there is no Chromium on this machine; VARDE_CHROMIUM may name one")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=options)
        try:
            yield chromium
        finally:
            chromium.close()


@pytest.fixture(scope="session")
def browser_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[BrowserSite]:
    """A site with a processed case and people of every role."""
    folder = tmp_path_factory.mktemp("browser")
    shutil.copytree(sqlite_template, folder / "site")
    site = open_site(folder / "site")
    try:
        yield make_browser_site(site, folder)
    finally:
        site.close()


@contextmanager
def serve(folder: Path, port: int = 0) -> Iterator[Served]:
    """Serves a site by `varde serve` in a process of its own."""
    command = [sys.executable, "-m", "varde.cli.main", "serve", "--site", str(folder), "--port", str(port), "--json"]
    log = folder.parent / "serve.log"
    with log.open("a") as file:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=file, text=True)
    try:
        yield Served(_read_address(process, log), process)
    finally:
        process.terminate()
        process.communicate(timeout=_STOP_LIMIT_S)


@pytest.fixture(scope="session")
def serving() -> Callable[[Path], AbstractContextManager[Served]]:
    """Gives a function that serves another site, as a context manager."""
    return serve


@pytest.fixture(scope="session")
def address(browser_site: BrowserSite) -> Iterator[str]:
    """Where the site is served."""
    with serve(browser_site.folder) as started:
        yield started.address


@pytest.fixture
def open_context(browser: Browser, browser_site: BrowserSite, address: str) -> Iterator[Callable[..., BrowserContext]]:
    """Gives a function that returns a browser context of somebody who is logged in; nobody with ``""``."""
    opened: list[BrowserContext] = []

    def open_one(
        name: str = "erin", *, size: str = "small", theme: str = "dark", bypass_csp: bool = True
    ) -> BrowserContext:
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=address,
            bypass_csp=bypass_csp,  # the tests' own scripts need it; what the policy forbids is tested without
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        opened.append(context)
        if name:
            cookie = {"name": "varde", "value": browser_site.start_session(name), "url": address}
            context.add_cookies([cookie])
        return context

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def visit(open_context: Callable[..., BrowserContext]) -> Callable[..., Page]:
    """Gives a function that opens a path as somebody; a fault in a script of the page fails the test."""

    def open_page(path: str, name: str = "erin", *, size: str = "small", theme: str = "dark") -> Page:
        page = open_context(name, size=size, theme=theme).new_page()
        page.on("pageerror", _fail)
        page.goto(path)
        return page

    return open_page


def _fail(error: Exception) -> None:
    raise AssertionError(f"a script of the page failed: {error}")


def _read_address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    said = ""
    while "}" not in said:
        line = process.stdout.readline()
        assert line, f"varde serve ended: {log.read_text()}"
        said += line
    return str(json.loads(said)["address"])
