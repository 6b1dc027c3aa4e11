"""Behaviour of the relevance: its order, its reasons, and that a match is never among what has none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.media import MediaKind
from varde.core.review import LAST_MATCHED_RANK
from varde.review.relevance import Clues, Relevance, is_matched_folder, judge

PICTURE = MediaKind.PICTURE
ANYTHING = st.builds(
    Clues,
    kind=st.sampled_from(MediaKind),
    alert_distance=st.none() | st.integers(0, 255),
    own_distance=st.none() | st.integers(0, 255),
    is_harmless=st.booleans(),
    in_matched_folder=st.booleans(),
    has_capture_metadata=st.booleans(),
    shortest_px=st.none() | st.integers(0, 9_999),
    is_plain=st.booleans(),
)


def test_order_is_the_one_that_is_described() -> None:
    ordered = [
        Clues(PICTURE, alert_distance=0, alert_is_exact=True),
        Clues(PICTURE, alert_distance=0),
        Clues(PICTURE, alert_distance=8),
        Clues(PICTURE, alert_distance=30),
        Clues(PICTURE, own_distance=0, own_is_exact=True),
        Clues(PICTURE, own_distance=12),
        Clues(PICTURE, in_matched_folder=True),
        Clues(PICTURE, has_capture_metadata=True),
        Clues(PICTURE),
        Clues(PICTURE, shortest_px=32),
        Clues(MediaKind.OTHER),
        Clues(PICTURE, is_harmless=True),
    ]
    scores = [judge(clues).score for clues in ordered]
    assert all(earlier > later for earlier, later in pairwise(scores))


@given(ANYTHING)
def test_match_is_never_among_what_has_none(clues: Clues) -> None:
    assert (judge(clues).rank <= LAST_MATCHED_RANK) is clues.is_matched


@given(ANYTHING)
def test_everything_has_a_place_and_a_reason(clues: Clues) -> None:
    judged = judge(clues)
    assert 0 <= judged.rank <= 1000
    assert judged.reasons
    assert all(reason and reason.isprintable() for reason in judged.reasons)


def test_harmless_set_does_not_outweigh_an_alert() -> None:
    both = judge(Clues(PICTURE, alert_distance=4, is_harmless=True))
    assert both == judge(Clues(PICTURE, alert_distance=4))


def test_reasons_come_with_the_strongest_first() -> None:
    judged = judge(Clues(PICTURE, alert_distance=6, in_matched_folder=True, has_capture_metadata=True))
    assert judged == Relevance(
        834,
        (
            "close to an entry of an alert set, distance 6",
            "its folder has many matches",
            "camera original, with capture metadata",
        ),
    )


def test_tiny_picture_of_a_camera_is_a_thumbnail() -> None:
    assert judge(Clues(PICTURE, has_capture_metadata=True, shortest_px=48)).reasons == ("smaller than 64 px",)


@pytest.mark.parametrize(("items", "matched", "many"), [(1, 1, False), (3, 3, True), (60, 3, True), (61, 3, False)])
def test_few_matches_do_not_make_a_folder_worth_a_look(items: int, matched: int, *, many: bool) -> None:
    assert is_matched_folder(items, matched) is many
