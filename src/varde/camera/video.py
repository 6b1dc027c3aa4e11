"""The noise residual of a whole video: the weighted sum over its frames, in the layout its frames are stored in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np

from varde.camera.residual import SMALLEST_PX, Residual
from varde.camera.video_alignment import FrameAligner, lay_on_sensor
from varde.camera.video_noise import FrameNoise
from varde.camera.video_steadiness import Steadiness, Verdict, measure_steadiness
from varde.camera.video_sums import METHOD, VideoSums
from varde.camera.video_template import FOUND_Z, find_template
from varde.camera.video_weights import compute_gains
from varde.core.limits import DecodeLimits
from varde.core.outcome import NotComparable, Reason
from varde.media.frame_luma import FrameKind, LumaFrame, LumaFrames, open_luma_frames

if TYPE_CHECKING:
    from varde.camera.fingerprint import Fingerprint

__all__ = ["METHOD", "extract_video_residual", "warm_up"]

Facts = dict[str, object]

MOST_FRAMES: Final = 900
"""Frames of one video that are summed; of a longer one they are spread over its length, all key frames among them."""

_PIXELS_PER_S: Final = 8_000_000
"""Pixels of frames that are worked on for each second of the time limit: a third of what one core was seen to do."""

_ALIGNED_PIXELS_PER_S: Final = 2_500_000
"""The same for frames that are aligned one by one."""

_FIRST_SHARE: Final = 0.4
"""Of the time limit: for the frames as they lie, where there is a fingerprint to align them to afterwards."""

_FEWEST_FRAMES: Final = 8


def extract_video_residual(
    file: BinaryIO,
    *,
    limit_s: float,
    fingerprint: Fingerprint | None = None,
    limits: DecodeLimits | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Residual | NotComparable, Facts]:
    """Returns a video's noise residual, or why it has none, and plain facts of what was read.

    Steps: 1. noise of each frame; 2. sum, each block weighted by how finely it was coded and by its variance, every
    other second apart; 3. whether both sums agree where they lie; 4. clean the whole. 5. Where they do not, and a
    fingerprint is given, it is looked for under the best frame, each frame is aligned to it, and what agrees better is
    returned: the frames as they lie, or aligned.

    Args:
        file: seekable, from the start of the video; it is left open.
        limit_s: about how long it may take; it decides how many frames are read, and on a busy machine, where it goes
            by sooner, reading ends then.
        fingerprint: what frames may be aligned to.
        limits: pixels of a frame; None takes the defaults.
        clock: seconds.

    Raises:
        Unreadable: as `open_luma_frames`.

    Convention: the residual has the size and layout of the frames as stored; a rotation that the file states is not
        applied, nothing is scaled. Only frames that were aligned to a fingerprint of their own size come in its layout.
    Limits: memory is nine planes of the frame's size; the first video stream only.
    """
    limits = limits or DecodeLimits()
    summing, start_s = _Summing(), clock()
    first_s = start_s + limit_s * (_FIRST_SHARE if fingerprint else 1)
    with open_luma_frames(file, limits, max_frames=MOST_FRAMES, max_pixels=int(limit_s * _PIXELS_PER_S)) as frames:
        for frame in _read_until(frames, first_s, clock):
            if refusal := summing.add(frame):
                return refusal, _describe(frames, summing)
        outcome, steadiness = summing.finish()
        facts = _describe(frames, summing) | _describe_steadiness(steadiness)
    if isinstance(outcome, NotComparable) or fingerprint is None or steadiness.verdict is Verdict.STEADY:
        return outcome, facts
    if clock() > start_s + limit_s * (1 + _FIRST_SHARE) / 2:
        return outcome, facts | {"aligned_frames": 0, "aligning": "left out for lack of time"}
    file.seek(0)
    most_pixels = int(limit_s * _ALIGNED_PIXELS_PER_S)
    with open_luma_frames(file, limits, max_frames=MOST_FRAMES, max_pixels=most_pixels) as frames:
        aligned, found = _align(_read_until(frames, start_s + limit_s, clock), summing, fingerprint)
    return (aligned or outcome), facts | found


def warm_up() -> None:
    """Compiles and loads everything, so that nothing has to be opened later inside a sandbox."""
    rng = np.random.default_rng(1)
    summing = _Summing()
    for number in range(_FEWEST_FRAMES):
        luma = rng.integers(60, 200, (SMALLEST_PX, SMALLEST_PX), dtype=np.uint8)
        summing.add(LumaFrame(number / 4, luma, FrameKind.INTRA, 9000, None))
    summing.finish()


class _Summing:
    """Sums the frames of one video, every other second apart, and keeps the one that tells most."""

    def __init__(self) -> None:
        self.best: VideoSums | None = None
        self.whole: VideoSums | None = None
        self.frames = 0
        self.key_frames = 0
        self.coded_bytes = 0
        self.noise: FrameNoise | None = None
        self._sums: tuple[VideoSums, VideoSums] | None = None
        self._best_gain, self._light = 0.0, 0.0

    @property
    def mean(self) -> float:
        """Mean luma of the frames so far, 0-255."""
        return self._light / max(1, self.frames)

    def add(self, frame: LumaFrame) -> NotComparable | None:
        """Adds a frame; returns why there is no point in going on."""
        height, width = frame.luma.shape
        if min(height, width) < SMALLEST_PX:
            return NotComparable(Reason.TOO_SMALL, f"Its frames have {width} x {height} pixels; at least 256 a side.")
        self.noise = self.noise or FrameNoise(height, width)
        self._sums = self._sums or (VideoSums(height, width), VideoSums(height, width))
        noise, gains = self.noise.extract(frame.luma), compute_gains(frame)
        self._sums[int(frame.offset_s) % 2].add(noise, frame.luma, gains)
        if frame.kind is FrameKind.INTRA and float(gains.mean()) > self._best_gain:
            self._best_gain = float(gains.mean())
            self.best = VideoSums(height, width)
            self.best.add(noise, frame.luma, gains)
        self.frames += 1
        self.coded_bytes += frame.coded_bytes
        self._light += float(frame.luma[::4, ::4].mean())
        self.key_frames += frame.kind is FrameKind.INTRA
        return None

    def finish(self) -> tuple[Residual | NotComparable, Steadiness]:
        """Returns the residual of all frames as they lie, and whether they lie at one place."""
        nowhere = Steadiness(Verdict.UNCLEAR, 0.0, 0.0, 0.0)
        if self._sums is None or self.noise is None or self.frames < _FEWEST_FRAMES:
            detail = f"{self.frames} frames could be decoded; at least {_FEWEST_FRAMES} are needed."
            return NotComparable(Reason.NO_FRAMES, detail), nowhere
        one, other = self._sums
        clean = self.noise.clean
        steadiness = measure_steadiness(one, other, clean(one), clean(other)) if other.frames else nowhere
        one.join(other)
        self.whole = one
        return self.noise.finish(one), steadiness


def _read_until(frames: LumaFrames, end_s: float, clock: Callable[[], float]) -> Iterator[LumaFrame]:
    for frame in frames:
        yield frame
        if frames.read >= _FEWEST_FRAMES and clock() > end_s:
            frames.stop_for_time()
            return


def _align(frames: Iterator[LumaFrame], summing: _Summing, fingerprint: Fingerprint) -> tuple[Residual | None, Facts]:
    """Returns the residual of the frames that could be aligned, if that agrees better than the frames as they lie."""
    if summing.best is None or summing.whole is None or summing.noise is None:
        return None, {"aligned_frames": 0}
    best = summing.best.make_residual(summing.noise.clean(summing.best))
    template = find_template(best, fingerprint.values)
    facts: Facts = {"aligned_frames": 0, "template_z": round(template.z, 1)}
    facts |= {"template_scale": template.geometry.scale, "template_shift": list(template.geometry.shift)}
    if template.z < FOUND_Z:
        return None, facts
    aligner, one = FrameAligner(template.values), summing.best
    for frame in frames:
        one.clear()
        one.add(summing.noise.extract(frame.luma), frame.luma, compute_gains(frame))
        aligner.add(one, is_key=frame.kind is FrameKind.INTRA)
    as_it_lies, aligned = aligner.measure(summing.whole.signal), aligner.measure(aligner.sums.signal)
    facts |= {"aligned_frames": aligner.aligned, "aligned_z": round(aligned, 1), "unaligned_z": round(as_it_lies, 1)}
    if not aligner.aligned or aligned <= as_it_lies:
        return None, facts | {"aligned_frames": 0}
    sums = aligner.sums
    if fingerprint.values.shape == sums.signal.shape:
        sums = lay_on_sensor(sums, template.geometry)
        facts["layout"] = "fingerprint"
    return sums.make_residual(summing.noise.clean(sums)), facts


def _describe(frames: LumaFrames, summing: _Summing) -> Facts:
    seconds = summing.frames / frames.rate if frames.rate else 0.0
    return {
        "frames": summing.frames,
        "key_frames": summing.key_frames,
        "codec": frames.codec,
        "frame_rate": round(frames.rate, 3),
        "duration_s": round(frames.duration_s, 3),
        "mean": round(summing.mean, 1),
        "bit_rate": round(summing.coded_bytes * 8 / seconds) if seconds else 0,
        "issues": [issue.cause for issue in frames.issues],
    }


def _describe_steadiness(steadiness: Steadiness) -> Facts:
    return {
        "steadiness": steadiness.verdict.value,
        "steady_z": round(steadiness.z_here, 1),
        "motion": round(steadiness.motion, 2),
    }
