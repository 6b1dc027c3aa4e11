"""Which references agree with the others: the leave-one-out test that finds a foreign picture among them."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Final

from varde.camera.fingerprint_sums import Agreement

NULL_PCE: Final = 25.0
"""Signed PCE at a known place above which pictures of other cameras hardly ever come (docs/decisions/0025)."""

LEAST_NULL_PCE: Final = 9.0
"""Below so much, agreement cannot be told from chance: three standard deviations."""

_SUSPECT_GAIN: Final = 0.35
_SHARE_OF_EXPECTED: Final = 0.25


def compute_bound(agreement: Agreement, usual_gain: float) -> float:
    """Returns the signed PCE a reference must reach to belong to the set.

    It is what other cameras' pictures do not reach, or a quarter of what this picture should reach where that is less:
    a dark or strongly textured picture shows little of any pattern.

    Args:
        agreement: of the reference with all the others.
        usual_gain: the median of the set.
    """
    expected = max(usual_gain, 0.0) ** 2 * agreement.expected_pce
    return min(NULL_PCE, max(LEAST_NULL_PCE, _SHARE_OF_EXPECTED * expected))


def find_core(agreements: Mapping[int, Agreement]) -> frozenset[int]:
    """Returns the references whose gain is not far below the set's median: from them the first trusted sum is made.

    Two pictures of one foreign camera hold each other up in the sum; their gain still shows them to be few.
    """
    usual = compute_usual_gain(agreements)
    return frozenset(
        at for at, each in agreements.items() if each.gain >= _SUSPECT_GAIN * usual and each.pce >= LEAST_NULL_PCE
    )


def find_members(agreements: Mapping[int, Agreement], inside: frozenset[int]) -> frozenset[int]:
    """Returns the references that agree with the sum of those inside.

    Args:
        agreements: of every candidate with the sum of the others inside.
        inside: what that sum was made from.
    """
    usual = compute_usual_gain({at: each for at, each in agreements.items() if at in inside})
    return frozenset(at for at, each in agreements.items() if each.pce >= compute_bound(each, usual))


def compute_usual_gain(agreements: Mapping[int, Agreement]) -> float:
    """Returns the median gain; 0 where there is none."""
    return median(each.gain for each in agreements.values()) if agreements else 0.0
