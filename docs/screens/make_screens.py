"""Makes the pictures of the pages in this folder anew, from the demo case: `make screens`. Everything shown is benign.

Screens that are changed by what came before (an item that was looked at, a grade) come in the order of the list.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from varde.store import cases
from varde.store.site import open_site
from varde.workflows.actor import Actor
from varde.workflows.demo import CASE, EXAMINER
from varde.workflows.demo_faces import CASE as PEOPLE
from varde.workflows.grade_items import grade_items
from varde.workflows.make_queue import FirstWork, SecondWork, make_queue
from varde.workflows.write_outcome import write_outcome

HERE: Final = Path(__file__).parent
SIZE: Final = (1280, 800)
CODE: Final = "5"
"""Not pertinent, on the demo's scheme."""

QUALITY: Final = 82
SETTLE_MS: Final = 1_500
LOADED: Final = "[...document.images].every(image => !image.getAttribute('src') || image.complete)"
VARDE: Final = (sys.executable, "-m", "varde.cli.main")


@dataclass(frozen=True, slots=True)
class Screen:
    """A picture of a page.

    Attributes:
        name: of the file, without its end.
        path: of the page; `{case}`, `{first}` and `{second}` stand for the numbers of the case and its queues,
            `{people}` for that of the case with faces, in which search 1 was made.
        keys: pressed before the picture is taken.
        theme: dark or light.
        who: looks at it; "" nobody who logged in.
    """

    name: str
    path: str
    keys: tuple[str, ...] = ()
    theme: str = "dark"
    who: str = "demo"


SCREENS: Final = (
    Screen("login", "/login", who=""),
    Screen("cases", "/"),
    Screen("case", "/cases/{case}", theme="light"),
    Screen("not-examined", "/cases/{case}/issues", theme="light"),
    Screen("grid", "/cases/{case}/grid"),
    Screen("grid-light", "/cases/{case}/grid", theme="light"),
    Screen("grid-revealed", "/cases/{case}/grid", keys=("ArrowRight", "r", "r", "r")),
    Screen("keys", "/cases/{case}/grid", keys=("?",)),
    Screen("item", "/items/{item}", keys=("r", "r", "r")),
    Screen("queues", "/queues"),
    Screen("queue", "/queues/{first}"),
    Screen("second-opinion", "/queues/{second}"),
    Screen("exposure", "/exposure", theme="light"),
    Screen("search", "/search?q=harbour"),
    Screen("faces", "/cases/{people}/faces"),
    Screen("candidates", "/face-searches/1"),
    Screen("compare", "/face-searches/1/candidates/1", keys=("r", "r", "r")),
    Screen("victims", "/cases/{people}/victims", theme="light"),
    Screen("clusters", "/cases/{people}/clusters"),
    Screen("known-sets", "/known", theme="light"),
    Screen("audit", "/audit", theme="light"),
    Screen("administration", "/administration", theme="light"),
    Screen("account", "/account"),
)


def main() -> int:
    """Makes every picture; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="varde-screens-") as name:
        folder = Path(name) / "demo"
        made = json.loads(_run("demo", str(folder), "--no-serve", "--json"))
        site = Path(made["site"])
        numbers = prepare(site, made["graded"], made["name"])
        with serve(site) as address, open_browser() as browser:
            cookies = log_in(browser, address, made["name"], made["password"])
            for screen in SCREENS:
                take(browser, address, screen, numbers, cookies)
    for file in HERE.glob("*.webp"):
        if file.stem not in {screen.name for screen in SCREENS}:
            file.unlink()
    return 0


def prepare(folder: Path, graded: list[int], name: str) -> dict[str, int]:
    """Adds decisions, queues and an outcome card to the demo's site, and returns the numbers that paths name."""
    site = open_site(folder)
    try:
        actor = Actor(EXAMINER)
        with site.database.read() as connection:
            case, people = cases.get_case(connection, CASE), cases.get_case(connection, PEOPLE)
        own = [graded[0] + step for step in range(1, 13) if graded[0] + step not in graded]
        grade_items(site, Actor(name), item_ids=own, code=CODE, note="")
        first = make_queue(site, actor, case=case, name="First look", work=FirstWork())
        second = make_queue(site, actor, case=case, name="Second look", work=SecondWork(percent=100.0))
        write_outcome(site, actor, case=case, text="The harbour was found: the boats are safe. Thank you.")
        return {"case": case.case_id, "item": graded[0], "first": first.queue_id} | {
            "second": second.queue_id,
            "people": people.case_id,
        }
    finally:
        site.close()


@contextmanager
def serve(site: Path) -> Iterator[str]:
    """Serves a site in a process of its own, and gives its address."""
    command = [*VARDE, "--site", str(site), "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            said = ""
            while "}" not in said and process.poll() is None:
                said += process.stdout.readline() if process.stdout else ""
            yield json.loads(said)["address"]
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Gives the Chromium of this machine."""
    program = os.environ.get("VARDE_CHROMIUM") or shutil.which("chromium")
    if program is None:
        raise SystemExit("There is no Chromium on this machine: apt-get install chromium")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=options)
        try:
            yield browser
        finally:
            browser.close()


def log_in(browser: Browser, address: str, name: str, password: str) -> list[dict[str, str]]:
    """Returns the cookies of somebody who logged in."""
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{address}/login")
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        return [{key: cookie[key] for key in ("name", "value", "domain", "path")} for cookie in context.cookies()]


def take(
    browser: Browser, address: str, screen: Screen, numbers: dict[str, int], cookies: list[dict[str, str]]
) -> None:
    """Writes the picture of one screen."""
    width, height = SIZE
    options = {"viewport": {"width": width, "height": height}, "color_scheme": screen.theme, "bypass_csp": True}
    with browser.new_context(**options, reduced_motion="reduce") as context:
        if screen.who:
            context.add_cookies(cookies)
        page = context.new_page()
        said = page.goto(address + screen.path.format(**numbers), wait_until="networkidle")
        if said is None or said.status >= 400:
            raise SystemExit(f"{screen.name}: {screen.path} answers {said.status if said else 'nothing'}")
        press(page, screen.keys)
        write(page.screenshot(), HERE / f"{screen.name}.webp")


def press(page: Page, keys: tuple[str, ...]) -> None:
    """Presses keys, and lets the page come to rest."""
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(SETTLE_MS / 3)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(SETTLE_MS)
    page.wait_for_function(LOADED)


def write(data: bytes, path: Path) -> None:
    """Writes a picture so that the repository stays small."""
    Image.open(io.BytesIO(data)).convert("RGB").save(path, quality=QUALITY, method=6)
    print(f"{path.name} {path.stat().st_size >> 10} KiB", flush=True)


def _run(*words: str) -> str:
    return subprocess.run([*VARDE, *words], check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
