"""Hunting for cameras in earlier cases: found by sketch, confirmed exactly, each pair once, resumable, all counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.enrolled_cameras import SIZE, add_case, add_pictures, enrol, make_jpeg, make_pattern, make_residual, withdraw

from varde.camera.geometry import ORIENTATIONS, orient
from varde.camera.residual import Residual
from varde.camera.sketch_hunt import SketchHunter, lay_as_stored
from varde.core.camera import FingerprintKind, SourceScore
from varde.core.camera_hunt import CameraHunt, CameraHuntOrder
from varde.core.errors import NotFound, Refused
from varde.pipeline import camera_hunt
from varde.pipeline.read_residuals import ResidualReader
from varde.pipeline.sketch_sources import open_files
from varde.store import audit, camera_comparisons, camera_leads
from varde.store.settings import CameraSettings, Settings
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.hunt_cameras import hunt_cameras

ACTOR = Actor("A. Operator")


@pytest.fixture(scope="module")
def reader() -> Iterator[ResidualReader]:
    with ResidualReader(Settings()) as started:
        yield started


@pytest.fixture
def site(sqlite_site: Site, tmp_path: Path) -> Site:
    """A site with two cases: two pictures of camera 1, one of them turned, among five."""
    sqlite_site.settings = replace_settings(sqlite_site.settings)
    add_case(sqlite_site, "harbour")
    add_case(sqlite_site, "meadow")
    add_pictures(sqlite_site, "harbour", tmp_path / "a", {"1.jpg": picture(1, 1), "2.jpg": picture(2, 2)})
    more = {"3.jpg": picture(1, 3, turn=90), "4.jpg": picture(3, 4), "5.jpg": picture(4, 5)}
    add_pictures(sqlite_site, "meadow", tmp_path / "b", more)
    return sqlite_site


def replace_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"camera": CameraSettings(lead_log10_lr=0.5)})


def picture(camera: int, seed: int, turn: int = 0) -> tuple[bytes, Residual]:
    pattern = np.ascontiguousarray(orient(make_pattern(camera), turn, mirrored=False))
    return make_jpeg(pattern, seed), make_residual(pattern, seed)


def hunt(site: Site, reader: ResidualReader, *names: str, **more: object) -> CameraHunt:
    return hunt_cameras(site, ACTOR, CameraHuntOrder(names, **more), reader=reader)  # type: ignore[arg-type]


def count_kept(site: Site) -> tuple[int, int]:
    with site.database.read() as connection:
        leads = camera_leads.list_leads(connection, case_ids=None)
        return len(camera_comparisons.list_comparisons(connection, case_ids=None)), len(leads)


def test_a_new_camera_is_found_in_earlier_cases_and_each_pair_is_compared_once(
    site: Site, reader: ResidualReader, tmp_path: Path
) -> None:
    enrol(site, "phone", make_pattern(1))
    (found,) = hunt(site, reader, "phone").hunted
    assert (found.sketches, found.read, found.leads, found.unreadable) == (5, 2, 2, 0)
    turns = {one.outcome.search.geometry.turn for one in found.comparisons if isinstance(one.outcome, SourceScore)}
    assert turns == {0, 270} and {one.case for one in found.comparisons} == {"harbour", "meadow"}
    (again,) = hunt(site, reader).hunted
    assert (again.sketches, again.read, again.leads) == (0, 0, 0)
    assert count_kept(site) == (2, 2)
    add_pictures(site, "harbour", tmp_path / "c", {"6.jpg": picture(1, 6), "7.jpg": picture(5, 7)})
    (newer,) = hunt(site, reader).hunted
    assert (newer.sketches, newer.read, newer.leads) == (2, 1, 1)
    with site.database.read() as connection:
        events = [one.subject for one in audit.list_events(connection) if one.act == "camera_leads_found"]
    assert [(one["files"], one["leads"]) for one in events] == [(2, 2), (1, 1)]


def test_one_case_can_be_hunted_alone_and_again(site: Site, reader: ResidualReader) -> None:
    enrol(site, "phone", make_pattern(1))
    (found,) = hunt(site, reader, case="meadow").hunted
    assert (found.sketches, found.read, found.known) == (3, 1, 0)
    (whole,) = hunt(site, reader, "phone").hunted
    assert (whole.sketches, whole.read, whole.known) == (5, 1, 1)
    (again,) = hunt(site, reader, "phone", again=True).hunted
    assert (again.sketches, again.read, again.leads) == (5, 2, 0)
    assert count_kept(site) == (4, 2)


def test_what_nobody_sketched_is_counted_and_looked_at_once_it_is(
    site: Site, reader: ResidualReader, tmp_path: Path
) -> None:
    data, residual = picture(1, 8)
    add_pictures(site, "harbour", tmp_path / "c", {"8.jpg": (data, None)})
    add_pictures(site, "harbour", tmp_path / "d", {"9.jpg": picture(6, 9)})
    enrol(site, "phone", make_pattern(1))
    first = hunt(site, reader)
    assert first.unsketched == 1 and first.hunted[0].read == 2
    add_pictures(site, "meadow", tmp_path / "e", {"8.jpg": (data, residual)})
    later = hunt(site, reader)
    assert later.unsketched == 0 and (later.hunted[0].read, later.hunted[0].leads) == (1, 1)


def test_a_picture_that_cannot_be_read_now_is_tried_again(site: Site, reader: ResidualReader, tmp_path: Path) -> None:
    enrol(site, "phone", make_pattern(1))
    (tmp_path / "a" / "1.jpg").rename(tmp_path / "away.jpg")
    (found,) = hunt(site, reader).hunted
    assert (found.read, found.unreadable) == (1, 1)
    (tmp_path / "away.jpg").rename(tmp_path / "a" / "1.jpg")
    (later,) = hunt(site, reader).hunted
    assert (later.read, later.known, later.unreadable, later.leads) == (1, 1, 0, 1)


def test_references_are_no_evidence_and_lost_sketches_are_counted(site: Site, reader: ResidualReader) -> None:
    enrol(site, "phone", make_pattern(1), reference=picture(1, 1)[0])
    (found,) = hunt(site, reader).hunted
    assert (found.read, found.known) == (1, 1)
    for path in open_files(site).folder.iterdir():
        path.unlink()
    (lost,) = hunt(site, reader, again=True).hunted
    assert (lost.sketches, lost.missing, lost.read) == (0, 5, 0)


def test_a_kill_between_two_batches_costs_one_batch(
    site: Site, reader: ResidualReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_hunt, "BATCH", 1)
    enrol(site, "phone", make_pattern(1))

    def stop(camera: str, sketches: int) -> None:
        if sketches == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hunt_cameras(site, ACTOR, CameraHuntOrder(("phone",)), watch=stop, reader=reader)
    assert count_kept(site) == (1, 1)
    (rest,) = hunt(site, reader).hunted
    assert (rest.sketches, rest.read) == (3, 1) and count_kept(site) == (2, 2)


def test_cameras_that_cannot_be_hunted_are_said(site: Site, reader: ResidualReader) -> None:
    enrol(site, "film", make_pattern(1), kind=FingerprintKind.VIDEO)
    assert hunt(site, reader).videos_only == ("film",)
    withdraw(site, "film")
    assert hunt(site, reader).hunted == ()
    with pytest.raises(Refused, match="withdrawn"):
        hunt(site, reader, "film")
    with pytest.raises(NotFound):
        hunt(site, reader, "nobody")


def test_patterns_are_laid_as_stored_for_every_turn() -> None:
    pattern = make_pattern(1)
    for each in ORIENTATIONS:
        stored = lay_as_stored(pattern, each)
        np.testing.assert_array_equal(orient(stored, each.turn, mirrored=each.mirrored), pattern)
    assert SketchHunter(pattern).list_sizes() == [SIZE, SIZE[::-1]]
