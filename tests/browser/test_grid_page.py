"""The grid of a case, used as an examiner does: by keys, in a real browser, against a real server."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from browser_site import COPIES, HOSTILE, BrowserSite
from grid_driver import GridDriver
from playwright.sync_api import Page, Route

ALL = "?open=&order=place"


@pytest.fixture
def open_grid(visit: Callable[..., Page], browser_site: BrowserSite) -> Callable[..., GridDriver]:
    """Gives a function that opens the grid of the case."""

    def open_one(query: str = ALL, **options: str) -> GridDriver:
        return GridDriver(visit(f"/cases/{browser_site.case_id}/grid{query}", **options))

    return open_one


@pytest.mark.parametrize("size", ["small", "large"])
def test_fifty_items_are_graded_by_keyboard_and_are_still_there_after_reload(
    open_grid: Callable[..., GridDriver], size: str
) -> None:
    grid = open_grid(size=size)
    before = grid.count_decided()
    pressed: dict[str, str] = {}
    for number in range(50):
        item = grid.focus_item()
        pressed[item] = str(number % 6)
        grid.press(pressed[item])
        grid.page.wait_for_function(f"document.querySelector('.tile.is-focused').dataset.item !== '{item}'")
    grid.settle()
    assert len(pressed) == 50
    assert grid.count_decided() >= before
    grid.page.reload()
    grid = GridDriver(grid.page)
    codes = grid.read_codes()
    while not pressed.keys() <= codes.keys():
        first = grid.focus_item()
        grid.press("PageDown")
        grid.page.wait_for_function(f"document.querySelector('.tile.is-focused').dataset.item !== '{first}'")
        codes |= grid.read_codes()
    assert {item: codes[item] for item in pressed} == pressed


@pytest.mark.parametrize("size", ["small", "large"])
def test_page_fills_the_window_without_scrolling(open_grid: Callable[..., GridDriver], size: str) -> None:
    grid = open_grid(size=size)
    fits = "[document.documentElement.scrollHeight <= innerHeight, document.documentElement.scrollWidth <= innerWidth]"
    assert grid.page.evaluate(fits) == [True, True]
    assert grid.tiles.count() >= (28 if size == "small" else 66)


def test_undo_brings_back_what_was_in_force(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid("?open=&order=place&kind=video")
    item = grid.focus_item()
    grid.press("4")
    grid.settle()
    grid.press("2")
    grid.settle()
    assert grid.read_codes()[item] == "2"
    assert "grade 2" in grid.page.get_by_role("button", name="Undo").inner_text()
    grid.press("u")
    grid.settle()
    grid.page.wait_for_function("document.querySelector('.tile .code').textContent === '4'")
    grid.press("u")
    grid.settle()
    grid.page.wait_for_function("document.querySelector('.tile .code').textContent === ''")
    grid.page.reload()
    assert GridDriver(grid.page).read_codes()[item] == ""


def test_one_decision_is_for_the_whole_stack_and_a_part_can_differ(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid("?open=&order=relevance")
    stack = grid.scope.locator(".tile", has_text=f"× {COPIES}")
    stack.click()
    grid.press("Space", "3")  # chosen: the focus stays
    grid.settle()
    assert stack.locator(".code").inner_text() == "3"
    stack.click()
    grid.press("s")
    members = GridDriver(grid.page, "dialog")
    assert members.tiles.count() == COPIES
    assert set(members.read_codes().values()) == {"3"}
    members.press("ArrowRight", "1")
    members.settle()
    assert sorted(members.read_codes().values()) == ["1", *["3"] * (COPIES - 1)]
    grid.page.keyboard.press("Escape")
    stack.get_by_text("mixed").wait_for()


def test_pictures_are_revealed_step_by_step_and_veiled_when_the_focus_moves_on(
    open_grid: Callable[..., GridDriver],
) -> None:
    grid = open_grid()
    item = grid.focus_item()
    assert set(grid.read_levels().values()) == {0}
    for level in (1, 2, 3, 3):
        grid.press("r")
        assert grid.read_levels()[item] == level
    grid.press("R")
    assert grid.read_levels()[item] == 2
    assert sum(grid.read_levels().values()) == 2, "only the picture in focus is revealed"
    grid.press("ArrowRight")
    assert set(grid.read_levels().values()) == {0}


def test_panic_key_veils_everything_at_once_also_what_the_person_begins_with(
    open_grid: Callable[..., GridDriver],
) -> None:
    grid = open_grid()
    grid.page.evaluate("document.body.dataset.startLevel = 1")
    grid.page.route("**/grid?*", _begin_softly)
    grid.page.reload()
    grid = GridDriver(grid.page)
    assert set(grid.read_levels().values()) == {1}
    grid.press("r", "r", "b")
    assert set(grid.read_levels().values()) == {0}
    assert grid.scope.locator("img.is-loaded[src*='/picture/1'], img.is-loaded[src*='/picture/3']").count() == 0
    grid.press("b")
    assert set(grid.read_levels().values()) == {1}


def _begin_softly(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('data-start-level="0"', 'data-start-level="1"'))


def test_a_range_is_chosen_with_shift_and_graded_at_once(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid()
    items = grid.list_items()
    grid.press("End", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft")
    assert grid.scope.locator('.tile[aria-selected="true"]').count() == 4
    grid.press("5")
    grid.settle()
    codes = grid.read_codes()
    assert [codes[item] for item in items[-4:]] == ["5"] * 4
    grid.press("u")
    grid.settle()


def test_whole_page_is_chosen_and_escape_chooses_none(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid()
    chosen = grid.scope.locator('.tile[aria-selected="true"]')
    grid.press("Control+a")
    assert chosen.count() == grid.tiles.count()
    grid.press("Escape")
    assert chosen.count() == 0


def test_next_undecided_item_is_found_behind_decided_ones(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid()
    first = grid.list_items()
    grid.press("Home", "Shift+ArrowRight", "Shift+ArrowRight", "1")
    grid.settle()
    grid.press("Home", "n")
    grid.page.wait_for_function("!document.querySelector('.tile.is-focused .code').textContent")
    assert grid.focus_item() not in first[:3]


def test_refused_decision_is_put_back_and_said(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid("?open=&order=place&kind=video")
    before = grid.read_codes()
    grid = _answer_decisions(grid, 400, "It is held.")
    grid.press("1")
    notice = grid.page.get_by_role("alert")
    notice.wait_for()
    assert "It is held." in notice.inner_text()
    assert grid.read_codes() == before


def test_decisions_made_offline_are_sent_later_in_order_and_once(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid("?open=&order=place&kind=video")
    sent: list[str] = []
    grid.page.on("request", lambda request: _note(sent, request.url))
    grid.page.context.set_offline(offline=True)
    grid.press("1", "2")
    grid.page.get_by_text("sent again without your doing").wait_for()
    assert grid.scope.locator(".tile.is-pending").count() == 1
    grid.page.context.set_offline(offline=False)
    grid.settle()
    assert list(grid.read_codes().values()) == ["2"]
    grid.page.reload()
    grid = GridDriver(grid.page)
    assert list(grid.read_codes().values()) == ["2"]
    grid.press("w")
    grid.settle()


def _answer_decisions(grid: GridDriver, status: int, message: str) -> GridDriver:
    """Answers decisions in the server's place. A page that is loaded already may still send past the route."""
    grid.page.route("**/decisions", lambda route: route.fulfill(status=status, json={"message": message}))
    grid.page.reload()
    return GridDriver(grid.page)


def _note(sent: list[str], url: str) -> None:
    if url.endswith("/decisions"):
        sent.append(url)


def test_a_note_goes_to_the_item_it_was_begun_for(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid("?open=&order=place&kind=video")
    item = grid.focus_item()
    grid.press("m")
    grid.page.get_by_label("Note, kept with the decision").fill("as agreed")
    grid.page.evaluate(
        "() => { for (const box of document.querySelectorAll('[name=kind]')) box.checked = box.value === 'picture';"
        " document.querySelector('[name=kind]').dispatchEvent(new Event('change', {bubbles: true})); }"
    )
    grid.page.wait_for_function(f"document.querySelector('.tile.is-focused')?.dataset.item !== '{item}'")
    with grid.page.expect_request("**/decisions") as asked:
        grid.page.locator("dialog .code-list button", has_text="2").click()
    sent = asked.value.post_data_json
    assert (sent["items"], sent["note"]) == ([int(item)], "as agreed")
    grid.settle()
    grid.press("u")
    grid.settle()


def test_leaving_with_unsaved_decisions_is_asked_about(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid("?open=&order=place&kind=video")
    grid = _answer_decisions(grid, 503, "Busy.")
    grid.press("1")
    grid.page.get_by_text("Do not close this page").wait_for()
    asked: list[str] = []
    grid.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    grid.page.goto("/")
    assert asked == ["beforeunload"]


def test_help_lists_the_keys_that_work(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid()
    grid.press("?")
    shown = grid.page.locator("dialog").inner_text()
    for words in ("Next undecided item", "Grade 5", "Undo", "Reveal one step more", "Veil everything at once"):
        assert words in shown
    grid.press("Escape")
    assert grid.focused.evaluate("tile => tile === document.activeElement")


def test_codes_that_are_no_digits_are_chosen_by_letter(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid("?open=&order=place&kind=video")
    bodies: list[str] = []
    grid.page.route("**/grid?*", _grade_by_letters)
    grid.page.route("**/decisions", lambda route: (bodies.append(route.request.post_data or ""), route.abort()))
    grid.page.reload()
    grid = GridDriver(grid.page)
    grid.press("g", "b")
    grid.page.get_by_text("sent again without your doing").wait_for()
    assert '"code":"B"' in bodies[0]


def _grade_by_letters(route: Route) -> None:
    answer = route.fetch()
    body = re.sub(r"data-codes='[^']*'|data-codes=\"[^\"]*\"", 'data-codes=\'["A", "B", "C"]\'', answer.text())
    route.fulfill(response=answer, body=body)


def test_hostile_names_are_text(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid("?open=&order=folder")
    while not grid.scope.get_by_title(HOSTILE).count():
        before = grid.focus_item()
        grid.press("PageDown")
        grid.page.wait_for_function(f"document.querySelector('.tile.is-focused').dataset.item !== '{before}'")
    assert grid.page.locator("img[onerror], img[src=x]").count() == 0
    assert grid.page.title().startswith("Grid of")
    titles = grid.scope.locator(".tile-caption").evaluate_all("all => all.map(one => one.title)")
    assert not any("\u202e" in title for title in titles), "a name that turns the text round"


def test_everything_can_be_done_with_a_mouse(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid()
    tile = grid.tiles.nth(3)
    tile.click()
    item = grid.focus_item()
    tile.get_by_label("Reveal one step more").click()
    assert grid.read_levels()[item] == 1
    grid.page.get_by_role("button", name="Veil", exact=True).click()
    assert grid.read_levels()[item] == 0
    grid.page.get_by_role("button", name="Grade 2").click()
    grid.settle()
    assert grid.read_codes()[item] == "2"
    grid.page.get_by_role("button", name=re.compile("^Undo")).click()
    grid.settle()


def test_folder_is_chosen_and_the_address_says_it(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid()
    grid.page.get_by_role("button", name="Folder: all").click()
    grid.page.locator("dialog").get_by_role("button", name=re.compile("clips")).click()
    grid.page.wait_for_function("document.querySelectorAll('.tile:not(.is-empty)').length === 1")
    assert re.search(r"folder=\d+", grid.page.url)
    grid.page.reload()
    assert GridDriver(grid.page).tiles.count() == 1


def test_a_digit_that_is_no_grade_decides_nothing_and_says_so(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid()
    before = (grid.focus_item(), grid.read_codes())
    grid.press("9")
    assert grid.page.locator(".grid-position span").inner_text() == "9 is no grade here"
    assert (grid.focus_item(), grid.read_codes()) == before
    grid.press("?")
    assert "No grade here" not in grid.page.locator("dialog").inner_text()


def test_focus_passes_over_what_is_decided_after_a_grade(open_grid: Callable[..., GridDriver]) -> None:
    grid = open_grid()
    grid.press("n")
    open_tiles = [item for item, code in grid.read_codes().items() if not code and item != grid.focus_item()]
    passed, expected = open_tiles[0], open_tiles[1]
    grid.find(passed).click()
    grid.press("Space", "2")
    grid.settle()
    grid.press("ArrowLeft")
    before = grid.focus_item()
    grid.press("w")
    grid.settle()
    grid.press("1")
    grid.page.wait_for_function(f"document.querySelector('.tile.is-focused').dataset.item !== '{before}'")
    assert grid.focus_item() == expected
