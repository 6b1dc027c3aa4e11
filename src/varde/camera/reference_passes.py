"""Passes over references: each gives every residual once, in order, and keeps no more than their sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from varde.camera.fingerprint_sums import Agreement, FingerprintSums
from varde.camera.gates import Candidate
from varde.camera.packing import Noise, count_rows
from varde.core.outcome import NotComparable


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


References = Callable[[], Iterator[tuple[ReferenceSource, Noise | NotComparable]]]
"""Gives the files one after the other, in the same order each time it is called; a residual is used up at once."""

Numbers = frozenset[int]
"""Of references, from 0."""

_SAMPLE_PX: Final = 1_000_000


class ReferencePasses:
    """References of one size that passed the gates, and which of them the sums hold now."""

    def __init__(
        self, references: References, candidates: list[Candidate], sums: FingerprintSums, held: Numbers
    ) -> None:
        """Takes over sums that hold some of them.

        Args:
            references: gives the residuals.
            candidates: what is kept of each file.
            sums: of those held.
            held: which.
        """
        self._references = references
        self._candidates = candidates
        self.sums = sums
        self.held = held
        self._measured: dict[int, dict[int, Agreement]] = {}

    @property
    def fit(self) -> Numbers:
        """Those that may be used."""
        return frozenset(at for at, each in enumerate(self._candidates) if not each.refused)

    def hold(self, wanted: Numbers) -> None:
        """Makes the sums those of some references; one pass, where anything changes."""
        added, taken = wanted - self.held, self.held - wanted
        if not added and not taken:
            return
        if len(taken) > len(wanted):  # what is left of large sums would be their rounding
            self.sums, added, taken = self._start_anew(), wanted, frozenset()
        for at, residual in self._give(added | taken):
            if at in added:
                self.sums.add(residual)
            else:
                self.sums.subtract(residual)
        self.held = wanted
        self._measured = {}

    def measure(self, each: int = 1) -> dict[int, Agreement]:
        """Returns how each that may be used agrees with the sum of the others held; one pass, where that is new.

        Args:
            each: only every so many bands of rows are looked at, and counted.
        """
        if each not in self._measured:
            measure, found = self.sums.measure, self._give(self.fit)
            self._measured[each] = {at: measure(noise, is_inside=at in self.held, each=each) for at, noise in found}
        return self._measured[each]

    def measure_cleaned(self, among: Numbers) -> dict[int, Agreement]:
        """Returns how each of some that are not held agrees with the cleaned pattern of those held; one pass."""
        pattern = self.sums.clean()
        return {at: pattern.measure(each, is_inside=False) for at, each in self._give(among - self.held)}

    def measure_against(self, seed: int, among: Numbers, each: int = 1) -> dict[int, Agreement]:
        """Returns how each of some agrees with one of them alone, on every so many bands of rows; two passes."""
        alone = self._start_anew()
        for _, noise in self._give(frozenset({seed})):
            alone.add(noise)
        return {at: alone.measure(noise, is_inside=False, each=each) for at, noise in self._give(among - {seed})}

    def choose_sample(self) -> tuple[int, float]:
        """Returns every how many bands of rows hold enough pixels to see most sets through, and all rows over theirs.

        They are no fewer than `_SAMPLE_PX`; 1 where the pictures have hardly more.
        """
        height, width = self.sums.numerator.shape
        each = max(1, height * width // _SAMPLE_PX)
        return each, height / count_rows(height, each)

    def _give(self, wanted: Numbers) -> Iterator[tuple[int, Noise]]:
        last = max(wanted, default=-1)
        for at, (_, outcome) in enumerate(self._references() if wanted else ()):
            if at in wanted and not isinstance(outcome, NotComparable):
                yield at, outcome
            if at == last:
                return

    def _start_anew(self) -> FingerprintSums:
        return FingerprintSums(*self.sums.numerator.shape)
