"""A face found again in a browser: probe, candidates, compare, decide, second person, audit, report; by keyboard."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_site import ACTOR, BrowserSite, add_person
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from test_accessibility import list_violations

from varde.core.account import Role
from varde.core.audit import Act
from varde.core.case import Keeping
from varde.store import audit
from varde.store.site import open_site
from varde.testing.pictures import make_photo
from varde.workflows.actor import Actor
from varde.workflows.manage_models import choose
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case
from varde.workflows.report_trial import report_trial

astronaut = pytest.importorskip("skimage.data", reason="scikit-image has the one face of these tests").astronaut

CASE = "harbour"
ELSEWHERE = "not for everybody"
SIDE = (slice(0, 240), slice(110, 350))
"""The part of the picture that shows the face."""


def write_portrait(path: Path, *, darker: float = 1.0, mirrored: bool = False) -> None:
    pixels = astronaut()[SIDE]
    picture = Image.fromarray((pixels[:, ::-1] if mirrored else pixels).astype(float).__mul__(darker).astype(np.uint8))
    picture.save(path, quality=92)


@pytest.fixture(scope="module")
def face_site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[BrowserSite]:
    """Two cases that show the same face; ivan leads the first, and searches of everything need a second person."""
    folder = tmp_path_factory.mktemp("faces")
    shutil.copytree(sqlite_template, folder / "site")
    (folder / "site" / "varde.toml").write_text(
        '[access]\nfour_eyes = ["face_identified", "faces_searched_everywhere"]\n'
    )
    site = open_site(folder / "site")
    choose(site, ACTOR, "builtin")
    made = {}
    for name in (CASE, ELSEWHERE):
        evidence = folder / name
        evidence.mkdir()
        write_portrait(evidence / "portrait.jpg", darker=0.9 if name == CASE else 0.7, mirrored=name == CASE)
        made[name] = create_case(site, ACTOR, name=name, authorisation="order 17/2026", scheme="vics-us@2.0").case_id
        add_exhibit(site, ACTOR, case_name=name, path=evidence, keeping=Keeping.REFERENCE)
    Image.fromarray(make_photo(np.random.default_rng(3), 160, 120)).save(folder / CASE / "sea.jpg")
    for name in (CASE, ELSEWHERE):
        process_case(site, ACTOR, case_name=name, progress=lambda _: None)
    found = BrowserSite(site, folder / "site", made[CASE])
    found.account_ids["ivan"] = add_person(site, "ivan", (Role.INVESTIGATOR,), [made[CASE]])
    found.account_ids["sara"] = add_person(site, "sara", (Role.SUPERVISOR,), [made[CASE]])
    found.account_ids["olga"] = add_person(site, "olga", (Role.INVESTIGATOR,), [made[ELSEWHERE]])
    found.account_ids["ada"] = add_person(site, "ada", (Role.ADMINISTRATOR,), [])
    yield found
    site.close()


@pytest.fixture(scope="module")
def go(
    browser: Browser, face_site: BrowserSite, serving: Callable[..., AbstractContextManager[Any]]
) -> Iterator[Callable[..., Page]]:
    """Gives a function that opens a path as somebody; a fault in a script of the page fails the test."""
    with serving(face_site.folder) as served:
        opened = []

        def open_page(path: str, name: str = "ivan") -> Page:
            context = browser.new_context(
                base_url=served.address,
                bypass_csp=True,
                viewport={"width": 1280, "height": 800},
                color_scheme="dark",
                reduced_motion="reduce",
            )
            context.set_default_timeout(30_000)
            cookie = {"name": "varde", "value": face_site.start_session(name), "url": served.address}
            context.add_cookies([cookie])  # type: ignore[list-item]
            opened.append(context)
            page = context.new_page()
            page.on("pageerror", _fail)
            page.goto(path)
            return page

        yield open_page
        for context in opened:
            context.close()


def _fail(error: Exception) -> None:
    raise AssertionError(f"a script of the page failed: {error}")


def make_file(pixels: np.ndarray, name: str) -> dict[str, object]:
    with io.BytesIO() as file:
        Image.fromarray(pixels).save(file, "JPEG", quality=95)
        return {"name": name, "mimeType": "image/jpeg", "buffer": file.getvalue()}


def list_acts(site: BrowserSite) -> list[str]:
    with site.site.database.read() as connection:
        return [event.act for event in audit.list_events(connection)]


def add_probe(page: Page) -> None:
    page.set_input_files("#pictures", [make_file(astronaut()[SIDE], "from outside.jpg")])  # type: ignore[list-item]
    expect(page.locator("#ready")).to_have_text("1 face is searched with.", timeout=60_000)


def test_a_face_is_searched_compared_judged_and_identified_by_two_people(
    go: Callable[..., Page], face_site: BrowserSite, tmp_path: Path
) -> None:
    page = go(f"/cases/{face_site.case_id}/faces")
    page.set_input_files("#pictures", [make_file(make_photo(np.random.default_rng(5), 160, 120), "sea.jpg")])  # type: ignore[list-item]
    expect(page.locator(".probe-card .notice")).to_contain_text("No face was found", timeout=60_000)
    expect(page.locator("#search")).to_be_disabled()
    page.get_by_role("button", name="Remove").click()
    add_probe(page)
    assert not list_violations(page)
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**/face-searches/*")

    # Candidates: none of them says where it is from before it was judged.
    cards = page.locator("[data-card]:not([data-card^=probe])")
    expect(cards.first).to_contain_text("Candidate 1")
    assert "portrait.jpg" not in page.content() and "match" not in page.locator("main").inner_text().lower()
    expect(page.get_by_role("button", name="None of these")).to_be_visible()
    veiled = cards.first.locator("canvas").first
    page.wait_for_timeout(300)
    before = veiled.evaluate("(canvas) => canvas.width")
    cards.first.locator("a").focus()
    for _ in range(2):
        page.keyboard.press("r")
    expect(page.locator("#said")).to_have_text("sharp and grey")
    page.wait_for_timeout(500)
    assert veiled.evaluate("(canvas) => canvas.width") > before  # a veil has few pixels, a crop many
    assert not list_violations(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/candidates/1")

    # Compared by keyboard: revealed, in turns, one over the other, with landmarks, larger.
    expect(page.locator("#level")).to_have_text("veiled")
    for key, level in (("r", "soft and grey"), ("r", "sharp and grey"), ("r", "in colour")):
        page.keyboard.press(key)
        expect(page.locator("#level")).to_have_text(level)
    page.keyboard.press("x")
    expect(page.locator("#both")).to_have_attribute("aria-label", "The candidate")
    page.keyboard.press("x")
    expect(page.locator("#both")).to_have_attribute("aria-label", "The probe")
    page.keyboard.press("o")
    page.keyboard.press(".")
    expect(page.locator("#both-name")).to_have_text("The candidate at 60 % over the probe")
    for key in ("m", "g", "c", "+"):
        page.keyboard.press(key)
    expect(page.locator("#zoom")).to_have_text("125 %")
    expect(page.locator("#landmarks")).to_have_attribute("aria-pressed", "true")
    assert not list_violations(page)
    page.keyboard.press("v")
    page.keyboard.press("w")
    page.keyboard.type("ears and mole agree")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="It was judged")).to_be_visible()
    expect(page.locator("main")).to_contain_text("portrait.jpg")
    assert Act.CANDIDATE_JUDGED.value in list_acts(face_site)

    # Nobody is looked for yet: a victim is added, a face enrolled, then it is identified, which two people decide.
    search = page.url.rpartition("/candidates")[0]
    page.get_by_role("link", name="Add a victim").click()
    page.get_by_label("Alias").fill("V1")
    page.get_by_label("Purpose").fill("find the child again")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_url("**/victims/*")
    assert not list_violations(page)
    page.goto(f"{search}/candidates/1")
    page.get_by_label("Why").fill("the same ears and mole")
    page.get_by_role("button", name="Identify as V1").click()
    expect(page.locator("main")).to_contain_text("another person has to approve this")
    boss = go("/approvals", "sara")
    expect(boss.locator("main")).to_contain_text("Face identified")
    expect(boss.locator("main")).to_contain_text("V1")
    boss.get_by_role("button", name="Approve").first.click()
    expect(boss.locator("main")).to_contain_text("It was approved")
    page.goto(f"{search}/candidates/1")
    page.get_by_label("Why").fill("the same ears and mole")
    page.get_by_role("button", name="Identify as V1").click()
    page.wait_for_url("**/victims/*done=identified")
    expect(page.get_by_role("region", name="Table: Identifications")).to_contain_text("identified")
    assert not list_violations(page)
    acts = list_acts(face_site)
    wanted = [Act.FACES_SEARCHED, Act.CANDIDATE_JUDGED, Act.VICTIM_ADDED, Act.APPROVAL_DECIDED, Act.FACE_IDENTIFIED]
    assert [acts.index(act.value) for act in wanted] == sorted(acts.index(act.value) for act in wanted)

    # The list says what was judged; closing it tells of fillers.
    page.goto(search)
    expect(page.locator(".badge").filter(has_text="the same person")).to_have_count(1)
    page.get_by_role("button", name="Close the search").click()
    expect(page.locator("main")).to_contain_text("The search was closed")

    # The report on the trial counts what was done, and can be read.
    trial = report_trial(face_site.site, Actor("sara"), since=None, until=None, output=tmp_path / "trial.html")
    (month,) = trial.months
    assert (month.in_case, month.same, month.identifications) == (1, 1, 1)
    page.goto((tmp_path / "trial.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert not list_violations(page)


def test_everything_is_searched_with_a_second_person_and_tells_whom_to_contact(
    go: Callable[..., Page], face_site: BrowserSite
) -> None:
    page = go(f"/cases/{face_site.case_id}/faces")

    def ask() -> None:
        add_probe(page)
        page.get_by_label("Every case of this site").check()
        page.get_by_label("Purpose").fill("find the child again")
        page.get_by_label("Authorisation").fill("order 17/2026")
        page.get_by_role("button", name="Search", exact=True).click()

    ask()
    expect(page.locator("#said-here")).to_contain_text("another person has to approve this", timeout=60_000)
    boss = go("/approvals", "sara")
    expect(boss.locator("main")).to_contain_text("Faces searched everywhere")
    boss.get_by_role("button", name="Approve").first.click()
    page.reload()
    expect(page.locator("[aria-labelledby=waiting-title]")).to_contain_text("approved")
    ask()
    page.wait_for_url("**/face-searches/*")
    expect(page.locator("[aria-labelledby=elsewhere]")).to_contain_text("Contact olga")
    assert ELSEWHERE not in page.content()
    assert Act.FACES_SEARCHED_EVERYWHERE.value in list_acts(face_site)


def test_a_face_of_an_item_is_enrolled_and_searched_from_its_page(
    go: Callable[..., Page], face_site: BrowserSite
) -> None:
    page = go("/items/1")
    faces = page.locator("#item-faces")
    expect(faces.locator(".face-card")).to_have_count(1)
    page.get_by_role("button", name="Boxes in the picture").click()
    expect(page.locator(".face-boxes rect")).to_have_count(1)
    faces.get_by_text("Enrol", exact=True).click()
    faces.get_by_role("button", name=re.compile("Look for V1")).click()
    expect(page.locator("[role=status].notice")).to_contain_text("The face was enrolled")
    page.goto("/items/1")
    page.get_by_role("link", name=re.compile("Search this face")).click()
    expect(page.locator("#ready")).to_have_text("1 face is searched with.")
    page.goto(f"/cases/{face_site.case_id}/leads")
    assert not list_violations(page)
    assert Act.VICTIM_ENROLLED.value in list_acts(face_site)


def test_the_models_page_says_which_are_in_use(go: Callable[..., Page]) -> None:
    page = go("/administration/models", "ada")
    expect(page.locator(".badge.accent")).to_have_text("in use")
    assert not list_violations(page)
