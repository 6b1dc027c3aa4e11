from __future__ import annotations

import pytest
from reference_sets import SIZE, Item, give, list_items

from varde.camera.fingerprint_sums import Agreement, FingerprintSums
from varde.camera.gates import take_candidate
from varde.camera.reference_check import CLEAN_BOUND, check_references, compute_usual_gain, explain_outlier
from varde.camera.reference_passes import Numbers, ReferencePasses
from varde.core.outcome import NotComparable


def _check(items: list[Item]) -> Numbers | NotComparable:
    candidates = [take_candidate(source.name, source.sha256, {}, residual) for source, residual in items]
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


def test_the_usual_gain_is_the_median_and_none_of_none() -> None:
    assert compute_usual_gain({n: Agreement(1.0, float(n), 1.0, 1) for n in range(3)}) == 1.0
    assert compute_usual_gain({}) == 0.0


def test_an_outlier_is_told_with_its_score() -> None:
    assert "signed PCE -1.3" in explain_outlier(Agreement(-1.3, 0.0, 100.0, 1000))
    assert "PCE" not in explain_outlier(None)
    assert CLEAN_BOUND > 9
