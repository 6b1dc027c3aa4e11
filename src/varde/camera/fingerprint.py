"""Fingerprints of sensors: what all pictures of one camera have in common, estimated from references of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.fingerprint_facts import describe_quality
from varde.camera.fingerprint_sums import FingerprintSums
from varde.camera.gates import (
    Candidate,
    refuse_copies,
    refuse_other_sizes,
    refuse_same_bytes,
    refuse_unsteady,
    take_candidate,
    tell_own_size,
)
from varde.camera.reference_check import check_references, explain_outlier
from varde.camera.reference_passes import ReferencePasses, References, ReferenceSource
from varde.core.camera import FingerprintKind, Reference, ReferenceState
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method

__all__ = [
    "LEAST_REFERENCES",
    "METHOD",
    "Fingerprint",
    "ReferenceSource",
    "References",
    "ReferencesExamined",
    "build_fingerprint",
    "examine_references",
]

METHOD: Final = Method("camera.fingerprint", "1")

LEAST_REFERENCES: Final = 3
"""Photographs; of videos one is enough, since each holds many frames."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A sensor's pattern, as its pictures show it.

    Attributes:
        values: (H, W) float32, the share by which each pixel answers more (or less) to light than its neighbours, in
            sensor layout, cleaned of what cameras of one model share; 0 where no reference says anything.
        kind: what it was made from.
        references: every file it was to be made from, and what became of each.
        method: of the estimate.
        facts: how good it is, in plain values that can be written as JSON.
    """

    values: NDArray[np.float32]
    kind: FingerprintKind
    references: tuple[Reference, ...]
    method: Method
    facts: dict[str, object]

    @property
    def height_px(self) -> int:
        """Rows of the sensor's picture."""
        return int(self.values.shape[0])

    @property
    def width_px(self) -> int:
        """Columns of the sensor's picture."""
        return int(self.values.shape[1])

    @property
    def used(self) -> int:
        """How many references it was made from."""
        return sum(reference.state is ReferenceState.USED for reference in self.references)


@dataclass(frozen=True, slots=True)
class ReferencesExamined:
    """What became of the files that a fingerprint was to be made from.

    Attributes:
        references: every one of them, in their order.
        outcome: the fingerprint, or why there is none.
    """

    references: tuple[Reference, ...]
    outcome: Fingerprint | NotComparable


def build_fingerprint(references: References, kind: FingerprintKind) -> Fingerprint | NotComparable:
    """Returns the fingerprint of the camera that the references come from, or why there is none."""
    return examine_references(references, kind).outcome


def examine_references(references: References, kind: FingerprintKind) -> ReferencesExamined:
    """Returns the fingerprint and what became of each reference.

    Steps: 1. sum all of one size; 2. compare each with the sum of the others, leave out those that do not agree, and
    again until nothing changes; 3. divide, and clean what cameras of one model share.

    Args:
        references: gives the files, called once for each pass; four passes where no file is left out.
        kind: photographs or videos.

    Source: leave-one-out test: ours, with docs/decisions/0025 and its figures.

    Limits: memory is that of one residual and four planes, and 64 KiB a reference.
    """
    candidates, sums = _sum_all(references, kind)
    refusal = refuse_other_sizes(candidates)
    if refusal:
        for each in candidates:
            each.refused = each.refused or tell_own_size(each, refusal)
        return ReferencesExamined(_describe(candidates, frozenset(), ReferenceState.FIT), refusal)
    passes = _drop_unfit(references, candidates, sums)
    checked = check_references(passes, candidates) if passes else frozenset()
    if isinstance(checked, NotComparable):
        return ReferencesExamined(_describe(candidates, frozenset(), ReferenceState.FIT), checked)
    least = LEAST_REFERENCES if kind is FingerprintKind.PHOTO else 1
    if passes is None or len(checked) < least:
        needed = f"at least {least} {'is' if least == 1 else 'are'} needed"
        detail = f"{len(checked)} of {len(candidates)} files can be used; {needed}."
        fit = _describe(candidates, checked, ReferenceState.FIT)
        return ReferencesExamined(fit, NotComparable(Reason.TOO_FEW_REFERENCES, detail))
    facts = describe_quality([candidates[at] for at in sorted(checked)], candidates, kind)
    values = passes.sums.clean().numerator
    if not np.isfinite(values).all():
        fit = _describe(candidates, checked, ReferenceState.FIT)
        return ReferencesExamined(fit, NotComparable(Reason.DOES_NOT_AGREE, "Their noise is beyond all numbers."))
    rows = _describe(candidates, checked, ReferenceState.USED)
    return ReferencesExamined(rows, Fingerprint(values, kind, rows, METHOD, facts))


def _sum_all(references: References, kind: FingerprintKind) -> tuple[list[Candidate], FingerprintSums | None]:
    candidates: list[Candidate] = []
    sums: FingerprintSums | None = None
    for source, outcome in references():
        new = take_candidate(source.name, source.sha256, source.facts, outcome)
        refuse_same_bytes(candidates, new)
        if kind is FingerprintKind.VIDEO:
            refuse_unsteady(new)
        candidates.append(new)
        if isinstance(outcome, NotComparable) or new.refused:
            continue
        sums = sums or FingerprintSums(*outcome.shape)
        if outcome.shape == sums.numerator.shape:
            sums.add(outcome)
            new.is_held = True
    return candidates, sums


def _drop_unfit(
    references: References, candidates: list[Candidate], sums: FingerprintSums | None
) -> ReferencePasses | None:
    """Returns passes whose sums hold all files that may be used; None where there are none."""
    left = [each for each in candidates if not each.refused]
    if sums is None or not left or left[0].size_px is None:
        return None
    refuse_copies(candidates)
    width, height = left[0].size_px
    held = frozenset(at for at, each in enumerate(candidates) if each.is_held)
    if sums.numerator.shape != (height, width):  # the first file was the odd one
        sums, held = FingerprintSums(height, width), frozenset()
    passes = ReferencePasses(references, candidates, sums, held)
    passes.hold(passes.fit)
    return passes


def _describe(candidates: list[Candidate], inside: frozenset[int], good: ReferenceState) -> tuple[Reference, ...]:
    """Returns what became of each file; ``good`` is the state of those inside."""
    return tuple(_describe_one(each, good if at in inside else None) for at, each in enumerate(candidates))


def _describe_one(candidate: Candidate, good: ReferenceState | None) -> Reference:
    pce = candidate.agreement.pce if candidate.agreement else None
    state, refused = good or ReferenceState.OUTLIER, candidate.refused
    if refused:
        state = ReferenceState.REFUSED
    elif good is None:
        refused = NotComparable(Reason.DOES_NOT_AGREE, explain_outlier(candidate.agreement))
    return Reference(candidate.name, candidate.sha256, state, refused, pce, candidate.facts)
