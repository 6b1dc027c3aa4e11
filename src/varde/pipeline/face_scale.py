"""What scores of faces mean here: the threshold for a gallery's size, likelihood ratios, and where both come from."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from varde.core.age import AgeBand
from varde.core.face_search import ScoreBand
from varde.core.model import ModelTask
from varde.core.outcome import NotComparable, Reason
from varde.faces.calibration import COSINE, Calibration, compute_pair_rate
from varde.models.pack import Manifest

IN_GALLERY: Final = 0.5
"""Probability, before anything was compared, that the person is in the gallery at all; stated beside every result."""

_FEWER: Final = 100
_MORE: Final = 10
_HIGHEST_FAR: Final = 0.99
_SAME_PERSON_RATE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Threshold:
    """The least score of a candidate.

    Attributes:
        score: -infinity where the pack has no threshold: then the nearest are listed, whatever their score.
        note: what to know about it; "" where it is what was asked for.
    """

    score: float
    note: str


@dataclass(frozen=True, slots=True)
class FaceScale:
    """What scores of one model mean.

    Attributes:
        calibration: measured by the site or by the pack's makers; or why there is none.
        calibration_id: row number of the site's own; None where it is the pack's, or none.
        rates: (false-accept rate of one comparison, score) of the pack, the largest rate first.
    """

    calibration: Calibration | NotComparable
    calibration_id: int | None
    rates: tuple[tuple[float, float], ...]

    @property
    def words(self) -> str:
        """Where likelihood ratios come from, or why there are none."""
        return self.calibration.detail if isinstance(self.calibration, NotComparable) else self.calibration.source

    def find_threshold(self, far: float, gallery_size: int, probes: int = 1) -> Threshold:
        """Returns the score above which a search shows somebody who is not in the gallery no more often than stated.

        Args:
            far: share of such searches that may show anyone, 0 to 1; 1 asks for no threshold.
            gallery_size: faces that are searched.
            probes: how many of them count by the best score; each may give its share of the false alarms.
        """
        if far >= 1:
            return Threshold(-math.inf, "")
        gallery_size, far = max(gallery_size, 1), far / max(probes, 1)
        if isinstance(self.calibration, Calibration):
            found = self.calibration.threshold(far, gallery_size)
            if not isinstance(found, NotComparable):
                return Threshold(found, "")
            strictest = self.calibration.strictest
            if not isinstance(strictest, NotComparable):
                return Threshold(strictest, f"{found.detail} The strictest threshold that was measured is used.")
        return self._read_rates(compute_pair_rate(far, gallery_size))

    def find_band(self, score: float, far: float, gallery_size: int, probes: int = 1) -> ScoreBand:
        """Returns where a score lies, roughly; where no threshold was asked for, by the loosest there is."""
        far = min(far, _HIGHEST_FAR)
        if score < self.find_threshold(min(_HIGHEST_FAR, far * _MORE), gallery_size, probes).score:
            return ScoreBand.FAR_BELOW
        if score < self.find_threshold(far, gallery_size, probes).score:
            return ScoreBand.JUST_BELOW
        strict = self.find_threshold(far / _FEWER, gallery_size, probes)
        return ScoreBand.FAR_ABOVE if score >= strict.score and not strict.note else ScoreBand.ABOVE

    @property
    def same_person(self) -> float:
        """Cosine similarity from which two faces are taken for one person's, to find rivals; at most 1."""
        strict = [score for rate, score in self.rates if rate <= _SAME_PERSON_RATE]
        return strict[0] if strict else (self.rates[-1][1] if self.rates else 1.0)

    @property
    def loose(self) -> float:
        """Cosine similarity below which two faces hardly are one person's; -1 where the pack has no threshold."""
        return self.rates[0][1] if self.rates else -1.0

    def weigh(self, score: float, quality: int, ages: Collection[AgeBand]) -> float | NotComparable:
        """Returns the log10 likelihood ratio of a score, or why none was measured."""
        if isinstance(self.calibration, NotComparable):
            return self.calibration
        return self.calibration.log10_lr(score, quality, ages)

    def _read_rates(self, wanted: float) -> Threshold:
        if not self.rates:
            return Threshold(
                -math.inf, "This pack has no threshold: the nearest faces are listed, whatever they score."
            )
        lowest = self.rates[-1][0]
        logs = [-math.log(rate) for rate, _ in self.rates]
        score = float(np.interp(-math.log(wanted), logs, [score for _, score in self.rates]))
        if wanted >= lowest * (1 - 1e-9):
            return Threshold(score, "")
        return Threshold(
            score,
            f"False alarms as rare as asked for need one false accept in {1 / wanted:,.0f} comparisons; this pack was "
            f"measured to one in {1 / lowest:,.0f}, and that threshold is used: expect more false candidates.",
        )


def make_scale(manifest: Manifest, found: tuple[int | None, Calibration] | None) -> FaceScale:
    """Returns what scores of a pack mean.

    Args:
        manifest: of the pack.
        found: row number, None for the pack's own, and calibration in force; None where there is none. Searches
            compare plain scores: one of scores that were normalised against a cohort is refused.
    """
    card = manifest.get(ModelTask.FACE_EMBED)
    rates = tuple(sorted(((float(far), float(score)) for far, score in card.thresholds.items()), reverse=True))
    if found is None:
        return FaceScale(_refuse(manifest), None, rates)
    number, calibration = found
    if calibration.scale != COSINE:
        return FaceScale(_refuse_scale(calibration), None, rates)
    return FaceScale(calibration, number, rates)


def _refuse(manifest: Manifest) -> NotComparable:
    return NotComparable(
        Reason.NOT_CALIBRATED,
        f"What scores of {manifest.name} mean was not measured; `varde models calibrate` measures it on a folder of "
        "the site's own pictures.",
    )


def _refuse_scale(calibration: Calibration) -> NotComparable:
    return NotComparable(
        Reason.NOT_CALIBRATED,
        f"The calibration in force ({calibration.source}) is about {calibration.scale} scores, which were normalised "
        f"against a cohort; searches compare {COSINE} scores, so it says nothing of them. `varde models calibrate` "
        "measures those.",
    )


def join_words(notes: Sequence[str]) -> tuple[str, ...]:
    """Returns the notes that say something, each once, in their order."""
    return tuple(dict.fromkeys(note for note in notes if note))
