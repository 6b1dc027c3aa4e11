"""A queue worked through by keyboard in a browser: first decisions, and second opinions that are blind."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from browser_site import ACTOR, BrowserSite
from sqlalchemy import select

from varde.core.account import Role
from varde.core.case import Case
from varde.core.scheme import Grade
from varde.store import case_access, opinions, stacks
from varde.store.review_tables import assignments, exposures
from varde.store.review_tables import stacks as stack_rows
from varde.workflows.make_queue import FirstWork, SecondWork, make_queue

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Response

Visit = Callable[..., "Page"]
TILE = "#grid .tile:not(.is-empty)"
FOCUSED = "#grid .tile.is-focused:not(.is-empty)"


@pytest.fixture(scope="session")
def case(browser_site: BrowserSite) -> Case:
    with browser_site.site.database.read() as connection:
        found = case_access.find_open_case(connection, browser_site.account_ids["ivan"], browser_site.case_id)
    assert found is not None
    return found


def decide(site: BrowserSite, case: Case, name: str, item_ids: list[int], code: str) -> None:
    with site.site.database.write() as connection:
        stacks.record_stack_decisions(
            connection,
            case=case,
            item_ids=item_ids,
            grade=Grade("vics-us", "2.0", code),
            whole_stacks=True,
            person=name,
            at=ACTOR.clock(),
        )


def list_leaders(site: BrowserSite) -> list[int]:
    with site.site.database.read() as connection:
        return sorted(connection.execute(select(stack_rows.c.leader_id)).scalars())


def list_decided(site: BrowserSite, code: str) -> list[int]:
    with site.site.database.read() as connection:
        rows = connection.execute(select(stack_rows.c.leader_id, stack_rows.c.codes)).all()
    return sorted(row.leader_id for row in rows if code in row.codes)


def count(site: BrowserSite, queue_id: int, name: str, state: str) -> int:
    table = assignments.c
    mine = (table.queue_id == queue_id, table.account_id == site.account_ids[name], table.state == state)
    with site.site.database.read() as connection:
        return len(connection.execute(select(table.id).where(*mine)).all())


def press_and_wait(page: Page, key: str, act: str) -> dict[str, Any]:
    """Presses a key and returns the answer to what it sent, once the page has taken it in."""
    with page.expect_response(lambda answer: answer.url.endswith(f"/{act}")) as answered:
        page.keyboard.press(key)
    answer = answered.value
    assert answer.status == 200, answer.text()
    page.wait_for_function("!document.querySelector('.tile.is-pending')")
    return dict(answer.json())


def test_first_decisions_by_keyboard(browser_site: BrowserSite, case: Case, visit: Visit) -> None:
    queue = make_queue(browser_site.site, ACTOR, case=case, name="By keyboard", work=FirstWork()).queue_id
    page = visit("/queues", "erin")
    page.get_by_role("link", name=re.compile("(Start|Go on) with By keyboard")).click()
    page.wait_for_selector(FOCUSED)
    for key in "121":
        press_and_wait(page, key, "done")
    assert count(browser_site, queue, "erin", "done") == 3
    undone = press_and_wait(page, "u", "undo")
    assert undone["tiles"][0]["code"] is None
    assert count(browser_site, queue, "erin", "done") == 3  # as it was; it is given again beside
    press_and_wait(page, "x", "return")
    assert count(browser_site, queue, "erin", "skipped") == 1
    page.wait_for_selector(FOCUSED)
    page.keyboard.press("e")
    page.get_by_label("What should they know?").fill("I am not sure, please look")
    with page.expect_response(lambda answer: answer.url.endswith("/return")):
        page.get_by_role("button", name="Escalate", exact=True).last.click()
    assert count(browser_site, queue, "erin", "escalated") == 1
    page.wait_for_selector(FOCUSED)
    page.keyboard.press("q")
    page.wait_for_url("**/queues")
    assert count(browser_site, queue, "erin", "given") == 0


SLOW_TAKE = """() => {
  const ask = window.fetch;
  const wait = () => new Promise((resolve) => setTimeout(resolve, 1000));
  window.fetch = async (path, options) => {
    if (path.endsWith("/take")) await wait();
    return ask(path, options);
  };
}"""


def test_what_is_escalated_is_what_the_person_saw(browser_site: BrowserSite, case: Case, visit: Visit) -> None:
    """Escalating while the next items are on their way: it waits for them, and no note is lost."""
    queue = make_queue(browser_site.site, ACTOR, case=case, name="Slow", work=FirstWork()).queue_id
    page = visit(f"/queues/{queue}", "erin")
    skipped = page.locator(FOCUSED).get_attribute("data-item")
    page.evaluate(SLOW_TAKE)
    with page.expect_response(lambda answer: answer.url.endswith("/return")):
        page.keyboard.press("x")
    page.keyboard.press("x")  # the next one was not seen yet
    page.keyboard.press("e")
    page.get_by_label("What should they know?").fill("please look")
    seen = page.locator(FOCUSED).get_attribute("data-item")
    with page.expect_response(lambda answer: answer.url.endswith("/return")) as answered:
        page.get_by_role("button", name="Escalate", exact=True).last.click()
    sent = json.loads(answered.value.request.post_data or "")
    assert sent == {"item_id": int(str(seen)), "how": "escalated", "note": "please look"}
    assert seen != skipped
    assert count(browser_site, queue, "erin", "skipped") == 1
    page.keyboard.press("q")
    page.wait_for_url("**/queues")


def test_second_opinion_is_blind_in_page_and_network(browser_site: BrowserSite, case: Case, visit: Visit) -> None:
    """The first decision is code 5; the page's buttons apart, nothing that comes to this browser may hold it."""
    browser_site.add_person("sol", Role.EXAMINER)
    decided = list_leaders(browser_site)[-6:]
    if others := list_decided(browser_site, "5"):  # of other tests of this site
        decide(browser_site, case, "ivan", others, "0")
    decide(browser_site, case, "ivan", decided, "5")
    work = SecondWork(percent=0, codes=("5",))
    queue = make_queue(browser_site.site, ACTOR, case=case, name="A second look", work=work).queue_id
    page = visit("/queues", "sol")
    came: list[str] = []
    page.on("response", lambda answer: came.append(read(answer)))
    page.goto(f"/queues/{queue}")
    page.wait_for_selector(FOCUSED)
    assert page.get_by_text("Second opinion, blind").is_visible()
    assert page.locator(TILE).count() == len(decided)
    assert_unseen(page)
    given = press_and_wait(page, "1", "done")["tiles"][0]
    assert (given["code"], given["undecided"]) == ("1", 0)
    press_and_wait(page, "2", "done")
    press_and_wait(page, "u", "undo")
    press_and_wait(page, "3", "done")
    assert_unseen(page)
    page.keyboard.press("?")
    assert page.get_by_text("Hand everything back and stop").is_visible()
    page.keyboard.press("Escape")
    page.goto(f"/items/{decided[0]}")
    assert_unseen(page, at_codes=False)
    codes = [code for text in came for code in re.findall(r'"code":\s*"(\w+)"', text)]
    assert codes
    assert "5" not in codes
    with browser_site.site.database.read() as connection:
        compared = opinions.list_compared(connection, queue)
    assert {one.first for one in compared} == {"5"}
    assert sorted(one.second for one in compared) in (["1", "3"], ["1", "2", "3"])


def assert_unseen(page: Page, *, at_codes: bool = True) -> None:
    """Fails if a tile, or a history, shows the code of the first decision."""
    shown = page.locator("#grid .tile" if at_codes else "main").all_inner_texts()
    assert not [text for text in shown if re.search(r"(?<![\w.:/-])5(?![\w.:/-])", text) and "graded 5" in text.lower()]
    assert page.locator("#grid .tile .code", has_text="5").count() == 0
    assert "vics-us@2.0:5" not in page.content()


def read(answer: Response) -> str:
    kind = answer.headers.get("content-type", "")
    if answer.status >= 300 or not ("json" in kind or "html" in kind):
        return ""
    return answer.text()


def test_reload_gives_the_same_items_again(browser_site: BrowserSite, case: Case, visit: Visit) -> None:
    browser_site.add_person("rita", Role.EXAMINER)
    work = FirstWork(kinds=())
    queue = make_queue(browser_site.site, ACTOR, case=case, name="Again", work=work).queue_id
    page = visit(f"/queues/{queue}", "rita")
    page.wait_for_selector(FOCUSED)
    before = page.locator(TILE).all_inner_texts()
    page.reload()
    page.wait_for_selector(FOCUSED)
    assert page.locator(TILE).all_inner_texts() == before
    page.keyboard.press("q")
    page.wait_for_url("**/queues")


def test_what_is_on_the_screen_comes_into_the_ledger(browser_site: BrowserSite, case: Case, visit: Visit) -> None:
    browser_site.add_person("lena", Role.EXAMINER)
    work = FirstWork(kinds=())
    queue = make_queue(browser_site.site, ACTOR, case=case, name="Seen", work=work).queue_id
    page = visit(f"/queues/{queue}", "lena")
    page.wait_for_selector(FOCUSED)
    page.wait_for_timeout(1200)
    page.keyboard.press("r")
    page.wait_for_timeout(1200)
    with page.expect_response(lambda answer: answer.url.endswith("/exposure") and answer.request.method == "POST"):
        page.evaluate(
            "import(document.querySelector('script[src*=queue]').src.replace('queue.js', 'exposure.js'))"
            ".then((ledger) => ledger.flush())"
        )
    table = exposures.c
    with browser_site.site.database.read() as connection:
        mine = select(exposures).where(table.account_id == browser_site.account_ids["lena"])
        rows = connection.execute(mine).all()
    assert {row.level for row in rows} == {0, 1}
    assert 2.0 < sum(row.seconds for row in rows) < 20.0
    revealed = [row for row in rows if row.level == 1]
    assert len(revealed) == 1
    assert revealed[0].seconds > 1.0
    page.keyboard.press("q")
    page.wait_for_url("**/queues")


def test_break_is_proposed_calmly_and_can_be_put_off(
    browser_site: BrowserSite, case: Case, open_context: Callable[..., BrowserContext]
) -> None:
    """The server's answer is made up here, so that nobody has to look for three quarters of an hour."""
    page = open_context("erin").new_page()
    text = "You have been looking for 46 minutes. A break would do you good."
    told = {"items": 1, "seconds": 2760, "since_break_s": 2760, "advice": [{"kind": "break", "text": text}]}
    page.route(
        "**/exposure", lambda route: route.fulfill(json=told) if route.request.method == "POST" else route.continue_()
    )
    work = FirstWork(kinds=())
    queue = make_queue(browser_site.site, ACTOR, case=case, name="Break", work=work).queue_id
    page.goto(f"/queues/{queue}")
    page.wait_for_selector(FOCUSED)
    page.wait_for_timeout(1000)
    flush = (
        "import(document.querySelector('script[src*=queue]').src.replace('queue.js', 'exposure.js'))"
        ".then((ledger) => ledger.flush())"
    )
    page.evaluate(flush)
    notice = page.locator("#notices .notice", has_text="A break would do you good")
    notice.wait_for()
    press_and_wait(page, "1", "done")
    notice.get_by_role("button", name="Later").click()
    assert notice.count() == 0
    page.wait_for_timeout(1000)
    page.evaluate(flush)
    page.wait_for_timeout(300)
    assert notice.count() == 0
    assert json.loads(page.evaluate("sessionStorage.getItem('varde.quiet')"))["break"] > 0
    page.keyboard.press("q")
    page.wait_for_url("**/queues")
