import numpy as np
import numpy.typing as npt
import pytest

from varde.camera.video_weights import compute_gains
from varde.media.frame_luma import FrameKind, LumaFrame


def _make_frame(
    steps: npt.NDArray[np.float32] | None, kind: FrameKind = FrameKind.INTRA, coded_bytes: int = 0
) -> LumaFrame:
    return LumaFrame(0.0, np.zeros((40, 50), np.uint8), kind, coded_bytes, steps)


def test_finely_coded_blocks_count_more() -> None:
    steps = np.repeat(np.arange(0, 51, 17, dtype=np.float32)[:3, None], 4, axis=1)
    gains = compute_gains(_make_frame(steps))
    assert gains.dtype == np.float32
    assert gains.shape == (3, 4)
    assert (np.diff(gains[:, 0]) < 0).all()
    assert 0 < gains.min() < gains.max() <= 1


def test_frames_coded_by_themselves_count_more_at_the_same_quantiser() -> None:
    steps = np.full((3, 4), 17, np.float32)
    alone, predicted, both = (
        float(compute_gains(_make_frame(steps, kind)).mean())
        for kind in (FrameKind.INTRA, FrameKind.PREDICTED, FrameKind.BOTH_WAYS)
    )
    assert alone > predicted > both


@pytest.mark.parametrize(("coded_bytes", "expected"), [(125, 0.5), (10_000, 1.0), (0, 0.1)])
def test_without_quantisers_the_bits_of_the_frame_count(coded_bytes: int, expected: float) -> None:
    gains = compute_gains(_make_frame(None, coded_bytes=coded_bytes))
    assert gains.shape == (3, 4)
    assert gains == pytest.approx(expected)
