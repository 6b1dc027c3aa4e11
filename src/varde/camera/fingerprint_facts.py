"""How good a fingerprint is, in plain values, and what a laboratory should mind about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import copysign, sqrt
from statistics import fmean, median
from typing import Final

from varde.camera.gates import Candidate
from varde.core.camera import FingerprintKind

FEW_REFERENCES: Final = 10
FEW_FRAMES: Final = 300

_WEAK_PCE: Final = 100.0
_DIM: Final = 50.0
_COARSE_QUALITY: Final = 75
_EDITORS: Final = (
    *("photoshop", "lightroom", "gimp", "snapseed", "picsart", "vsco", "paint", "affinity", "capture one"),
    *("darktable", "rawtherapee", "imagemagick", "whatsapp", "facebook", "instagram", "facetune", "remini"),
)
_FEW_OUTLIERS: Final = 3
_NAMED: Final = 3
_STATED: Final = ("make", "model", "serial", "software", "orientation", "encoder")


def describe_quality(used: Sequence[Candidate], given: Sequence[Candidate], kind: FingerprintKind) -> dict[str, object]:
    """Returns facts of a fingerprint.

    ``used``, ``outliers`` and ``refused`` count files; ``pce_median``, ``pce_least`` and ``correlation_median`` say how
    each used file agrees with all the others (not there for a single one); ``mean`` and ``usable`` are means over the
    files used; ``stated`` counts what they state of their camera; ``warnings`` are sentences.

    Args:
        used: files that it was made from.
        given: all files.
        kind: what it was made from.
    """
    refused = sum(each.refused is not None for each in given)
    facts: dict[str, object] = {
        "used": len(used),
        "outliers": len(given) - refused - len(used),
        "refused": refused,
        "usable": round(fmean(each.usable for each in used), 4),
        "mean": round(fmean(_number(each, "mean") for each in used), 1),
        "stated": {name: _count(used, name) for name in _STATED},
    }
    if kind is FingerprintKind.VIDEO:
        facts["frames"] = int(sum(_number(each, "frames") for each in used))
    scores = [each.agreement for each in used if each.agreement]
    if len(used) > 1 and scores:
        facts["pce_median"] = round(median(each.pce for each in scores), 1)
        facts["pce_least"] = round(min(each.pce for each in scores), 1)
        correlations = (copysign(sqrt(abs(each.pce) / max(each.pixels, 1)), each.pce) for each in scores)
        facts["correlation_median"] = round(median(correlations), 5)
    facts["warnings"] = _list_warnings(used, facts, kind)
    return facts


def _list_warnings(used: Sequence[Candidate], facts: dict[str, object], kind: FingerprintKind) -> list[str]:
    """Returns sentences on what makes the fingerprint weaker, or its origin less sure, than it could be."""
    found = [_warn_of_number(used, facts, kind), _warn_of_strength(facts), _warn_of_dimness(facts)]
    found.append(_warn_of_outliers(facts))
    for name in ("make", "model", "serial"):
        stated = _count(used, name)
        if len(stated) > 1:
            listed = ", ".join(f"{value} ({number})" for value, number in stated.items())
            found.append(f"The files state more than one {name}: {listed}.")
    tests = (
        (_is_edited, "were saved by a program that edits or sends pictures"),
        (_is_coarse, f"were compressed strongly (JPEG quality below {_COARSE_QUALITY})"),
        (_is_resized, "do not have the size that they state: they were resized or cut"),
        (_is_unsure, "may have been turned or cut by their decoder"),
    )
    found += [_warn_of_files([each.name for each in used if test(each)], words) for test, words in tests]
    return [each for each in found if each]


def _warn_of_number(used: Sequence[Candidate], facts: dict[str, object], kind: FingerprintKind) -> str:
    frames = facts.get("frames")
    if kind is FingerprintKind.VIDEO and isinstance(frames, int):
        few = frames < FEW_FRAMES
        return f"It was made from {frames} frames; {FEW_FRAMES} or more make it stronger." if few else ""
    if len(used) >= FEW_REFERENCES:
        return ""
    return f"It was made from {len(used)} files; {FEW_REFERENCES} or more make it stronger and outliers plainer."


def _warn_of_strength(facts: dict[str, object]) -> str:
    found = facts.get("pce_median")
    if found is None:
        return "A single file was used: whether it is this camera's could not be tested against others."
    if isinstance(found, float) and found < _WEAK_PCE:
        return (
            f"The files agree weakly with one another (median PCE {found:.0f}): few probes will reach far above chance."
        )
    return ""


def _warn_of_outliers(facts: dict[str, object]) -> str:
    outliers, used = facts["outliers"], facts["used"]
    if not isinstance(outliers, int) or not isinstance(used, int) or outliers * _FEW_OUTLIERS < used:
        return ""
    many = f"{outliers} of {outliers + used} files do not agree"
    return f"{many} with the others: are those that were used the camera's, and not these?"


def _warn_of_dimness(facts: dict[str, object]) -> str:
    mean = facts["mean"]
    dim = isinstance(mean, float) and 0 < mean < _DIM
    return f"The files are dark (mean {mean} of 255): brighter ones show more of the sensor's pattern." if dim else ""


def _warn_of_files(names: list[str], words: str) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} of the files {words}: {', '.join(names[:_NAMED])}{more}."


def _is_edited(candidate: Candidate) -> bool:
    software = str(candidate.facts.get("software", "")).lower()
    return any(editor in software for editor in _EDITORS)


def _is_coarse(candidate: Candidate) -> bool:
    quality = candidate.facts.get("quality")
    return isinstance(quality, int) and quality < _COARSE_QUALITY


def _is_resized(candidate: Candidate) -> bool:
    stated = {str(candidate.facts.get(name, "")) for name in ("stated_width", "stated_height")}
    if candidate.size_px is None or "" in stated or "0" in stated:
        return False
    return stated != {str(side) for side in candidate.size_px}


def _is_unsure(candidate: Candidate) -> bool:
    return candidate.facts.get("layout") in ("cut", "unknown")


def _count(used: Sequence[Candidate], name: str) -> dict[str, int]:
    return dict(Counter(str(each.facts[name]) for each in used if each.facts.get(name)).most_common())


def _number(candidate: Candidate, name: str) -> float:
    found = candidate.facts.get(name)
    return float(found) if isinstance(found, int | float) else 0.0
