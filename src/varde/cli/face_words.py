"""How searches, faces and leads are shown: as JSON, and as lines that a person can read."""

from __future__ import annotations

import math
from typing import Any, Final

from varde.cli import output
from varde.core.face_search import FacePlace, FaceSearch, FaceSight, ListedCandidate, Probe
from varde.store.types import write_utc

_SUREST: Final = 0.999


def describe_search(found: FaceSearch) -> dict[str, Any]:
    """Returns a search as plain data."""
    empty = found.empty
    return {
        "search": found.search_id,
        "scope": found.scope.value,
        "case": found.case or None,
        "rule": found.rule.value,
        "model": str(found.model),
        "calibration": found.calibration,
        "threshold": found.threshold if math.isfinite(found.threshold) else None,
        "far": found.far,
        "prior": found.prior,
        "age_band": found.age_band.value if found.age_band else None,
        "gallery": {"faces": found.gallery_faces, "not_examined": found.not_examined},
        "probes": [_describe_probe(probe) for probe in found.probes],
        "candidates": [describe_candidate(one) for one in found.candidates],
        "elsewhere": [
            {"contacts": list(one.contacts), "contents": one.faces, "band": one.band.value} for one in found.elsewhere
        ],
        "withheld": found.withheld,
        "none_of_these": True,
        "reason": empty.reason.value if empty else None,
        "detail": empty.detail if empty else None,
        "advice": empty.advice if empty else None,
        "notes": list(found.notes),
        "searched_at": write_utc(found.searched_at),
        "person": found.person,
    }


def describe_candidate(one: ListedCandidate) -> dict[str, Any]:
    """Returns a candidate as plain data."""
    candidate, sight = one.candidate, one.sight
    first = sight.places[0] if sight and sight.places else None
    why = one.not_calibrated
    return {
        "rank": candidate.rank,
        "face": sight.face_id if sight else None,
        "item": first.item_id if first else None,
        "victim": one.victim or None,
        "case": first.case if first else one.victim_case or None,
        "exhibit": first.exhibit if first else None,
        "locator": first.locator if first else None,
        "offset_s": sight.offset_s if sight else None,
        "box": _describe_box(sight),
        "score": round(candidate.score, 4),
        "log10_lr": None if candidate.log10_lr is None else round(candidate.log10_lr, 3),
        "probability": None if candidate.probability is None else round(candidate.probability, 6),
        "not_calibrated": None if why is None else {"reason": why.reason.value, "detail": why.detail},
        "rival": None if candidate.rival is None else round(candidate.rival, 4),
        "quality": one.quality,
        "size_px": round(sight.size_px, 1) if sight else None,
        "places": [_describe_place(place) for place in sight.places] if sight else [],
        "more_places": sight.more_places if sight else 0,
    }


def describe_sight(sight: FaceSight) -> dict[str, Any]:
    """Returns a face as plain data."""
    age = sight.age
    return {
        "face": sight.face_id,
        "number": sight.ordinal,
        "box": _describe_box(sight),
        "size_px": round(sight.size_px, 1),
        "quality": sight.quality,
        "confidence": round(sight.confidence, 3),
        "angle": sight.angle,
        "age": None if age is None else {"low": age.low, "estimate": age.estimate, "high": age.high},
        "offset_s": sight.offset_s,
        "first_s": sight.first_s,
        "last_s": sight.last_s,
        "frames": sight.seen_frames,
        "not_comparable": sight.unembedded.value if sight.unembedded else None,
        "places": [_describe_place(place) for place in sight.places],
        "more_places": sight.more_places,
    }


def print_search(found: FaceSearch) -> None:
    """Writes a search for a person: candidates on standard output, what to know on standard error."""
    for probe in found.probes:
        _say_probe(probe)
    output.say(f"Search {found.search_id}: {_describe_searched(found)}")
    if found.candidates:
        columns = ("rank", "face", "item", "place", "score", "rival", "probability", "quality", "size_px")
        output.write_rows(columns, (_cells(one) for one in found.candidates))
        output.say("These are candidates, not identifications. None of them may be the person.")
    for one in found.elsewhere:
        output.say(
            f"Elsewhere: {output.count(one.faces, 'candidate')} in a case you have no access to "
            f"({one.band.value.replace('_', ' ')}); ask {', '.join(one.contacts) or 'an administrator'}."
        )
    if found.empty:
        output.say(f"No candidates: {found.empty.detail}\n{found.empty.advice}")
    for note in found.notes:
        output.say(note)
    whys = {one.not_calibrated.detail for one in found.candidates if one.not_calibrated}
    for why in sorted(whys):
        output.say(f"No probability: {why}")


def _describe_searched(found: FaceSearch) -> str:
    """Returns what was compared and what was left out, as a sentence."""
    if all(probe.unused for probe in found.probes):
        return "nothing was searched, since no probe could be used."
    searched = f"{output.count(found.gallery_faces, 'face')} searched with {found.model}, "
    if not math.isfinite(found.threshold):
        count = len(found.candidates)
        listed = f"the closest {count} are listed whatever they score" if count > 1 else "the closest is listed"
        return searched + f"no threshold: {listed}, nothing was left out for its score."
    return searched + (
        f"threshold {found.threshold:.3f} (lists somebody wrong in {found.far:.0%} of searches, as far as measured)."
    )


def describe_where(places: tuple[FacePlace, ...]) -> str:
    """Returns the first place of a face in words."""
    return f"{places[0].case} exhibit {places[0].exhibit}: {places[0].locator}" if places else "-"


def _cells(one: ListedCandidate) -> list[Any]:
    candidate, sight = one.candidate, one.sight
    chance = None if candidate.probability is None else _write_share(candidate.probability)
    place = f"victim {one.victim} of case {one.victim_case} (enrolled)" if one.victim else "-"
    place = describe_where(sight.places) if sight else place
    if sight and sight.offset_s is not None:
        place += f" at {sight.offset_s:.1f} s"
    more = len(sight.places) + sight.more_places - 1 if sight else 0
    return [
        candidate.rank,
        sight.face_id if sight else None,
        sight.places[0].item_id if sight and sight.places else None,
        place + (f" (and {more} more)" if more > 0 else ""),
        f"{candidate.score:.3f}",
        None if candidate.rival is None else f"{candidate.rival:.3f}",
        chance,
        one.quality,
        f"{sight.size_px:.0f}" if sight else None,
    ]


def _write_share(probability: float) -> str:
    """Returns a probability that is never certain: what lies beyond a tenth of a percent from either end says so."""
    if probability > _SUREST:
        return f">{_SUREST:.1%}"
    return f"{probability:.1%}" if probability >= 1 - _SUREST else f"<{1 - _SUREST:.1%}"


def _say_probe(probe: Probe) -> None:
    name = probe.name or f"probe {probe.position + 1}"
    if probe.unused:
        output.say(f"{name}: not used. {probe.unused.detail} {probe.advice}")
    elif probe.advice:
        output.say(f"{name}: {probe.advice}")


def _describe_probe(probe: Probe) -> dict[str, Any]:
    return {
        "file": probe.name,
        "faces": probe.faces,
        "used": probe.used or None,
        "quality": probe.quality if probe.used else None,
        "size_px": round(probe.size_px, 1) if probe.used else None,
        "reason": probe.unused.reason.value if probe.unused else None,
        "detail": probe.unused.detail if probe.unused else None,
        "advice": probe.advice or None,
    }


def _describe_place(place: FacePlace) -> dict[str, Any]:
    return {"case": place.case, "exhibit": place.exhibit, "item": place.item_id, "locator": place.locator}


def _describe_box(sight: FaceSight | None) -> list[float] | None:
    if sight is None:
        return None
    box = sight.box
    return [round(value, 5) for value in (box.left, box.top, box.width, box.height)]
