"""Compares one content with all known sets by every method there is, without recording anything."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from varde.core.content import Content
from varde.core.finding import OperatingPoint
from varde.core.media import MediaKind
from varde.core.outcome import NotComparable
from varde.core.signal import PerceptualHash
from varde.hashing import pdq
from varde.hashing.variants import VARIANTS, read_variants
from varde.pipeline.lookup import KnownMatch, Lookup
from varde.store.settings import MatchingSettings


@dataclass(frozen=True, slots=True)
class ContentMatches:
    """What a content was found to be.

    Attributes:
        matches: digests first, then by method and distance; one for each entry and method.
        not_comparable: method name to the reason why it could say nothing; a method that compared is not in it.
    """

    matches: tuple[KnownMatch, ...]
    not_comparable: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Probe:
    value: bytes
    offset_s: float | None
    variant: str


def match_content(lookup: Lookup, content: Content, settings: MatchingSettings) -> ContentMatches:
    """Returns every known entry that a content matches, and which methods could not compare it.

    Args:
        lookup: the known sets.
        content: with the signals to compare.
        settings: the operating point.
    """
    matches = lookup.find_digests(content.digests)
    reasons: dict[str, str] = {}
    if content.media_type.kind in {MediaKind.PICTURE, MediaKind.VIDEO}:
        point = OperatingPoint(pdq.METHOD, settings.pdq_max_distance, settings.pdq_min_quality)
        matches += _match_hashes(lookup, content, point, reasons)
    return ContentMatches(tuple(matches), reasons)


def _match_hashes(lookup: Lookup, content: Content, point: OperatingPoint, reasons: dict[str, str]) -> list[KnownMatch]:
    probes = _list_probes(content, point, reasons)
    if not probes:
        return []
    values = np.frombuffer(b"".join(probe.value for probe in probes), np.uint8).reshape(-1, 32)
    closest: dict[int, KnownMatch] = {}
    for probe, found in zip(probes, lookup.find_hashes(values, point), strict=True):
        for match in found:
            before = closest.get(match.entry.entry_id)
            if before is None or match.distance < before.distance:
                closest[match.entry.entry_id] = _explain(match, probe)
    return sorted(closest.values(), key=lambda match: (match.distance, match.entry.entry_id))


def _list_probes(content: Content, point: OperatingPoint, reasons: dict[str, str]) -> list[_Probe]:
    """Returns the hashes to ask about; where there are none, the reason is noted."""
    name = point.method.name
    reasons[name] = "no signal was computed"
    for signal in content.signals:
        if signal.method != point.method:
            continue
        if isinstance(signal.outcome, NotComparable):
            reasons[name] = signal.outcome.detail
            return []
        probes = [probe for found in signal.outcome for probe in _expand(found, point)]
        if probes:
            del reasons[name]
        else:
            best = max(found.quality for found in signal.outcome)
            reasons[name] = f"quality {best} is below {point.min_quality}: too little structure to compare"
        return probes
    return []


def _expand(found: PerceptualHash, point: OperatingPoint) -> list[_Probe]:
    probes = [_Probe(found.value, found.offset_s, "")] if found.quality >= point.min_quality else []
    codes, values = read_variants(found.variants)
    for code, value in zip(codes.tolist(), values, strict=True):
        probes.append(_Probe(value.tobytes(), found.offset_s, VARIANTS[code]))
    return probes


def _explain(match: KnownMatch, probe: _Probe) -> KnownMatch:
    details = dict(match.details)
    if probe.variant:
        details["variant"] = probe.variant
    if probe.offset_s is not None:
        details["offset_s"] = probe.offset_s
    return replace(match, details=details)
