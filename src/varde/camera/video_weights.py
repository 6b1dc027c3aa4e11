"""How much of a sensor's pattern each block of a coded frame still holds: by the frame's type and its coding.

What a coder spends on a block decides whether its noise survives: in finely coded blocks of frames coded by themselves
most of the pattern is left, in skipped blocks only a copy of an earlier frame's, displaced with the motion.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from varde.media.frame_luma import FrameKind, LumaFrame

BLOCK_PX: Final = 16

Gains = npt.NDArray[np.float32]

_MIDDLE: Final = {
    FrameKind.INTRA: 17.5,
    FrameKind.PREDICTED: 15.5,
    FrameKind.BOTH_WAYS: 14.0,
    FrameKind.UNKNOWN: 15.5,
}
_WIDTH: Final = 2.3
_UNKNOWN_COST: Final = 0.1


def compute_gains(frame: LumaFrame) -> Gains:
    """Returns the share of the sensor's pattern that is expected to be left in each 16 x 16 block.

    Convention: (H / 16, W / 16) float32, rounded up, above 0 and at most 1.

    Where the decoder says the quantiser of each block, a logistic of it, whose middle depends on the frame's type;
    elsewhere the bits that were spent per pixel of the frame.

    Source: ours, fitted on synthetic sensors by x264 (evaluations/camera_video.md); that weights by coding rate raise
    the score about threefold at low rates is of Altinisik, Tasdemir & Sencar 2020 (arXiv 2008.08138).
    Limits: how much a coder of another maker leaves at the same quantiser was not measured.
    """
    if frame.steps is not None:
        shares = 1.0 / (1.0 + np.exp((frame.steps - _MIDDLE[frame.kind]) / _WIDTH))
        return np.asarray(np.maximum(shares, 1e-3), np.float32)
    shape = tuple(-(-side // BLOCK_PX) for side in frame.luma.shape)
    bits = frame.coded_bytes * 8 / frame.luma.size if frame.coded_bytes else _UNKNOWN_COST
    return np.full(shape, min(max(bits, 1e-3), 1.0), np.float32)
