"""What a video's score may be taken for: a low one says nothing where its frames may have been moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from varde.core.camera import SearchExtent, SourceScore
from varde.core.outcome import NotComparable, Reason

_LEAST_PCE: Final = {SearchExtent.ALIGNED: 30.0, SearchExtent.TURNED: 30.0}
_LEAST_PCE_ELSEWHERE: Final = 60.0


def judge_video_score(score: SourceScore, facts: Mapping[str, Any]) -> SourceScore | NotComparable:
    """Returns the score, or why it says nothing: stabilisation spreads a sensor's pattern until nothing is left of it.

    A high score of a video stands, however it was filmed. A low one speaks against a camera only where the frames are
    known to lie at one place on the sensor.

    Args:
        score: of comparing the video.
        facts: of `extract_video_residual`.

    Source: ours, evaluations/camera_video.md.
    """
    least = _LEAST_PCE.get(score.search.extent, _LEAST_PCE_ELSEWHERE)
    if facts.get("steadiness") == "steady" or score.pce >= least:
        return score
    aligned, frames = facts.get("aligned_frames") or 0, facts.get("frames") or 0
    detail = (
        f"PCE {score.pce:.1f} of a video whose frames are not known to lie at one place on the sensor: its own halves "
        f"agree at z {float(facts.get('steady_z') or 0):.1f} (at least 6 are needed), {aligned} of {frames} frames "
        f"could be aligned to the fingerprint."
    )
    return NotComparable(Reason.STABILISED, detail)
