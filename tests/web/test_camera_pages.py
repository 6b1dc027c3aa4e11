"""The pages about cameras: what is told to whom, and that only a person decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from paged_site import HERE, THERE, PagedSite
from tests.enrolled_cameras import add_pictures, enrol, make_jpeg, make_pattern, make_residual

from varde.core.camera_comparison import CompareOrder, ItemToCompare
from varde.core.source_cluster import SourceCluster, SourceMember
from varde.store import camera_links, source_clusters, tables
from varde.workflows.actor import Actor
from varde.workflows.cluster_sources import read_clusters
from varde.workflows.compare_camera import compare_camera

ACTOR = Actor("A. Operator")


@dataclass(frozen=True)
class Compared:
    paged: PagedSite
    item_id: int
    comparison_id: int


@pytest.fixture(scope="module")
def compared(paged: PagedSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compared]:
    folder = tmp_path_factory.mktemp("cameras")
    pattern = make_pattern(1)
    picture = make_jpeg(pattern, 1)
    add_pictures(paged.site, HERE, folder / "pictures", {"river.jpg": (picture, make_residual(pattern, 1))})
    enrol(paged.site, "zq-found-camera", pattern, case_id=paged.case_ids[HERE])
    enrol(paged.site, "zq-other-camera", make_pattern(2), case_id=paged.case_ids[THERE])
    with paged.site.database.read() as connection:
        item_id = max(connection.execute(tables.items.select().with_only_columns(tables.items.c.id)).scalars())
    order = CompareOrder("zq-found-camera", (ItemToCompare(item_id),))
    made = next(iter(compare_camera(paged.site, ACTOR, order)))
    assert made.comparison_id is not None and made.is_assessable
    yield Compared(paged, item_id, made.comparison_id)


def test_the_list_names_the_cases_own_cameras_and_no_other_cases(compared: Compared) -> None:
    page = compared.paged.get(f"{compared.paged.here}/cameras").text
    assert "zq-found-camera" in page and "zq-other-camera" not in page


def test_a_camera_shows_what_it_was_made_from_and_what_was_compared(compared: Compared) -> None:
    listed = compared.paged.get(f"{compared.paged.here}/cameras").text
    path = re.search(rf'href="({compared.paged.here}/cameras/\d+)"', listed)
    assert path is not None
    page = compared.paged.get(path[1]).text
    assert "flat.jpg" in page and "river.jpg" in page and "Fingerprint from photos, version 1" in page


def test_a_comparison_states_propositions_ratio_curve_and_limits(compared: Compared) -> None:
    page = compared.paged.get(f"{compared.paged.here}/camera-comparisons/{compared.comparison_id}").text
    assert "taken by the camera zq-found-camera" in page and "another camera" in page
    assert "<svg" in page and "this comparison" in page and "It is no probability that the camera took" in page
    assert "identified" not in page.lower() and "match" not in page.lower()


def test_the_correlation_is_drawn_with_its_peak_in_the_middle(compared: Compared) -> None:
    page = compared.paged.get(f"{compared.paged.here}/camera-comparisons/{compared.comparison_id}").text
    darkest = re.search(r'<path fill="#123f53" d="M(\d+) (\d+)h8', page)
    assert "Correlation around the place" in page and darkest is not None
    assert (int(darkest[1]), int(darkest[2])) == (12 * 8, 12 * 8)


def test_only_who_may_link_decides_and_the_decision_stands_on_the_page(compared: Compared) -> None:
    path = f"{compared.paged.here}/camera-comparisons/{compared.comparison_id}"
    fields = {"verdict": "linked", "note": "seen beside the exhibit"}
    assert compared.paged.post(f"{path}/decisions", "erin", **fields).status_code == 403
    assert "Decide</button>" not in compared.paged.get(path, "erin").text
    assert compared.paged.post(f"{path}/decisions", "ivan", verdict="linked", note=" ").status_code == 400
    assert compared.paged.post(f"{path}/decisions", "ivan", **fields).status_code == 303
    assert "seen beside the exhibit" in compared.paged.get(path).text
    with compared.paged.site.database.read() as connection:
        assert [one.person for one in camera_links.list_links(connection, case_ids=None)] == ["ivan"]


def test_who_has_no_access_to_the_case_is_told_nothing(compared: Compared) -> None:
    for end in ("cameras", f"camera-comparisons/{compared.comparison_id}", "sources"):
        answer = compared.paged.get(f"{compared.paged.here}/{end}", "nora")
        assert answer.status_code == 404 and "zq-found" not in answer.text


def test_a_comparison_is_not_shown_in_a_case_it_is_not_about(compared: Compared) -> None:
    there = f"/cases/{compared.paged.case_ids[THERE]}/camera-comparisons/{compared.comparison_id}"
    assert compared.paged.get(there, "sara").status_code == 404


def test_an_item_tells_its_cameras_and_is_searched_with(compared: Compared) -> None:
    page = compared.paged.get(f"/items/{compared.item_id}").text
    assert "zq-found-camera" in page and "Search all enrolled cameras" in page
    found = compared.paged.post(f"/items/{compared.item_id}/camera-searches", "ivan").text
    assert "zq-found-camera" in found and "zq-other-camera" not in found


def test_sources_say_how_they_are_made_where_there_are_none(compared: Compared) -> None:
    page = compared.paged.get(f"{compared.paged.here}/sources").text
    assert "varde camera cluster" in page and "were not grouped by source yet" in page


def test_sources_show_groups_and_no_camera_of_another_case(compared: Compared) -> None:
    paged = compared.paged
    with paged.site.database.write() as connection:
        content_id = connection.execute(
            tables.items.select()
            .with_only_columns(tables.items.c.content_id)
            .where(tables.items.c.id == compared.item_id)
        ).scalar_one()
        cameras = [{"camera": name, "version": 1, "z": 9.0} for name in ("zq-found-camera", "zq-other-camera")]
        models = [{"make": "<b>Maker", "model": "M1", "files": 2}, {"make": "", "model": "", "files": 1}]
        facts: dict[str, object] = {"width_px": 384, "height_px": 320, "strength": 9.1, "least": 8.0, "is_exact": True}
        source_clusters.add_clustering(
            connection,
            paged.case_ids[HERE],
            method="camera.clusters/1",
            facts={"notes": []},
            clusters=[SourceCluster(1, 3, facts | {"models": models, "cameras": cameras})],
            members=[SourceMember(content_id, 1, None, 8.0)],
            person="A. Operator",
            at=ACTOR.clock(),
        )
    page = paged.get(f"{paged.here}/sources").text
    assert "Group 1: 3 pictures" in page and "&lt;b&gt;Maker M1" in page and "no model" in page
    assert "zq-found-camera" in page and "zq-other-camera" not in page
    shown = read_clusters(paged.site, HERE, case_ids={paged.case_ids[HERE]}).clusters
    assert shown[0][0].facts["cameras"] == cameras[:1]


def test_a_decision_is_of_the_case_whose_page_it_is_made_on(compared: Compared) -> None:
    lab = enrol(compared.paged.site, "zq-there-camera", make_pattern(3), case_id=compared.paged.case_ids[THERE])
    assert lab
    order = CompareOrder("zq-there-camera", (ItemToCompare(compared.item_id),))
    made = next(iter(compare_camera(compared.paged.site, ACTOR, order)))
    there = f"/cases/{compared.paged.case_ids[THERE]}/camera-comparisons/{made.comparison_id}"
    page = compared.paged.get(there, "sara")
    assert page.status_code == 200 and "Decide</button>" not in page.text and "its own page leads there" in page.text
    assert compared.paged.post(f"{there}/decisions", "sara", verdict="linked", note="no").status_code in (403, 404)


def test_commands_on_a_page_can_be_copied_whatever_the_case_is_called(compared: Compared) -> None:
    page = compared.paged.get(f"/cases/{compared.paged.case_ids[THERE]}/cameras", "sara").text
    assert f"<code>varde camera hunt --case &#39;{THERE}&#39;</code>" in page
