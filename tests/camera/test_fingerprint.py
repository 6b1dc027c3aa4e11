from __future__ import annotations

import numpy as np
import pytest
from reference_sets import SIZE, examine, get_sensor, give, list_items, name_by_state, take

from varde.camera.fingerprint import Fingerprint, ReferenceSource, build_fingerprint
from varde.core.camera import FingerprintKind, ReferenceState
from varde.core.outcome import NotComparable, Reason


def _correlate(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_fingerprint_resembles_the_true_pattern_and_no_other() -> None:
    found = build_fingerprint(give(list_items(1, range(8))), FingerprintKind.PHOTO)
    assert isinstance(found, Fingerprint)
    assert (found.height_px, found.width_px, found.values.dtype, found.used) == (SIZE, SIZE, np.float32, 8)
    assert _correlate(found.values, get_sensor(1).luma_pattern) > 0.3
    assert abs(_correlate(found.values, get_sensor(2).luma_pattern)) < 0.05


def test_more_references_make_it_better() -> None:
    few, many = (build_fingerprint(give(list_items(1, range(n))), FingerprintKind.PHOTO) for n in (3, 12))
    assert isinstance(few, Fingerprint) and isinstance(many, Fingerprint)
    truth = get_sensor(1).luma_pattern
    assert _correlate(many.values, truth) > 1.2 * _correlate(few.values, truth)


@pytest.mark.parametrize("own", [5, 12])
def test_one_foreign_file_is_named_and_left_out(own: int) -> None:
    items = list_items(1, range(own))
    items.insert(2, *list_items(2, [0]))
    examined = examine(items)
    assert name_by_state(examined.references, ReferenceState.OUTLIER) == ["2-0"]
    foreign = examined.references[2]
    assert foreign.refused and foreign.refused.reason is Reason.DOES_NOT_AGREE
    assert foreign.pce is not None and foreign.pce < 20 < min(r.pce or 0 for r in examined.references if r != foreign)
    alone = build_fingerprint(give(list_items(1, range(own))), FingerprintKind.PHOTO)
    assert isinstance(examined.outcome, Fingerprint) and isinstance(alone, Fingerprint)
    assert _correlate(examined.outcome.values, alone.values) > 0.9999


def test_two_files_of_one_foreign_camera_are_left_out() -> None:
    examined = examine([*list_items(1, range(8)), *list_items(2, range(2))])
    assert name_by_state(examined.references, ReferenceState.OUTLIER) == ["2-0", "2-1"]


def test_scenes_beside_even_surfaces_are_kept_and_a_foreign_scene_is_not() -> None:
    items = [*list_items(1, range(6)), *list_items(1, range(2), scene=True), *list_items(3, [0], scene=True)]
    examined = examine(items)
    assert name_by_state(examined.references, ReferenceState.OUTLIER) == ["3-0"]


def test_two_cameras_in_equal_parts_make_no_fingerprint() -> None:
    examined = examine([*list_items(1, range(5)), *list_items(2, range(5))])
    assert isinstance(examined.outcome, NotComparable)
    assert examined.outcome.reason is Reason.DOES_NOT_AGREE
    assert "5 of the files agree" in examined.outcome.detail


def test_same_bytes_and_saved_again_count_once() -> None:
    items = list_items(1, range(4))
    copied = take(1, 3)
    again = (ReferenceSource("again", bytes(32)), copied)
    examined = examine([*items, items[0], again])
    refused = [each for each in examined.references if each.state is ReferenceState.REFUSED]
    assert [each.refused.reason for each in refused if each.refused] == [Reason.ALREADY_USED] * 2
    assert isinstance(examined.outcome, Fingerprint) and examined.outcome.used == 4


def test_mixed_sizes_are_refused_with_every_size() -> None:
    examined = examine([*list_items(1, range(3)), *list_items(4, range(2), height=SIZE + 16)])
    assert isinstance(examined.outcome, NotComparable) and examined.outcome.reason is Reason.MIXED_SIZES
    assert f"3 of {SIZE} x {SIZE}, 2 of {SIZE} x {SIZE + 16}" in examined.outcome.detail
    told = [each.refused.detail for each in examined.references if each.refused]
    assert [words.startswith(f"It is {SIZE} x {SIZE} pixels. ") for words in told] == [True] * 3 + [False] * 2
    assert {each.refused.reason for each in examined.references if each.refused} == {Reason.MIXED_SIZES}


def test_few_of_another_size_are_left_out_even_if_first() -> None:
    examined = examine([*list_items(4, [0], height=SIZE + 16), *list_items(1, range(5))])
    odd = examined.references[0]
    assert odd.refused and odd.refused.reason is Reason.OTHER_SENSOR_SIZE
    assert isinstance(examined.outcome, Fingerprint) and examined.outcome.used == 5


@pytest.mark.parametrize("number", [0, 1, 2])
def test_fewer_than_three_photographs_are_too_few(number: int) -> None:
    dark = (ReferenceSource("dark", bytes(32)), NotComparable(Reason.TOO_DARK, "2% of the pixels"))
    examined = examine([*list_items(1, range(number)), dark])
    assert isinstance(examined.outcome, NotComparable) and examined.outcome.reason is Reason.TOO_FEW_REFERENCES
    assert examined.references[-1].refused == dark[1]


def test_one_steady_video_is_enough_and_an_unsteady_one_is_refused() -> None:
    steady = ReferenceSource("steady", bytes(32), {"steadiness": "steady", "frames": 90})
    shaken = ReferenceSource("shaken", b"\1" * 32, {"steadiness": "unclear", "steady_z": 1.2})
    examined = examine([(steady, take(1, 0)), (shaken, take(1, 1))], FingerprintKind.VIDEO)
    assert isinstance(examined.outcome, Fingerprint) and examined.outcome.facts["frames"] == 90
    assert examined.references[1].refused and examined.references[1].refused.reason is Reason.STABILISED
