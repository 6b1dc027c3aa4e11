"""The audit grid of clusters in a browser: by keyboard, veiled at first, nothing lost when two people edit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from browser_site import CASE, BrowserSite
from playwright.sync_api import Page, expect
from sqlalchemy import insert, select
from test_accessibility import list_violations

from varde.core.case import Case
from varde.core.model import ModelIdentity, ModelTask
from varde.pipeline import face_clustering
from varde.store import cases, tables
from varde.store.face_tables import face_embeddings, face_frames, faces
from varde.store.models import ensure_model
from varde.testing.picture_files import make_small_jpeg
from varde.workflows import edit_clusters, group_faces
from varde.workflows.actor import Actor

PEOPLE = (1, 2)
PICTURES = 6
ACTOR = Actor("A. Operator")


@pytest.fixture(scope="module")
def crowd(browser_site: BrowserSite) -> Case:
    """Two made-up people in six pictures of the case, grouped."""
    site, rng = browser_site.site, np.random.default_rng(1)
    identity = ModelIdentity("made_up", "1", ModelTask.FACE_EMBED, bytes(32))
    with site.database.write() as connection:
        case = cases.get_case(connection, CASE)
        model_id = ensure_model(connection, identity, "A", ACTOR.clock())
        query = select(tables.contents.c.id).where(tables.contents.c.kind == "picture").order_by(tables.contents.c.id)
        for content_id in connection.execute(query.limit(PICTURES)).scalars().all():
            for at, person in enumerate(PEOPLE):
                face = {"content_id": content_id, "ordinal": at, "left": 0.1, "top": 0.1, "width": 0.2, "height": 0.2}
                face |= {"landmarks": [], "angle": 0, "size_px": 90.0, "confidence": 0.9, "quality": 80}
                made = connection.execute(insert(faces).values(**face, seen_frames=1).returning(faces.c.id))
                face_id = made.scalar_one()
                own = np.random.default_rng(100 + person).standard_normal(64)
                vector = own / np.linalg.norm(own) + 0.3 * rng.standard_normal(64) / 8
                data = (vector / np.linalg.norm(vector)).astype("<f4").tobytes()
                row = {"model_id": model_id, "face_id": face_id, "vector": data}
                connection.execute(insert(face_embeddings).values(**row))
                frame = {"face_id": face_id, "position": 0, "quality": 80, "crop": make_small_jpeg(rng)}
                connection.execute(insert(face_frames).values(**frame))
    embedder = face_clustering._Embedder(model_id, str(identity), {"1e-3": 0.4, "1e-5": 0.55})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(face_clustering, "_find_embedder", lambda *_: embedder)
        group_faces.group_faces(site, ACTOR, case.name)
    return case


@pytest.fixture
def page(visit: Callable[..., Page], crowd: Case) -> Page:
    shown = visit(f"/cases/{crowd.case_id}/clusters", "ivan")
    expect(shown.locator(".cluster")).to_have_count(2)
    return shown


def test_rows_are_veiled_and_worked_by_keyboard(page: Page, browser_site: BrowserSite) -> None:
    expect(page.locator(".face")).to_have_count(2 * PICTURES)
    sources = page.locator(".face img").evaluate_all("(all) => all.map((one) => one.getAttribute('src'))")
    assert not list_violations(page)
    assert all(source.endswith("/0") for source in sources)
    page.wait_for_function("[...document.querySelectorAll('.face img')].every((one) => one.naturalWidth > 0)")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator(".face.is-selected")).to_have_count(2)
    page.keyboard.press("s")
    expect(page.locator(".cluster")).to_have_count(3)
    page.keyboard.press("z")
    page.locator("dialog button[type=submit]").click()
    expect(page.locator(".cluster")).to_have_count(2)


def test_two_of_one_picture_are_merged_only_if_said(page: Page) -> None:
    page.keyboard.press("a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("a")
    page.keyboard.press("m")
    notice = page.locator("#notices .notice")
    expect(notice).to_contain_text("one picture")
    expect(page.locator(".cluster")).to_have_count(2)


def test_suggestions_and_alias_are_a_persons(page: Page) -> None:
    page.keyboard.press("p")
    expect(page.locator("dialog")).to_contain_text("you say")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("B")
    page.keyboard.press("Enter")
    expect(page.locator(".cluster-head strong").first).to_have_text("B")


def test_a_key_right_after_a_dialog_is_not_lost(page: Page) -> None:
    page.keyboard.press("?")
    page.evaluate(
        "() => { document.querySelector('dialog').close();"
        " document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'n', bubbles: true})); }"
    )
    expect(page.locator("dialog[open] h2")).to_have_text("Alias")


def test_a_change_while_another_is_saved_is_not_dropped_in_silence(page: Page) -> None:
    page.evaluate(
        "() => { const ask = window.fetch; window.fetch = async (path, options) => {"
        " if (options.method === 'POST') await new Promise((resolve) => setTimeout(resolve, 1000));"
        " return ask(path, options); }; }"
    )
    for name in ("first", "second"):
        page.keyboard.press("n")
        page.locator("dialog input").fill(name)
        page.keyboard.press("Enter")
    expect(page.locator("#notices .notice")).to_contain_text("Not done")
    expect(page.locator(".cluster-head strong").first).to_have_text("first")


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    page: Page, browser_site: BrowserSite, crowd: Case
) -> None:
    face_id = int(page.locator(".face").first.locator("img").get_attribute("src").split("/")[2])  # type: ignore[union-attr]
    with browser_site.site.database.read() as connection:
        number = edit_clusters.stored.read_members(connection, crowd.case_id, [face_id])[face_id].cluster_id or 0
        version = edit_clusters.stored.get_cluster(connection, crowd.case_id, number).version
    edit_clusters.put_apart(browser_site.site, ACTOR, crowd, [face_id], {number: version})
    page.keyboard.press("u")
    expect(page.locator("#notices .notice")).to_contain_text("Look at it as it is now")
    expect(page.locator(".face")).to_have_count(2 * PICTURES - 1)


def test_page_of_one_cluster_shows_it_alone_until_filters_change(
    visit: Callable[..., Page], crowd: Case, page: Page
) -> None:
    rows = page.evaluate("(path) => fetch(path).then((one) => one.json())", f"/cases/{crowd.case_id}/clusters/rows")
    number = rows["rows"][-1]["cluster_id"]
    only = visit(f"/cases/{crowd.case_id}/clusters?cluster={number}", "ivan")
    expect(only.locator(".cluster")).to_have_count(1)
    only.select_option("select[name=least]", "1")
    expect(only.locator(".cluster")).to_have_count(len(rows["rows"]))


def test_unknown_faces_say_that_there_is_nothing_to_correct(page: Page) -> None:
    page.select_option("select[name=unknown]", index=1)
    expect(page.locator(".cluster")).to_have_count(1)
    for key in ("s", "u", "m"):
        page.locator(".face").first.click()
        page.keyboard.press(key)
        expect(page.locator("#notices .notice")).to_contain_text("in no cluster")
