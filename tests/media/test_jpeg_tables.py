from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from varde.media.jpeg_tables import estimate_quality


@pytest.mark.parametrize("quality", [25, 50, 60, 75, 85, 90, 95, 98])
def test_quality_of_the_usual_encoder_is_found(quality: int) -> None:
    with io.BytesIO() as file:
        Image.fromarray(np.zeros((16, 16), np.uint8)).save(file, "JPEG", quality=quality)
        image = Image.open(file)
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        found = estimate_quality(image.quantization)
    assert found == pytest.approx(quality, abs=1)


@pytest.mark.parametrize("tables", [{}, {0: []}, {0: [0] * 64}, {1: [9] * 64}])
def test_without_a_luma_table_there_is_none(tables: dict[int, list[int]]) -> None:
    assert estimate_quality(tables) is None
