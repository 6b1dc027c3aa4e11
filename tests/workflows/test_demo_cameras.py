"""What the demo concludes from comparisons; that it makes them as it should is tested with the whole demo."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from varde.core.camera import LikelihoodRatio
from varde.core.camera_comparison import CameraComparison
from varde.core.errors import VardeError
from varde.core.outcome import NotComparable, Reason
from varde.testing.demo_cameras import CameraMaterial
from varde.workflows.demo_cameras import check_comparisons

AT = datetime(2026, 11, 23, tzinfo=UTC)
DRAWN = NotComparable(Reason.NOT_A_PHOTOGRAPH, "It was drawn.")
MATERIAL = CameraMaterial(
    Path("cameras"), Path("flat-fields"), frozenset({"own", "mine"}), frozenset({"other"}), frozenset({"chart"})
)


def make_comparisons(**worth: float) -> dict[str, CameraComparison]:
    """Returns a comparison of each picture of `MATERIAL`, by its name."""
    ratios = {"own": 2.0, "mine": 1.5, "other": -1.0} | worth
    weighed = {name: LikelihoodRatio(value, False, "in words", "measured") for name, value in ratios.items()}
    return {name: make_comparison(name, found) for name, found in ({"chart": DRAWN} | weighed).items()}


def make_comparison(name: str, found: LikelihoodRatio | NotComparable) -> CameraComparison:
    return CameraComparison(1, 1, "camera", None, name, None, 1, 1, "cameras", DRAWN, found, AT, "tester")


def test_it_counts_what_supports_what_does_not_and_what_cannot_be_assessed() -> None:
    shown = check_comparisons(make_comparisons(), MATERIAL, 10)
    assert (shown.references, shown.supporting, shown.not_supporting, shown.not_assessable) == (10, 2, 1, 1)
    assert shown.least.log10_lr == 1.5


def test_ratio_of_one_supports_nothing() -> None:
    assert check_comparisons(make_comparisons(other=0.0), MATERIAL, 10).not_supporting == 1
    with pytest.raises(VardeError, match=r"mine: log10 likelihood ratio \+0\.00, in words$"):
        check_comparisons(make_comparisons(mine=0.0), MATERIAL, 10)


@pytest.mark.parametrize("name", ["other", "chart"])
def test_picture_that_supports_and_must_not_is_named(name: str) -> None:
    with pytest.raises(VardeError, match=rf"went wrong: {name}: log10 likelihood ratio \+0\.30, in words$") as raised:
        check_comparisons(make_comparisons(**{name: 0.3}), MATERIAL, 10)
    assert "doctor" in raised.value.advice


def test_picture_of_the_camera_that_is_not_assessable_is_named_with_the_reason() -> None:
    made = make_comparisons() | {"own": make_comparison("own", DRAWN)}
    with pytest.raises(VardeError, match=r"own: not assessable, It was drawn\.$"):
        check_comparisons(made, MATERIAL, 10)


def test_picture_that_was_not_compared_is_named() -> None:
    made = make_comparisons()
    del made["other"]
    with pytest.raises(VardeError, match=r"other: not compared$"):
        check_comparisons(made, MATERIAL, 10)
    with pytest.raises(VardeError, match="mine: not compared"):
        check_comparisons({}, MATERIAL, 10)
