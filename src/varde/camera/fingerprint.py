"""Fingerprints of sensors: what all pictures of one camera have in common, estimated from references of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from varde.camera.fingerprint_sums import Agreement, FingerprintSums
from varde.camera.gates import Candidate, refuse_copies, refuse_other_sizes, refuse_same_bytes, take_candidate
from varde.camera.reference_check import find_core, find_members
from varde.camera.residual import Residual
from varde.core.camera import FingerprintKind, Reference, ReferenceState
from varde.core.outcome import NotComparable, Reason
from varde.core.signal import Method

METHOD: Final = Method("camera.fingerprint", "1")

LEAST_REFERENCES: Final = 3
FEW_REFERENCES: Final = 10
_MOST_ROUNDS: Final = 6


@dataclass(frozen=True, slots=True)
class ReferenceSource:
    """A file that a fingerprint is to be made from, as far as it was read.

    Attributes:
        name: as it was given.
        sha256: of its bytes, 32 bytes; b"" where they could not be read.
        facts: plain facts that can be written as JSON.
    """

    name: str
    sha256: bytes
    facts: dict[str, object] = field(default_factory=dict)


References = Callable[[], Iterator[tuple[ReferenceSource, Residual | NotComparable]]]
"""Gives the files one after the other, in the same order each time it is called; a residual is used up at once."""


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
        references: gives the files, called once for each pass; two passes where no file is left out.
        kind: photographs or videos.

    Limits: memory is that of one residual and two planes, and 64 KiB a reference.
    """
    candidates, sums = _sum_all(references)
    refusal = refuse_other_sizes(candidates)
    if refusal:
        return _refuse(candidates, refusal)
    sums = _drop_unfit(references, candidates, sums)
    inside = _check(references, candidates, sums) if sums else frozenset()
    rows = _describe(candidates, inside)
    if sums is None or len(inside) < LEAST_REFERENCES:
        detail = f"{len(inside)} of {len(candidates)} files can be used; at least {LEAST_REFERENCES} are needed."
        return ReferencesExamined(rows, NotComparable(Reason.TOO_FEW_REFERENCES, detail))
    facts: dict[str, object] = {"used": len(inside)}
    return ReferencesExamined(rows, Fingerprint(sums.estimate(), kind, rows, METHOD, facts))


def _sum_all(references: References) -> tuple[list[Candidate], FingerprintSums | None]:
    candidates: list[Candidate] = []
    sums: FingerprintSums | None = None
    for source, outcome in references():
        new = take_candidate(source.name, source.sha256, source.facts, outcome)
        refuse_same_bytes(candidates, new)
        candidates.append(new)
        if isinstance(outcome, NotComparable) or new.refused:
            continue
        sums = sums or FingerprintSums(*outcome.values.shape)
        if outcome.values.shape == sums.numerator.shape:
            sums.add(outcome)
    return candidates, sums


def _drop_unfit(
    references: References, candidates: list[Candidate], sums: FingerprintSums | None
) -> FingerprintSums | None:
    """Returns the sums of the files that were not refused since they were added."""
    left = [each for each in candidates if not each.refused]
    if sums is None or not left or left[0].size_px is None:
        return None
    width, height = left[0].size_px
    if sums.numerator.shape != (height, width):  # the first file was the odd one
        sums = FingerprintSums(height, width)
        _change(references, sums, added=frozenset(at for at, each in enumerate(candidates) if not each.refused))
    copies = {id(each) for each in refuse_copies(candidates)}
    _change(references, sums, taken=frozenset(at for at, each in enumerate(candidates) if id(each) in copies))
    return sums


def _check(references: References, candidates: list[Candidate], sums: FingerprintSums) -> frozenset[int]:
    """Returns the numbers of the references that agree with one another; the sums are then theirs."""
    inside = frozenset(at for at, each in enumerate(candidates) if not each.refused)
    for turn in range(_MOST_ROUNDS):
        agreements = _measure(references, candidates, sums, inside)
        wanted = find_members(agreements, inside) if turn else find_core(agreements)
        if wanted == inside or len(wanted) < LEAST_REFERENCES:
            return inside & wanted
        _change(references, sums, added=wanted - inside, taken=inside - wanted)
        inside = wanted
    return inside


def _measure(
    references: References, candidates: list[Candidate], sums: FingerprintSums, inside: frozenset[int]
) -> dict[int, Agreement]:
    found: dict[int, Agreement] = {}
    for at, (_, outcome) in enumerate(references()):
        if isinstance(outcome, NotComparable) or candidates[at].refused:
            continue
        found[at] = sums.measure(outcome, is_inside=at in inside)
        candidates[at].agreement = found[at]
    return found


def _change(
    references: References,
    sums: FingerprintSums,
    *,
    added: frozenset[int] = frozenset(),
    taken: frozenset[int] = frozenset(),
) -> None:
    if not added and not taken:
        return
    for at, (_, outcome) in enumerate(references()):
        if at in added and not isinstance(outcome, NotComparable):
            sums.add(outcome)
        elif at in taken and not isinstance(outcome, NotComparable):
            sums.subtract(outcome)


def _refuse(candidates: list[Candidate], refusal: NotComparable) -> ReferencesExamined:
    return ReferencesExamined(_describe(candidates, frozenset()), refusal)


def _describe(candidates: list[Candidate], inside: frozenset[int]) -> tuple[Reference, ...]:
    return tuple(_describe_one(each, is_inside=at in inside) for at, each in enumerate(candidates))


def _describe_one(candidate: Candidate, *, is_inside: bool) -> Reference:
    pce = candidate.agreement.pce if candidate.agreement else None
    state, refused = ReferenceState.USED, candidate.refused
    if refused:
        state = ReferenceState.REFUSED
    elif not is_inside:
        state = ReferenceState.OUTLIER
        refused = NotComparable(Reason.QUALITY_TOO_LOW, "Its noise does not agree with that of the others.")
    return Reference(candidate.name, candidate.sha256, state, refused, pce, candidate.facts)
