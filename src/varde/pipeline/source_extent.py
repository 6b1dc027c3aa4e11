"""How far a file is looked for on a sensor where nobody says how far: as far as the file itself gives reason to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from varde.core.camera import FingerprintKind, SearchExtent
from varde.store.cameras import StoredFingerprint

MOST_ROTATED_PIXELS: Final = 16_000_000
"""Larger sensors take minutes a file to be searched for small rotations (6 CPU seconds a megapixel)."""

MANY_FILES: Final = 20
"""More files at once are not searched for small rotations either."""

_EDITORS: Final = (
    "adobe",
    "photoshop",
    "lightroom",
    "gimp",
    "snapseed",
    "picasa",
    "picsart",
    "paint",
    "canva",
    "instagram",
    "affinity",
    "pixelmator",
    "capture one",
    "darktable",
    "imagemagick",
    "photoscape",
    "vsco",
    "premiere",
    "final cut",
    "handbrake",
    "lavf",
)
"""Programs that change pictures and videos, as they write their names into them; small letters."""


def choose_extent(
    facts: Mapping[str, object], kind: FingerprintKind | None, stored: StoredFingerprint, *, files: int
) -> SearchExtent:
    """Returns how far to look for a file at most.

    What by all that it states is as the camera wrote it lies at the sensor's own place, at most turned: looking
    further would only raise what chance gives. Anything else may have been cut, resized and turned.

    Args:
        facts: what was read of the file and what it states.
        kind: of the file.
        stored: the fingerprint that it is compared with.
        files: how many are compared at once.
    """
    if kind is stored.kind and is_as_written(facts, stored):
        return SearchExtent.TURNED
    pixels = stored.height_px * stored.width_px
    return SearchExtent.SCALED if pixels > MOST_ROTATED_PIXELS or files > MANY_FILES else SearchExtent.ROTATED


def is_as_written(facts: Mapping[str, object], stored: StoredFingerprint) -> bool:
    """Returns whether a file has the sensor's size and states nothing that speaks against being as the camera wrote it.

    Limits: anybody can write what a file states; one turned by a few degrees and saved with the statements of the
    original is taken for it.
    """
    states_camera = bool(facts.get("make")) and bool(facts.get("model"))
    has_size = _sizes(facts, "width_px", "height_px") == sorted((stored.width_px, stored.height_px))
    if not states_camera or not has_size or names_editor(facts) or is_resized(facts):
        return False
    return not is_saved_anew(facts, stored)


def is_saved_anew(facts: Mapping[str, object], stored: StoredFingerprint) -> bool:
    """Returns whether a file states a model of the references, and was not encoded as any of them was.

    Limits: a camera that has several ways to encode is suspected wrongly, which costs a wider search only.
    """
    stated = stored.facts.get("stated")
    if not isinstance(stated, Mapping) or facts.get("model") not in (stated.get("model") or ()):
        return False
    encoders, encoder = stated.get("encoder") or (), facts.get("encoder")
    return bool(encoders) and bool(encoder) and encoder not in encoders


def names_editor(facts: Mapping[str, object]) -> bool:
    """Returns whether a file names a program that changes pictures or videos."""
    stated = str(facts.get("software", "")).casefold()
    return any(name in stated for name in _EDITORS)


def is_resized(facts: Mapping[str, object]) -> bool:
    """Returns whether a file states another size than it has."""
    stated, real = _sizes(facts, "stated_width", "stated_height"), _sizes(facts, "width_px", "height_px")
    return bool(stated) and bool(real) and stated != real


def _sizes(facts: Mapping[str, object], *names: str) -> list[int]:
    """Returns two sides in rising order: a side that is not stated as a number counts as none."""
    texts = [str(facts.get(name, "")).strip() for name in names]
    found = [int(text) for text in texts if text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text)]
    return sorted(found) if len(found) == len(names) else []
