"""Behaviour of `varde.reports.vics_path`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varde.core.locator import Locator, Segment
from varde.reports.vics_path import read_path, split_path, write_path

SEGMENTS = st.builds(Segment, st.binary(min_size=1, max_size=40), st.integers(1, 3))
LOCATORS = st.lists(SEGMENTS, min_size=1, max_size=4).map(lambda segments: str(Locator(tuple(segments))))


@given(LOCATORS)
def test_the_exact_locator_can_be_read_back(locator: str) -> None:
    assert read_path(write_path(locator)) == locator


@given(LOCATORS)
def test_a_path_is_printable_and_climbs_nowhere(locator: str) -> None:
    path = write_path(locator)
    assert path.isprintable()
    assert not {".", ".."} & set(path.split("\\"))


@pytest.mark.parametrize(
    ("locator", "path"),
    [
        ("DCIM/1.jpg", "DCIM\\1.jpg"),
        ("a.zip!/b/c.jpg", "a.zip!\\b\\c.jpg"),
        ("50%.jpg", "50%25.jpg"),
        ("a\\x5cb\\x00.jpg", "a%5Cb%00.jpg"),
        ("a.zip!/../../x\\#2", "a.zip!\\%2E%2E\\%2E%2E\\x%#2"),
    ],
)
def test_known_locators_have_known_paths(locator: str, path: str) -> None:
    assert write_path(locator) == path


def test_a_path_parts_into_folder_and_name() -> None:
    assert split_path("a\\b\\c.jpg") == ("a\\b\\", "c.jpg")
    assert split_path("c.jpg") == ("", "c.jpg")
