from __future__ import annotations

import pytest
from reference_sets import take

from varde.camera.gates import Candidate, refuse_copies, refuse_other_sizes, refuse_same_bytes, take_candidate
from varde.core.outcome import NotComparable, Reason


def _make(name: str, size: tuple[int, int] | None) -> Candidate:
    return Candidate(name, name.encode().ljust(32), {}, size)


def test_a_transposed_file_is_refused_and_says_so() -> None:
    candidates = [_make(str(n), (400, 300)) for n in range(8)] + [_make("turned", (300, 400))]
    assert refuse_other_sizes(candidates) is None
    refused = candidates[-1].refused
    assert refused and refused.reason is Reason.OTHER_SENSOR_SIZE
    assert "300 x 400" in refused.detail and "400 x 300" in refused.detail and "turned" in refused.detail


def test_a_panorama_is_refused_with_its_size() -> None:
    candidates = [_make(str(n), (400, 300)) for n in range(8)] + [_make("wide", (1200, 300))]
    assert refuse_other_sizes(candidates) is None
    assert candidates[-1].refused and "panorama" in candidates[-1].refused.detail


@pytest.mark.parametrize("odd", [1, 2])
def test_less_than_four_fifths_of_one_size_are_mixed(odd: int) -> None:
    candidates = [_make(f"a{n}", (400, 300)) for n in range(5)] + [_make(f"b{n}", (640, 480)) for n in range(odd)]
    refusal = refuse_other_sizes(candidates)
    assert (refusal is None) == (odd == 1)


def test_mixed_sizes_are_counted_however_many_files_there_are() -> None:
    candidates = [_make(f"a{n}", (400, 300)) for n in range(50)] + [_make(f"b{n}", (640, 480)) for n in range(40)]
    refusal = refuse_other_sizes(candidates)
    assert refusal and refusal.detail == "They have several sizes: 50 of 400 x 300, 40 of 640 x 480."
    refusal = refuse_other_sizes([_make(f"a{n}", (400, 300 + n)) for n in range(8)])
    assert refusal and refusal.detail.endswith("and of 2 sizes more.")


def test_no_files_have_no_size() -> None:
    assert refuse_other_sizes([]) is None


def test_unreadable_bytes_are_not_the_same_bytes() -> None:
    first, second = (Candidate(name, b"", {}) for name in "ab")
    refuse_same_bytes([first], second)
    assert second.refused is None


def test_different_exposures_of_a_camera_are_no_copies() -> None:
    candidates = [take_candidate(str(n), bytes([n]) * 32, {}, take(1, n)) for n in range(4)]
    refuse_copies(candidates)
    assert not any(each.refused for each in candidates)


def test_of_two_copies_the_more_usable_stays() -> None:
    one, other = (take_candidate(name, name.encode() * 32, {}, take(1, 0)) for name in "ab")
    one.usable, other.usable = 0.5, 0.9
    refuse_copies([one, other])
    assert one.refused and "b" in one.refused.detail
    assert other.refused is None


def test_videos_that_agree_are_copies_only_where_length_and_light_are_equal() -> None:
    def pair(**second: float) -> list[Candidate]:
        facts: list[dict[str, object]] = [
            {"duration_s": 10.0, "mean": 120.0},
            {"duration_s": 10.0, "mean": 120.0, **second},
        ]
        candidates = [take_candidate(str(n), bytes([n]) * 32, facts[n], take(1, 0)) for n in range(2)]
        refuse_copies(candidates)
        return [each for each in candidates if each.refused]

    assert pair(duration_s=11.2) == pair(mean=140.0) == []
    assert len(pair(duration_s=10.04, mean=121.0)) == 1


def test_a_refused_file_stays_refused() -> None:
    refused = NotComparable(Reason.TOO_DARK, "2 %")
    candidate = take_candidate("dark", bytes(32), {}, refused)
    refuse_same_bytes([_make("x", None)], candidate)
    assert candidate.refused is refused
