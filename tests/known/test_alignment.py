from __future__ import annotations

import numpy as np
import pytest
from pictures_in_pictures import EDITS, get_points, make_picture, put_into_another
from PIL import Image

from varde.known.alignment import MIN_INLIERS, Verdict, align, count_spread, is_copy
from varde.known.local_view import View
from varde.known.pixel_check import PixelAgreement

VIEWS = {
    "mirror": View.MIRRORED,
    "upside down": View.MIRRORED,
    "negative": View.NEGATIVE,
    "mirrored negative": View.MIRRORED_NEGATIVE,
    "mirrored crop": View.MIRRORED,
}


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("seed", [1, 2])
def test_an_edited_copy_is_a_copy_seen_the_right_way(name: str, seed: int) -> None:
    alignment = align(get_points(EDITS[name](make_picture(seed))), get_points(make_picture(seed)))
    assert alignment is not None
    assert alignment.verdict is Verdict.COPY
    assert alignment.view is VIEWS.get(name, View.PLAIN)
    assert len(alignment.inliers) >= MIN_INLIERS
    assert alignment.pixels.parts >= 0.5


def test_different_pictures_do_not_align() -> None:
    points = [get_points(make_picture(seed)) for seed in range(10, 18)]
    found = [align(query, known) for query in points for known in points if query is not known]
    assert not [each for each in found if each and each.verdict is Verdict.COPY]


def test_the_map_of_a_picture_onto_itself_is_the_identity() -> None:
    points = get_points(make_picture(3))
    alignment = align(points, points)
    assert alignment is not None
    assert np.allclose(alignment.matrix, [[1, 0, 0], [0, 1, 0]], atol=1e-2)
    assert alignment.pixels == PixelAgreement(1.0, 1.0, 1.0, alignment.pixels.checked, 1.0)


def test_the_map_says_where_the_picture_is() -> None:
    alignment = align(get_points(put_into_another(make_picture(4))), get_points(make_picture(4)))
    assert alignment is not None
    # The query of 1000 x 750 is seen at 512: half a picture at (450, 330).
    corner = alignment.matrix @ (0, 0, 1) * (1000 / 512)
    end = alignment.matrix @ (512, 384, 1) * (1000 / 512)
    assert np.allclose(corner, (450, 330), atol=8)
    assert np.allclose(end, (950, 705), atol=8)


def test_every_picture_of_a_collage_is_found() -> None:
    collage = Image.new("L", (1280, 960))
    for number in range(4):
        collage.paste(make_picture(20 + number), (number % 2 * 640, number // 2 * 480))
    query = get_points(collage)
    for number in range(4):
        alignment = align(query, get_points(make_picture(20 + number)))
        assert alignment is not None
        assert alignment.verdict is Verdict.COPY


def test_the_same_room_with_something_else_in_it_is_a_lead() -> None:
    room = make_picture(5)
    query, known = room.copy(), room.copy()
    query.paste(make_picture(6).resize((360, 300)), (140, 90))
    known.paste(make_picture(7).resize((360, 300)), (140, 90))
    alignment = align(get_points(query), get_points(known))
    assert alignment is not None
    assert alignment.verdict is Verdict.SAME_PLACE


def test_two_pictures_with_the_same_emblem_are_a_lead_at_most() -> None:
    emblem = make_picture(8).resize((160, 120))
    query, known = make_picture(9).copy(), make_picture(10).copy()
    query.paste(emblem, (10, 10))
    known.paste(emblem, (460, 340))
    alignment = align(get_points(query), get_points(known))
    assert alignment is None or alignment.verdict is Verdict.SAME_PLACE


def test_only_the_view_asked_for_is_tried() -> None:
    points = get_points(make_picture(1))
    assert align(points, points, View.NEGATIVE) is None


@pytest.mark.parametrize(
    ("inliers", "spread", "pixels", "copy"),
    [
        (5, 3, PixelAgreement(0.9, 0.8, 1.0, 20, 1.0), True),
        (4, 4, PixelAgreement(0.9, 1.0, 1.0, 20, 1.0), False),
        (60, 20, PixelAgreement(0.3, 0.5, 0.5, 20, 1.0), True),
        (60, 10, PixelAgreement(0.9, 0.7, 0.7, 20, 1.0), False),
        (60, 20, PixelAgreement(0.9, 0.9, 0.2, 20, 1.0), False),
        (60, 20, PixelAgreement(0.9, 1.0, 1.0, 3, 1.0), False),
        (60, 20, PixelAgreement(0.9, 1.0, 1.0, 20, 0.3), False),
    ],
)
def test_operating_point(inliers: int, spread: int, pixels: PixelAgreement, copy: bool) -> None:
    assert is_copy(inliers, spread, pixels) is copy


def test_spread_counts_parts_with_inliers() -> None:
    points = get_points(make_picture(1))
    inliers = np.array([[1, 1, 0, 0], [2, 2, 0, 0], [points.width - 1, points.height - 1, 0, 0]], np.float64)
    assert count_spread(inliers, points) == 2
