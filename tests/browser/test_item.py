"""The page of an item in a real browser: revealed by key, scrubbed, graded; nothing is left when it is veiled."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from browser_site import HOSTILE, BrowserSite
from playwright.sync_api import Page, expect
from test_accessibility import list_violations

from varde.store import item_lists, tables
from varde.store.site import Site

expect.set_options(timeout=15_000)

_PIXELS = """() => {
  const canvas = document.querySelector("#sight");
  if (canvas.hidden) return { width: 0, isGrey: true, spread: 0 };
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let isGrey = true, least = 255, most = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) isGrey = false;
    least = Math.min(least, data[at]);
    most = Math.max(most, data[at]);
  }
  return { width: canvas.width, isGrey, spread: most - least };
}"""


def find_item(site: Site, name: str) -> int:
    with site.database.read() as connection:
        return item_lists.find_by_name(connection, name, None, 1)[0]


@pytest.fixture
def open_item(visit: Callable[..., Page], browser_site: BrowserSite) -> Callable[..., Page]:
    """Gives a function that opens the page of the item with a name."""

    def open_one(name: str, person: str = "erin", **options: str) -> Page:
        page = visit(f"/items/{find_item(browser_site.site, name)}", person, **options)
        page.wait_for_load_state("networkidle")
        return page

    return open_one


def read_sight(page: Page, level: str) -> dict[str, Any]:
    expect(page.locator("#level")).to_have_text(level)
    seen: dict[str, Any] = page.evaluate(_PIXELS)
    return seen


def test_it_is_veiled_first_and_revealed_step_by_step_by_key(open_item: Callable[..., Page]) -> None:
    page = open_item("IMG_0010.jpg")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert read_sight(page, "veiled")["width"] == 0
    page.keyboard.press("r")
    soft = read_sight(page, "soft and grey")
    page.keyboard.press("r")
    grey = read_sight(page, "sharp and grey")
    page.keyboard.press("r")
    colour = read_sight(page, "in colour")
    assert (soft["isGrey"], grey["isGrey"], colour["isGrey"]) == (True, True, False)
    assert soft["spread"] < grey["spread"]
    assert [url.split("/picture/")[1][0] for url in asked if "/picture/" in url] == ["1", "2", "3"]
    page.keyboard.press("r")
    assert read_sight(page, "in colour") == colour
    assert not any("/original" in url for url in asked), "an original is never shown without being asked for"


def test_the_large_view_is_asked_for_and_recorded(open_item: Callable[..., Page], browser_site: BrowserSite) -> None:
    page = open_item("copy 03.jpg")
    page.keyboard.press("f")
    grey = read_sight(page, "large")
    assert (grey["width"], grey["isGrey"]) == (320, True)
    page.keyboard.press("F")
    page.wait_for_function(f"!({_PIXELS})().isGrey")
    with browser_site.site.database.read() as connection:
        events = connection.execute(tables.audit_events.select().where(tables.audit_events.c.act == "original_shown"))
        shown = [row.subject["item"] for row in events if row.person == "erin"]
    assert shown.count(find_item(browser_site.site, "copy 03.jpg")) == 2


def test_one_key_veils_everything_and_nothing_of_it_is_left(open_item: Callable[..., Page]) -> None:
    page = open_item("walk.mp4")
    page.keyboard.press("v")
    page.locator("#strip button").first.wait_for()
    for _ in range(3):
        page.keyboard.press("r")
        page.wait_for_timeout(100)
    assert not read_sight(page, "in colour")["isGrey"]
    page.keyboard.press("b")
    assert read_sight(page, "veiled")["isGrey"]
    sizes = page.locator("#strip canvas").evaluate_all("all => all.map((one) => Math.max(one.width, one.height))")
    assert max(sizes) <= 16


def test_a_video_is_scrubbed_by_bar_and_keys(open_item: Callable[..., Page]) -> None:
    page = open_item("walk.mp4")
    assert page.locator("video, audio").count() == 0
    page.keyboard.press("v")
    page.locator("#strip button").first.wait_for()
    frames = page.locator("#strip button").count()
    assert frames >= 6
    expect(page.locator("#moment")).to_have_text("0.0 s of 2.0 s")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator("#position").input_value() == "2"
    page.locator("#position").focus()
    page.keyboard.press("End")
    assert page.locator("#position").input_value() == str(frames - 1)
    assert float(str(page.locator("#moment").text_content()).split()[0]) > 1.5
    page.keyboard.press("r")
    expect(page.locator("#level")).to_have_text("soft and grey")
    page.locator("#strip button").nth(1).click()
    assert page.locator("#position").input_value() == "1"
    assert page.locator('#strip [aria-current="true"]').count() == 1


def test_a_grade_is_given_shown_and_undone(open_item: Callable[..., Page]) -> None:
    page = open_item("IMG_0077.jpg", "ivan")
    page.keyboard.press("m")
    page.keyboard.type("looked at closely 123")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page.locator("#in-force")).to_have_text("2")
    expect(page.locator("#history-title + .table-wrap")).to_contain_text("looked at closely 123")
    page.keyboard.press("u")
    expect(page.locator("#in-force")).to_have_text("undecided")


def test_a_stack_is_graded_as_a_whole(open_item: Callable[..., Page]) -> None:
    page = open_item("copy 05.jpg", "ivan")
    page.get_by_label("For its whole stack of 12 items").check()
    page.get_by_role("button", name="4", exact=True).click()
    expect(page.get_by_text("Grade 4, 12 items.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()


def test_hostile_names_are_text(open_item: Callable[..., Page]) -> None:
    page = open_item(HOSTILE)
    assert page.locator("h1").text_content() == HOSTILE
    assert page.title().startswith(HOSTILE)


def test_previous_next_similar_and_help(open_item: Callable[..., Page]) -> None:
    page = open_item("IMG_0020.jpg")
    page.keyboard.press("s")
    expect(page.locator("#similar")).to_contain_text("Compared by pdq", timeout=15_000)
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_contain_text("Reveal one step more")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.wait_for_url(re.compile(r"/items/\d+$"))
    expect(page.locator("h1")).not_to_have_text("IMG_0020.jpg")
    page.keyboard.press("p")
    expect(page.locator("h1")).to_have_text("IMG_0020.jpg")


@pytest.mark.parametrize("size", ["small", "large"])
def test_nothing_is_wider_than_the_window(open_item: Callable[..., Page], size: str) -> None:
    page = open_item("long ", size=size)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_frames_and_keys_have_no_accessibility_violation(open_item: Callable[..., Page], theme: str) -> None:
    page = open_item("walk.mp4", "ivan", theme=theme)
    page.keyboard.press("v")
    page.locator("#strip button").first.wait_for()
    page.keyboard.press("r")
    expect(page.locator("#level")).to_have_text("soft and grey")
    assert not list_violations(page)
    page.keyboard.press("?")
    page.locator("dialog").wait_for()
    assert not list_violations(page)
