"""Which references agree with the others: the leave-one-out test that finds foreign pictures among them."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt
from statistics import median
from typing import Final

from varde.camera.fingerprint_sums import Agreement
from varde.camera.gates import Candidate
from varde.camera.reference_passes import Numbers, ReferencePasses
from varde.core.outcome import NotComparable, Reason

CLEAN_BOUND: Final = 20.0
"""Signed PCE against a cleaned pattern that pictures of other cameras hardly ever reach (docs/decisions/0025)."""

_SURE_PCE: Final = 200.0
"""Signed PCE against an uncleaned pattern that what cameras share does not reach; below it, it is cleaned first."""

_CHANCE_PCE: Final = 9.0
"""Three standard deviations: below it, agreement cannot be told from chance."""

_SURE_GAIN: Final = 0.35
_SHARE_OF_EXPECTED: Final = 0.25
_FEWEST_SURE: Final = 2
_MOST_ROUNDS: Final = 5
_FEWEST_TO_SPLIT: Final = 4
_SPLIT_Z: Final = 6.0
_CHANCE_Z: Final = 3.0
_CLEAR_MAJORITY: Final = 2


def check_references(passes: ReferencePasses, candidates: list[Candidate]) -> Numbers | NotComparable:
    """Returns the references that agree with one another, the sums then being theirs; or why there is no such set.

    Where a sample of their rows shows all of them to agree beyond doubt, that is it. Else all rows are looked at.
    Steps: 1. each is compared with the sum of the others; those that agree as well as is usual make a core. 2. The
    others are compared with the core's cleaned pattern and belong to it from a bound on; again with what belongs now,
    until nothing changes. 3. All are compared with the strongest of them alone: where some that should agree with it
    do not, steps 1 and 2 start from the rest. Two sets that each agree within, and not with the other, are of two
    cameras: the larger is taken where it is twice the smaller.

    Args:
        passes: hold all that may be used.
        candidates: get their agreement.
    """
    passes.hold(passes.fit)
    if len(passes.fit) == 1:
        return passes.fit
    plain = _find_plain(passes)
    if plain:
        _keep(plain, candidates)
        return passes.fit
    inside, agreements = _grow(passes, _find_core(passes.measure()))
    apart = _find_apart(passes, inside)
    if apart:
        inside, agreements, refusal = _separate(passes, inside, apart, candidates)
        if refusal:
            return refusal
    passes.hold(inside)
    _keep(agreements, candidates)
    return inside


def compute_usual_gain(agreements: Mapping[int, Agreement]) -> float:
    """Returns the median gain; 0 where there is none."""
    return median(each.gain for each in agreements.values()) if agreements else 0.0


def explain_outlier(agreement: Agreement | None) -> str:
    """Returns what to say of a reference that does not belong."""
    score = "" if agreement is None else f" (signed PCE {agreement.pce:.1f})"
    return f"Its noise does not agree with that of the others{score}."


_Grown = tuple[Numbers, dict[int, Agreement]]


def _keep(agreements: Mapping[int, Agreement], candidates: list[Candidate]) -> None:
    for at, each in agreements.items():
        candidates[at].agreement = each


def _find_plain(passes: ReferencePasses) -> dict[int, Agreement]:
    """Returns agreements, brought to all rows, of a set that is one camera's by a sample of rows; {} where in doubt.

    The bounds are those for all rows, though a sample of a quarter shows a quarter of the PCE: what passes here would
    pass there with much to spare. So each must be sure, and agree clearly with the strongest of them alone.
    """
    sample, share = passes.choose_sample()
    if sample == 1:
        return {}
    found = passes.measure(sample)
    if _find_sure(found, passes.fit) != passes.fit:
        return {}
    if len(found) >= _FEWEST_TO_SPLIT:
        seed = max(found, key=lambda at: found[at].expected_pce)
        pairs = passes.measure_against(seed, passes.fit, sample)
        if any(each.gain * _root(each) < _SPLIT_Z for each in pairs.values()):
            return {}
    return {at: each.extend(share) for at, each in found.items()}


def _find_sure(agreements: Mapping[int, Agreement], among: Numbers) -> Numbers:
    """Returns those of some that agree so well with the pattern that what cameras share cannot be why."""
    usual = compute_usual_gain({at: agreements[at] for at in among})
    sure = _SURE_GAIN * usual
    return frozenset(at for at in among if agreements[at].pce >= _SURE_PCE and agreements[at].gain >= sure)


def _find_core(agreements: Mapping[int, Agreement]) -> Numbers:
    """Returns the references whose gain is not far below the set's median.

    Two pictures of one foreign camera hold each other up in the sum; their gain still shows them to be few.
    """
    usual = compute_usual_gain(agreements)
    return frozenset(
        at for at, each in agreements.items() if each.gain >= _SURE_GAIN * usual and each.pce >= _CHANCE_PCE
    )


def _grow(passes: ReferencePasses, core: Numbers) -> _Grown:
    """Returns the members of the set that grows and shrinks from a core until nothing changes, and all agreements."""
    agreements: dict[int, Agreement] = {}
    members = core
    for _ in range(_MOST_ROUNDS):
        passes.hold(core)
        agreements = dict(passes.measure())
        members, closer = _judge(passes, core, agreements)
        agreements |= closer
        if members == core:
            break
        core = members
    return members, agreements


def _judge(passes: ReferencePasses, core: Numbers, raw: dict[int, Agreement]) -> _Grown:
    """Returns who agrees with a core, and the agreements with its cleaned pattern where that was looked at."""
    sure = _find_sure(raw, core)
    if len(sure) < _FEWEST_SURE:  # all of them are weak: their own usual is all there is to go by
        usual = compute_usual_gain({at: raw[at] for at in core})
        return frozenset(at for at, each in raw.items() if each.pce >= _bound_weak(each, usual)), {}
    if sure == passes.fit:
        return sure, {}
    passes.hold(sure)
    closer = passes.measure_cleaned(passes.fit)
    return sure | {at for at, each in closer.items() if each.pce >= CLEAN_BOUND}, closer


def _bound_weak(agreement: Agreement, usual_gain: float) -> float:
    """Returns the signed PCE a reference of a weak set must reach: a quarter of what is usual there, within limits."""
    expected = max(usual_gain, 0.0) ** 2 * agreement.expected_pce
    return min(CLEAN_BOUND, max(_CHANCE_PCE, _SHARE_OF_EXPECTED * expected))


def _find_apart(passes: ReferencePasses, inside: Numbers) -> Numbers:
    """Returns the members that should clearly agree with the strongest of them alone, and do not."""
    if len(inside) < _FEWEST_TO_SPLIT:
        return frozenset()
    passes.hold(inside)
    strength = passes.measure()
    seed = max(inside, key=lambda at: strength[at].expected_pce)
    pairs = passes.measure_against(seed, inside)
    # The best sure gain with the seed is that of its own camera's pictures.
    usual = max(each.gain - _CHANCE_Z / _root(each) for each in pairs.values())
    return frozenset(
        at for at, each in pairs.items() if usual * _root(each) >= _SPLIT_Z and each.gain * _root(each) < _CHANCE_Z
    )


def _root(agreement: Agreement) -> float:
    return sqrt(max(agreement.expected_pce, 1e-9))


def _separate(
    passes: ReferencePasses, inside: Numbers, apart: Numbers, candidates: list[Candidate]
) -> tuple[Numbers, dict[int, Agreement], NotComparable | None]:
    """Returns the set that grows without those apart, or that of them where it is the larger by far."""
    one, agreements = _grow(passes, inside - apart)
    rest = inside - one
    if len(rest) < _FEWEST_SURE:
        return one, agreements, None
    other, of_other = _grow(passes, rest)
    other -= one
    if len(other) < _FEWEST_SURE or len(one) >= _CLEAR_MAJORITY * len(other):
        return one, agreements, None
    if len(other) >= _CLEAR_MAJORITY * len(one):
        return other, of_other, None
    return one, agreements, NotComparable(Reason.DOES_NOT_AGREE, _explain_split(one, other, candidates))


def _explain_split(one: Numbers, other: Numbers, candidates: list[Candidate]) -> str:
    first, second = (", ".join(candidates[at].name for at in sorted(part)[:3]) for part in (one, other))
    return (
        f"{len(one)} of the files agree with one another ({first} ...), and so do {len(other)} others ({second} ...), "
        "but these do not agree with those: they are of two cameras, or of two modes of one."
    )
