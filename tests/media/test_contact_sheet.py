from __future__ import annotations

import io

import av
import numpy as np
import pytest
from PIL import Image

from varde.core.limits import DecodeLimits
from varde.media.contact_sheet import ContactSheet, make_contact_sheet

LIMITS = DecodeLimits(thumbnail_px=240)


def flat(value: int, height: int = 60, width: int = 80) -> np.ndarray:  # type: ignore[type-arg]
    return np.full((height, width, 3), value, np.uint8)


@pytest.mark.parametrize(
    ("count", "size"),
    [(1, (80, 60)), (2, (160, 60)), (4, (160, 120)), (5, (240, 120)), (9, (240, 180)), (12, (240, 180))],
)
def test_sheet_is_a_square_grid_without_empty_rows(count: int, size: tuple[int, int]) -> None:
    sheet = make_contact_sheet([flat(100)] * count, LIMITS)
    assert (sheet.width_px, sheet.height_px) == size


def test_frames_stand_in_reading_order() -> None:
    sheet = make_contact_sheet([flat(30 * number) for number in range(9)], LIMITS)
    with Image.open(io.BytesIO(sheet.data)) as image:
        pixels = np.asarray(image.convert("L")).astype(int)
    for number in range(9):
        row, column = 60 * (number // 3) + 30, 80 * (number % 3) + 40
        assert abs(pixels[row, column] - 30 * number) <= 4


def test_frames_of_another_size_are_fitted() -> None:
    sheet = make_contact_sheet([flat(10), flat(10, 200, 30)], LIMITS)
    assert (sheet.width_px, sheet.height_px) == (160, 60)


@pytest.mark.parametrize("count", [1, 8, 9, 10, 17, 18, 19, 100, 1000])
def test_frames_of_a_sheet_are_spread_over_all_that_were_seen(count: int) -> None:
    sheet = ContactSheet(LIMITS)
    for number in range(count):
        value = round(235 * number / max(1, count - 1))
        sheet.add(av.VideoFrame.from_ndarray(np.full((16, 16, 3), value, np.uint8), format="rgb24"))
    with Image.open(io.BytesIO(sheet.make().data)) as image:
        pixels = np.asarray(image.convert("L")).astype(int)
    side = 1 if count == 1 else 3
    cell = pixels.shape[1] // side
    last = min(count, 9) - 1
    assert pixels[cell // 2, cell // 2] <= 3
    if count > 1:
        final = pixels[cell * (last // 3) + cell // 2, cell * (last % 3) + cell // 2]
        assert final >= 235 * 0.85
