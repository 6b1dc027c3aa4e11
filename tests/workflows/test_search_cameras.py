"""Searching all cameras: candidates in order, kept and audited; what was left out is said; never a silent nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.camera_cases import calibrate_cameras
from tests.enrolled_cameras import SIZE, add_case, add_pictures, enrol, make_jpeg, make_pattern, withdraw

from varde.core.camera import LikelihoodRatio, SearchExtent, SourceScore
from varde.core.camera_comparison import FileToCompare, ItemToCompare
from varde.core.camera_search import CameraSearch, CameraSearchOrder, EmptySearchReason, NotSearchedReason
from varde.core.errors import NotFound, WrongUse
from varde.core.outcome import Reason
from varde.pipeline.read_residuals import ResidualReader
from varde.store import audit, camera_comparisons
from varde.store.settings import Settings
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.search_cameras import search_cameras

ACTOR = Actor("A. Operator")


@pytest.fixture(scope="module")
def reader() -> Iterator[ResidualReader]:
    with ResidualReader(Settings()) as started:
        yield started


@pytest.fixture
def cameras(sqlite_site: Site) -> Site:
    calibrate_cameras(sqlite_site, ACTOR)
    for seed in range(1, 5):
        enrol(sqlite_site, f"camera {seed}", make_pattern(seed), reference=b"%d" % seed)
    return sqlite_site


def search(site: Site, reader: ResidualReader, path: Path, **more: object) -> CameraSearch:
    order = CameraSearchOrder(FileToCompare(path, path.name), **more)  # type: ignore[arg-type]
    return search_cameras(site, ACTOR, order, reader=reader)


def write(folder: Path, seed: int, *, turned: bool = False) -> Path:
    pattern = make_pattern(seed)
    path = folder / f"{seed}.jpg"
    path.write_bytes(make_jpeg(np.ascontiguousarray(np.rot90(pattern)) if turned else pattern, seed))
    return path


def test_the_camera_that_took_it_is_first_and_every_candidate_is_kept(
    cameras: Site, reader: ResidualReader, tmp_path: Path
) -> None:
    found = search(cameras, reader, write(tmp_path, 2), most=3)
    assert found.empty is None and found.size_px == SIZE and found.cameras == 4
    assert [one.rank for one in found.candidates] == [1, 2, 3]
    first = found.candidates[0].comparison
    assert first.camera == "camera 2" and first.fingerprint is not None and first.fingerprint.version == 1
    assert isinstance(first.outcome, SourceScore) and first.outcome.pce > 500
    assert isinstance(first.likelihood, LikelihoodRatio) and first.likelihood.log10_lr > 0 and first.same
    assert (found.candidates[0].z or 0) > 20
    with cameras.database.read() as connection:
        kept = camera_comparisons.list_comparisons(connection, case_ids=None)
        (event,) = [one for one in audit.list_events(connection) if one.act == "camera_searched"]
    assert {one.comparison_id for one in kept} == {one.comparison.comparison_id for one in found.candidates}
    assert (event.subject["cameras"], event.subject["candidates"], event.subject["extent"]) == (4, 3, "turned")
    assert "2.jpg" not in repr(event.subject)


def test_a_turned_copy_is_found_with_its_turn(cameras: Site, reader: ResidualReader, tmp_path: Path) -> None:
    first = search(cameras, reader, write(tmp_path, 3, turned=True)).candidates[0].comparison
    assert first.camera == "camera 3" and isinstance(first.outcome, SourceScore)
    assert first.outcome.search.geometry.turn == 270 and first.outcome.search.extent is SearchExtent.TURNED


def test_a_camera_that_is_not_enrolled_leaves_candidates_that_nothing_speaks_for(
    cameras: Site, reader: ResidualReader, tmp_path: Path
) -> None:
    found = search(cameras, reader, write(tmp_path, 9))
    assert len(found.candidates) == 4
    assert all((one.comparison.likelihood.log10_lr) < 0 for one in found.candidates)  # type: ignore[union-attr]
    assert "Nothing speaks for any" in found.notes[0]


def test_a_reference_is_left_out_and_said(sqlite_site: Site, reader: ResidualReader, tmp_path: Path) -> None:
    path = write(tmp_path, 1)
    enrol(sqlite_site, "own", make_pattern(1), reference=path.read_bytes())
    found = search(sqlite_site, reader, path)
    assert found.candidates == () and found.empty is not None
    assert found.empty.reason is EmptySearchReason.ONLY_REFERENCES and found.empty.advice
    assert [one.reason for one in found.not_searched] == [NotSearchedReason.IS_A_REFERENCE]
    assert "a reference of own" in found.notes[0]


def test_other_sizes_are_counted_and_a_wider_search_finds_the_crop(
    sqlite_site: Site, reader: ResidualReader, tmp_path: Path
) -> None:
    enrol(sqlite_site, "large", make_pattern(1, (400, 512)))
    enrol(sqlite_site, "other", make_pattern(2, (400, 512)))
    path = tmp_path / "crop.jpg"
    path.write_bytes(make_jpeg(np.ascontiguousarray(make_pattern(1, (400, 512))[40:360, 16:400]), 1))
    found = search(sqlite_site, reader, path)
    assert found.candidates == () and found.empty is not None and found.cameras == 0
    assert found.empty.reason is EmptySearchReason.OTHER_SIZES and "--extent shifted" in found.empty.advice
    assert [(one.reason, one.cameras) for one in found.not_searched] == [(NotSearchedReason.OTHER_SIZE, 2)]
    wide = search(sqlite_site, reader, path, extent=SearchExtent.SHIFTED)
    first = wide.candidates[0]
    assert first.comparison.camera == "large" and first.z is None and wide.cameras == 2
    assert isinstance(first.comparison.outcome, SourceScore)
    assert first.comparison.outcome.search.geometry.shift == (40.0, 16.0)


@pytest.mark.parametrize(("size", "reason"), [((64, 64), Reason.TOO_SMALL), ((320, 384), Reason.TOO_DARK)])
def test_what_cannot_be_compared_says_why(
    cameras: Site, reader: ResidualReader, tmp_path: Path, size: tuple[int, int], reason: Reason
) -> None:
    path = tmp_path / "probe.jpg"
    path.write_bytes(make_jpeg(np.full(size, -1 if reason is Reason.TOO_DARK else 0, np.float32), 1))
    found = search(cameras, reader, path)
    assert found.candidates == () and found.size_px is None and found.empty is not None
    assert found.empty.reason is EmptySearchReason.NOT_ASSESSABLE and found.empty.refused is reason
    assert found.empty.advice


def test_a_site_without_cameras_says_so(sqlite_site: Site, reader: ResidualReader, tmp_path: Path) -> None:
    enrol(sqlite_site, "gone", make_pattern(1))
    withdraw(sqlite_site, "gone")
    found = search(sqlite_site, reader, write(tmp_path, 1))
    assert found.empty is not None and found.empty.reason is EmptySearchReason.NO_CAMERAS
    assert [(one.reason, one.cameras) for one in found.not_searched] == [(NotSearchedReason.WITHDRAWN, 1)]


def test_cameras_of_cases_without_access_are_a_count_and_whom_to_ask(
    sqlite_site: Site, reader: ResidualReader, tmp_path: Path
) -> None:
    own, other = add_case(sqlite_site, "harbour"), add_case(sqlite_site, "meadow")
    enrol(sqlite_site, "hidden camera", make_pattern(1), case_id=other)
    enrol(sqlite_site, "hidden and far", make_pattern(2), case_id=other)
    found = search(sqlite_site, reader, write(tmp_path, 1), case_ids=frozenset({own}), case="harbour")
    assert found.candidates == () and found.empty is not None
    assert found.empty.reason is EmptySearchReason.ONLY_ELSEWHERE
    assert [one.cameras for one in found.elsewhere] == [1]
    assert "hidden" not in repr(found) and "meadow" not in repr(found)
    with pytest.raises(NotFound):
        search(sqlite_site, reader, write(tmp_path, 1), case_ids=frozenset({own}), case="meadow")


def test_an_item_that_speaks_for_a_camera_strongly_enough_becomes_a_lead(
    cameras: Site, reader: ResidualReader, tmp_path: Path
) -> None:
    add_case(cameras, "harbour")
    add_pictures(cameras, "harbour", tmp_path / "exhibit", {"a.jpg": (make_jpeg(make_pattern(4), 4), None)})
    found = search_cameras(cameras, ACTOR, CameraSearchOrder(ItemToCompare(1)), reader=reader)
    first = found.candidates[0]
    assert first.comparison.camera == "camera 4" and first.comparison.case == "harbour"
    assert first.comparison.content_id is not None and "exhibit 1" in found.name


def test_a_list_without_end_is_refused(cameras: Site, reader: ResidualReader, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="1 to 50"):
        search(cameras, reader, write(tmp_path, 1), most=51)


def test_a_search_that_would_take_longer_than_allowed_is_refused(
    cameras: Site, reader: ResidualReader, tmp_path: Path
) -> None:
    with pytest.raises(WrongUse, match="so wide a search"):
        search(cameras, reader, write(tmp_path, 2), extent=SearchExtent.ROTATED, most_cost_s=0.1)
