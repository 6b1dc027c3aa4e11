"""Searching in a browser: by words, by dropping a picture in, over all cases."""

from __future__ import annotations

import base64
from collections.abc import Callable

from browser_site import CASE, HOSTILE, OTHER_CASE, BrowserSite
from playwright.sync_api import Page, expect

from varde.core.audit import Act
from varde.store import audit

DROP = """([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type: "image/jpeg" }));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const options = { dataTransfer, bubbles: true, cancelable: true };
    document.querySelector("#drop").dispatchEvent(new DragEvent(kind, options));
  }
}"""


def read_copied(browser_site: BrowserSite) -> bytes:
    """Returns the picture that lies in the exhibit many times."""
    return (browser_site.folder.parent / "evidence" / "downloads" / "copy 00.jpg").read_bytes()


def test_words_are_typed_and_hits_are_gone_through_by_keyboard(visit: Callable[..., Page]) -> None:
    page = visit("/search")
    page.keyboard.type("copy 0")  # the box has the focus
    page.keyboard.press("Enter")
    hits = page.locator(".hit")
    expect(hits).to_have_count(10)
    hits.first.locator("a").last.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*")


def test_pictures_of_hits_are_veiled_and_names_are_text(visit: Callable[..., Page]) -> None:
    page = visit("/search?q=onerror")
    expect(page.locator(".hit").first).to_contain_text(HOSTILE)
    assert page.title() != "x"
    page = visit("/search?q=copy")
    sources = page.locator(".hit img").evaluate_all("(all) => all.map((one) => one.getAttribute('src'))")
    assert sources and all("/picture/0?" in source for source in sources)
    page.wait_for_function(
        "[...document.querySelectorAll('.hit img')].slice(0, 4).every((one) => one.naturalWidth > 0)"
    )


def test_a_dropped_picture_finds_its_copies_and_the_known_set(
    visit: Callable[..., Page], browser_site: BrowserSite
) -> None:
    page = visit("/search")
    data = base64.b64encode(read_copied(browser_site)).decode()
    page.evaluate(DROP, ["holiday secret.jpg", data])
    expect(page.locator("#results h2")).to_have_text("Found by the picture", timeout=30_000)
    expect(page.locator(".hit")).to_have_count(12)
    expect(page.locator("#results")).to_contain_text("example-set 1")
    assert "holiday secret" not in page.locator("#results").inner_text()


def test_a_chosen_file_works_as_a_dropped_one(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    page = visit("/search", theme="light", size="large")
    page.set_input_files("#picture", {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": read_copied(browser_site)})
    expect(page.locator(".hit")).to_have_count(12, timeout=30_000)


def test_a_file_that_is_nothing_is_told_in_words(visit: Callable[..., Page]) -> None:
    page = visit("/search")
    page.set_input_files("#picture", {"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b""})
    expect(page.locator("#results [role=alert]")).to_contain_text("empty")


def test_all_cases_are_searched_after_saying_why(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    page = visit("/search", "ivan")
    page.locator("#q").fill("walk")
    page.locator("#scope").select_option("all")
    page.get_by_role("button", name="Search", exact=True).click()
    purpose = page.locator("form[aria-labelledby=why] input[name=purpose]")
    purpose.fill("find the same clip")
    page.locator("form[aria-labelledby=why] input[name=authorisation]").fill("order 5")
    page.keyboard.press("Enter")
    expect(page.locator(".hit")).to_have_count(1)
    assert OTHER_CASE not in page.content() and CASE in page.content()
    with browser_site.site.database.read() as connection:
        event = [one for one in audit.list_events(connection) if one.act == Act.CASES_SEARCHED.value][-1]
    assert event.person == "ivan" and event.subject["purpose"] == "find the same clip"


def test_an_examiner_is_not_offered_all_cases(visit: Callable[..., Page]) -> None:
    assert visit("/search", "erin").locator("#scope option[value=all]").count() == 0
