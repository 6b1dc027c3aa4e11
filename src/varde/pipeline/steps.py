"""The signals computed from every picture and video frame. A new one is one line in `FRAME_SIGNALS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from varde.core.outcome import NotComparable, Reason
from varde.core.signal import LocalFeatures, Method, PerceptualHash, Signal
from varde.hashing import pdq
from varde.hashing.local_features import compute_local_features
from varde.hashing.variants import compute_pdq_variants
from varde.hashing.video_hash import FrameThinner
from varde.media.sampling import FEATURED_FRAMES, FrameUse

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class FrameSignal:
    """A perceptual hash of one grey picture (H, W), or of one frame of many."""

    method: Method
    compute: Callable[[Grey], PerceptualHash | NotComparable]
    compute_frame: Callable[[Grey], PerceptualHash | NotComparable]


FRAME_SIGNALS = (FrameSignal(pdq.METHOD, compute_pdq_variants, partial(compute_pdq_variants, windows=False)),)


def hash_picture(grey: Grey) -> tuple[Signal, ...]:
    """Returns every signal of a picture."""
    signals = []
    for step in FRAME_SIGNALS:
        outcome = step.compute(grey)
        signals.append(Signal(step.method, outcome if isinstance(outcome, NotComparable) else (outcome,)))
    return tuple(signals)


def refuse_signals(reason: Reason, detail: str) -> tuple[Signal, ...]:
    """Returns, for every method, that it could not be computed and why."""
    return tuple(Signal(step.method, NotComparable(reason, detail)) for step in FRAME_SIGNALS)


class FrameHasher:
    """Collects the signals of a video's frames, one frame in memory at a time."""

    def __init__(self, most: int) -> None:
        """Starts a video of which `most` hashes are kept at most; near-equal neighbours are kept once."""
        self._found = {step.method: FrameThinner(most) for step in FRAME_SIGNALS}
        self._refused: dict[Method, NotComparable] = {}

    def add(self, offset_s: float, grey: Grey, use: FrameUse = FrameUse.FEATURES) -> None:
        """Hashes one frame at a time in seconds from the start; variants only where its use allows them."""
        for step in FRAME_SIGNALS:
            outcome = step.compute_frame(grey)
            if isinstance(outcome, NotComparable):
                self._refused[step.method] = outcome
            else:
                variants = outcome.variants if use >= FrameUse.VARIANTS else b""
                self._found[step.method].add(replace(outcome, offset_s=offset_s, variants=variants))

    def signals(self) -> tuple[Signal, ...]:
        """Returns every signal of the video."""
        nothing = NotComparable(Reason.NO_FRAMES, "No frame could be decoded.")
        return tuple(
            Signal(method, found.list_kept() or self._refused.get(method, nothing))
            for method, found in self._found.items()
        )


class FeatureCollector:
    """Collects the local features of a picture, or of a video's chosen frames, where they are wanted."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._found: list[LocalFeatures] = []
        self._refused = NotComparable(Reason.NO_FRAMES, "No frame could be decoded.")

    def add(self, offset_s: float | None, grey: Grey, use: FrameUse = FrameUse.FEATURES) -> None:
        """Computes those of one picture, or of one frame at a time in seconds, if its use allows them."""
        if not self._wanted or use < FrameUse.FEATURES or len(self._found) >= FEATURED_FRAMES:
            return
        outcome = compute_local_features(grey)
        if isinstance(outcome, NotComparable):
            self._refused = outcome
        else:
            self._found.append(replace(outcome, offset_s=offset_s))

    def outcome(self) -> tuple[LocalFeatures, ...] | NotComparable | None:
        """Returns what was found, why there is nothing, or None where nobody wanted them."""
        return (tuple(self._found) or self._refused) if self._wanted else None
