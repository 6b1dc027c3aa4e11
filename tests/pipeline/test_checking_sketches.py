"""What a taken-over decoder may say of a sketch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method
from varde.core.source_sketch import SourceSketch
from varde.pipeline.checking_sketches import list_sketch_faults

GOOD = SourceSketch(300, 400, bytes(256 * 384 // 8), {"usable": 0.9, "make": "M"})


def test_an_honest_sketch_has_no_fault() -> None:
    assert list_sketch_faults(GOOD, wanted=True) == []
    refused = SourceSketch(0, 0, NotComparable(Reason.NOT_DECODED, "why"), {})
    assert list_sketch_faults(refused, wanted=True) == []
    assert list_sketch_faults(None, wanted=False) == []


@pytest.mark.parametrize(
    "wrong",
    [
        replace(GOOD, outcome=bytes(5)),
        replace(GOOD, height_px=30),
        replace(GOOD, height_px=-1),
        replace(GOOD, width_px=10**9),
        replace(GOOD, method=Method("camera.sketch", "0")),
        replace(GOOD, facts={"usable": float("nan")}),
        replace(GOOD, facts={"make": "x" * 10_000}),
        replace(GOOD, facts={f"fact{each}": 1.0 for each in range(100)}),
        replace(GOOD, outcome=NotComparable(Reason.BLANK, "x" * 10_000)),
    ],
)
def test_what_cannot_be_true_is_said(wrong: SourceSketch) -> None:
    assert len(list_sketch_faults(wrong, wanted=True)) == 1


def test_a_sketch_that_nobody_asked_for_is_a_fault() -> None:
    assert list_sketch_faults(GOOD, wanted=False) == ["a sketch that nobody asked for"]
