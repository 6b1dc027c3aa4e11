"""How far a file is looked for by itself, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from varde.core.camera import FingerprintKind, Geometry, LikelihoodRatio, SearchExtent, SourceScore, SourceSearch
from varde.core.outcome import Reason
from varde.core.signal import Method
from varde.pipeline.source_extent import choose_extent
from varde.pipeline.source_notes import list_notes
from varde.pipeline.weigh_source import WeighedSource, refuse
from varde.store.cameras import Camera, StoredFingerprint

AT = datetime(2026, 11, 23, tzinfo=UTC)
CAMERA = Camera(1, "D70", None, None, "", "NIKON CORPORATION", "NIKON D70", "20001", "", "", AT, "kim")
STORED = StoredFingerprint(1, 1, FingerprintKind.PHOTO, 1, "x/1", 2000, 3008, 12, {}, b"", AT, "kim")
WRITTEN: dict[str, object] = {"make": "NIKON", "model": "NIKON D70", "width_px": 3008, "height_px": 2000}
PHOTO = FingerprintKind.PHOTO


def weigh(extent: SearchExtent, log10_lr: float = 1.5) -> WeighedSource:
    score = SourceScore(80.0, 0.01, SourceSearch(extent, 1, Geometry()), 6_000_000, 1.0, Method("m", "1"))
    return WeighedSource(score, LikelihoodRatio(log10_lr, False, "", ""))


def test_file_as_the_camera_wrote_it_is_looked_for_at_its_place_only() -> None:
    assert choose_extent(WRITTEN, PHOTO, STORED, files=1) is SearchExtent.TURNED
    turned = WRITTEN | {"width_px": 2000, "height_px": 3008, "stated_width": 3008, "stated_height": 2000}
    assert choose_extent(turned, PHOTO, STORED, files=500) is SearchExtent.TURNED


@pytest.mark.parametrize(
    "changes",
    [
        {"width_px": 1504, "height_px": 1000},
        {"model": ""},
        {"software": "Adobe Photoshop CS6"},
        {"stated_width": 6016, "stated_height": 4000},
        {"stated_width": "6016", "stated_height": "4000"},
        {"stated_width": "wide", "stated_height": -1, "make": None},
    ],
)
def test_file_that_may_have_been_changed_is_looked_for_everywhere(changes: dict[str, object]) -> None:
    assert choose_extent(WRITTEN | changes, PHOTO, STORED, files=1) is SearchExtent.ROTATED


def test_file_that_another_encoder_saved_anew_is_looked_for_everywhere() -> None:
    stated = {"model": {"NIKON D70": 12}, "encoder": {"Exif 4:2:2": 12}}
    stored = replace(STORED, facts={"stated": stated})
    assert choose_extent(WRITTEN | {"encoder": "Exif 4:2:2"}, PHOTO, stored, files=1) is SearchExtent.TURNED
    assert choose_extent(WRITTEN | {"encoder": "JFIF 4:2:0"}, PHOTO, stored, files=1) is SearchExtent.ROTATED
    other_model = WRITTEN | {"encoder": "JFIF 4:2:0", "model": "NIKON D70s"}
    assert choose_extent(other_model, PHOTO, stored, files=1) is SearchExtent.TURNED


def test_what_was_not_searched_is_said_where_nothing_was_found() -> None:
    said = list_notes(WRITTEN, CAMERA, STORED, PHOTO, weigh(SearchExtent.SCALED, -1.2))
    assert "--extent rotated" in " ".join(said)


def test_many_files_and_large_sensors_are_not_searched_for_small_rotations() -> None:
    large = replace(STORED, height_px=6000, width_px=8000)
    assert choose_extent({}, PHOTO, STORED, files=21) is SearchExtent.SCALED
    assert choose_extent({}, PHOTO, large, files=1) is SearchExtent.SCALED


def test_video_is_not_at_the_place_of_a_photo() -> None:
    assert choose_extent(WRITTEN, FingerprintKind.VIDEO, STORED, files=1) is SearchExtent.ROTATED


def test_what_speaks_against_a_plain_reading_is_told() -> None:
    facts = WRITTEN | {"model": "NIKON D200", "serial": "777", "software": "GIMP 2.10", "truncated": True}
    facts |= {"stated_width": 6016, "stated_height": 4000}
    said = " ".join(list_notes(facts, CAMERA, replace(STORED, used=4), PHOTO, weigh(SearchExtent.SCALED)))
    for words in (
        "another model (NIKON D200)",
        "another serial number",
        "GIMP 2.10",
        "ends too early",
        "6016 x 4000 pixels and has 3008 x 2000",
        "4 references only",
        "beyond the sensor's own place",
    ):
        assert words in said


def test_nothing_is_said_of_a_plain_original() -> None:
    assert list_notes(WRITTEN, CAMERA, STORED, PHOTO, weigh(SearchExtent.ALIGNED)) == ()


def test_same_serial_number_is_told_and_not_trusted() -> None:
    (said,) = list_notes(WRITTEN | {"serial": "20001"}, CAMERA, STORED, PHOTO, weigh(SearchExtent.ALIGNED))
    assert "the same serial number" in said and "anybody" in said


def test_refused_file_has_no_note_about_its_search() -> None:
    refused = refuse(Reason.BLANK, "blank")
    assert list_notes(WRITTEN, CAMERA, STORED, PHOTO, refused) == ()


def test_low_result_at_the_sensors_own_place_says_that_one_can_go_further() -> None:
    (said,) = list_notes(WRITTEN, CAMERA, STORED, PHOTO, weigh(SearchExtent.TURNED, -1.0))
    assert "a wider search is possible" in said
    assert not list_notes(WRITTEN, CAMERA, STORED, PHOTO, weigh(SearchExtent.TURNED, 1.0))
