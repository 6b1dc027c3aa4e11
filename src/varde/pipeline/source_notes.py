"""What a person should know of a file before relying on its comparison with a camera: from what the file states."""

from __future__ import annotations

from collections.abc import Mapping

from varde.camera.fingerprint_facts import FEW_FRAMES, FEW_REFERENCES
from varde.core.camera import FingerprintKind, SearchExtent
from varde.core.outcome import NotComparable
from varde.pipeline.source_extent import is_resized, names_editor
from varde.pipeline.weigh_source import WeighedSource
from varde.store.cameras import Camera, StoredFingerprint


def list_notes(
    facts: Mapping[str, object],
    camera: Camera,
    fingerprint: StoredFingerprint,
    kind: FingerprintKind | None,
    weighed: WeighedSource,
) -> tuple[str, ...]:
    """Returns what to know, a sentence each.

    Args:
        facts: what was read of the file and what it states.
        camera, fingerprint: that it was compared with.
        kind: of the file.
        weighed: what the comparison gave.
    """
    found = [_note_model(facts, camera), _note_serial(facts, camera), _note_software(facts), _note_size(facts)]
    found.append("The file ends too early: what is there was compared." if facts.get("truncated") else "")
    found.append(_note_fingerprint(fingerprint, kind))
    found.append(_note_search(weighed))
    return tuple(note for note in found if note)


def _note_model(facts: Mapping[str, object], camera: Camera) -> str:
    stated, ours = str(facts.get("model", "")).strip(), camera.model.strip()
    if not stated or not ours or stated.casefold() == ours.casefold():
        return ""
    return f"The file states another model ({stated}) than the camera has ({ours})."


def _note_serial(facts: Mapping[str, object], camera: Camera) -> str:
    stated, ours = str(facts.get("serial", "")).strip(), camera.serial.strip()
    if not stated or not ours:
        return ""
    same = "the same serial number as" if stated.casefold() == ours.casefold() else "another serial number than"
    return f"The file states {same} the camera has; anybody can have written it."


def _note_software(facts: Mapping[str, object]) -> str:
    stated = str(facts.get("software", "")).strip()
    if not names_editor(facts):
        return ""
    return f"The file names a program that edits ({stated}): it may not be as the camera wrote it."


def _note_size(facts: Mapping[str, object]) -> str:
    if not is_resized(facts):
        return ""
    stated = facts.get("stated_width"), facts.get("stated_height")
    real = facts.get("width_px"), facts.get("height_px")
    return f"The file states {stated[0]} x {stated[1]} pixels and has {real[0]} x {real[1]}: it was resized or cut."


def _note_fingerprint(fingerprint: StoredFingerprint, kind: FingerprintKind | None) -> str:
    if kind is FingerprintKind.VIDEO and fingerprint.kind is FingerprintKind.PHOTO:
        return "A video was compared with a fingerprint from photos: cut and resized as videos of the device are."
    if fingerprint.kind is FingerprintKind.VIDEO:
        frames = fingerprint.facts.get("frames")
        few = isinstance(frames, int) and frames < FEW_FRAMES
        return f"The fingerprint rests on {frames} frames only; {FEW_FRAMES} or more make a firmer one." if few else ""
    if fingerprint.used < FEW_REFERENCES:
        return (
            f"The fingerprint rests on {fingerprint.used} references only; {FEW_REFERENCES} or more make a firmer one."
        )
    return ""


def _note_search(weighed: WeighedSource) -> str:
    if isinstance(weighed.outcome, NotComparable) or isinstance(weighed.likelihood, NotComparable):
        return ""
    extent = weighed.outcome.search.extent
    if extent is SearchExtent.TURNED and weighed.likelihood.log10_lr <= 0:
        return "It was looked for at the sensor's own place only, turned and mirrored too: a wider search is possible."
    if extent in (SearchExtent.ALIGNED, SearchExtent.TURNED):
        return ""
    wide = "It was looked for beyond the sensor's own place: the same score means less than it would there."
    if extent is not SearchExtent.ROTATED and weighed.likelihood.log10_lr <= 0:
        return f"{wide} A wider search is possible: `--extent rotated` finds it turned by a few degrees too."
    return wide
