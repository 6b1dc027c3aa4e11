"""Scores whose truth is known: every kind of comparison, tables that tell cameras apart, other sizes passed over."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np

from varde.camera.blocks import cut_residual, list_blocks
from varde.camera.calibration import ScoreTable
from varde.camera.fingerprint import Fingerprint
from varde.camera.known_scores import KnownDevice, KnownScore, make_tables, score_picture
from varde.camera.residual import METHOD, Residual
from varde.core.camera import FingerprintKind, SearchExtent
from varde.core.outcome import NotComparable

_SIZE = (516, 768)


@cache
def _device(number: int, size: tuple[int, int] = _SIZE) -> KnownDevice:
    pattern = np.random.default_rng((3, number)).standard_normal(size, np.float32) * np.float32(0.02)
    return KnownDevice.of(number, "Make Model", Fingerprint(pattern, FingerprintKind.PHOTO, (), METHOD, {}))


def _take(device: KnownDevice, picture: int, strength: float) -> Residual:
    """A residual as a camera's pictures have: its pattern under noise of a variance that is known."""
    rng = np.random.default_rng((4, picture))
    noise = rng.standard_normal(_SIZE, np.float32)
    values = noise + device.fingerprint.values * np.float32(strength * 50)
    return Residual(values, np.ones(_SIZE, np.float32), np.full(_SIZE, 120, np.uint8), 1.0)


@cache
def _scores() -> tuple[KnownScore, ...]:
    devices = [_device(number) for number in range(2)]

    def score() -> Iterator[KnownScore]:
        for picture in range(8):
            own = devices[picture % 2]
            yield from score_picture(_take(own, picture, 0.05), devices, picture, own.number, "Make Model")

    return tuple(score())


def test_a_picture_is_compared_whole_in_blocks_and_searched() -> None:
    kinds = {(one.score.search.extent, one.side) for one in _scores()}
    aligned, shifted = SearchExtent.ALIGNED, SearchExtent.SHIFTED
    assert kinds == {(aligned, 256), (aligned, 512), (aligned, 0), (shifted, 0)}
    assert sum(one.is_match for one in _scores()) * 2 == len(_scores())
    assert all(one.is_same_model for one in _scores())


def test_tables_tell_cameras_apart_and_say_how_well() -> None:
    found = {(one.extent, one.side): one.table for one in make_tables(_scores())}
    table = found[SearchExtent.ALIGNED, 256]
    assert isinstance(table, NotComparable) or table.figures["auc"] > 0.9
    assert isinstance(found[SearchExtent.ALIGNED, 0], NotComparable)
    doubled = [one for one in _scores() if one.side == 256] * 3
    (made,) = make_tables(doubled)
    assert isinstance(made.table, ScoreTable)
    assert made.table.pixels == 65_536
    assert made.table.figures["cllr"] < 0.5
    assert made.table.figures["same_model"] == 1.0
    assert made.table.read(made.table.null_mean)[0] < 0


def test_cameras_of_another_size_are_passed_over() -> None:
    other = _device(7, (300, 300))
    assert not list(score_picture(_take(_device(0), 1, 0.1), [other], 1, -1, ""))


def test_pictures_of_none_of_the_cameras_are_never_their_own() -> None:
    made = list(score_picture(_take(_device(5), 1, 0.1), [_device(0)], 1, -1, ""))
    assert made
    assert not any(one.is_match or one.is_same_model for one in made)


def test_blocks_lie_side_by_side_and_are_copies() -> None:
    blocks = list(list_blocks((520, 780), 256))
    assert len(blocks) == 6
    assert blocks[-1] == (slice(256, 512), slice(512, 768))
    whole = _take(_device(0), 1, 0.1)
    part = cut_residual(whole, blocks[-1])
    part.values[:] = 0
    assert whole.values[256:512, 512:768].any()
    assert list(list_blocks((200, 300), 0)) == [(slice(0, 200), slice(0, 300))]
