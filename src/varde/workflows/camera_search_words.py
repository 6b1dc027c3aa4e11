"""What a search of all cameras says of itself: what to know before judging, and why it lists none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from varde.camera.residual import Residual
from varde.core.camera import LikelihoodRatio
from varde.core.camera_search import (
    CameraCandidate,
    CamerasElsewhere,
    EmptySearch,
    EmptySearchReason,
    FamilySearched,
    NotSearched,
    NotSearchedReason,
    WiderSearch,
)
from varde.core.outcome import NotComparable
from varde.pipeline.camera_scope import Scope
from varde.store.camera_families import EnrolledFingerprint
from varde.workflows.take_sources import advise

_ENROL: Final = "Enrol cameras with `varde camera enrol NAME PHOTO...`."
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600


def list_notes(
    searched: Sequence[FamilySearched],
    candidates: Sequence[CameraCandidate],
    references: Sequence[EnrolledFingerprint],
) -> tuple[str, ...]:
    """Returns what to know before judging candidates, a sentence each.

    Args:
        searched: what was searched.
        candidates: closest first.
        references: fingerprints that were made from this very file, of cameras that the person may see.
    """
    found = []
    cameras = sum(one.cameras for one in searched)
    ratios = [one.comparison.likelihood for one in candidates]
    best = max((one.log10_lr for one in ratios if isinstance(one, LikelihoodRatio)), default=None)
    if best is not None and best > 0:
        found.append(_tell_chance(best, cameras))
    elif candidates and best is None:
        found.append("What such scores are worth was not measured: rank and PCE are all that is known of them.")
    elif candidates:
        found.append("Nothing speaks for any of these cameras: they are the closest of those searched, and no more.")
    if references:
        named = ", ".join(one.fingerprint.camera for one in references)
        found.append(f"This file is itself a reference of {named}: that is known already, and is left out.")
    return tuple(found)


def _tell_chance(log10_lr: float, cameras: int) -> str:
    """Returns how many cameras that did not take the file may score so high by chance."""
    ratio = 10**log10_lr
    expected = cameras / ratio
    share = f"of {cameras:,} that did not take the file, up to {expected:,.1f} are expected to reach it by chance"
    few = "fewer than 0.01 are expected to reach it by chance"
    return (
        f"The highest ratio is about {ratio:,.0f}: "
        + (share if expected >= 0.01 else f"of {cameras:,} that did not take the file, {few}")
        + ". Weigh it with what else is known of the cameras."
    )


def explain_empty(
    residual: Residual | NotComparable,
    scope: Scope,
    not_searched: Sequence[NotSearched],
    elsewhere: Sequence[CamerasElsewhere],
    wider: Sequence[WiderSearch],
) -> EmptySearch:
    """Returns why a search lists no camera, and what to do about it."""
    if isinstance(residual, NotComparable):
        advice = advise(residual.reason)
        return EmptySearch(EmptySearchReason.NOT_ASSESSABLE, residual.detail, advice, residual.reason)
    if elsewhere:
        detail = "Cameras speak for themselves only in cases that you have no access to."
        return EmptySearch(EmptySearchReason.ONLY_ELSEWHERE, detail, "Ask the people named under elsewhere.")
    reasons = {one.reason: one for one in not_searched}
    if not scope.cameras:
        return EmptySearch(EmptySearchReason.NO_CAMERAS, "No camera is enrolled that could be compared.", _ENROL)
    if NotSearchedReason.IS_A_REFERENCE in reasons:
        detail = reasons[NotSearchedReason.IS_A_REFERENCE].detail
        advice = "Search with another file, or enrol the camera again without this one."
        return EmptySearch(EmptySearchReason.ONLY_REFERENCES, detail, advice)
    if wider:
        detail = "No enrolled camera has the size of this file, turned or not."
        return EmptySearch(EmptySearchReason.OTHER_SIZES, detail, _offer(wider))
    if NotSearchedReason.OTHER_KIND in reasons:
        detail = reasons[NotSearchedReason.OTHER_KIND].detail
        advice = "Enrol the cameras with files of this kind as well (`varde camera enrol --kind`)."
        return EmptySearch(EmptySearchReason.OTHER_KIND, detail, advice)
    detail = "No camera could be compared with it: too few of its pixels can be used."
    return EmptySearch(EmptySearchReason.NOT_ASSESSABLE, detail, "Find a larger or less changed copy.")


def write_cost(cost_s: float) -> str:
    """Returns a time in words that do not promise more than is known."""
    if cost_s < 2 * _MINUTE_S:
        return f"{max(1, round(cost_s))} s"
    if cost_s < 2 * _HOUR_S:
        return f"{round(cost_s / _MINUTE_S)} min"
    return f"{round(cost_s / _HOUR_S)} h"


def _offer(wider: Sequence[WiderSearch]) -> str:
    offers = ", ".join(f"--extent {one.extent.value} (about {write_cost(one.cost_s)} of CPU)" for one in wider)
    return f"If it may be cut or resized, compare each camera by itself: {offers}."
