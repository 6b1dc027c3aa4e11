from __future__ import annotations

import pytest
from pytest import MonkeyPatch, approx
from reference_sets import SIZE, Item, give, list_items

from varde.camera import reference_passes
from varde.camera.fingerprint_sums import Agreement, FingerprintSums
from varde.camera.gates import Candidate, take_candidate
from varde.camera.packing import Noise
from varde.camera.reference_check import CLEAN_BOUND, check_references, compute_usual_gain, explain_outlier
from varde.camera.reference_passes import Numbers, ReferencePasses
from varde.core.outcome import NotComparable


def _take(items: list[Item]) -> list[Candidate]:
    return [take_candidate(source.name, source.sha256, {}, residual) for source, residual in items]


def _check(items: list[Item], candidates: list[Candidate] | None = None) -> Numbers | NotComparable:
    candidates = candidates or _take(items)
    passes = ReferencePasses(give(items), candidates, FingerprintSums(SIZE, SIZE), frozenset())
    found = check_references(passes, candidates)
    assert isinstance(found, NotComparable) or passes.held == found
    return found


def test_one_camera_is_kept_whole() -> None:
    assert _check(list_items(1, range(6))) == frozenset(range(6))


@pytest.mark.parametrize("number", [1, 2])
def test_one_or_two_files_are_not_taken_apart(number: int) -> None:
    assert _check(list_items(1, range(number))) == frozenset(range(number))


def test_the_larger_part_is_kept_where_it_is_twice_the_other() -> None:
    assert _check([*list_items(1, range(8)), *list_items(2, range(4))]) == frozenset(range(8))


def test_files_of_as_many_cameras_agree_with_nothing() -> None:
    found = _check([list_items(seed, [0])[0] for seed in range(1, 7)])
    assert isinstance(found, NotComparable) or len(found) < 3


def test_a_sample_of_rows_sees_one_camera_and_says_what_all_rows_would(monkeypatch: MonkeyPatch) -> None:
    items = list_items(1, range(6))
    whole, sampled = _take(items), _take(items)
    assert _check(items, whole) == frozenset(range(6))
    monkeypatch.setattr(reference_passes, "_SAMPLE_PX", SIZE * SIZE // 2)
    measured = list[int]()
    measure = FingerprintSums.measure

    def watch(sums: FingerprintSums, noise: Noise, *, is_inside: bool, each: int = 1) -> Agreement:
        measured.append(each)
        return measure(sums, noise, is_inside=is_inside, each=each)

    monkeypatch.setattr(FingerprintSums, "measure", watch)
    assert _check(items, sampled) == frozenset(range(6))
    assert measured == [2] * 11, "each once with all others, and each but the strongest with that one"
    for one, other in zip(whole, sampled, strict=True):
        assert one.agreement and other.agreement
        assert other.agreement.pce == approx(one.agreement.pce, rel=0.4)
        assert other.agreement.pixels == approx(one.agreement.pixels, rel=0.01)


@pytest.mark.parametrize("foreign", [1, 2, 4])
def test_where_a_sample_leaves_doubt_all_rows_decide(monkeypatch: MonkeyPatch, foreign: int) -> None:
    items = [*list_items(1, range(8)), *list_items(2, range(foreign))]
    whole, sampled = _take(items), _take(items)
    expected = _check(items, whole)
    monkeypatch.setattr(reference_passes, "_SAMPLE_PX", SIZE * SIZE // 4)
    assert _check(items, sampled) == expected == frozenset(range(8))
    assert [each.agreement for each in sampled] == [each.agreement for each in whole]


def test_the_usual_gain_is_the_median_and_none_of_none() -> None:
    assert compute_usual_gain({n: Agreement(1.0, float(n), 1.0, 1) for n in range(3)}) == 1.0
    assert compute_usual_gain({}) == 0.0


def test_an_outlier_is_told_with_its_score() -> None:
    assert "signed PCE -1.3" in explain_outlier(Agreement(-1.3, 0.0, 100.0, 1000))
    assert "PCE" not in explain_outlier(None)
    assert CLEAN_BOUND > 9
