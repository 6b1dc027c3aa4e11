"""Frame hashes of videos: thinning them out, and the text forms in which vPDQ hashes are exchanged."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from varde.core.errors import WrongUse
from varde.core.signal import PerceptualHash
from varde.hashing.pdq import MIN_QUALITY, distance
from varde.hashing.variants import WITHOUT_BORDER, read_variants

SAME_FRAME_BITS = 4
"""Neighbouring frames that differ in no more bits than this are kept once."""

_HASH = r"(?P<hash>[0-9a-fA-F]{64})"
_QUALITY = r"(?P<quality>\d{1,3})"
_TIME = r"(?P<time>\d{1,9}(?:\.\d{1,9})?(?:[eE][+-]?\d{1,2})?)"
_FEATURE = re.compile(rf"{_HASH}\s*,\s*{_QUALITY}\s*,\s*{_TIME}")
_TOOL_LINE = re.compile(rf"(?P<frame>\d{{1,9}})\s*,\s*{_QUALITY}\s*,\s*{_HASH}\s*,\s*{_TIME}")


class FrameThinner:
    """Collects the hashes of a video's frames, near-equal neighbours once, and never more than a limit.

    Attributes:
        gap_s: least time between two kept frames; 0 until the limit has been reached.
    """

    def __init__(self, most: int) -> None:
        """Starts a video of which `most` hashes are kept at most, 2 or more."""
        self._most = max(2, most)
        self._kept: list[PerceptualHash] = []
        self.gap_s = 0.0

    def add(self, found: PerceptualHash) -> None:
        """Takes the hash of the next frame in; a kept neighbour inherits the variants of one that is dropped."""
        if self._kept:
            last = self._kept[-1]
            is_same = distance(last.value, found.value) <= SAME_FRAME_BITS and last.quality <= found.quality + 1
            if is_same and found.variants and not last.variants:
                self._kept[-1] = replace(last, variants=found.variants)
            if is_same or _gap(last, found) < self.gap_s:
                return
        self._kept.append(found)
        if len(self._kept) > self._most:
            self._thin()

    def list_kept(self) -> tuple[PerceptualHash, ...]:
        """Returns the hashes that were kept, in order."""
        return tuple(self._kept)

    def _thin(self) -> None:
        while len(self._kept) > self._most // 2 + 1:
            self.gap_s = max(2 * self.gap_s, _gap(self._kept[0], self._kept[-1]) / self._most, 1e-3)
            kept = self._kept[:1]
            for found in self._kept[1:]:
                if _gap(kept[-1], found) >= self.gap_s:
                    kept.append(found)
            self._kept = kept


def list_references(frames: Iterable[PerceptualHash]) -> Iterator[PerceptualHash]:
    """Yields the hashes by which a video of the site's own is to be found: its frames, and the same without bars.

    A probe is tried without its bars by its variants. A reference has no variants, so where a known video has bars and
    the copy has none, the reference needs the hash of its inside too.

    Args:
        frames: of the known video; the few that carry variants give theirs.
    """
    for frame in frames:
        yield replace(frame, variants=b"")
        for code, value in zip(*read_variants(frame.variants), strict=True):
            if code == WITHOUT_BORDER:
                yield replace(frame, value=value.tobytes(), quality=max(frame.quality, MIN_QUALITY), variants=b"")


def read_vpdq_line(text: str) -> PerceptualHash:
    """Returns the frame hash of one line, as the vPDQ tool or the ThreatExchange library writes it.

    ``frame,quality,hex,seconds`` (the tool's file of one video) or ``hex,quality,seconds`` (the library's feature).

    Raises:
        WrongUse: if the text is neither, or its quality is above 100.
    """
    match = _TOOL_LINE.fullmatch(text.strip()) or _FEATURE.fullmatch(text.strip())
    if match is None:
        raise WrongUse(f"not a vPDQ frame, HEX,QUALITY,SECONDS or FRAME,QUALITY,HEX,SECONDS: {text.strip()[:100]!r}")
    return _make_frame(match["hash"], int(match["quality"]), float(match["time"]))


def read_vpdq_signal(text: str) -> tuple[PerceptualHash, ...]:
    """Returns the frame hashes of a video's signal as the ThreatExchange library writes it: a JSON list of features.

    The library's older form, an object of frame numbers with quality, hash and timestamp each, is read too.

    Raises:
        WrongUse: if the text is neither.
    """
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongUse(f"not a vPDQ signal, a JSON list of HEX,QUALITY,SECONDS: {text.strip()[:100]!r}") from error
    if isinstance(parsed, list) and all(isinstance(feature, str) for feature in parsed):
        return tuple(read_vpdq_line(feature) for feature in parsed)
    if isinstance(parsed, dict):
        return tuple(_read_old_feature(feature) for feature in parsed.values())
    raise WrongUse(f"not a vPDQ signal, a JSON list of HEX,QUALITY,SECONDS: {text.strip()[:100]!r}")


def write_vpdq_lines(frames: Iterable[PerceptualHash]) -> str:
    """Returns a video's frame hashes as the vPDQ tool writes them: ``frame,quality,hex,seconds``, a line each.

    The frame number is the ordinal of the hash: which frame of the file it came from is not kept.
    """
    return "".join(
        f"{number},{frame.quality},{frame.value.hex()},{frame.offset_s or 0.0:.3f}\n"
        for number, frame in enumerate(frames)
    )


def write_vpdq_signal(frames: Sequence[PerceptualHash]) -> str:
    """Returns a video's frame hashes as the ThreatExchange library's signal: a JSON list of ``hex,quality,seconds``.

    Seconds have three decimals; the library itself writes three digits in all (``1.23e+02``), and reads both.
    """
    return json.dumps([f"{frame.value.hex()},{frame.quality},{frame.offset_s or 0.0:.3f}" for frame in frames])


def _read_old_feature(feature: object) -> PerceptualHash:
    if isinstance(feature, dict):
        value, quality, offset_s = feature.get("hash"), feature.get("quality"), feature.get("timestamp")
        is_whole = isinstance(value, str) and re.fullmatch("[0-9a-fA-F]{64}", value) is not None
        if is_whole and type(quality) is int and quality >= 0 and type(offset_s) in (int, float):
            return _make_frame(str(value), quality, float(offset_s or 0))
    raise WrongUse(f"not a vPDQ frame with hash, quality and timestamp: {str(feature)[:100]!r}")


def _make_frame(value: str, quality: int, offset_s: float) -> PerceptualHash:
    if quality > 100:
        raise WrongUse(f"a PDQ quality is at most 100, not {quality}")
    if not (math.isfinite(offset_s) and 0 <= offset_s < 1e9):
        raise WrongUse(f"no time in a video: {offset_s} seconds")
    return PerceptualHash(bytes.fromhex(value), quality, offset_s)


def _gap(a: PerceptualHash, b: PerceptualHash) -> float:
    return (b.offset_s or 0.0) - (a.offset_s or 0.0)
