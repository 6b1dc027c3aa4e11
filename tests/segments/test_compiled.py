import shutil
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba.core.caching import CompileResultCacheImpl

from varde.segments.compiled import HASHES, LANES, compiled, count_bits, lowest_bit, near_hashes, near_lanes, prefetch


@compiled
def run_near_lanes(array: Any, position: Any, value: Any, limit: Any) -> Any:
    return near_lanes(array, position, np.uint16(value), np.uint16(limit))


@compiled
def run_near_hashes(array: Any, position: Any, probe: Any, limit: Any) -> Any:
    return near_hashes(array, position, probe[0], probe[1], probe[2], probe[3], limit)


@compiled
def run_bits(array: Any, value: Any) -> Any:
    prefetch(array, 1 << 40)
    return count_bits(np.uint64(value)), lowest_bit(np.uint32(value & 0xFFFFFFFF))


@pytest.mark.parametrize("limit", [0, 3, 8, 16])
def test_near_lanes_marks_the_values_within_the_limit(limit: int) -> None:
    array = np.random.default_rng(1).integers(0, 1 << 16, 200).astype(np.uint16)
    for position in (0, 7, 200 - LANES):
        near = [bin(int(each) ^ 0x1234).count("1") <= limit for each in array[position : position + LANES]]
        assert run_near_lanes(array, position, 0x1234, limit) == sum(
            1 << lane for lane, is_near in enumerate(near) if is_near
        )


@pytest.mark.parametrize("limit", [0, 31, 120, 128, 256])
def test_near_hashes_marks_the_hashes_within_the_limit(limit: int) -> None:
    words = np.random.default_rng(2).integers(0, 1 << 63, (40, 4)).astype(np.uint64)
    for low in (0, 3, 40 - HASHES):
        distances = np.bitwise_count(words[low : low + HASHES] ^ words[5]).sum(axis=1, dtype=np.int64)
        expected = sum(1 << lane for lane, distance in enumerate(distances) if distance <= limit)
        assert run_near_hashes(words.ravel(), 4 * low, words[5], limit) == expected


@pytest.mark.parametrize("value", [1, 0x80000000, 0xFFFF_0000_0000_0010, (1 << 64) - 1])
def test_bits_are_counted_and_found_and_prefetching_outside_is_harmless(value: int) -> None:
    number = np.uint64(value)
    low = value & 0xFFFFFFFF
    assert run_bits(np.zeros(3), number) == (value.bit_count(), (low & -low).bit_length() - 1)


def test_where_no_place_for_compiled_code_is_found_it_is_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def quadruple(value: int) -> int:
        return 4 * value

    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])
    assert compiled(quadruple)(3) == 12


def test_code_that_can_be_neither_kept_nor_found_is_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kept"
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))

    def double(value: int) -> int:
        return 2 * value

    made = compiled(double)
    shutil.rmtree(folder)
    folder.write_text("no folder any more, as to a process that is locked down")
    assert made(21) == 42


def test_code_is_kept_beside_the_source_or_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))

    def triple(value: int) -> int:
        return 3 * value

    assert compiled(triple)(14) == 42
    assert list(tmp_path.rglob("*triple*.nbc"))
