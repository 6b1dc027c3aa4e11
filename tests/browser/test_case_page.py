"""The pages of a case, its reports, known sets and the audit log in a browser."""

from __future__ import annotations

from collections.abc import Callable

from browser_site import BrowserSite
from playwright.sync_api import Page, expect


def test_a_case_tells_what_is_in_it(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    page = visit(f"/cases/{browser_site.case_id}")
    expect(page.get_by_role("heading", name="Exhibits")).to_be_visible()
    expect(page.get_by_role("region", name="Matches by set")).to_contain_text("example-set")
    expect(page.get_by_role("region", name="Table: Folders", exact=True)).to_contain_text("downloads")
    page.get_by_text("As a table").first.click()
    expect(page.get_by_role("region", name="File times, by month", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_report_is_written_while_one_waits_and_then_downloaded(
    visit: Callable[..., Page], browser_site: BrowserSite
) -> None:
    page = visit(f"/cases/{browser_site.case_id}/reports", "ivan")
    page.get_by_role("button", name="Write", exact=True).click()
    link = page.get_by_role("link", name="Download report.html").first
    link.wait_for(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.endswith("-report.html")
    text = download.value.path().read_text("utf-8")
    assert "Machine findings in this report are proposals." in text


def test_pictures_as_they_are_are_asked_for_again(visit: Callable[..., Page], browser_site: BrowserSite) -> None:
    page = visit(f"/cases/{browser_site.case_id}/reports", "ivan")
    page.get_by_label("as they are (you will be asked again)").check()
    page.get_by_role("button", name="Write", exact=True).click()
    expect(page.get_by_role("alertdialog")).to_contain_text("unblurred")
    page.get_by_role("link", name="No, go back").click()
    expect(page.get_by_role("alertdialog")).to_have_count(0)


def test_a_case_is_opened(visit: Callable[..., Page]) -> None:
    page = visit("/cases/new", "sara")
    page.get_by_label("Name").fill("north wood")
    page.get_by_label("Authorisation").fill("order 21")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="north wood")).to_be_visible()
    expect(page.locator("pre")).to_contain_text('varde exhibit add "north wood"')


def test_a_set_is_imported_and_an_entry_withdrawn(visit: Callable[..., Page]) -> None:
    page = visit("/known", "kim")
    page.get_by_text("Import a set from a file").click()
    data = b"".join(f"{number:032x}\n".encode() for number in range(1, 20))
    page.set_input_files(
        "#import-form input[type=file]", {"name": "list.txt", "mimeType": "text/plain", "buffer": data}
    )
    page.get_by_label("Name", exact=True).fill("typed in")
    page.get_by_label("Role").select_option("known")
    page.get_by_role("button", name="Import", exact=True).click()
    link = page.get_by_role("link", name="typed in")
    link.wait_for(timeout=30_000)
    link.click()
    page.get_by_text("Change", exact=False).filter(has=page.locator(".visually-hidden")).first.click()
    form = page.locator("td form").first
    form.get_by_label("Why").fill("not ours")
    form.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("not ours")).to_be_visible()


def test_the_log_is_verified(visit: Callable[..., Page]) -> None:
    page = visit("/audit", "otto")
    page.get_by_role("button", name="Verify now").click()
    expect(page.get_by_text("The log is intact")).to_be_visible(timeout=30_000)
