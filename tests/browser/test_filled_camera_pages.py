"""The pages about cameras with something on them: a camera, comparisons, a lead, a decision, a group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from browser_site import ACTOR, BrowserSite
from playwright.sync_api import Page
from test_accessibility import list_violations
from tests.camera_cases import add_camera, compare_item
from tests.enrolled_cameras import add_case, add_pictures, make_jpeg, make_pattern

from varde.core.camera import LinkVerdict
from varde.core.outcome import NotComparable, Reason
from varde.core.source_cluster import SourceCluster, SourceMember
from varde.store import accounts, case_access, source_clusters, tables
from varde.store.site import Site
from varde.workflows.decide_camera_link import decide_link

CASE = "the boat house"
CAMERA = "seized phone <b>back</b> camera, exhibit_17_of_the_boat_house"
LONG = f"{'long_' * 30}name.jpg"
NARROW_PX = 420


@dataclass(frozen=True)
class Filled:
    """Numbers that paths are made of."""

    case: int
    camera: int
    comparison: int
    item: int


@pytest.fixture(scope="module")
def filled(browser_site: BrowserSite) -> Filled:
    """Three files: one speaks for a camera and waits, somebody decided about one, one is not assessable."""
    site, pattern = browser_site.site, make_pattern(1, (256, 320))
    case_id = add_case(site, CASE)
    files = {name: (make_jpeg(pattern, seed), None) for seed, name in enumerate((LONG, "river.jpg", "dark.jpg"))}
    contents = add_pictures(site, CASE, browser_site.folder.parent / "pictures of cameras", files)
    with site.database.write() as connection:
        table = tables.items.c
        query = tables.items.select().with_only_columns(table.id).where(table.content_id.in_(contents))
        items = list(connection.execute(query.order_by(table.content_id)).scalars())
        account = accounts.get_account(connection, "every")
        case_access.give_access(connection, case_id, account.account_id, person=ACTOR.person, at=ACTOR.clock())
    camera = add_camera(site, ACTOR, CAMERA, CASE)
    surface = tuple(
        tuple(24.7 if row == column == 12 else 0.1 * (row - column) for row in range(25)) for column in range(25)
    )
    made = [compare_item(site, ACTOR, camera, item, name=LONG, surface=surface) for item in items[:2]]
    refused = NotComparable(Reason.TOO_DARK, "Only 2 % of it can be used.")
    compare_item(site, ACTOR, camera, items[2], outcome=refused, likelihood=refused, advice="Find another copy.")
    decide_link(site, ACTOR, CASE, items[1], CAMERA, LinkVerdict.LINKED, note="seen beside it", case_ids=None)
    _group(site, case_id, contents)
    return Filled(case_id, camera.camera_id, made[0], items[0])


def _group(site: Site, case_id: int, contents: list[int]) -> None:
    facts: dict[str, object] = {"width_px": 320, "height_px": 256, "strength": 9.1, "least": 8.0, "is_exact": True}
    facts["models"] = [{"make": "Maker", "model": "M1", "files": 2}]
    facts["cameras"] = [{"camera": CAMERA, "version": 1, "z": 9.0}]
    with site.database.write() as connection:
        source_clusters.add_clustering(
            connection,
            case_id,
            method="camera.clusters/1",
            facts={"notes": []},
            clusters=[SourceCluster(1, 2, facts)],
            members=[
                SourceMember(contents[0], 1, None, 8.0),
                SourceMember(contents[1], 1, None, 10.2),
                SourceMember(contents[2], None, "alone", None),
            ],
            person=ACTOR.person,
            at=ACTOR.clock(),
        )


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/cases/{0.case}/cameras", "Decided by a person"),
        ("/cases/{0.case}/cameras/{0.camera}", "Decisions of persons"),
        ("/cases/{0.case}/camera-comparisons/{0.comparison}", "What such a score is worth"),
        ("/cases/{0.case}/sources", "Group 1: 2 pictures"),
        ("/items/{0.item}", "Agreement of sensor noise"),
    ],
    ids=["cameras", "camera", "comparison", "sources", "item"],
)
def test_filled_page_has_no_violation_and_fits_a_narrow_window(
    visit: Callable[..., Page], filled: Filled, path: str, says: str
) -> None:
    page = visit(path.format(filled), "every")
    page.get_by_text(says).first.wait_for()
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert not list_violations(page, sizes=("small",))
    page.set_viewport_size({"width": NARROW_PX, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW_PX
    cells = page.locator("tbody th:has(.name)").all()
    assert all(box["width"] > 150 for cell in cells if (box := cell.bounding_box()))
