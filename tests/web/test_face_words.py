"""What is said of a comparison: probability in words and figure, or why there is none."""

from __future__ import annotations

import pytest

from varde.core.face import Candidate, Verdict
from varde.core.face_search import EmptyReason, ListedCandidate, ScoreBand
from varde.core.outcome import NotComparable, Reason
from varde.web.face_words import (
    BAND_WORDS,
    EMPTY_WORDS,
    VERDICT_WORDS,
    say_probability,
    say_reason,
    say_support,
    write_figures,
)


def make_listed(*, log10_lr: float | None, probability: float | None) -> ListedCandidate:
    why = None if probability is not None else NotComparable(Reason.AGE_NOT_COVERED, "No child was measured.")
    candidate = Candidate(1, 7, 0.4567, log10_lr, probability, 0.3)
    return ListedCandidate(candidate, None, 80, None, why, None, "", is_filler=False, judgement=None)


@pytest.mark.parametrize(
    ("log10_lr", "said"),
    [
        (7.0, "extremely strong support for the view that it is the same person"),
        (6.0, "extremely strong"),
        (4.0, "very strong"),
        (3.5, "strong support"),
        (2.0, "moderately strong"),
        (1.0, "moderate support"),
        (0.5, "weak support for the view that it is the same person"),
        (0.1, "no support for either view"),
        (0.0, "no support for either view"),
        (-0.5, "weak support for the view that these are different persons"),
        (-4.0, "very strong support for the view that these are different persons"),
    ],
)
def test_support_follows_the_verbal_scale_in_both_directions(log10_lr: float, said: str) -> None:
    assert say_support(log10_lr).startswith(said)


@pytest.mark.parametrize(
    ("probability", "said"),
    [(0.0, "under 0.1 %"), (0.0123, "1.2 %"), (0.38, "38 %"), (0.953, "95.3 %"), (1.0, "over 99.9 %")],
)
def test_a_probability_is_never_said_to_be_certain(probability: float, said: str) -> None:
    assert say_probability(probability) == said


def test_a_candidate_without_calibration_says_why_and_gives_no_figure() -> None:
    said = write_figures(make_listed(log10_lr=None, probability=None))
    assert (said["probability"], said["support"], said["ratio"]) == ("", "", "")
    assert "No child was measured." in said["why_not"]
    assert said["score"] == "0.457"


def test_a_calibrated_candidate_has_both_words_and_figure() -> None:
    said = write_figures(make_listed(log10_lr=2.31, probability=0.38))
    assert (said["probability"], said["ratio"], said["why_not"]) == ("38 %", "+2.3", "")


def test_every_outcome_has_words() -> None:
    assert set(EMPTY_WORDS) == set(EmptyReason)
    assert set(BAND_WORDS) == set(ScoreBand)
    assert set(VERDICT_WORDS) == set(Verdict)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_said_of_faces_not_of_hashes(reason: Reason) -> None:
    assert say_reason(reason)
    assert "hash" not in say_reason(reason)
