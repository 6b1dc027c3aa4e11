import pytest

from varde.camera.video_score import judge_video_score
from varde.core.camera import Geometry, SearchExtent, SourceScore, SourceSearch
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method


def _make_score(pce: float, extent: SearchExtent = SearchExtent.ALIGNED) -> SourceScore:
    return SourceScore(pce, 0.01, SourceSearch(extent, 1, Geometry()), 10_000, 1.0, Method("test", "1"))


def test_low_score_of_a_steady_video_stands() -> None:
    score = _make_score(-2.0)
    assert judge_video_score(score, {"steadiness": "steady"}) is score


@pytest.mark.parametrize("steadiness", ["unclear", "still"])
def test_low_score_of_a_video_not_shown_steady_says_nothing(steadiness: str) -> None:
    facts = {"steadiness": steadiness, "steady_z": 1.5, "frames": 60, "aligned_frames": 0}
    outcome = judge_video_score(_make_score(12.0), facts)
    assert isinstance(outcome, NotComparable)
    assert outcome.reason is Reason.STABILISED
    assert "z 1.5" in outcome.detail
    assert "0 of 60 frames" in outcome.detail


def test_high_score_stands_however_it_was_filmed() -> None:
    score = _make_score(80.0, SearchExtent.SCALED)
    assert judge_video_score(score, {"steadiness": "unclear"}) is score


def test_a_wider_search_needs_a_higher_score() -> None:
    facts = {"steadiness": "unclear"}
    assert isinstance(judge_video_score(_make_score(40.0), facts), SourceScore)
    assert isinstance(judge_video_score(_make_score(40.0, SearchExtent.SHIFTED), facts), NotComparable)
