"""The index of fingerprints: each is compared, what is dropped is gone from the files, a kill costs nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from varde.camera.bits import compute_z, count_agreement_within, pack_mask, pack_signs
from varde.camera.fingerprint_index import FingerprintIndex, Signed
from varde.camera.geometry import ORIENTATIONS
from varde.camera.residual import Residual
from varde.camera.turned_signs import SignQuery, choose_strong
from varde.core.errors import IntegrityFailure, WrongUse

SIZE = (96, 128)


def _pattern(seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).standard_normal(SIZE, np.float32)


def _signed(*seeds: int) -> Iterator[Signed]:
    for seed in seeds:
        yield Signed(seed, hashlib.sha256(str(seed).encode()).digest(), pack_signs(_pattern(seed)))


def _residual(seed: int, turn: int = 0, *, mirrored: bool = False) -> Residual:
    """Returns a picture of the sensor whose pattern has that seed, turned back and mirrored as a copy might be."""
    noise = _pattern(seed) * np.float32(0.3) + np.random.default_rng(seed + 1_000).standard_normal(SIZE, np.float32)
    values = np.rot90(noise, -turn // 90)
    values = np.ascontiguousarray(np.fliplr(values) if mirrored else values)
    luma = np.full(values.shape, 128, np.uint8)
    return Residual(values, np.ones_like(values), luma, 1.0)


def test_the_own_camera_comes_first_in_every_turn_and_mirror(tmp_path: Path) -> None:
    index = FingerprintIndex(tmp_path / "index", SIZE)
    assert index.append(_signed(*range(1, 21))) == 20
    for turn in (0, 90, 180, 270):
        for mirrored in (False, True):
            query = SignQuery.of(_residual(7, turn, mirrored=mirrored))
            scanned = index.scan(query, 3)
            first, second, _ = scanned.ranked
            assert SIZE in query.list_sizes() and (scanned.searched, scanned.turns) == (20, 4)
            assert (first.fingerprint_id, first.orientation.turn, first.orientation.mirrored) == (7, turn, mirrored)
            assert first.z > 9 > 4 > second.z


def test_a_scan_of_few_gives_the_order_of_the_weighted_signs_of_each(tmp_path: Path) -> None:
    index = FingerprintIndex(tmp_path, SIZE)
    index.append(_signed(*range(1, 8)))
    query = SignQuery.of(_residual(3))
    ranked = index.scan(query, 100).ranked
    assert len(ranked) == 7 and [each.z for each in ranked] == sorted((each.z for each in ranked), reverse=True)
    for each in ranked:
        slow = query.weigh(each.orientation).compute_z(pack_signs(_pattern(each.fingerprint_id)))
        assert each.z == slow


def test_weighted_signs_lose_less_than_plain_ones() -> None:
    rng = np.random.default_rng(2)
    pattern = rng.standard_normal((512, 512), np.float32)
    uneven = np.where(rng.random((512, 512)) < 0.3, np.float32(1), np.float32(0.2))
    values = np.float32(0.06) * pattern + rng.standard_normal((512, 512), np.float32) / np.sqrt(uneven)
    query = SignQuery.of(Residual(values, uneven, np.full((512, 512), 100, np.uint8), 1.0))
    exact = float((query.signal * pattern).sum() / np.linalg.norm(query.signal) / pattern.std())
    signs = pack_signs(pattern)
    plain = compute_z(count_agreement_within(signs, pack_signs(values), pack_mask(values != 0))[0], values.size)
    strong = compute_z(*count_agreement_within(signs, pack_signs(values), pack_mask(query.strong)))
    weighted = query.weigh(ORIENTATIONS[0]).compute_z(signs)
    assert plain < strong < weighted < exact
    assert weighted > 0.7 * exact


def test_a_square_picture_is_turned_in_all_eight_ways() -> None:
    residual = _residual(1)
    square = Residual(residual.values[:, :96], residual.weights[:, :96], residual.luma[:, :96], 1.0)
    query = SignQuery.of(square)
    assert query.list_sizes() == [(96, 96)] and len(query.turn_to((96, 96)).orientations) == 8


def test_what_is_there_already_is_not_added_again(tmp_path: Path) -> None:
    index = FingerprintIndex(tmp_path, SIZE)
    assert index.append(_signed(1, 2, 2)) == 2
    assert index.append(_signed(2, 3)) == 1
    assert index.list_held() == {each.fingerprint_id: each.sha256 for each in _signed(1, 2, 3)}


def test_one_at_a_time_makes_few_segments(tmp_path: Path) -> None:
    index = FingerprintIndex(tmp_path, SIZE)
    for seed in range(1, 18):
        index.append(_signed(seed))
    assert len(list(tmp_path.glob("*.segment"))) <= 5
    assert sorted(index.list_held()) == list(range(1, 18))


def test_what_is_dropped_is_gone_from_the_files_for_everyone(tmp_path: Path) -> None:
    index, other = FingerprintIndex(tmp_path, SIZE), FingerprintIndex(tmp_path, SIZE)
    index.append(_signed(1, 2, 3))
    query = SignQuery.of(_residual(2))
    assert other.scan(query, 1).ranked[0].fingerprint_id == 2
    assert index.drop([2, 99]) == 1 and index.drop([2]) == 0
    signs = next(_signed(2)).signs.tobytes()
    assert not any(signs in path.read_bytes() for path in tmp_path.glob("*.segment"))
    scanned = other.scan(query, 9)
    assert scanned.searched == 2 and {each.fingerprint_id for each in scanned.ranked} == {1, 3}
    assert index.drop([1, 3]) == 2 and index.scan(query, 9).ranked == ()
    assert FingerprintIndex(tmp_path / "none", (10, 20)).scan(query, 9).turns == 0


def test_signs_of_another_size_are_refused(tmp_path: Path) -> None:
    index = FingerprintIndex(tmp_path, SIZE)
    with pytest.raises(WrongUse, match="are not those of"):
        index.append([Signed(1, bytes(32), pack_signs(np.ones((8, 8), np.float32)))])
    index.append(_signed(1))
    with pytest.raises(IntegrityFailure, match="do not fit"):
        FingerprintIndex(tmp_path, (128, 96)).list_held()


def test_a_flipped_bit_is_seen_and_it_can_be_made_again(tmp_path: Path) -> None:
    index = FingerprintIndex(tmp_path, SIZE)
    index.append(_signed(1, 2))
    path = next(tmp_path.glob("*.segment"))
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityFailure):
        FingerprintIndex(tmp_path, SIZE).list_held()
    with pytest.raises(IntegrityFailure):
        index.verify()
    index.discard()
    assert index.append(_signed(1, 2)) == 2 and index.verify() == 1


def test_a_kill_leaves_what_was_there(tmp_path: Path) -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from tests.camera.test_fingerprint_index import SIZE, _signed
from varde.camera.fingerprint_index import FingerprintIndex
index = FingerprintIndex(Path(sys.argv[1]), SIZE)
print("ready", flush=True)
for seed in range(1, 100_000):
    index.append(_signed(seed))
    index.drop([seed - 3])
"""
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path), root], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
        try:
            writer.wait(0.15)
        except subprocess.TimeoutExpired:
            os.kill(writer.pid, signal.SIGKILL)
    index = FingerprintIndex(tmp_path, SIZE)
    held = index.list_held()
    assert held == {each.fingerprint_id: each.sha256 for each in _signed(*held)}
    assert len(held) <= 4 and index.append(_signed(7_777_777)) == 1
    assert len(list(tmp_path.glob("*.segment"))) == index.verify()


def test_strong_pixels_are_about_half_of_normal_signals_and_few_of_long_tailed_ones() -> None:
    rng = np.random.default_rng(1)
    normal = rng.standard_normal((400, 400), np.float32)
    assert 0.5 < choose_strong(normal).mean() < 0.6
    uneven = normal * np.where(rng.random((400, 400)) < 0.1, np.float32(30), np.float32(1))
    assert choose_strong(uneven).mean() < 0.15
    assert not choose_strong(np.zeros((5, 5), np.float32)).any()


def test_a_masked_half_does_not_count() -> None:
    residual = _residual(5)
    weights = residual.weights.copy()
    weights[:48] = 0
    values = np.where(weights > 0, residual.values, np.float32(0))
    query = SignQuery.of(Residual(values, weights, residual.luma, 0.5))
    assert not query.strong[:48].any() and query.strong[48:].any()
