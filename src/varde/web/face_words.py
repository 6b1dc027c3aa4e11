"""What a face search found, in words: how strongly the faces speak for one person, and why a list is empty."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from varde.core.age import AgeBand
from varde.core.face import Verdict
from varde.core.face_search import EmptyReason, ListedCandidate, ScoreBand
from varde.core.outcome import NotComparable, Reason
from varde.reports.wording import REASON_SENTENCES

_SCALE: Final = (
    (6.0, "extremely strong support"),
    (4.0, "very strong support"),
    (3.0, "strong support"),
    (2.0, "moderately strong support"),
    (1.0, "moderate support"),
    (0.30103, "weak support"),
)
"""Least log10 of a likelihood ratio, and the words for it. Source: ENFSI guideline for evaluative reporting, 2015."""

_LEAST_SHOWN = 0.001

VERDICT_WORDS: Final[Mapping[Verdict, str]] = MappingProxyType(
    {
        Verdict.SAME: "the same person",
        Verdict.DIFFERENT: "different persons",
        Verdict.UNDECIDED: "undecided",
        Verdict.NONE_OF_THESE: "none of these",
    }
)
"""What a person said, in words; every verdict has some."""

BAND_WORDS: Final[Mapping[ScoreBand, str]] = MappingProxyType(
    {
        ScoreBand.FAR_ABOVE: "far above the threshold",
        ScoreBand.ABOVE: "above the threshold",
        ScoreBand.JUST_BELOW: "just below the threshold",
        ScoreBand.FAR_BELOW: "far below the threshold",
    }
)
"""Where a score lies that may not be said more exactly."""

EMPTY_WORDS: Final[Mapping[EmptyReason, str]] = MappingProxyType(
    {
        EmptyReason.NO_FACE_IN_PROBE: "No face was found in what you searched with",
        EmptyReason.PROBE_NOT_COMPARABLE: "The face you searched with cannot be compared",
        EmptyReason.PROBE_UNREADABLE: "What you searched with could not be read",
        EmptyReason.NO_FACES_IN_SCOPE: "No face was found in what was searched",
        EmptyReason.NOTHING_EXAMINED: "Nobody has looked for faces in what was searched",
        EmptyReason.BELOW_THRESHOLD: "No face is close enough to be listed",
        EmptyReason.ONLY_ELSEWHERE: "There are candidates only in cases you have no access to",
    }
)
"""Why a list is empty, as a heading."""


AGE_WORDS: Final[Mapping[AgeBand, str]] = MappingProxyType(
    {
        band: "18 years and older" if band is AgeBand.ADULT else f"{band.value.replace('-', ' to ')} years"
        for band in AgeBand
    }
)
"""Age bands as people say them."""

_FACE_REASONS: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.QUALITY_TOO_LOW: "The face is too blurred, dark, covered or turned away to be compared.",
        Reason.TOO_SMALL: "The face has too few pixels to be compared.",
        Reason.NOT_A_PICTURE: "It is neither a picture nor a video.",
        Reason.NO_FRAMES: "No frame of the video could be looked at.",
    }
)
"""Reasons that are said otherwise of faces than of hashes."""


def say_support(log10_lr: float) -> str:
    """Returns what a likelihood ratio supports and how strongly, by ENFSI's verbal scale.

    Args:
        log10_lr: of the same person against different persons.
    """
    towards = "that it is the same person" if log10_lr > 0 else "that these are different persons"
    for least, words in _SCALE:
        if abs(log10_lr) >= least:
            return f"{words} for the view {towards}"
    return "no support for either view"


def say_probability(probability: float) -> str:
    """Returns a probability as a figure for people, such as ``38 %``."""
    if probability < _LEAST_SHOWN:
        return "under 0.1 %"
    if probability > 1 - _LEAST_SHOWN:
        return "over 99.9 %"
    return f"{100 * probability:.0f} %" if 0.1 <= probability <= 0.9 else f"{100 * probability:.1f} %"


def say_why_not(outcome: NotComparable) -> str:
    """Returns why something has no figure, as a sentence."""
    return f"{say_reason(outcome.reason)} {outcome.detail}".strip()


def say_reason(reason: Reason) -> str:
    """Returns a reason why a face cannot be compared, as a sentence."""
    return _FACE_REASONS.get(reason, REASON_SENTENCES[reason])


def write_figures(listed: ListedCandidate) -> dict[str, str]:
    """Returns what a candidate's comparison gave: its probability in words and figure, or why it has none."""
    candidate = listed.candidate
    why_not = say_why_not(listed.not_calibrated) if listed.not_calibrated is not None else ""
    return {
        "probability": "" if candidate.probability is None else say_probability(candidate.probability),
        "support": "" if candidate.log10_lr is None else say_support(candidate.log10_lr),
        "ratio": "" if candidate.log10_lr is None else f"{candidate.log10_lr:+.1f}",
        "why_not": why_not,
        "why_not_short": say_reason(listed.not_calibrated.reason) if listed.not_calibrated is not None else "",
        "score": f"{candidate.score:.3f}",
        "rival": "" if candidate.rival is None else f"{candidate.rival:.3f}",
    }
