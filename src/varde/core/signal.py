"""Signals: comparable representations computed from content."""

from __future__ import annotations

from dataclasses import dataclass

from varde.core.outcome import NotComparable


@dataclass(frozen=True, slots=True)
class Method:
    """The name and version of a way to compute something; every machine result carries one.

    Attributes:
        name: stable identifier, such as ``pdq``.
        version: changes whenever results may change.
    """

    name: str
    version: str

    def __str__(self) -> str:
        """Returns ``name/version``."""
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, slots=True)
class PerceptualHash:
    """A 256-bit PDQ hash of a picture or of one video frame.

    Attributes:
        value: 32 bytes, most significant bit first as in the reference's hexadecimal text.
        quality: 0-100, the reference's gradient measure; below 50 a hash should not be compared.
        offset_s: time of the frame from the start of the video in seconds; None for pictures.
        variants: hashes of the same pixels turned, mirrored, without their border or in part, as records of one byte
            (which variant, see `varde.hashing.variants`) and 32 bytes; they are probes only, never references.
    """

    value: bytes
    quality: int
    offset_s: float | None = None
    variants: bytes = b""


@dataclass(frozen=True, slots=True)
class LocalFeatures:
    """Local features of a picture or of one video frame, for comparison after crops, overlays and small turns.

    Attributes:
        data: points, descriptors and a small grey picture, packed by `varde.hashing.local_features`.
        points: how many points there are.
        offset_s: time of the frame from the start of the video in seconds; None for pictures.
    """

    data: bytes
    points: int
    offset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """What one method gave for one content: hashes, or the reason why there are none."""

    method: Method
    outcome: tuple[PerceptualHash, ...] | NotComparable
