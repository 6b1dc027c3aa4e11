import cv2
import numpy as np
import numpy.typing as npt
import pytest

from varde.camera.video_place import Place, PlaceFinder, add_moved, cut_tiles

_SIZE = (320, 448)


def _make_pattern(seed: int, size: tuple[int, int]) -> npt.NDArray[np.float32]:
    noise = np.random.default_rng(seed).standard_normal(size, np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.7), np.float32)


def _move(place: Place, strength: float, seed: int = 1) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Returns a template, and a frame of noise in which it lies as the place says."""
    wide = _make_pattern(seed, (_SIZE[0] + 120, _SIZE[1] + 120))
    rows, columns = np.mgrid[0 : _SIZE[0], 0 : _SIZE[1]].astype(np.float32)
    y, x = rows - (_SIZE[0] - 1) / 2, columns - (_SIZE[1] - 1) / 2
    to_rows = rows + place.down + place.growth * y + place.angle * x + 60
    to_columns = columns + place.right + place.growth * x - place.angle * y + 60
    moved = cv2.remap(wide, to_columns.astype(np.float32), to_rows.astype(np.float32), cv2.INTER_LINEAR)
    frame = np.random.default_rng((seed, 9)).standard_normal(_SIZE, np.float32) + strength * moved
    return wide[60:-60, 60:-60].copy(), np.asarray(frame, np.float32)


def test_tiles_cover_the_frame_as_a_chessboard() -> None:
    tiles = cut_tiles(720, 1280)
    assert tiles.side_px == 64
    assert len(tiles.corners) == 11 * 20
    assert 0.45 < tiles.kinds.mean() < 0.55
    assert 100 < len(cut_tiles(2160, 3840).corners) < 400
    assert np.abs(cut_tiles(640, 640).middles.mean(axis=0)).max() < 1e-3


@pytest.mark.parametrize(
    "place", [Place(), Place(down=5, right=-9), Place(angle=0.01), Place(growth=-0.006), Place(-7, 4, -0.008, 0.005)]
)
def test_both_kinds_of_tiles_find_where_a_frame_lies(place: Place) -> None:
    template, frame = _move(place, 0.5)
    for found in PlaceFinder(template).find(frame, None):
        assert found.z > 8
        assert abs(found.down - place.down) <= 1.5
        assert abs(found.right - place.right) <= 1.5
        assert found.angle == pytest.approx(place.angle, abs=0.004)
        assert found.growth == pytest.approx(place.growth, abs=0.004)


def test_search_near_a_place_finds_what_lies_near_only() -> None:
    template, frame = _move(Place(down=10, right=10), 0.5)
    finder = PlaceFinder(template)
    assert min(found.z for found in finder.find(frame, Place(down=8, right=13))) > 8
    assert max(found.z for found in finder.find(frame, Place(down=-8, right=-13))) < 5.5


def test_frames_of_another_camera_stay_below_the_least_agreement() -> None:
    template, _ = _move(Place(), 0.5)
    finder = PlaceFinder(template)
    highest = [max(found.z for found in finder.find(_move(Place(), 0.5, seed)[1], None)) for seed in (2, 3, 4, 5)]
    assert 2 < max(highest) < 6


def test_what_the_other_kind_chose_stays_as_small_as_chance() -> None:
    """The place that is best for one kind of tiles is no better than any other place for the other kind."""
    template, _ = _move(Place(), 0.5)
    finder, scores = PlaceFinder(template), []
    for seed in range(10, 26):
        frame = _move(Place(), 0.0, seed)[1]
        into = np.zeros(_SIZE, np.float32)
        for kind, place in enumerate(finder.find(frame, Place())):
            add_moved((into, into * 0, into * 0), (frame, frame, frame), finder.tiles, place, 1 - kind)
        scores.append(float((into * template).sum()) / float(np.sqrt((into**2 * template**2).sum())))
    assert abs(np.mean(scores)) < 3 / np.sqrt(len(scores)) * 1.3
    assert max(np.abs(scores)) < 4


def test_moved_tiles_come_to_lie_on_the_template() -> None:
    place = Place(-7, 4, -0.008, 0.005)
    template, frame = _move(place, 0.5)
    tiles, into = cut_tiles(*_SIZE), np.zeros(_SIZE, np.float32)
    for kind in (0, 1):
        add_moved((into, into * 0, into * 0), (frame, frame, frame), tiles, place, kind)
    aligned, plain = (float(np.corrcoef(each.ravel(), template.ravel())[0, 1]) for each in (into, frame))
    assert aligned > 0.15
    assert abs(plain) < 0.05


def test_tiles_of_one_kind_are_moved_alone() -> None:
    frame, into = np.ones((128, 192), np.float32), np.zeros((128, 192), np.float32)
    add_moved((into, into * 0, into * 0), (frame, frame, frame), cut_tiles(128, 192), Place(), 0)
    assert into[:64, :64].all()
    assert not into[:64, 64:128].any()
